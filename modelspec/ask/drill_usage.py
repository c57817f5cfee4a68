"""Drills weighed by what was asked for: how many requests a day lose service or move, and what the others then get."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from modelspec.ask.drill import DrillOutcome, DrillReport, DrillRequests, Loss, Move
from modelspec.change.demand import Demand
from modelspec.change.replay import head_rates, parts_of
from modelspec.routing.decide import Index, may_call, without
from modelspec.routing.table import Route

_DIGITS = 6


def in_requests(report: DrillReport, index: Index, demand: Demand) -> DrillReport:
    """The report with the requests of each drill."""
    asked = _asked(index, demand)
    outcomes = tuple(
        replace(outcome, requests=_requests(index, demand, outcome, asked)) for outcome in report.outcomes
    )
    return replace(report, requests=demand.requests / demand.days, outcomes=outcomes)


def _asked(index: Index, demand: Demand) -> Mapping[str, Mapping[str, float]]:
    """Requests a day that each model answers, by the region of the client."""
    found: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, clients in demand.asked.items():
        named = index.find(name)
        if named is None:
            continue
        for client, count in clients.items():
            if not client or may_call(named[0], client):
                found[named[0].model_id][client] += count / demand.days
    return found


def _requests(
    index: Index, demand: Demand, outcome: DrillOutcome, asked: Mapping[str, Mapping[str, float]]
) -> DrillRequests:
    gone = index.heads_down(outcome.down)
    lost = moved = leaving = 0.0
    shifts: defaultdict[tuple[str, str], float] = defaultdict(float)
    touched: list[Loss | Move] = [*outcome.losses, *outcome.moves]
    for one in touched:
        route = one.route
        clients = asked.get(route.model_id, {})
        whole = sum(clients.values())
        before, after = _shares(route, frozenset()), _shares(route, gone)
        part = sum(share for head, share in before.items() if head in gone)
        if isinstance(one, Move):
            moved += whole * part
            leaving += whole * part if one.leaves else 0.0
        else:
            lost += whole
        for client, count in clients.items():
            for head in {*before, *after}:
                shifts[client, head] += count * (after.get(head, 0.0) - before.get(head, 0.0))
    rates = head_rates(demand, index.heads.values(), shifts)
    return DrillRequests(
        lost=round(lost, _DIGITS),
        moved=round(moved, _DIGITS),
        leaving=round(leaving, _DIGITS),
        rates=tuple(rate for rate in rates if rate.head_id not in gone and rate.after > rate.before),
    )


def _shares(route: Route, gone: frozenset[str]) -> Mapping[str, float]:
    left = without(route.tiers, gone)
    return dict(parts_of(left[0])) if left else {}
