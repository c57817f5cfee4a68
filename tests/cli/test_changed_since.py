"""`modelspec validate --changed-since`: everything is checked, only what changed is reported."""

import json
from pathlib import Path

import pytest
from git_repositories import commit, git, repository, write
from modelspec_command import HEADS, MODEL, REGIONS, Command

ALONE = MODEL.replace("fallback_heads: [head-eu]\n", "")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Five models, of which `lonely` and `broken` already have faults, on a separate branch."""
    folder = repository(
        tmp_path / "r",
        {
            "regions.yaml": REGIONS,
            "heads.yaml": HEADS,
            **{f"models.d/{name}.yaml": MODEL.format(name) for name in ("atlas", "bison", "cobra")},
            "models.d/lonely.yaml": ALONE.format("lonely"),
            "models.d/broken.yaml": MODEL.format("broken") + "regionn: eu\n",
        },
    )
    git(folder, "checkout", "--quiet", "-b", "topic")
    return folder


def _reported(command: Command, root: Path, *arguments: str) -> tuple[int, list[tuple[str, str]]]:
    outcome = command.run(
        "validate", "--root", root, "--changed-since", "main", "--format", "json", "--quiet", *arguments
    )
    assert outcome.err == ""
    found = json.loads(outcome.out)["diagnostics"]
    return outcome.code, [(one["code"], one["path"]) for one in found]


def test_without_a_change_nothing_is_reported(command: Command, root: Path) -> None:
    assert command.run("validate", "--root", root).code == 1
    assert _reported(command, root) == (0, [])
    outcome = command.run("validate", "--root", root, "--changed-since", "main")
    assert outcome.code == 0
    assert outcome.out.startswith("checked 5 models in ")
    assert outcome.out.endswith(" s: no faults; 2 others left out\n")
    assert command.run("validate", "--root", root, "--changed-since", "main", "--quiet").out == ""


def test_the_faults_of_a_changed_file_are_reported_new_or_old(command: Command, root: Path) -> None:
    write(root, {"models.d/lonely.yaml": "# a comment\n" + ALONE.format("lonely")})
    assert _reported(command, root) == (0, [("MS402", "models.d/lonely.yaml")])
    assert _reported(command, root, "--strict") == (1, [("MS402", "models.d/lonely.yaml")])
    commit(root)
    assert _reported(command, root) == (0, [("MS402", "models.d/lonely.yaml")])
    commit(root, {"models.d/atlas.yaml": MODEL.format("atlas") + "colour: red\n"})
    assert _reported(command, root) == (
        1,
        [("MS101", "models.d/atlas.yaml"), ("MS402", "models.d/lonely.yaml")],
    )


def test_what_a_change_causes_elsewhere_is_reported(command: Command, root: Path) -> None:
    offline = HEADS.replace("head-eu.example.com}", "head-eu.example.com, status: offline}")
    write(root, {"heads.yaml": "# moved\n" + offline, "models.d/cobra.yaml": ALONE.format("cobra")})
    code, found = _reported(command, root)
    assert code == 0
    assert ("MS402", "models.d/atlas.yaml") in found
    assert ("MS402", "models.d/bison.yaml") in found
    assert ("MS402", "models.d/cobra.yaml") in found
    assert {path for _, path in found}.isdisjoint({"models.d/lonely.yaml"})


def test_a_duplicate_name_is_reported_in_any_file(command: Command, root: Path) -> None:
    write(root, {"models.d/aardvark.yaml": MODEL.format("bison")})
    code, found = _reported(command, root)
    assert code == 1
    assert ("MS205", "models.d/bison.yaml") in found
    assert all(path != "models.d/broken.yaml" for _, path in found)


def test_references_to_a_removed_model_are_reported(command: Command, root: Path) -> None:
    commit(root, {"models.d/atlas.yaml": MODEL.format("atlas") + "fallback_models: [cobra]\n"})
    git(root, "branch", "--force", "main")
    write(root, {"models.d/cobra.yaml": None})
    code, found = _reported(command, root)
    assert (code, {path for _, path in found}) == (1, {"models.d/atlas.yaml"})


def test_since_compares_with_the_merge_base(command: Command, root: Path) -> None:
    git(root, "checkout", "--quiet", "main")
    commit(root, {"models.d/lonely.yaml": MODEL.format("lonely")})
    git(root, "checkout", "--quiet", "topic")
    assert _reported(command, root) == (0, [])


def test_github_annotations_are_those_of_the_change(command: Command, root: Path) -> None:
    write(root, {"models.d/atlas.yaml": MODEL.format("atlas") + "colour: red\n"})
    outcome = command.run("validate", "--root", root, "--changed-since", "main", "--format", "github", "-q")
    assert outcome.code == 1
    assert outcome.out.count("::error") == 1
    assert "file=models.d/atlas.yaml" in outcome.out


def test_a_file_that_cannot_be_read_is_always_reported(command: Command, root: Path) -> None:
    (root / "models.d" / "link.yaml").symlink_to("atlas.yaml")
    commit(root)
    git(root, "branch", "--force", "main")
    assert _reported(command, root) == (1, [("MS002", "models.d/link.yaml")])


@pytest.mark.parametrize(
    ("since", "message"),
    [
        ("mian", "modelspec: no commit is named 'mian'\n  = help: did you mean 'main'?\n"),
        ("--quiet", "it begins with '-'"),
        ("", "it is empty"),
    ],
)
def test_an_unknown_ref_is_a_usage_error(since: str, message: str, command: Command, root: Path) -> None:
    outcome = command.run("validate", "--root", root, f"--changed-since={since}")
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_a_missing_git_repository_is_reported(command: Command, fleet: Path, root: Path) -> None:
    outcome = command.run(
        "validate",
        "--root",
        fleet,
        "--changed-since",
        "main",
        env={"GIT_CEILING_DIRECTORIES": str(fleet.parent)},
    )
    assert (outcome.code, outcome.out) == (2, "")
    assert "is not in a git repository" in outcome.err
    outcome = command.run("validate", "--root", root, "--changed-since", "main", env={"PATH": "/nowhere"})
    assert (outcome.code, outcome.out) == (2, "")
    assert "git is needed to read another state" in outcome.err
    assert "MS101" in command.run("validate", "--root", root, env={"PATH": "/nowhere"}).out


def test_what_a_change_warns_of_in_its_own_files_is_never_folded(command: Command, root: Path) -> None:
    write(root, {f"models.d/m{number}.yaml": ALONE.format(f"m{number}") for number in range(22)})
    whole = command.run("validate", "--root", root)
    assert whole.out.count("warning[MS402]: ") == 4
    assert "warning[MS402]: 20 more; `modelspec validate --all` lists them\n" in whole.out
    assert command.run("validate", "--root", root, "--all").out.count("warning[MS402]: ") == 23
    changed = command.run("validate", "--root", root, "--changed-since", "main")
    assert changed.out.count("warning[MS402]: ") == 22
    assert "more;" not in changed.out
