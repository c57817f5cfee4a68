"""One repository in checkouts that differ: in what is checked out, in line ends, in the commit that was built."""

import json
from pathlib import Path

import pytest
from git_repositories import commit, git, repository
from modelspec_command import HEADS, MODEL, REGIONS, Command, write_fleet

TESTS = "tests:\n  - {name: t, model: atlas, expect: {head: head-us}}\n"
FILES = {
    "regions.yaml": REGIONS,
    "heads.yaml": HEADS,
    "models.d/atlas.yaml": MODEL.format("atlas") + "metadata:\n  notes: |\n    one\n    two\n",
    "models.d/bison.yaml": MODEL.format("bison"),
    "modelspec.yaml": "output: dist\ntargets: [envoy]\n",
    "routes.test.yaml": TESTS,
    "waivers.yaml": "waivers: []\n",
}


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return repository(tmp_path / "origin", FILES)


@pytest.mark.parametrize(
    "verb",
    [
        ("validate",),
        ("validate", "--no-cache"),
        ("validate", "--changed-since", "HEAD"),
        ("build",),
        ("build", "--check"),
        ("plan", "--base", "HEAD"),
        ("route", "atlas"),
        ("test",),
        ("drill",),
        ("migrate", "--check"),
        ("rename", "atlas", "zebra", "--dry-run"),
        ("edit", "atlas", "name=Other", "--dry-run"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("way", ["sparse", "worktree", "skip"])
def test_a_sparse_checkout_is_refused(
    command: Command, origin: Path, way: str, verb: tuple[str, ...]
) -> None:
    root = origin
    if way == "worktree":
        root = origin.parent / "other"
        git(origin, "worktree", "add", "--quiet", root)
    if way == "skip":
        git(root, "update-index", "--skip-worktree", "models.d/bison.yaml")
        (root / "models.d" / "bison.yaml").unlink()
    else:
        git(root, "sparse-checkout", "set", "--no-cone", "/*", "!/models.d/bison.yaml")
    outcome = command.run(*verb, "--root", root)
    assert outcome.code == 2
    assert "this checkout is sparse: 'models.d/bison.yaml' has not been checked out" in outcome.err
    assert not (root / "dist").exists()
    git(root, "update-index", "--no-skip-worktree", "models.d/bison.yaml")
    git(root, "checkout", "--quiet", "--", "models.d/bison.yaml")
    assert command.run(verb[0], *verb[1:], "--root", root).code == (1 if verb == ("build", "--check") else 0)


@pytest.fixture
def windows(command: Command, origin: Path) -> Path:
    """A clone with other line ends, of a repository whose build is committed."""
    assert command.run("build", "--root", origin).code == 0
    commit(origin)
    clone = origin.parent / "clone"
    git(origin, "clone", "--quiet", "--config", "core.autocrlf=true", origin, clone)
    assert b"\r\n" in (clone / "models.d/atlas.yaml").read_bytes()
    assert b"\r\n" in (clone / "dist/manifest.json").read_bytes()
    return clone


def test_line_ends_of_a_checkout_are_no_difference(command: Command, origin: Path, windows: Path) -> None:
    assert command.run("build", "--check", "--root", windows).err.endswith("is up to date\n")
    plan = command.run("plan", "--base", "HEAD", "--root", windows, "--format", "json")
    assert (plan.code, json.loads(plan.out)["files"]) == (0, [])
    assert "nothing changes" in command.run("plan", "--base", "HEAD", "--root", windows).out
    found = command.run("validate", "--changed-since", "HEAD", "--root", windows)
    assert (found.code, "1 model" in found.out) == (0, False)
    command.run("build", "--root", windows, "--output", windows / "other")
    assert (windows / "other/manifest.json").read_bytes() == (origin / "dist/manifest.json").read_bytes()


def test_an_edit_of_such_a_checkout_is_committed_as_git_stores_it(command: Command, windows: Path) -> None:
    edited = command.run(
        "edit", "bison", "name=Other", "--commit", "--root", windows,
        env={"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "A",
             "GIT_COMMITTER_EMAIL": "a@example.com"},
    )  # fmt: skip
    assert edited.code == 0, edited.err
    assert git(windows, "diff", "--stat", "HEAD~1", "HEAD").endswith("1 insertion(+), 1 deletion(-)")
    assert git(windows, "status", "--porcelain") == ""


@pytest.mark.parametrize("name", ["modelspec.yaml", "waivers.yaml", "routes.test.yaml"])
def test_a_comment_is_no_news_for_a_plan(command: Command, origin: Path, name: str) -> None:
    (origin / name).write_text("# why\n" + FILES[name])
    plan = command.run("plan", "--base", "HEAD", "--root", origin)
    assert (plan.code, f"only formatting changes, in {name}" in plan.out) == (0, True), plan.out
    more = {
        "modelspec.yaml": "guards: {max_removed: 1}\n",
        "waivers.yaml": "waivers: []  # modelspec: ignore[MS610] x\n",
        "routes.test.yaml": "tests: []\n",
    }
    (origin / name).write_text("targets: [envoy]\n" + more[name] if name == "modelspec.yaml" else more[name])
    assert "other rules may" in command.run("plan", "--base", "HEAD", "--root", origin).out


def test_check_takes_the_commit_from_the_manifest(command: Command, origin: Path) -> None:
    given = ("--commit", "0" * 40, "--commit-date", "2026-01-01T00:00:00Z")
    assert command.run("build", "--root", origin, *given).code == 0
    assert command.run("build", "--check", "--root", origin).code == 0
    assert command.run("build", "--check", "--root", origin, *given).code == 0
    assert command.run("build", "--check", "--root", origin, "--commit", "1" * 40).code == 1


@pytest.mark.parametrize("text", ["", "[]", '{"source": []}', '{"source": {"commit": 1, "commit_date": []}}'])
def test_a_broken_manifest_names_no_commit(command: Command, tmp_path: Path, text: str) -> None:
    root = write_fleet(tmp_path / "fleet")
    assert command.run("build", "--root", root).code == 0
    (root / "dist/manifest.json").write_text(text)
    assert command.run("build", "--check", "--root", root).code == 1
