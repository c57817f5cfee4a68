"""Repositories beside what modelspec says of them: `golden_cases` tells of the format.

A case of `err/` has findings: its report is that of `modelspec validate`, with the exit code. A case of `ok/` can be
built: it holds the report, and what its build holds beside, or otherwise than, the build of its base. An Envoy edge is
compared with the first one of its build.
"""

import difflib
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from golden_cases import BASES, cases

from modelspec.cli import run

HERE = Path(__file__).parent
ERR, OK = cases(HERE / "err"), cases(HERE / "ok")
_TIME = re.compile(r"(?m)^(checked .*?) in [0-9]+\.[0-9]{2} s: ")
# tests/emit makes `static.json` of the other files of an edge, byte by byte.
_COMPARED = "routing/**/*.json site/admin/models.json gateways/envoy/*/[!s]*.json"
_FIRST_EDGE, _OTHER_EDGE = "gateways/envoy/edge-us/", "gateways/envoy/edge-eu/"


def _validate(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    code = run(["validate", "--root", str(root), "--no-cache", "--color", "never"])
    out, err = capsys.readouterr()
    assert err == ""
    return _TIME.sub(r"\1: ", out) + f"exit code {code}\n"


def _build(root: Path, output: Path) -> dict[str, str]:
    assert run(["build", "--root", str(root), "--output", str(output), "--quiet"]) == 0
    return {
        path.relative_to(output).as_posix(): path.read_text(encoding="utf-8")
        for pattern in _COMPARED.split()
        for path in output.glob(pattern)
    }


@cache
def _build_of_base(name: str) -> Mapping[str, str]:
    # The fleet of the defaults has no models of its own, so it has no build.
    with TemporaryDirectory() as output:
        return {} if name == "defaults" else _build(BASES / name, Path(output))


def _against(base: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str | None]:
    """The files that are new, the differences of those that are not, and those that are gone."""
    told: dict[str, str | None] = {}
    for path in sorted({*base, *files}):
        old, new = base.get(path), files.get(path)
        if old is None or new is None:
            told[path] = new
        elif old != new:
            before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
            told[f"{path}.diff"] = "".join([*difflib.unified_diff(before, after, n=0)][2:])
    return told


@pytest.mark.parametrize("name", ERR)
def test_findings_are_reported_as_expected(
    name: str, *, update: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = _validate(ERR[name].write(tmp_path / "fleet"), capsys)
    assert "no faults" not in report
    ERR[name].settle({"report.txt": report}, update=update)


@pytest.mark.parametrize("name", OK)
def test_sound_repositories_compile_as_expected(
    name: str, *, update: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = OK[name]
    root = case.write(tmp_path / "fleet")
    report = _validate(root, capsys)
    assert report.endswith("exit code 0\n")
    files = _build(root, tmp_path / "dist")
    base = _build_of_base(case.base) if case.base and case.files else {}
    first = {
        _OTHER_EDGE + path.removeprefix(_FIRST_EDGE): text
        for path, text in files.items()
        if path.startswith(_FIRST_EDGE)
    }
    told = _against({**base, **{path: first[path] for path in files if path.startswith(_OTHER_EDGE)}}, files)
    compared = case.all("compare") or ("*",)
    chosen = {path: text for path, text in told.items() if any(fnmatchcase(path, one) for one in compared)}
    case.settle({"report.txt": report, **chosen}, update=update)
