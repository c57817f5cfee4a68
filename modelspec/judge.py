"""Severities, ignores and waivers: what is left of the diagnostics after the organisation's own word."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from modelspec.catalog import Place
from modelspec.diagnostic import Diagnostic, Severity
from modelspec.ignore import Ignore
from modelspec.quote import quote
from modelspec.settings import Waiver
from modelspec.source import Span

Where = Callable[[Place], Span]

_FIXED = ("MS0", "MS1", "MS2")
"""Stages whose faults nothing can waive: reading, schema and links."""


def is_fixed(code: str) -> bool:
    """Whether the faults of a code stand whatever anybody says."""
    return code.startswith(_FIXED)


def judge(
    diagnostics: Iterable[Diagnostic],
    *,
    severities: Mapping[str, str],
    ignores: Sequence[Ignore],
    waivers: Sequence[Waiver],
    today: date,
    where: Where,
) -> list[Diagnostic]:
    """Apply, in this order, the severities of `modelspec.yaml`, inline ignores and waivers.

    An ignore silences warnings and infos on its line; an error only goes by a waiver that has not expired. What had no
    effect is itself reported.
    """
    used_ignores: set[int] = set()
    used_waivers: set[int] = set()
    by_line: dict[tuple[str, int], list[int]] = {}
    for number, ignore in enumerate(ignores):
        by_line.setdefault((ignore.path, ignore.line), []).append(number)
    by_subject: dict[tuple[str, str], list[int]] = {}
    for number, waiver in enumerate(waivers):
        by_subject.setdefault((waiver.code, waiver.subject), []).append(number)
    kept: list[Diagnostic] = []
    for found in diagnostics:
        diagnostic = found
        if not is_fixed(found.code):
            severity = severities.get(found.code)
            if severity == "off":
                continue
            if severity is not None:
                diagnostic = replace(found, severity=Severity(severity))
            matching = [
                number
                for subject in {found.subject, found.path}
                for number in by_subject.get((found.code, subject), ())
            ]
            used_waivers.update(matching)
            if any(not _is_expired(waivers[number], today) for number in matching):
                continue
            if diagnostic.severity is not Severity.ERROR:
                silencing = [
                    number
                    for number in by_line.get((found.path, found.span.line), ())
                    if found.code in ignores[number].codes
                ]
                used_ignores.update(silencing)
                if silencing:
                    continue
        kept.append(diagnostic)
    kept.extend(_idle_ignores(ignores, used_ignores))
    kept.extend(_idle_waivers(waivers, used_waivers, today, where))
    return kept


def _is_expired(waiver: Waiver, today: date) -> bool:
    return waiver.expires < today.isoformat()


def _idle_ignores(ignores: Sequence[Ignore], used: set[int]) -> Iterable[Diagnostic]:
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
        elif number not in used:
            yield Diagnostic(
                code="MS608",
                severity=Severity.WARNING,
                message=f"nothing on line {ignore.line} is silenced by this ignore of {', '.join(map(quote, ignore.codes))}",
                path=ignore.path,
                span=ignore.span,
                help="delete it; an error takes an entry in waivers.yaml instead",
                subject=ignore.path,
            )


def _idle_waivers(
    waivers: Sequence[Waiver], used: set[int], today: date, where: Where
) -> Iterable[Diagnostic]:
    for number, waiver in enumerate(waivers):
        expired = _is_expired(waiver, today)
        if number in used and not expired:
            continue
        field = "expires" if expired else "subject"
        yield Diagnostic(
            code="MS611" if expired else "MS610",
            severity=Severity.WARNING,
            message=f"the waiver of {waiver.code} for {quote(waiver.subject)} "
            + (f"expired on {waiver.expires}" if expired else "waives nothing"),
            path=waiver.place.path,
            span=where(Place(path=waiver.place.path, pointer=(*waiver.place.pointer, field))),
            help="delete it, or have it reviewed once more"
            if expired
            else "delete it, or correct its subject",
            subject=waiver.subject,
        )
