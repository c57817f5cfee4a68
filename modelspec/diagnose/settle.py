"""Severities, ignores and waivers: what remains of the diagnostics after them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.diagnose.distinct import distinct, merge_repeated, without_excess
from modelspec.diagnose.ignore import Ignore
from modelspec.diagnose.rule import Scope, is_early, is_fixed
from modelspec.diagnose.waiver import Waiver, holds, left_open
from modelspec.text.document import Place
from modelspec.text.quote import quote
from modelspec.text.source import Span

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
        self._waived = frozenset(waiver.code for waiver in waivers)
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
        if found.code not in self._waived and (found.path, found.span.line) not in self._by_line:
            return False
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
        if number is not None and kept[number].severity.rank <= found.severity.rank:
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
