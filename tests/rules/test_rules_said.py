"""What each rule says of its own bad example, word for word, by the first digit of its code: `said/MS3.txt`.

`pytest --update-golden` writes it anew. Read what it wrote: a help that does not help, or a label at the wrong end, is
seen here first.
"""

from itertools import groupby
from pathlib import Path

import pytest
from rule_fleets import found_in

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.rules import RULES

SAID = Path(__file__).parent / "said"
FAMILIES = {
    name: [*rules] for name, rules in groupby((r for r in RULES if r.bad), lambda rule: rule.code[:3])
}


def _lines(found: Diagnostic) -> list[str]:
    span = found.span
    place = f"{found.path}:{span.line}:{span.column}-{span.end_line}:{span.end_column}"
    related = [
        f"  also: {label.path}:{label.span.line}:{label.span.column} {label.text}" for label in found.related
    ]
    return [
        f"{found.code} {place}{f' {found.label}' if found.label else ''} [{found.subject}]",
        f"  {found.message}",
        f"  help: {found.help}",
        *related,
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_rules_say_of_their_bad_examples(family: str, *, update: bool, tmp_path: Path) -> None:
    said = [
        line
        for rule in FAMILIES[family]
        for found in found_in(tmp_path / rule.code, rule.bad)
        for line in _lines(found)
    ]
    file = SAID / f"{family}.txt"
    if update:
        file.write_text("\n".join(said) + "\n", encoding="utf-8")
    assert file.read_text(encoding="utf-8").splitlines() == said, "pytest tests/rules --update-golden"
