"""The guards that a change breaks, and the waivers that allow it to."""

import json
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

from modelspec.change.guard_counts import (
    Breach,
    Change,
    count_models,
    heads_without_models,
    regions_without_models,
)
from modelspec.change.guard_hosts import new_hosts
from modelspec.diagnose.diagnostic import Diagnostic, Severity, ordered
from modelspec.diagnose.rule import APPROVER_TO_NAME, REASON_TO_WRITE, Finding
from modelspec.diagnose.settle import holds, idle_waiver, weighed
from modelspec.fleet.settings import Guards
from modelspec.pipeline import Compiled
from modelspec.routing.table import RoutingTable
from modelspec.rules.guards import GUARDS
from modelspec.text.document import Place

_DAYS = 14
"""Long enough for a review and a rollout, too short to be forgotten."""


def waiver_entry(guard: str, subject: str, today: date) -> str:
    """A waiver as one line of YAML: a flow mapping, since most formats show a diagnostic on one line.

    Any JSON string is a YAML string. Non-ASCII characters are escaped as YAML does it, so that no format escapes them
    again; JSON would escape an emoji as two surrogates, which YAML does not join.
    """
    last = min(today, date.max - timedelta(days=_DAYS)) + timedelta(days=_DAYS)
    fields = {
        "guard": guard,
        "subject": json.dumps(subject, ensure_ascii=False).encode("ascii", "backslashreplace").decode(),
        "reason": json.dumps(REASON_TO_WRITE),
        "expires": last.isoformat(),
        "approved_by": APPROVER_TO_NAME,
    }
    return "- {" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"


_SETTINGS = "modelspec.yaml"
_CODES = {guard: code for code, guard in GUARDS.items()}


def check_guards(
    base: Compiled | None,
    head: Compiled,
    *,
    before: RoutingTable | None,
    after: RoutingTable,
    today: date,
) -> list[Diagnostic]:
    """The broken guards and the unused waivers of a change, in the order in which diagnostics are shown.

    `before` is None where the base does not compile, and `base` too where it cannot be read. `head` has no errors.
    The guards are those of the base, so that no change loosens a guard that it breaks; the waivers are those of the
    head, whose file code owners protect. Expired waivers are among the diagnostics of `head` already.
    """
    if base is None or before is None or not before.routes:
        return [_nothing_to_compare(head, "does not compile" if before is None else "has no models")]
    guards = base.setup.settings.guards
    found: list[Diagnostic] = []
    used: set[tuple[str, str]] = set()
    for guard, severity, subjects, breaches in _checked(
        guards, Change(before=before, after=after), head, today
    ):
        used.update((guard, subject) for subject in subjects)
        found.extend(_diagnostic(guard, severity, breach, guards, head, today) for breach in breaches)
    for waiver in head.setup.waivers:
        if waiver.is_of_guard and not waiver.is_expired(today) and (waiver.code, waiver.subject) not in used:
            idle = weighed(idle_waiver(waiver, head.locator.span), head.setup.settings.rules)
            if idle is not None:
                found.append(idle)
    return ordered(found)


def _checked(
    guards: Guards, change: Change, head: Compiled, today: date
) -> Iterator[tuple[str, Severity, Collection[str], list[Breach]]]:
    """Each guard with its severity, all subjects that a waiver may name, and the breaches without a waiver."""
    for guard in ("max_changed", "max_removed", "max_moved"):
        threshold = getattr(guards, guard)
        yield guard, Severity.ERROR, *count_models(guard, change, threshold, _waived(head, guard, today))
    fleet = head.catalog.fleet
    switched: tuple[tuple[str, str, Iterable[Breach]], ...] = (
        ("last_model_of_region", guards.last_model_of_region, regions_without_models(change, fleet)),
        ("empty_head", guards.empty_head, heads_without_models(change, fleet)),
        ("endpoint_host_change", guards.endpoint_host_change, new_hosts(change, head.models, fleet)),
    )
    for guard, severity, lazily in switched:
        if severity != "off":
            breaches = list(lazily)
            waived = _waived(head, guard, today)
            left = [breach for breach in breaches if breach.subject not in waived]
            yield guard, Severity(severity), {breach.subject for breach in breaches}, left


def _waived(head: Compiled, guard: str, today: date) -> set[str]:
    return {
        waiver.subject
        for waiver in head.setup.waivers
        if waiver.is_of_guard and waiver.code == guard and holds(waiver, today)
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
        entry = waiver_entry(guard, breach.subject, today)
        advice.append(f"or get this entry approved, below `waivers:` in waivers.yaml: {entry}")
    finding = Finding(
        place=breach.place or own,
        message=f"{breach.message} ({guard})",
        label=breach.label,
        help="; ".join(advice),
        related=tuple(related),
        subject=breach.subject,
    )
    return head.locator.diagnostic(_CODES[guard], severity, finding)


def _nothing_to_compare(head: Compiled, why: str) -> Diagnostic:
    finding = Finding(
        place=Place(path=_SETTINGS, pointer=("guards",), on_key=True),
        message=f"no guard was checked: the base {why}",
        label="not checked",
        help="fix the base first, or review this change as you would review a new fleet",
    )
    return head.locator.diagnostic("MS807", Severity.WARNING, finding)


def _line_of(guard: str) -> Place:
    return Place(path=_SETTINGS, pointer=("guards", guard), on_key=True)


def _is_set(guard: str, head: Compiled) -> bool:
    reading = head.setup.readings.get(_SETTINGS)
    value = reading.value if reading is not None else None
    return isinstance(value, dict) and guard in (value.get("guards") or {})
