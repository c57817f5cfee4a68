"""The formats for machines, as the command writes them."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from modelspec_command import MODEL, Command, tree, write_fleet

_SECRET = "sk-" + "proj-" + "u8Rk2Zq9Lw4Xn7Tb1Vc6Ym3Hs5Pd0Gf8Je2Ka9Lq4"
_COUNTS: dict[str, Callable[[str], int]] = {
    "json": lambda text: len(json.loads(text)["diagnostics"]),
    "github": lambda text: len([line for line in text.splitlines() if line.startswith("::")]),
    "gitlab": lambda text: len(json.loads(text)),
    "sarif": lambda text: len(json.loads(text)["runs"][0]["results"]),
    "junit": lambda text: len(ET.fromstring(text).findall("./testsuite/testcase/*")),
}
"""How many diagnostics a report has; each fails if there is anything else in it."""


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A repository of thirteen faulty models, one of them hostile."""
    files: dict[str, str | bytes] = {
        f"models.d/m{number:02}.yaml": MODEL.format(f"m{number:02}") + "regoin: us\n" for number in range(12)
    }
    hostile = MODEL.format("'a]]>@b'").replace("Atlas", _SECRET) + f"# {_SECRET}\n'::error::x|`': 1\n"
    return write_fleet(tmp_path / "faulty", {**files, "models.d/a b]]>,:.yaml": hostile})


@pytest.mark.parametrize("name", _COUNTS)
@pytest.mark.parametrize("verb", ["validate", "build"])
def test_standard_output_holds_the_format_and_nothing_else(
    command: Command, faulty: Path, verb: str, name: str
) -> None:
    outcome = command.run(verb, "--root", faulty, "--format", name)
    assert outcome.code == 1
    assert _COUNTS[name](outcome.out) == _COUNTS["json"](
        command.run(verb, "--root", faulty, "--format", "json").out
    )
    assert re.match(r"checked 14 models in [0-9.]+ s: [0-9]+ errors", outcome.err)
    assert _SECRET not in outcome.out + outcome.err


@pytest.mark.parametrize("name", _COUNTS)
def test_a_clean_repository_gives_an_empty_report(command: Command, fleet: Path, name: str) -> None:
    outcome = command.run("build", "--root", fleet, "--format", name, "--quiet")
    assert outcome.code == 0
    assert outcome.err == ""
    if outcome.out:
        assert _COUNTS[name](outcome.out) == 0


@pytest.mark.parametrize("name", _COUNTS)
def test_two_runs_give_the_same_bytes(command: Command, faulty: Path, name: str) -> None:
    first = command.run("validate", "--root", faulty, "--format", name, env={"PYTHONHASHSEED": "1"})
    again = command.run("validate", "--root", faulty, "--format", name, env={"PYTHONHASHSEED": "2"})
    assert first.out == again.out


@pytest.mark.parametrize("name", _COUNTS)
def test_an_ascii_terminal_gets_a_readable_report(command: Command, tmp_path: Path, name: str) -> None:
    root = write_fleet(tmp_path / "fleet", {"models.d/東京.yaml": MODEL.format("b") + "模型: 1\n"})
    (root / os.fsdecode(b"models.d/\xff.yaml")).write_text(MODEL.format("c"), encoding="utf-8")
    outcome = command.run("validate", "--root", root, "--format", name, env={"PYTHONIOENCODING": "ascii"})
    assert "Traceback" not in outcome.err
    assert _COUNTS[name](outcome.out) >= 2


def test_the_step_summary_has_what_annotations_cannot_hold(
    command: Command, faulty: Path, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n\n", encoding="utf-8")
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    outcome = command.run("validate", "--root", faulty, "--format", "github", env=env)
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("# Before\n\n### modelspec: ")
    assert text.count("\n| error |") == _COUNTS["github"](outcome.out) - 10
    assert _SECRET not in text


def test_only_the_github_format_writes_a_step_summary(command: Command, faulty: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    for name in ("text", "sarif"):
        command.run("validate", "--root", faulty, "--format", name, env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert not summary.exists()


def test_a_full_step_summary_is_not_changed(command: Command, faulty: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * 1024 * 1024)
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    assert command.run("validate", "--root", faulty, "--format", "github", env=env).code == 1
    assert summary.stat().st_size == 1024 * 1024


def test_an_unwritable_step_summary_does_not_fail_the_run(
    command: Command, fleet: Path, faulty: Path
) -> None:
    for root, code in ((fleet, 0), (faulty, 1)):
        env = {"GITHUB_STEP_SUMMARY": str(root)}
        outcome = command.run("validate", "--root", root, "--format", "github", "--quiet", env=env)
        assert outcome.code == code
        assert re.fullmatch(
            r"modelspec: could not write the step summary to '.*': Is a directory\n", outcome.err
        )


def test_a_report_changes_no_file(command: Command, faulty: Path) -> None:
    before = tree(faulty)
    for name in _COUNTS:
        command.run("validate", "--root", faulty, "--format", name)
    assert tree(faulty) == before


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("github", "file=([^,]+)"), ("gitlab", '"path": "([^"]+)"'), ("sarif", '"uri": "([^"]+)"')],
)
def test_forges_are_given_paths_from_the_folder_where_the_command_runs(
    command: Command, tmp_path: Path, name: str, pattern: str
) -> None:
    root = write_fleet(tmp_path / "a" / "fleet", {"models.d/m.yaml": MODEL.format("m") + "regoin: us\n"})

    def paths(cwd: Path) -> set[str]:
        out = command.run("validate", "--root", root, "--format", name, "--quiet", cwd=cwd).out
        return {path for path in re.findall(pattern, out) if "m.yaml" in path}

    assert paths(root) == {"models.d/m.yaml"}
    assert paths(tmp_path / "a") == {"fleet/models.d/m.yaml"}
    assert paths(tmp_path) == {"a/fleet/models.d/m.yaml"}
    assert paths(command.home) == {"models.d/m.yaml"}
