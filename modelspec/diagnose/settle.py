"""Severities, ignores and waivers: what remains of the diagnostics after them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import TypeVar

from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity, ordered
from modelspec.diagnose.ignore import Ignore
from modelspec.diagnose.rule import Scope, is_early, is_fixed
from modelspec.diagnose.waiver import Waiver, holds, left_open
from modelspec.text.document import Place
from modelspec.text.quote import quote
from modelspec.text.source import Span

_EXPLAINED_BY = {
    "MS103": ("MS501", "MS505"),
    "MS104": ("MS501", "MS505"),
    "MS502": ("MS501", "MS505"),
    "MS507": ("MS501",),
    "MS513": ("MS501", "MS502", "MS503"),
    "MS516": ("MS501", "MS505"),
    "MS520": ("MS501", "MS505", "MS510", "MS516"),
}
"""A key in place of a reference has the wrong type, a `${X}` in an endpoint is no URL: the cause is named alone."""
_CAUSES = frozenset(code for codes in _EXPLAINED_BY.values() for code in codes)


def distinct(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics as judged, ordered, without those that an error on the same text makes superfluous."""
    kept: list[Diagnostic] = []
    for _, group in groupby(ordered(diagnostics), key=lambda found: (found.path, found.span.line)):
        line = list(group)
        # What was let off is no cause: a file would be left out of the build without a diagnostic.
        causes = [found for found in line if found.code in _CAUSES and found.severity is Severity.ERROR]
        kept.extend(
            found
            for found in line
            if found.code not in _EXPLAINED_BY
            or not any(
                other.code in _EXPLAINED_BY[found.code] and found.span.overlaps(other.span)
                for other in causes
            )
        )
    return kept


MOST_A_FILE = 200
"""Diagnostics of one file that are shown. A file of 256 KiB can hold tens of thousands of faults of one kind."""

_RANK = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def without_excess(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics, in their order, with one in place of what a file has beyond the first MOST_A_FILE.

    It is as severe as the worst that it stands for, so that no error is lost.
    """
    kept: list[Diagnostic] = []
    for _, group in groupby(diagnostics, key=lambda found: found.path):
        kept.extend(_of_one_file(list(group)))
    return kept


def _of_one_file(found: list[Diagnostic]) -> Iterator[Diagnostic]:
    yield from found[:MOST_A_FILE]
    if found[MOST_A_FILE:]:
        yield replace(cut_short(found[MOST_A_FILE:]), related=())


def cut_short(rest: Sequence[Diagnostic]) -> Diagnostic:
    """One in place of diagnostics, at least one, of one file: at the first of them, and as severe as the worst."""
    return replace(
        rest[0],
        code="MS026",
        severity=min((one.severity for one in rest), key=_RANK.index),
        message=f"this file has {len(rest):,} more faults, which are not shown",
        label="the first of them",
        help="correct those above first",
        subject=rest[0].path,
    )


_SHOWN = 3
"""Models that are named beside a fault of their defaults."""


def merge_repeated(diagnostics: Sequence[Diagnostic], paths: Collection[str]) -> list[Diagnostic]:
    """The diagnostics with one in place of those that several models have at one place of a defaults file.

    `paths` are the defaults files; of each diagnostic there that a model has, the last related place is the model. What
    stands for several names the first few of them, and its subject is the file.
    """
    if not paths:
        return list(diagnostics)
    groups: dict[object, list[Diagnostic]] = {}
    for number, found in enumerate(diagnostics):
        groups.setdefault(_fault(found) if found.path in paths else number, []).append(found)
    return [_together(group) for group in groups.values()]


def _fault(found: Diagnostic) -> object:
    """What makes the faults of several models the same; their words may name the model."""
    name = quote(found.subject)
    return (
        found.code,
        found.severity,
        found.path,
        found.span,
        found.message.replace(name, ""),
        found.help.replace(name, ""),
    )


def _together(group: Sequence[Diagnostic]) -> Diagnostic:
    first = group[0]
    models = [found.related[-1] for found in group if found.related]
    if len(models) <= 1:
        return first
    shown = models[:_SHOWN]
    if len(models) > _SHOWN:
        shown[-1] = replace(shown[-1], text=f"{shown[-1].text}, and for {len(models) - _SHOWN:,} more")
    return replace(first, related=(*first.related[:-1], *shown), subject=first.path)


Key = TypeVar("Key")
Where = Callable[[Place], Span]

_CENTRAL = frozenset({"regions.yaml", "heads.yaml", "modelspec.yaml"})
"""While one of these is broken, no rule sees all that it would see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a policy makes of a repository: what was found under it, its severities and the last day of a waiver."""

    diagnostics: Sequence[Diagnostic]
    severities: Mapping[str, str]
    latest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseJudgement:
    """The judgement of a base; `label` is the line of it that decides, by code and what it decides.

    With `strict`, its warnings count as well as its errors.
    """

    judgement: Judgement
    label: Callable[[str, str], Label | None]
    strict: bool


def settle(
    own: Judgement,
    *,
    base: BaseJudgement | None = None,
    ignores: Sequence[Ignore],
    waivers: Sequence[Waiver],
    today: date,
    where: Where,
    scopes: Mapping[str, Scope],
    defaults: Collection[str],
) -> list[Diagnostic]:
    """What is shown of the diagnostics, in the order in which they are shown.

    In this order, the severities of `modelspec.yaml`, waivers and inline ignores are applied. An ignore silences
    warnings and infos on its line; an error only goes by a waiver that has not expired. What had no effect is itself
    reported, unless its rule could not look at everything. `defaults` are the paths of defaults files, a fault of
    which is reported once; `scopes` has what each rule with a check of its own looks at. Of the judgement of a `base`,
    what is more severe there is shown in its place.
    """
    entries = _Entries(ignores=ignores, waivers=waivers, today=today)
    kept = entries.judged(own)
    others = [] if base is None else entries.judged(base.judgement)
    kept.extend(entries.idle(own, where, scopes))
    if base is not None:
        others.extend(entries.idle(base.judgement, where, scopes))
        kept = _with_base(own, kept, others, base)
    return without_excess(distinct(merge_repeated(kept, defaults)))


class _Entries:
    """The ignores and waivers of a repository, and which of them some judgement has needed."""

    def __init__(self, *, ignores: Sequence[Ignore], waivers: Sequence[Waiver], today: date) -> None:
        self._ignores = ignores
        self._waivers = waivers
        self._today = today
        self._by_line = _numbered((ignore.path, ignore.line) for ignore in ignores)
        self._by_subject = _numbered((waiver.code, waiver.subject) for waiver in waivers)
        self._used_ignores: set[tuple[int, str]] = set()
        self._used_waivers: set[int] = set()

    def judged(self, judgement: Judgement) -> list[Diagnostic]:
        """What its severities, the waivers and the ignores leave of what was found."""
        kept: list[Diagnostic] = []
        for found in judgement.diagnostics:
            if is_fixed(found.code):
                kept.append(found)
                continue
            diagnostic = weighed(found, judgement.severities)
            if diagnostic is not None and not self._is_let_off(diagnostic, judgement.latest):
                kept.append(diagnostic)
        return kept

    def _is_let_off(self, found: Diagnostic, latest: str) -> bool:
        waiving = [
            number
            for subject in {found.subject, found.path}
            for number in self._by_subject.get((found.code, subject), ())
        ]
        self._used_waivers.update(waiving)
        if any(holds(self._waivers[number], self._today, latest) for number in waiving):
            return True
        silencing = [
            (number, found.code)
            for number in self._by_line.get((found.path, found.span.line), ())
            if found.code in self._ignores[number].codes and found.severity is not Severity.ERROR
        ]
        self._used_ignores.update(silencing)
        return bool(silencing)

    def idle(self, judgement: Judgement, where: Where, scopes: Mapping[str, Scope]) -> Iterator[Diagnostic]:
        """What has no effect, or not yet, weighed by a judgement; all judgements must have been made."""
        broken = {found.path for found in judgement.diagnostics if is_early(found.code)}
        for idle in (
            *_idle_ignores(self._ignores, self._used_ignores, broken, scopes),
            *_idle_waivers(
                self._waivers,
                self._used_waivers,
                (self._today, judgement.latest),
                where,
                is_whole=not broken,
            ),
        ):
            reported = weighed(idle, judgement.severities)
            if reported is not None:
                yield reported


def _with_base(
    own: Judgement, kept: Sequence[Diagnostic], others: Iterable[Diagnostic], base: BaseJudgement
) -> list[Diagnostic]:
    """What is kept of the own judgement, each with the severity of the base where that is graver, and what it lacks."""
    counted = (Severity.ERROR, Severity.WARNING) if base.strict else (Severity.ERROR,)
    mine = {_fault_at(found): number for number, found in enumerate(kept)}
    known = set(map(_fault_at, own.diagnostics))
    shown = list(kept)
    for found in others:
        at = _fault_at(found)
        number = mine.get(at)
        if found.severity not in counted:
            continue
        if number is not None and _RANK.index(kept[number].severity) <= _RANK.index(found.severity):
            continue
        label = base.label(found.code, "severity" if number is not None or at in known else "finding")
        told = found
        if label is not None:
            help_ = f"{found.help}; the policy of the base judges this change" if found.help else ""
            told = replace(found, related=(*found.related, label), help=help_)
        if number is None:
            shown.append(told)
        else:
            shown[number] = told
    return shown


def _fault_at(found: Diagnostic) -> tuple[object, ...]:
    return found.code, found.path, found.span, found.message, found.subject


def _numbered(keys: Iterable[Key]) -> dict[Key, list[int]]:
    """The positions at which each key stands."""
    positions: dict[Key, list[int]] = {}
    for number, key in enumerate(keys):
        positions.setdefault(key, []).append(number)
    return positions


def idle_waiver(waiver: Waiver, where: Where) -> Diagnostic:
    """The diagnostic of a waiver that nothing needs."""
    return _of_waiver(
        "MS610",
        Severity.WARNING,
        waiver,
        where(waiver.place.below("subject")),
        "waives nothing" + (" in this change" if waiver.is_of_guard else ""),
        "delete it, or correct its subject",
    )


def _of_waiver(
    code: str, severity: Severity, waiver: Waiver, place: Span, predicate: str, help_: str
) -> Diagnostic:
    return Diagnostic(
        code=code,
        severity=severity,
        message=f"the waiver of {waiver.code} for {quote(waiver.subject)} {predicate}",
        path=waiver.place.path,
        span=place,
        label="still the placeholder" if code == "MS612" else "",
        help=help_,
        subject=waiver.subject,
    )


def weighed(found: Diagnostic, severities: Mapping[str, str]) -> Diagnostic | None:
    """A diagnostic with the severity that modelspec.yaml gives its code; None where that is `off`."""
    severity = severities.get(found.code)
    if severity is None:
        return found
    return None if severity == "off" else replace(found, severity=Severity(severity))


def _is_held_back(code: str, path: str, broken: set[str], scopes: Mapping[str, Scope]) -> bool:
    """Whether a rule may report more in a file once the broken files are corrected."""
    scope = scopes.get(code)
    if scope is None:
        return False
    if scope is Scope.CATALOG:
        return bool(broken)
    return path in broken or not broken.isdisjoint(_CENTRAL) or _depends_on(path, broken)


def _depends_on(path: str, broken: set[str]) -> bool:
    """Whether broken defaults are those of a model, or broken models take these defaults."""
    folder, _, name = path.rpartition("/")
    if name.startswith("_"):
        return any(other.startswith(f"{folder}/") for other in broken)
    return any(
        path.startswith(f"{around}/")
        for around, _, other in (one.rpartition("/") for one in broken)
        if other.startswith("_")
    )


def _idle_ignores(
    ignores: Sequence[Ignore], used: set[tuple[int, str]], broken: set[str], scopes: Mapping[str, Scope]
) -> Iterator[Diagnostic]:
    for number, ignore in enumerate(ignores):
        if not ignore.codes or not ignore.has_reason:
            yield _of_ignore(
                "MS609",
                ignore,
                "this ignore gives no reason" if ignore.codes else "this ignore names no rule",
                "write '# modelspec: ignore[MS402] why this is right here'",
            )
            continue
        idle = [
            code
            for code in ignore.codes
            if (number, code) not in used and not _is_held_back(code, ignore.path, broken, scopes)
        ]
        if idle:
            yield _of_ignore(
                "MS608",
                ignore,
                f"this ignore of {', '.join(map(quote, idle))} silences nothing on line {ignore.line}",
                "delete it; to allow an error, add an entry to waivers.yaml",
            )


def _of_ignore(code: str, ignore: Ignore, message: str, help_: str) -> Diagnostic:
    return Diagnostic(
        code=code,
        severity=Severity.WARNING,
        message=message,
        path=ignore.path,
        span=ignore.span,
        help=help_,
        subject=ignore.path,
    )


def _idle_waivers(
    waivers: Sequence[Waiver], used: set[int], days: tuple[date, str], where: Where, *, is_whole: bool
) -> Iterator[Diagnostic]:
    """Without faults of reading, schema and links, a waiver that was not used is idle; of guards, a plan knows.

    `days` are today and the last day that a waiver may name.
    """
    today, latest = days
    for number, waiver in enumerate(waivers):
        for field in left_open(waiver):
            yield _of_waiver(
                "MS612",
                Severity.ERROR,
                waiver,
                where(waiver.place.below(field)),
                "gives no reason" if field == "reason" else "names no approver",
                "write why this is acceptable" if field == "reason" else "name the approver",
            )
        if waiver.is_expired(today):
            yield _of_waiver(
                "MS611",
                Severity.WARNING,
                waiver,
                where(waiver.place.below("expires")),
                f"expired on {waiver.expires}",
                "delete it, or have it reviewed again",
            )
        elif waiver.expires > latest:
            yield _of_waiver(
                "MS616",
                Severity.ERROR,
                waiver,
                where(waiver.place.below("expires")),
                f"lasts until {waiver.expires}, longer than a waiver may",
                f"write {latest} or an earlier day, and have it reviewed again then",
            )
        elif number not in used and is_whole and not waiver.is_of_guard:
            yield idle_waiver(waiver, where)
