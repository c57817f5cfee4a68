"""Severities, ignores and waivers: what is left of the diagnostics after the organisation's own word."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from modelspec.catalog import Place
from modelspec.diagnostic import Diagnostic, Severity
from modelspec.ignore import Ignore
from modelspec.quote import quote
from modelspec.rule import APPROVER_TO_NAME, REASON_TO_WRITE, Scope, is_fixed
from modelspec.rules import RULES
from modelspec.settings import Waiver
from modelspec.source import Span

Where = Callable[[Place], Span]

_SCOPES = {rule.code: rule.scope for rule in RULES if rule.scope is not Scope.STAGE}
_CENTRAL = frozenset({"regions.yaml", "heads.yaml", "modelspec.yaml"})
"""While one of these is broken, no rule sees all that it would see."""


def judge(
    diagnostics: Sequence[Diagnostic],
    *,
    severities: Mapping[str, str],
    ignores: Sequence[Ignore],
    waivers: Sequence[Waiver],
    today: date,
    where: Where,
) -> list[Diagnostic]:
    """Apply, in this order, the severities of `modelspec.yaml`, waivers and inline ignores.

    An ignore silences warnings and infos on its line; an error only goes by a waiver that has not expired. What had no
    effect is itself reported, unless its rule could not look at everything.
    """
    by_line: dict[tuple[str, int], list[int]] = {}
    for number, ignore in enumerate(ignores):
        by_line.setdefault((ignore.path, ignore.line), []).append(number)
    by_subject: dict[tuple[str, str], list[int]] = {}
    for number, waiver in enumerate(waivers):
        by_subject.setdefault((waiver.code, waiver.subject), []).append(number)
    used_ignores: set[tuple[int, str]] = set()
    used_waivers: set[int] = set()
    kept: list[Diagnostic] = []
    for found in diagnostics:
        if is_fixed(found.code):
            kept.append(found)
            continue
        diagnostic = weighed(found, severities)
        if diagnostic is None:
            continue
        waiving = [
            number
            for subject in {found.subject, found.path}
            for number in by_subject.get((found.code, subject), ())
        ]
        used_waivers.update(waiving)
        if any(holds(waivers[number], today) for number in waiving):
            continue
        silencing = [
            (number, found.code)
            for number in by_line.get((found.path, found.span.line), ())
            if found.code in ignores[number].codes and diagnostic.severity is not Severity.ERROR
        ]
        used_ignores.update(silencing)
        if not silencing:
            kept.append(diagnostic)
    broken = {found.path for found in diagnostics if is_fixed(found.code)}
    for idle in (
        *_idle_ignores(ignores, used_ignores, broken),
        *_idle_waivers(waivers, used_waivers, today, where, is_whole=not broken),
    ):
        told = weighed(idle, severities)
        if told is not None:
            kept.append(told)
    return kept


def holds(waiver: Waiver, today: date) -> bool:
    """Whether a waiver waives anything: its last day has not passed, and somebody has filled it in."""
    return not waiver.is_expired(today) and not _left_open(waiver)


def idle_waiver(waiver: Waiver, where: Where) -> Diagnostic:
    """What is said of a waiver that nothing needs."""
    return Diagnostic(
        code="MS610",
        severity=Severity.WARNING,
        message=f"the waiver of {waiver.code} for {quote(waiver.subject)} waives nothing"
        + (" in this change" if waiver.is_of_guard else ""),
        path=waiver.place.path,
        span=_span(waiver, "subject", where),
        help="delete it, or correct its subject",
        subject=waiver.subject,
    )


def weighed(found: Diagnostic, severities: Mapping[str, str]) -> Diagnostic | None:
    """A diagnostic with the severity that modelspec.yaml gives its code; None where that is `off`."""
    severity = severities.get(found.code)
    if severity is None:
        return found
    return None if severity == "off" else replace(found, severity=Severity(severity))


def _is_held_back(code: str, path: str, broken: set[str]) -> bool:
    """Whether a rule may have more to say of a file once the broken files are corrected."""
    scope = _SCOPES.get(code)
    if scope is None:
        return False
    return bool(broken) if scope is Scope.CATALOG else path in broken or not broken.isdisjoint(_CENTRAL)


def _idle_ignores(
    ignores: Sequence[Ignore], used: set[tuple[int, str]], broken: set[str]
) -> Iterator[Diagnostic]:
    for number, ignore in enumerate(ignores):
        if not ignore.codes or not ignore.has_reason:
            yield Diagnostic(
                code="MS609",
                severity=Severity.WARNING,
                message="this ignore gives no reason" if ignore.codes else "this ignore names no rule",
                path=ignore.path,
                span=ignore.span,
                help="write '# modelspec: ignore[MS402] why this is right here'",
                subject=ignore.path,
            )
            continue
        idle = [
            code
            for code in ignore.codes
            if (number, code) not in used and not _is_held_back(code, ignore.path, broken)
        ]
        if idle:
            yield Diagnostic(
                code="MS608",
                severity=Severity.WARNING,
                message=f"nothing on line {ignore.line} is silenced by this ignore of {', '.join(map(quote, idle))}",
                path=ignore.path,
                span=ignore.span,
                help="delete it; an error takes an entry in waivers.yaml instead",
                subject=ignore.path,
            )


def _idle_waivers(
    waivers: Sequence[Waiver], used: set[int], today: date, where: Where, *, is_whole: bool
) -> Iterator[Diagnostic]:
    """Without faults of reading, schema and links, a waiver that was not used is idle; of guards, a plan knows."""
    for number, waiver in enumerate(waivers):
        for field in _left_open(waiver):
            yield Diagnostic(
                code="MS612",
                severity=Severity.ERROR,
                message=f"the waiver of {waiver.code} for {quote(waiver.subject)} "
                + ("gives no reason" if field == "reason" else "names no approver"),
                path=waiver.place.path,
                span=_span(waiver, field, where),
                label="still what was printed",
                help="write why this is acceptable" if field == "reason" else "name who answers for it",
                subject=waiver.subject,
            )
        if waiver.is_expired(today):
            yield Diagnostic(
                code="MS611",
                severity=Severity.WARNING,
                message=f"the waiver of {waiver.code} for {quote(waiver.subject)} expired on {waiver.expires}",
                path=waiver.place.path,
                span=_span(waiver, "expires", where),
                help="delete it, or have it reviewed once more",
                subject=waiver.subject,
            )
        elif number not in used and is_whole and not waiver.is_of_guard:
            yield idle_waiver(waiver, where)


def _left_open(waiver: Waiver) -> list[str]:
    """The fields that still hold what was printed for people to replace."""
    said = {"reason": (waiver.reason, REASON_TO_WRITE), "approved_by": (waiver.approved_by, APPROVER_TO_NAME)}
    return [field for field, (text, printed) in said.items() if text.strip().casefold() == printed.casefold()]


def _span(waiver: Waiver, field: str, where: Where) -> Span:
    return where(Place(path=waiver.place.path, pointer=(*waiver.place.pointer, field)))
