"""How a rule is silenced: the words and the lines to paste that `explain` and docs/rules.md show."""

from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import (
    APPROVER_TO_NAME,
    REASON_TO_WRITE,
    Rule,
    is_fixed,
    is_guard,
    is_housekeeping,
)
from modelspec.rules.guards import GUARDS

_WAIVER = """\
An error cannot be silenced by a comment. A reviewed exception is an entry in waivers.yaml; its subject is the model
id, head id or region code that is at fault, or the path of the file:"""
_ENTRY = f"""\
waivers:
  - %s: %s
    subject: SUBJECT
    reason: {REASON_TO_WRITE}
    expires: YYYY-MM-DD
    approved_by: {APPROVER_TO_NAME}"""
_GUARD = """\
A guard cannot be silenced by a comment or an entry in `rules`. A reviewed exception is an entry in waivers.yaml, which
the diagnostic prints with its subject:"""
_SETTING = """\
Everywhere, in modelspec.yaml. The setting of the base applies, so change it in a separate pull request first:"""


def ways_to_silence(rule: Rule) -> Iterator[tuple[str, str]]:
    """What to do, and the lines to paste; these are empty where nothing can be done."""
    if is_fixed(rule.code):
        yield "It cannot be waived, ignored or turned off: nothing sound can be built from such a file.", ""
        return
    if is_guard(rule.code):
        yield from _ways_around(rule.code)
        return
    if is_housekeeping(rule.code):
        yield "It cannot be silenced by a comment or a waiver.", ""
    elif rule.severity is Severity.ERROR:
        yield _WAIVER, _ENTRY % ("rule", rule.code)
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


def _ways_around(code: str) -> Iterator[tuple[str, str]]:
    guard = GUARDS.get(code)
    if guard is None:
        yield (
            "It cannot be waived, ignored or turned off.",
            "",
        )
        return
    yield _GUARD, _ENTRY % ("guard", guard)
    if code != "MS808":  # what cannot be read is not known, whatever is set
        yield _SETTING, f"guards: {{{guard}: {'100%' if guard.startswith('max_') else 'warning'}}}"
