"""How a rule is silenced: the words and the lines to paste that `explain` and docs/rules.md show."""

from collections.abc import Iterator

from modelspec.diagnostic import Severity
from modelspec.rule import Rule, is_fixed, is_housekeeping

_WAIVER = """\
No comment silences an error. A reviewed exception is an entry in waivers.yaml; its subject is the model id, head id
or region code that is at fault, or the path of the file:"""
_ENTRY = """\
waivers:
  - rule: %s
    subject: SUBJECT
    reason: why this is acceptable
    expires: YYYY-MM-DD
    approved_by: NAME"""


def ways_to_silence(rule: Rule) -> Iterator[tuple[str, str]]:
    """What to do, and the lines to paste; these are empty where nothing can be done."""
    if is_fixed(rule.code):
        yield "It cannot be waived, ignored or turned off: nothing sound can be built from such a file.", ""
        return
    if is_housekeeping(rule.code):
        yield "No comment and no waiver silences it.", ""
    elif rule.severity is Severity.ERROR:
        yield _WAIVER, _ENTRY % rule.code
    else:
        yield (
            "In one place, by a comment at the end of the line, or alone on the line above:",
            f"# modelspec: ignore[{rule.code}] why this is right here",
        )
    other = "info" if rule.severity is Severity.WARNING else "warning"
    yield (
        "Everywhere, in modelspec.yaml, as error, warning, info or off:",
        f"rules: {{{rule.code}: {other}}}",
    )
