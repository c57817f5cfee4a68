"""Small repositories beside what modelspec must say of them; `pytest --update-golden` writes the expectations anew.

`err/<case>` has faults: `expected.txt` is the report of `modelspec validate` and its exit code. `ok/<case>` can be
built: `expected/` holds the report, the routing tables, the snapshot and the edges.
"""

import re
import shutil
from pathlib import Path

import pytest

from modelspec.cli import run

_HERE = Path(__file__).parent
_TIME = re.compile(r"(?m)^(checked .*?) in [0-9]+\.[0-9]{2} s: ")
_COMPARED = ("routing/**/*.json", "site/admin/models.json", "gateways/envoy/*/*.json")


def _cases(kind: str, *, leaf: str) -> list[str]:
    return sorted({path.relative_to(_HERE / kind).parts[0] for path in _HERE.glob(f"{kind}/*/{leaf}")})


def _validate(case: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, int]:
    code = run(["validate", "--root", str(case / "input"), "--no-cache", "--color", "never"])
    out, err = capsys.readouterr()
    assert err == ""
    return _TIME.sub(r"\1: ", out) + f"exit code {code}\n", code


def _settle(expected: Path, actual: str, *, update: bool) -> None:
    if update:
        expected.parent.mkdir(parents=True, exist_ok=True)
        expected.write_text(actual, encoding="utf-8", newline="")
    assert expected.exists(), f"{expected} is missing; write it with --update-golden, then read it"
    assert actual == expected.read_text(encoding="utf-8")


@pytest.fixture(name="update")
def _update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.mark.parametrize("name", _cases("err", leaf="input"))
def test_faults_are_reported_as_expected(
    name: str, *, update: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    case = _HERE / "err" / name
    report, code = _validate(case, capsys)
    assert code == 1
    _settle(case / "expected.txt", report, update=update)


@pytest.mark.parametrize("name", _cases("ok", leaf="input"))
def test_sound_repositories_compile_as_expected(
    name: str, *, update: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = _HERE / "ok" / name
    report, code = _validate(case, capsys)
    assert code == 0
    built = tmp_path / "dist"
    assert run(["build", "--root", str(case / "input"), "--output", str(built), "--quiet"]) == 0
    files = {
        path.relative_to(built).as_posix(): path.read_text(encoding="utf-8")
        for pattern in _COMPARED
        for path in built.glob(pattern)
    }
    files["report.txt"] = report
    expected = case / "expected"
    if update:
        shutil.rmtree(expected, ignore_errors=True)
    for path, content in sorted(files.items()):
        _settle(expected / path, content, update=update)
    there = {path.relative_to(expected).as_posix() for path in expected.rglob("*") if path.is_file()}
    assert there == files.keys()


@pytest.mark.parametrize(("kind", "leaf"), [("err", "expected.txt"), ("ok", "expected")])
def test_every_expectation_has_its_case(kind: str, leaf: str) -> None:
    assert _cases(kind, leaf=leaf) == _cases(kind, leaf="input")
