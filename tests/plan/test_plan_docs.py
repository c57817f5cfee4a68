"""The examples of docs/plan.md: each is what a golden case expects."""

import re
from pathlib import Path

import pytest
from golden_cases import read

PAGE = Path(__file__).parents[2] / "docs/plan.md"
EXAMPLE = re.compile(
    r"(?m)^<!-- example: ([a-z-]+)/(plan\.(?:md|txt)) -->\n\n(`{3,})(?:markdown)?\n((?s:.*?))^\3$"
)


def _shown(case: str, file: str) -> str:
    text = read(Path(__file__).parent / f"cases/{case}.txt").expected[file]
    assert text is not None
    return re.sub(r"(?m)^exit code \d+\n", "", text.decode())


def test_examples_are_what_the_cases_expect(*, update: bool) -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = EXAMPLE.sub(
        lambda part: part[0].replace(part[4], _shown(part[1], part[2])) if part[4] else part[0], page
    )
    if update:
        PAGE.write_text(found, encoding="utf-8")
    assert found == page or update


@pytest.mark.parametrize("verdict", ["Blocked: ", "Safe to merge: ", "Review: "])
def test_each_verdict_has_an_example(verdict: str) -> None:
    examples = [part[4] for part in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))]
    assert any(f"**{verdict}" in example or example.startswith(verdict) for example in examples)
