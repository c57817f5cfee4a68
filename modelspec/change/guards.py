"""The guards that a change breaks, and the waivers that allow it to."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from modelspec.change.guard_counts import (
    Breach,
    Change,
    count_models,
    count_requests,
    heads_without_models,
    regions_without_models,
)
from modelspec.change.guard_hosts import new_hosts
from modelspec.change.guard_policy import head_breaches, policy_breaches, residency_breaches
from modelspec.change.replay import Replay
from modelspec.check.base import UNREADABLE, unreadable_base
from modelspec.diagnose.diagnostic import Diagnostic, Severity, ordered
from modelspec.diagnose.rule import Finding
from modelspec.diagnose.settle import idle_waiver, weighed
from modelspec.diagnose.waiver import APPROVAL, holds, is_waived, last_day, waiver_entry
from modelspec.fleet.settings import Guards
from modelspec.pipeline import Compiled
from modelspec.routing.table import RoutingTable
from modelspec.rules.guards import GUARDS
from modelspec.text.document import Place

_SETTINGS = "modelspec.yaml"
_CODES = {guard: code for code, guard in GUARDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardReport:
    """The diagnostics of the guards of a change, and what waivers allowed it: guards and subjects."""

    diagnostics: Sequence[Diagnostic]
    waived: Sequence[tuple[str, str]]


def check_guards(
    base: Compiled,
    head: Compiled,
    *,
    before: RoutingTable | None,
    after: RoutingTable,
    today: date,
    unreadable: Sequence[tuple[str, str]] = (),
    replay: Replay | None = None,
) -> GuardReport:
    """The broken guards and the unused waivers of a change, in the order in which diagnostics are shown.

    `before` is None where nothing of the base could be understood; `unreadable` are its files of which nothing is
    known, each with the title of the base. `replay` is what a guard goes by that counts requests. The guards are those
    of the base, so that no change loosens a guard that it breaks; the waivers are those of the head, whose file code
    owners protect. Expired ones are among the diagnostics of `head` already.
    """
    guards = base.setup.settings.guards
    latest = last_day(today, guards.max_waiver_days)
    found: list[Diagnostic] = []
    used: set[tuple[str, str]] = set()
    for path, title in unreadable:
        used.add((UNREADABLE, path))
        if not is_waived(head.setup.waivers, UNREADABLE, path, today, latest):
            finding = unreadable_base(path, title, today)
            found.append(head.locator.diagnostic("MS808", Severity.ERROR, finding))
    checked: Iterable[tuple[str, Severity, Collection[str], list[Breach]]] = ()
    if before is not None and before.routes:
        checked = _checked(base, Change(before=before, after=after), head, today, replay)
    elif unreadable:
        checked = _checked(base, None, head, today)
    else:
        found.append(_nothing_to_compare(head))
    for guard, severity, subjects, breaches in checked:
        used.update((guard, subject) for subject in subjects)
        found.extend(_diagnostic(guard, severity, breach, guards, head, today) for breach in breaches)
    for waiver in head.setup.waivers:
        if waiver.is_of_guard and not waiver.is_expired(today) and (waiver.code, waiver.subject) not in used:
            idle = weighed(idle_waiver(waiver, head.locator.span), head.setup.settings.rules)
            if idle is not None:
                found.append(idle)
    waived = [
        (waiver.code, waiver.subject)
        for waiver in head.setup.waivers
        if waiver.is_of_guard and (waiver.code, waiver.subject) in used and holds(waiver, today, latest)
    ]
    return GuardReport(diagnostics=ordered(found), waived=waived)


def _checked(
    base: Compiled, change: Change | None, head: Compiled, today: date, replay: Replay | None = None
) -> Iterator[tuple[str, Severity, Collection[str], list[Breach]]]:
    """Each guard with its severity, all subjects that a waiver may name, and the breaches without a waiver.

    Without the tables of a change, the policies alone are compared.
    """
    guards = base.setup.settings.guards
    models = 0 if change is None else len(change.before.routes)
    switched: list[tuple[str, str, Iterable[Breach]]] = [
        ("policy_loosened", guards.policy_loosened, policy_breaches(base, head, models))
    ]
    fleet = head.catalog.fleet
    if change is not None:
        for guard in ("max_changed", "max_removed", "max_moved"):
            threshold, waived = getattr(guards, guard), _waived(head, guards, guard, today)
            yield guard, Severity.ERROR, *count_models(guard, change, threshold, waived)
        if replay is not None:
            guard = "max_moved_requests"
            counted = count_requests(
                replay, guards.max_moved_requests, change, _waived(head, guards, guard, today)
            )
            yield guard, Severity.ERROR, *counted
        switched += (
            ("last_model_of_region", guards.last_model_of_region, regions_without_models(change, fleet)),
            ("empty_head", guards.empty_head, heads_without_models(change, fleet)),
            ("endpoint_host_change", guards.endpoint_host_change, new_hosts(change, head.models, fleet)),
            ("residency_change", guards.residency_change, residency_breaches(change, base, head)),
            ("head_host_change", guards.head_host_change, head_breaches(change, head)),
        )
    for guard, severity, lazily in switched:
        if severity != "off":
            breaches = list(lazily)
            waived = _waived(head, guards, guard, today)
            left = [breach for breach in breaches if breach.subject not in waived]
            yield guard, Severity(severity), {breach.subject for breach in breaches}, left


def _waived(head: Compiled, guards: Guards, guard: str, today: date) -> set[str]:
    latest = last_day(today, guards.max_waiver_days)
    return {
        waiver.subject
        for waiver in head.setup.waivers
        if waiver.is_of_guard and waiver.code == guard and holds(waiver, today, latest)
    }


def _diagnostic(
    guard: str, severity: Severity, breach: Breach, guards: Guards, head: Compiled, today: date
) -> Diagnostic:
    own = _line_of(guard)
    related: list[tuple[Place, str]] = []
    if breach.place is not None and _is_set(guard, head):
        related.append((own, f"{guard} is set here"))
    related.extend(
        (
            Place(path="waivers.yaml", pointer=(*waiver.place.pointer, "expires")),
            "the waiver for this has expired",
        )
        for waiver in head.setup.waivers
        if waiver.is_of_guard
        and (waiver.code, waiver.subject) == (guard, breach.subject)
        and waiver.is_expired(today)
    )
    advice = [breach.help]
    if getattr(head.setup.settings.guards, guard) != getattr(guards, guard):
        advice.append(f"the {guard} of the base applies, whatever this change sets it to")
    if breach.subject:
        advice.append(APPROVAL + waiver_entry(guard, breach.subject, today))
    finding = Finding(
        place=breach.place or own,
        message=f"{breach.message} ({guard})",
        label=breach.label,
        help="; ".join(advice),
        related=tuple(related),
        subject=breach.subject,
    )
    return head.locator.diagnostic(_CODES[guard], severity, finding)


def _nothing_to_compare(head: Compiled) -> Diagnostic:
    finding = Finding(
        place=Place(path=_SETTINGS, pointer=("guards",), on_key=True),
        message="no guard was checked: the base has no models",
        label="not checked",
        help="review this change as you would review a new fleet",
    )
    return head.locator.diagnostic("MS807", Severity.WARNING, finding)


def _line_of(guard: str) -> Place:
    return Place(path=_SETTINGS, pointer=("guards", guard), on_key=True)


def _is_set(guard: str, head: Compiled) -> bool:
    reading = head.setup.readings.get(_SETTINGS)
    value = reading.value if reading is not None else None
    return isinstance(value, dict) and guard in (value.get("guards") or {})
