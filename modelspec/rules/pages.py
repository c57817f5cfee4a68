"""How a rule is silenced: the words and the lines to paste that `explain` and docs/rules.md show."""

from collections.abc import Iterator, Mapping
from textwrap import dedent

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

_BASE = """
# file: regions.yaml
regions:
  - {code: us, name: United States}
  - {code: eu, name: Europe, residency: [eu, uk]}
  - {code: uk, name: United Kingdom}
  - {code: cn, name: China, residency: [cn]}
# file: heads.yaml
heads:
  - {head_id: head-eu-1, region: eu, url: https://head-eu-1.example.com}
  - {head_id: head-eu-2, region: eu, url: https://head-eu-2.example.com}
  - {head_id: head-uk-1, region: uk, url: https://head-uk-1.example.com}
  - {head_id: head-us-1, region: us, url: https://head-us-1.example.com}
  - {head_id: head-us-2, region: us, url: https://head-us-2.example.com}
  - {head_id: head-cn-1, region: cn, url: https://head-cn-1.example.com}
# file: models.d/zebra.yaml
model_id: zebra
name: Zebra
region: us
priority_head: head-us-1
fallback_heads: [head-us-2, head-eu-1, head-uk-1, head-eu-2, head-cn-1]
endpoint: https://zebra.example.com/v1
"""


def example_files(text: str) -> Mapping[str, str]:
    """The files of an example, those of the small fleet that it leaves alone included."""
    return {**own_files(_BASE), **own_files(text)}


def own_files(text: str) -> Mapping[str, str]:
    """The files that an example writes itself, by path."""
    files: dict[str, str] = {}
    for part in dedent(text).split("# file: ")[1:]:
        path, _, content = part.partition("\n")
        files[path.strip()] = content.rstrip("\n") + "\n"
    return files


_WAIVER = """\
No comment silences an error. A reviewed exception is an entry in waivers.yaml; its subject is the model id, head id
or region code that is at fault, or the path of the file:"""
_ENTRY = f"""\
waivers:
  - %s: %s
    subject: SUBJECT
    reason: {REASON_TO_WRITE}
    expires: YYYY-MM-DD
    approved_by: {APPROVER_TO_NAME}"""
_GUARD = """\
No comment and no entry in `rules` silences a guard. A reviewed exception is an entry in waivers.yaml, which the
diagnostic prints with its subject:"""
_SETTING = """\
Everywhere, in modelspec.yaml. What the base says holds, so this takes a change of its own, before:"""


def ways_to_silence(rule: Rule) -> Iterator[tuple[str, str]]:
    """What to do, and the lines to paste; these are empty where nothing can be done."""
    if is_fixed(rule.code):
        yield "It cannot be waived, ignored or turned off: nothing sound can be built from such a file.", ""
        return
    if is_guard(rule.code):
        yield from _ways_around(rule.code)
        return
    if is_housekeeping(rule.code):
        yield "No comment and no waiver silences it.", ""
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
            "It cannot be waived, ignored or turned off: nothing stands behind it that could be weighed.",
            "",
        )
        return
    yield _GUARD, _ENTRY % ("guard", guard)
    yield _SETTING, f"guards: {{{guard}: {'100%' if guard.startswith('max_') else 'warning'}}}"
