"""--commit and --branch with the real git: only the changed files are committed."""

import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest
from modelspec_command import Command, Outcome, tree, write_fleet

IDENTITY = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com"}  # fmt: skip
SETTINGS = """\
repository: {url: https://github.com/acme/fleet, branch: main}
"""


@pytest.fixture
def top(tmp_path: Path, command: Command) -> Path:
    """A git repository with the configuration in a folder."""
    top = tmp_path / "top"
    write_fleet(top / "fleet", {"modelspec.yaml": SETTINGS, "models.d/bison.yaml": _bison()})
    _git(command, top, "init", "-q", "-b", "main")
    _git(command, top, "add", ".")
    _git(command, top, "commit", "-q", "-m", "first")
    return top


def _bison() -> str:
    return (
        "model_id: bison\nname: Bison\nregion: us\npriority_head: head-us\nfallback_heads: [head-eu]\n"
        "endpoint: https://bison.example.com/v1\nfallback_models: [atlas]\n"
    )


def _git(command: Command, folder: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**command.environment(IDENTITY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def _run(command: Command, top: Path, *arguments: str) -> Outcome:
    return command.run(*arguments, cwd=top / "fleet", env=IDENTITY)


def test_a_commit_contains_only_the_changed_files(command: Command, top: Path) -> None:
    (top / "staged").write_text("staged\n")
    _git(command, top, "add", "staged")
    (top / "fleet/regions.yaml").write_text((top / "fleet/regions.yaml").read_text() + "# mine\n")
    outcome = _run(command, top, "edit", "atlas", "tags+=new", "--commit")
    assert outcome.code == 0, outcome.err
    assert _git(command, top, "show", "--name-status", "--format=%an|%s|%b") == (
        "A|Add to tags of atlas|1 model changes its tags\n\n- atlas: tags [new] added\n\n\n"
        "M\tfleet/models.d/atlas.yaml\n"
    )
    assert _git(command, top, "status", "--porcelain") == " M fleet/regions.yaml\nA  staged\n"
    assert "committed " in outcome.err


def test_a_branch_is_created_and_checked_out(command: Command, top: Path) -> None:
    outcome = _run(
        command, top, "rename", "atlas", "zebra", "--branch", "rename/zebra", "-m", "Call it zebra"
    )
    assert outcome.code == 0, outcome.err
    assert _git(command, top, "symbolic-ref", "HEAD") == "refs/heads/rename/zebra\n"
    assert _git(command, top, "log", "--format=%s", "main") == "first\n"
    assert _git(command, top, "show", "--name-status", "--no-renames", "--format=%s") == (
        "Call it zebra\n\nD\tfleet/models.d/atlas.yaml\nM\tfleet/models.d/bison.yaml\nA\tfleet/models.d/zebra.yaml\n"
    )
    assert _git(command, top, "status", "--porcelain") == ""
    assert _git(command, top, "fsck", "--strict") == ""


def test_a_commit_adds_and_deletes_files(command: Command, top: Path) -> None:
    new = (
        "new",
        "delta",
        "--name",
        "D",
        "--region",
        "us",
        "--head",
        "head-us",
        "--endpoint",
        "https://d.example.com",
    )
    assert _run(command, top, *new, "--commit").code == 0
    assert _run(command, top, "remove", "atlas", "--cascade", "--yes", "--commit").code == 0
    assert _git(command, top, "log", "--name-status", "--format=%s", "-2") == (
        "Remove atlas and 1 reference to it\n\nD\tfleet/models.d/atlas.yaml\nM\tfleet/models.d/bison.yaml\n"
        "Add delta\n\nA\tfleet/models.d/delta.yaml\n"
    )
    assert _git(command, top, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "state", ["edited", "staged", "untracked", "merge", "branch", "name", "unborn", "no-git"]
)
def test_other_changes_are_never_committed(command: Command, top: Path, state: str) -> None:
    arguments = ["edit", "atlas", "tags+=new", "--commit"]
    file = top / "fleet/models.d/atlas.yaml"
    match state:
        case "edited":
            file.write_text(file.read_text() + "# mine\n")
        case "staged":
            was = file.read_text()
            file.write_text(was + "# mine\n")
            _git(command, top, "add", ".")
            file.write_text(was)
        case "untracked":
            _git(command, top, "rm", "-q", "--cached", "fleet/models.d/atlas.yaml")
        case "merge":
            _git(command, top, "update-ref", "MERGE_HEAD", "HEAD")
        case "branch":
            arguments = [*arguments[:-1], "--branch", "main"]
        case "name":
            arguments = [*arguments[:-1], "--branch", "-a..b"]
        case "unborn":
            _git(command, top, "checkout", "-q", "--orphan", "other")
        case _:
            assert state == "no-git"
            (top / ".git").rename(top / "elsewhere")
    before = tree(top)
    outcome = _run(command, top, *arguments)
    assert outcome.code == 1
    assert outcome.err.count("modelspec: ") == 1
    assert "= help: " in outcome.err
    assert {path: data for path, data in tree(top).items() if "/objects/" not in path} == {
        path: data for path, data in before.items() if "/objects/" not in path
    }


def test_a_commit_needs_an_author(command: Command, top: Path) -> None:
    before = tree(top / "fleet")
    outcome = command.run(
        "edit", "atlas", "tags+=new", "--commit", cwd=top / "fleet", env={"EMAIL": "", "GIT_AUTHOR_NAME": ""}
    )
    assert outcome.code == 1
    assert (
        "git does not know your name and email address" in outcome.err
        or "git could not commit" in outcome.err
    )
    assert tree(top / "fleet") == before


def test_a_hook_never_runs(command: Command, top: Path) -> None:
    for hook in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        path = top / ".git/hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {top}/ran-{hook}\nexit 1\n")
        path.chmod(0o755)
    assert _run(command, top, "edit", "atlas", "tags+=new", "--branch", "x").code == 0
    assert not list(top.glob("ran-*"))


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://github.com/acme/fleet", "https://github.com/acme/fleet/compare/main...a/b?expand=1"),
        (
            "https://gitlab.example.com/acme/fleet.git",
            "https://gitlab.example.com/acme/fleet/-/merge_requests/new?"
            + urlencode({"merge_request[source_branch]": "a/b", "merge_request[target_branch]": "main"}),
        ),
        ("https://codeberg.org/acme/fleet", "https://codeberg.org/acme/fleet/compare/main...a/b"),
        (
            "https://bitbucket.org/acme/fleet",
            "https://bitbucket.org/acme/fleet/pull-requests/new?source=a%2Fb&dest=main",
        ),
        ("https://git.example.com/acme/fleet", None),
    ],
)
def test_a_push_prints_the_url_for_a_pull_request(
    command: Command, top: Path, url: str, page: str | None
) -> None:
    (top / "fleet/modelspec.yaml").write_text(f"repository: {{url: {url}, branch: main}}\n")
    _git(command, top, "commit", "-q", "-a", "--allow-empty", "-m", "url")
    _git(command, top, "init", "-q", "--bare", str(top.parent / "remote.git"))
    _git(command, top, "remote", "add", "origin", str(top.parent / "remote.git"))
    outcome = _run(command, top, "edit", "atlas", "tags+=new", "--branch", "a/b", "--push")
    assert outcome.code == 0, outcome.err
    assert outcome.out == (f"{page}\n" if page else "")
    assert ("to get a link for a pull request" in outcome.err) == (page is None)
    assert _git(command, top.parent / "remote.git", "log", "--format=%s", "a/b") == (
        "Add to tags of atlas\nurl\nfirst\n"
    )


def test_a_push_that_fails_keeps_the_commit(command: Command, top: Path) -> None:
    outcome = _run(command, top, "edit", "atlas", "tags+=new", "--commit", "--push")
    assert (outcome.code, "git has no remote to push to" in outcome.err) == (1, True)
    _git(command, top, "remote", "add", "other", str(top.parent / "nowhere.git"))
    outcome = _run(command, top, "edit", "atlas", "tags+=newer", "--commit", "--push")
    assert (outcome.code, "could not push it to 'other'" in outcome.err) == (1, True)
    assert _git(command, top, "log", "--format=%s") == "Add to tags of atlas\nAdd to tags of atlas\nfirst\n"


@pytest.mark.parametrize("options", [("--push",), ("-m", "x"), ("--commit", "-m", " ")])
def test_options_that_do_not_go_together(command: Command, top: Path, options: tuple[str, ...]) -> None:
    assert _run(command, top, "edit", "atlas", "tags+=new", *options).code == 2
