"""`modelspec plan`, as it is installed, over real git."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from forked_command import ForkedCommand
from modelspec_command import Command, write_fleet

GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}
MODEL = "models.d/atlas.yaml"


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", *arguments],
        cwd=root,
        env={"PATH": os.environ["PATH"], **GIT},
        check=True,
        capture_output=True,
    )


def _commit(root: Path) -> None:
    _git(root, "add", "--all", ".")
    _git(root, "commit", "--quiet", "--message", "state")


def _replace(root: Path, old: str, new: str) -> None:
    file = root / MODEL
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    root = write_fleet(tmp_path / "fleet")
    _git(root, "init", "--quiet", "--initial-branch", "main")
    _commit(root)
    return root


@pytest.fixture(name="modelspec")
def _modelspec(tmp_path: Path, forked: ForkedCommand) -> Command:
    return Command(tmp_path, forked=forked)


def test_no_changes_give_0(modelspec: Command, root: Path) -> None:
    ran = modelspec.run("plan", "--root", root)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Safe to merge: nothing changes\n")


def test_formatting_is_no_change(modelspec: Command, root: Path) -> None:
    _replace(root, "name: Atlas", 'name: "Atlas"  # the large one')
    ran = modelspec.run("plan", "--root", root)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Safe to merge: only formatting changes, in {MODEL}\n")


def test_changes_give_10(modelspec: Command, root: Path) -> None:
    _replace(root, "ATLAS_API_KEY", "ATLAS_KEY_2")
    for format_ in ("text", "markdown", "json"):
        ran = modelspec.run("plan", "--root", root, "--format", format_)
        assert (ran.code, ran.err) == (10, "")
        assert "1 model uses another key" in ran.out


def test_two_commits_are_compared_and_the_working_tree_is_left_alone(modelspec: Command, root: Path) -> None:
    (root / "modelspec.yaml").write_text('guards: {empty_head: "off"}\n', encoding="utf-8")
    _commit(root)
    _replace(root, "fallback_heads: [head-eu]\n", "")
    _commit(root)
    _replace(root, "region: us", "region: nowhere")
    ran = modelspec.run("plan", "--root", root, "--base", "HEAD~1", "--head", "HEAD", "--format", "json")
    assert ran.code == 10
    document = json.loads(ran.out)
    kinds = [effect["kind"] for effect in document["effects"]]
    assert "last-fallback-lost" in kinds
    assert document["base"]["title"].startswith("HEAD~1 (")
    back = modelspec.run("plan", "--root", root, "--base", "HEAD", "--head", "HEAD~1", "--format", "json")
    assert "single-point-ended" in [effect["kind"] for effect in json.loads(back.out)["effects"]]


def test_errors_in_the_head_give_1(modelspec: Command, root: Path) -> None:
    _replace(root, "region: us", "region: nowhere")
    for format_ in ("text", "markdown", "json"):
        ran = modelspec.run("plan", "--root", root, "--format", format_)
        assert (ran.code, ran.err) == (1, "")
        assert "MS201" in ran.out
        assert "he proposed state does not compile" in ran.out


def test_places_link_to_the_line_in_its_commit(modelspec: Command, root: Path) -> None:
    settings = "repository: {url: https://git.example.net/fleet, forge: github}\n"
    (root / "modelspec.yaml").write_text(settings, encoding="utf-8")
    (root / MODEL).rename(root / "models.d/atlas (1).yaml")
    _commit(root)
    text = (root / "models.d/atlas (1).yaml").read_text(encoding="utf-8")
    (root / "models.d/atlas (1).yaml").write_text(f"# moved\n{text}".replace("Atlas", "A"), encoding="utf-8")
    other = settings.replace("git.example.net", "evil.example.com")
    (root / "modelspec.yaml").write_text(other, encoding="utf-8")
    dirty = modelspec.run("plan", "--root", root, "--base", "HEAD", "--format", "markdown").out
    assert "](http" not in dirty
    _commit(root)
    plan = ("plan", "--root", root, "--base", "HEAD~1", "--format", "markdown")
    commit = (root / ".git/refs/heads/main").read_text(encoding="ascii").strip()
    # The pages are those that the base names.
    link = f"](https://git.example.net/fleet/blob/{commit}/models.d/atlas%20%281%29.yaml#L2)"
    for more in ((), ("--head", "main")):
        comment = modelspec.run(*plan, *more).out
        assert link in comment
        assert "evil.example.com" not in comment


def test_a_broken_guard_gives_1_and_comes_first(modelspec: Command, root: Path) -> None:
    _replace(root, "https://atlas.example.com/v1", "https://other.example.com/v1")
    ran = modelspec.run("plan", "--root", root)
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("Blocked: 1 guard\n")
    ran = modelspec.run("plan", "--root", root, "--format", "markdown")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines()[1] == "**Blocked: 1 guard**"
    assert ran.out.index("MS806") < ran.out.index("| `atlas` | calls another host")
    document = json.loads(modelspec.run("plan", "--root", root, "--format", "json").out)
    assert "MS806" in [found["code"] for found in document["diagnostics"]]


def test_a_base_that_is_refused_is_compared_less_the_refused_values(modelspec: Command, root: Path) -> None:
    _replace(root, "region: us", "region: nowhere")
    _commit(root)
    _replace(root, "region: nowhere", "region: us")
    ran = modelspec.run("plan", "--root", root, "--base", "HEAD")
    assert (ran.code, ran.err) == (10, "")
    assert (
        f"this version refuses values of the base, which is compared without them: see {MODEL}\n" in ran.out
    )


def test_a_base_that_cannot_be_read_shows_what_the_head_would_serve(modelspec: Command, root: Path) -> None:
    text = (root / MODEL).read_text(encoding="utf-8")
    (root / MODEL).write_text("a: [\n", encoding="utf-8")
    _commit(root)
    (root / MODEL).write_text(text, encoding="utf-8")
    ran = modelspec.run("plan", "--root", root, "--base", "HEAD")
    assert (ran.code, ran.err) == (1, "")
    assert "error[MS808]" in ran.out
    assert (
        f"the base does not compile: {MODEL}; the proposed state would serve 1 model at 2 heads\n" in ran.out
    )


@pytest.mark.parametrize(
    "arguments",
    [["--base", "no-such-branch"], ["--base=--output=x"], ["--head", "HEAD^{tree}"], ["--format", "sarif"]],
)
def test_misuse_gives_2(modelspec: Command, root: Path, arguments: list[str]) -> None:
    ran = modelspec.run("plan", "--root", root, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


def test_without_git_there_is_no_plan(modelspec: Command, tmp_path: Path) -> None:
    ran = modelspec.run("plan", "--root", write_fleet(tmp_path / "bare"))
    assert (ran.code, ran.out) == (2, "")


def test_colour_is_used_on_request_only(modelspec: Command, root: Path) -> None:
    _replace(root, "ATLAS_API_KEY", "ATLAS_KEY_2")
    assert "\x1b[" in modelspec.run("plan", "--root", root, "--color", "always").out
    assert "\x1b[" not in modelspec.run("plan", "--root", root).out


def test_the_pull_request_that_adds_the_first_configuration_has_a_plan(
    modelspec: Command, tmp_path: Path
) -> None:
    top = tmp_path / "monorepo"
    top.mkdir()
    (top / "README").touch()
    _git(top, "init", "--quiet", "--initial-branch", "main")
    _commit(top)
    ran = modelspec.run("plan", "--root", write_fleet(top / "services" / "fleet"))
    assert (ran.code, ran.err) == (10, "")
    assert "the base has no models; the proposed state would serve 1 model at 2 heads" in ran.out


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_a_key_in_place_of_a_name_is_never_echoed(format_: str, modelspec: Command, root: Path) -> None:
    key = "ghp_" + "x7Kq2mZp9Rt4VwLb8NcYd3FhJs6GaEu1TiOo"
    _replace(root, "model_id: atlas", f"model_id: {key}")
    told = modelspec.run("plan", "--root", root, "--format", format_)
    assert told.code == 1
    assert "MS501" in told.out
    assert key not in told.out + told.err
    _git(root, "branch", key)
    refused = modelspec.run("plan", "--root", root, "--base", f"{key}x", "--format", format_)
    assert (refused.code, refused.out) == (2, "")
    assert key not in refused.err
