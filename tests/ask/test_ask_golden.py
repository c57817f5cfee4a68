"""The answers of the verbs about one fleet, and the expected ones; `golden_cases` describes the format."""

import json
import shlex
from pathlib import Path

import pytest
from golden_cases import cases

from modelspec.cli import run

CASES = cases(Path(__file__).parent / "cases")
_WIDTH = 110


def _answer(root: Path, command: str, capsys: pytest.CaptureFixture[str]) -> str:
    verb, *rest = shlex.split(command)
    code = run([verb, "--root", str(root), *rest])
    out, err = capsys.readouterr()
    if out.startswith("{"):
        document = json.loads(out)
        assert out == json.dumps(document, indent=1) + "\n"
        out = _in_few_lines(document) + "\n"
    return f"$ modelspec {command}\n{out}--- standard error\n{err}--- exit code {code}\n"


def _in_few_lines(value: object, name: str = "", margin: str = "") -> str:
    """JSON with one line for whatever fits into a line; the command writes a line per value."""
    line = margin + name + json.dumps(value)
    if len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    inner = (
        [_in_few_lines(one, f"{json.dumps(key)}: ", f"{margin} ") for key, one in value.items()]
        if isinstance(value, dict)
        else [_in_few_lines(one, "", f"{margin} ") for one in value]
    )
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    return f"{margin}{name}{opened}\n" + ",\n".join(inner) + f"\n{margin}{closed}"


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_as_expected(
    name: str, *, update: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = CASES[name].write(tmp_path / "fleet")
    answers = [_answer(root, command, capsys) for command in CASES[name].all("run")]
    CASES[name].settle({"answer.txt": "\n".join(answers)}, update=update)
