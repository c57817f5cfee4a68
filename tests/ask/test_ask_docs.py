"""The page shows the answers of the commands about this repository; `pytest --update-golden` updates it."""

import re
import shlex
from pathlib import Path

import pytest

from modelspec.cli import run

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "routing-tests.md"
_BLOCK = re.compile(r"```console\n\$ modelspec ([^\n]+)\n(.*?)```", re.DOTALL)


def test_the_page_shows_actual_answers(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    def answered(block: re.Match[str]) -> str:
        verb, *rest = shlex.split(block[1])
        run([verb, "--root", str(ROOT), *rest])
        return f"```console\n$ modelspec {block[1]}\n{capsys.readouterr().out}```"

    page = PAGE.read_text(encoding="utf-8")
    fresh, count = _BLOCK.subn(answered, page)
    assert count == 4
    if request.config.getoption("--update-golden"):
        PAGE.write_text(fresh, encoding="utf-8")
        return
    assert page == fresh, "run: pytest tests/ask/test_ask_docs.py --update-golden"
