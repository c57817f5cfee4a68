"""The installed command: exit codes, streams, mistakes and hostile input."""

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from forked_command import ForkedCommand
from golden_cases import BASES

from modelspec.cli import run

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "modelspec")
ROOT = Path(__file__).parents[2]
FLEET = BASES / "ask"

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="ask")
def _ask(tmp_path: Path, forked: ForkedCommand) -> Ask:
    kept = {name: value for name, value in os.environ.items() if name == "COVERAGE_PROCESS_CONFIG"}

    def asked(*arguments: str | bytes, cwd: Path = FLEET, lang: str = "C.UTF-8") -> tuple[int, str, str]:
        environment = {**kept, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": lang}
        if lang == "C.UTF-8":
            code, out, err = forked.run(tuple(map(os.fsdecode, arguments)), cwd=cwd, environment=environment)
        else:  # Python itself looks at it when it starts
            done = subprocess.run(
                [PROGRAM, *arguments], cwd=cwd, env=environment, capture_output=True, check=False, timeout=60
            )
            code, out, err = done.returncode, done.stdout, done.stderr
        assert b"Traceback" not in err
        return code, out.decode(), err.decode()

    return asked


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("route", "atlas"), 0),
        (("route", "atlas", "--from", "us"), 1),
        (("route", "zebra"), 1),
        (("route", "bison", "--down", "eu", "--down", "no"), 1),
        (("test",), 0),
        (("test", "--fail-under", "34"), 0),
        (("test", "--fail-under", "35"), 1),
        (("test", "--only", "atlas"), 0),
        (("drill",), 0),
        (("drill", "--down", "eu", "--down", "no", "--down", "us"), 0),
    ],
)
def test_answers_go_to_standard_output_only(arguments: tuple[str, ...], code: int, ask: Ask) -> None:
    found, out, err = ask(*arguments)
    assert (found, bool(out)) == (code, True)
    assert err == "" or "--fail-under" in arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("route",), "Missing argument 'MODEL'"),
        (("route", "atlas", "--from", "ue"), "--from: no region is named 'ue'; did you mean 'eu'?"),
        (("route", "atlas", "--from", "eu-1"), "--from: no region is named 'eu-1'"),
        (
            ("route", "atlas", "--down", "eu-11"),
            "--down: no head or region is named 'eu-11'; did you mean 'eu-1'?",
        ),
        (
            ("route", "atlas", "--down", "x\x1b[31m"),
            r"'x\u001b[31m'; regions.yaml and heads.yaml list the names",
        ),
        (("route", "atlas", "--format", "junit"), "'junit' is not one of 'text', 'json'"),
        (("drill", "--down", "nowhere"), "no head or region is named 'nowhere'"),
        (("drill", "--format", "sarif"), "is not one of 'text', 'markdown', 'json'"),
        (
            ("test", "--only", "nothing*"),
            "--only 'nothing*' matches none of the 4 tests",
        ),
        (("test", "--only", "atlas", "--suggest"), "--only measures no coverage"),
        (("test", "--only", "atlas", "--fail-under", "0"), "--only measures no coverage"),
        (("test", "--suggest", "--fail-under", "80"), "leave out --fail-under"),
        (("test", "--suggest", "--format", "json"), "leave out --format"),
        (("test", "--fail-under", "101"), "not in the range"),
        (("test", "--fail-under", "all"), "not a valid float"),
        (("test", "--root", "/nowhere"), "not a readable folder"),
    ],
)
def test_a_mistake_is_a_usage_error_with_advice(arguments: tuple[str, ...], message: str, ask: Ask) -> None:
    code, out, err = ask(*arguments)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("verb", [("route", "atlas"), ("test",), ("drill",)])
def test_errors_of_the_repository_go_to_standard_error(
    verb: tuple[str, ...], tmp_path: Path, ask: Ask
) -> None:
    (tmp_path / "models.d").mkdir()
    code, out, err = ask(*verb, cwd=tmp_path)
    assert (code, out) == (1, "")
    assert "error[MS" in err
    assert "cannot compile the routes: fix the errors above first" in err


@pytest.mark.parametrize("verb", ["route", "test", "drill"])
def test_help_lists_the_exit_codes(verb: str, ask: Ask) -> None:
    code, out, _ = ask(verb, "--help")
    assert code == 0
    assert "Exit codes: 0" in " ".join(out.split())


def test_accepts_a_name_that_is_not_valid_utf_8(ask: Ask) -> None:
    code, out, err = ask("route", b"at\xfflas\n::error::x\x1b[31m", "--format", "json")
    assert (code, err) == (1, "")
    assert json.loads(out)["status"] == 404
    code, out, err = ask("route", b"at\xfflas\n::error::x\x1b[31m")
    assert (code, err) == (1, "")
    assert "\x1b" not in out
    assert not any(line.startswith("::") for line in out.splitlines())


def test_an_ascii_terminal_gets_escapes(ask: Ask) -> None:
    code, out, err = ask("drill", "--format", "markdown", lang="C")
    assert (code, err) == (0, "")
    assert out.startswith("### Drills\n")


def test_answers_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    for verb in (
        ("route", "atlas", "--format", "json"),
        ("test", "--format", "json"),
        ("drill", "--format", "json"),
    ):
        outs = {
            subprocess.run(
                [PROGRAM, *verb],
                cwd=FLEET,
                env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONHASHSEED": seed},
                capture_output=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(outs) == 1


def test_an_unreadable_root_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    for verb in (["route", "atlas"], ["test"], ["drill"]):
        assert run([*verb, "--root", str(FLEET)]) == 2
        assert "cannot read the repository: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["w", "a"])
def test_suggestions_may_be_redirected_into_the_test_file(mode: str, tmp_path: Path, ask: Ask) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(FLEET, root)
    (root / "routes.test.yaml").unlink()
    with (root / "routes.test.yaml").open(mode) as opened:
        subprocess.run([PROGRAM, "test", "--suggest"], cwd=root, stdout=opened, check=True)
    code, out, _ = ask("test", "--fail-under", "100", cwd=root)
    assert (code, "coverage 100.0 %" in out) == (0, True)
    (root / "routes.test.yaml").write_text("", encoding="utf-8")
    assert ask("test", cwd=root)[0] == 1  # an empty file is a fault, unless suggestions are written into it
    (root / "heads.yaml").write_text("heads: []\n", encoding="utf-8")
    assert ask("test", "--suggest", cwd=root)[:2] == (1, "")


def test_the_repository_passes_its_own_tests(ask: Ask) -> None:
    code, out, err = ask("test", "--fail-under", "90", cwd=ROOT)
    assert (code, err) == (0, ""), out
