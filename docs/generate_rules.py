# noqa: INP001 - a script, not a package
"""Writes docs/rules.md from the rules: `python docs/generate_rules.py`; `--check` only says if it is stale."""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from modelspec.diagnose.diagnostic import Severity  # noqa: E402 - also without an installed package
from modelspec.diagnose.rule import Rule, is_fixed, is_guard, is_housekeeping  # noqa: E402
from modelspec.rules import RULES  # noqa: E402
from modelspec.rules.examples import own_files  # noqa: E402
from modelspec.rules.guards import GUARDS  # noqa: E402

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
    "MS8": "Guards of plan",
}
OPENING = """\
# Rules

Every fault that modelspec can report, by its code. This page is generated from the rules themselves
by `python docs/generate_rules.py`; a test fails where it is stale. `modelspec explain CODE` shows one of them.

A code is never reused or renumbered; `MS701` is retired. The examples are laid over a small fleet of six heads in four
regions (`modelspec/rules/example.py`).

## Severity and silence

Errors stop a build; warnings and infos never do (`--strict` counts warnings as errors). `modelspec.yaml` sets the
severity of any rule from `MS301` to `MS799`, everywhere, to `error`, `warning`, `info` or `off`:

```yaml
rules: {MS402: error, MS404: off}
```

A comment silences a **warning or info** in one place, on its own line or, alone on a line, on the next line that
holds YAML. It gives a reason, and is itself reported when it silences nothing:

```yaml
priority_head: head-eu-1  # modelspec: ignore[MS402] a trial until June
```

An **error** is never silenced from inside the file that a pull request edits. It takes a reviewed entry in
`waivers.yaml`; its subject is the model id, head id or region code that is at fault, or the path of the file:

```yaml
waivers:
  - rule: MS301
    subject: atlas
    reason: the contract with the UK is signed; the residency rule follows
    expires: 2027-03-31  # the last day on which it holds
    approved_by: data-protection@example.com
```

Faults of **reading, schema and links** (`MS0xx` to `MS2xx`) can be neither waived nor turned off: nothing sound can
be built from such files. Nor can ids that no file can be written for (`MS606`, `MS607`, `MS617`). **Guards** (`MS8xx`)
speak of a change: `guards` in `modelspec.yaml` sets them, and [a waiver](guards.md) names the guard.
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
    yield f"### {rule.code}\n\n**{rule.title}** {rule.severity.capitalize()}; {silenced_by(rule)}.\n\n{rule.text}\n"
    for name, example in (("Bad", rule.bad), ("Good", rule.good)):
        for path, text in own_files(example).items():
            language = "json" if path.endswith(".json") else "yaml"
            yield f"{name}, `{path}`:\n\n```{language}\n{text}```\n"


def silenced_by(rule: Rule) -> str:
    """Return what silences a rule, in a few words."""
    if is_fixed(rule.code):
        return "cannot be silenced"
    if is_guard(rule.code):
        return "waived by name in `waivers.yaml`" if rule.code in GUARDS else "cannot be silenced"
    if is_housekeeping(rule.code):
        return "silenced in `modelspec.yaml` only"
    return "silenced by a waiver" if rule.severity is Severity.ERROR else "silenced by a comment"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 where it is stale."""
    text = page()
    if arguments == ["--check"]:
        return int(not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
