# noqa: INP001 - a script, not a package
"""Writes docs/rules.md from the rules: `python docs/generate_rules.py`; `--check` only says if it is stale."""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from modelspec.rule import Rule  # noqa: E402 - also without an installed package
from modelspec.rules import RULES  # noqa: E402
from modelspec.rules.example import own_files  # noqa: E402
from modelspec.rules.silence import ways_to_silence  # noqa: E402

PAGE = ROOT / "docs" / "rules.md"
STAGES = {
    "MS0": "Reading",
    "MS1": "Schema",
    "MS2": "Links",
    "MS3": "Routing and residency",
    "MS4": "Resilience",
    "MS5": "Secrets and exposure",
    "MS6": "Lifecycle and naming",
    "MS7": "Targets",
}
OPENING = """\
# Rules

Every fault that modelspec can report, by its code. This page is generated from the rules themselves
by `python docs/generate_rules.py`; a test fails where it is stale. `modelspec explain CODE` shows one of them.

A code is never reused or renumbered. The examples are laid over a small fleet of six heads in four regions
(`modelspec/rules/example.py`).
"""


def page() -> str:
    """Return the text of docs/rules.md."""
    parts = [OPENING]
    for stage, title in STAGES.items():
        rules = [rule for rule in RULES if rule.code.startswith(stage)]
        rows = [f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} |" for rule in rules]
        parts.append(
            "\n".join([f"## {title}\n", "| code | severity | fault |", "|---|---|---|", *rows]) + "\n"
        )
        for rule in rules:
            parts += section(rule)
    return "\n".join(parts)


def section(rule: Rule) -> Iterator[str]:
    """Yield the page of one rule."""
    yield f"### {rule.code}\n\n**{rule.title}** Default severity: {rule.severity}.\n\n{rule.text}\n"
    for name, example in (("Bad", rule.bad), ("Good", rule.good)):
        for path, text in own_files(example).items():
            language = "json" if path.endswith(".json") else "yaml"
            yield f"{name}, `{path}`:\n\n```{language}\n{text}```\n"
    for words, lines in ways_to_silence(rule):
        text = words.replace("\n", " ")
        yield f"{text}\n\n```yaml\n{lines}\n```\n" if lines else f"{text}\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 where it is stale."""
    text = page()
    if arguments == ["--check"]:
        return int(not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
