"""Drills: take heads down in the routing table and see which models lose service, move, or leave their region."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from modelspec.change.demand import Demand
from modelspec.change.replay import HeadRate, by_hour, head_rates, parts_of
from modelspec.routing.decide import Index, may_call, without
from modelspec.routing.outage import Loss, Move, outage, served_first
from modelspec.routing.table import Route, Tier

OVERLOAD = 2.0
"""A head is overloaded if a drill gives it more than this many times the fleet's average load per capacity."""

_DIGITS = 6
"""Decimals of a load: finer than a share of one in a thousand, coarser than rounding errors of a sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillLoad:
    """The load of a head in models; a model that several heads share counts by weight."""

    head: str
    capacity: int | None
    before: float
    after: float
    overloaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRequests:
    """Requests a day that lose service, that move, and those of them that leave the region of their model.

    `rates` are those of heads that get more.
    """

    lost: float
    moved: float
    leaving: float
    rates: tuple[HeadRate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillOutcome:
    """One drill: `down` as requested, `heads` those that it takes down; offline heads already were.

    `loads` are those that change, in the order of the fleet; a head that is down has no load. `requests` is None where
    nothing is weighed by usage.
    """

    down: tuple[str, ...]
    heads: tuple[str, ...]
    losses: tuple[Loss, ...]
    moves: tuple[Move, ...]
    loads: tuple[DrillLoad, ...]
    requests: DrillRequests | None = None

    @property
    def leaving(self) -> tuple[Move, ...]:
        """Moves out of a model's region."""
        return tuple(move for move in self.moves if move.leaves)

    @property
    def gaining(self) -> tuple[DrillLoad, ...]:
        """Heads whose load grows."""
        return tuple(load for load in self.loads if load.after > load.before)

    @property
    def overloaded(self) -> tuple[DrillLoad, ...]:
        """Overloaded heads."""
        return tuple(load for load in self.loads if load.overloaded)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """All drills of one run. `average` is in models per unit of capacity; None where no head declares a capacity.

    `requests` are those of a day, or of what `unit` says; None where nothing is weighed by usage.
    """

    average: float | None
    outcomes: tuple[DrillOutcome, ...]
    requests: float | None = None
    unit: str = "a day"


def each_alone(index: Index) -> Iterator[tuple[str, ...]]:
    """Each head that is not offline, alone, then each region that has one."""
    serving = [head for head in index.heads.values() if head.status != "offline"]
    yield from ((head.head_id,) for head in serving)
    regions = {head.region for head in serving}
    # A region whose code is also the id of a head is given by its heads, since the code would mean the head.
    for code in index.regions:
        if code in regions:
            yield (
                (code,)
                if code not in index.heads
                else tuple(head.head_id for head in serving if head.region == code)
            )


def drill(index: Index, scenarios: Sequence[tuple[str, ...]]) -> DrillReport:
    """Take down the heads and regions of each scenario together.

    Raises:
        KeyError: a scenario has a name that is neither a head nor a region.
    """
    loads = dict.fromkeys(index.heads, 0.0)
    for route in index.table.routes:
        if route.tiers:
            _add(loads, route.tiers[0], 1.0)
    average = _average(index, loads)
    served = served_first(index)
    return DrillReport(
        average=average,
        outcomes=tuple(_outcome(index, down, loads, served, average) for down in scenarios),
    )


def _outcome(
    index: Index,
    down: tuple[str, ...],
    before: Mapping[str, float],
    served: Mapping[str, Sequence[Route]],
    average: float | None,
) -> DrillOutcome:
    gone = index.heads_down(down)
    after = dict(before)
    losses: list[Loss] = []
    moves: list[Move] = []
    for one in outage(index, gone, served):
        _add(after, one.route.tiers[0], -1.0)
        if isinstance(one, Loss):
            losses.append(one)
        else:
            _add(after, one.tier, 1.0)
            moves.append(one)
    return DrillOutcome(
        down=down,
        heads=tuple(
            head.head_id for head in index.heads.values() if head.head_id in gone and head.status != "offline"
        ),
        losses=tuple(losses),
        moves=tuple(moves),
        loads=tuple(_loads(index, before, after, average)),
    )


def _loads(
    index: Index, before: Mapping[str, float], after: Mapping[str, float], average: float | None
) -> Iterator[DrillLoad]:
    for head in index.heads.values():
        old, new = (round(loads[head.head_id], _DIGITS) + 0.0 for loads in (before, after))
        if old == new:
            continue
        too_much = (
            average is not None
            and head.capacity is not None
            and new > old
            and round(new / head.capacity, _DIGITS) > round(OVERLOAD * average, _DIGITS)
        )
        yield DrillLoad(head=head.head_id, capacity=head.capacity, before=old, after=new, overloaded=too_much)


def _average(index: Index, loads: Mapping[str, float]) -> float | None:
    """Models per unit of capacity, over heads that are not offline and declare a capacity."""
    sized = [
        (loads[head.head_id], head.capacity)
        for head in index.heads.values()
        if head.capacity is not None and head.status != "offline"
    ]
    capacity = sum(size for _, size in sized)
    return round(sum(load for load, _ in sized) / capacity, _DIGITS) if capacity else None


def _add(loads: dict[str, float], tier: Tier, models: float) -> None:
    total = sum(tier.weights.values())
    for head, weight in tier.weights.items():
        loads[head] += models * weight / total


def in_requests(report: DrillReport, index: Index, demand: Demand) -> DrillReport:
    """The report with the requests of each drill."""
    asked = _asked(index, demand)
    shares: dict[tuple[str, str], float] = defaultdict(float)
    for model, clients in asked.items():
        for head, share in _shares(index.routes[model], frozenset()).items():
            for client, count in clients.items():
                shares[client, head] += count * share
    # Not as measured: what is drilled may not be the table that ran.
    before = by_hour(demand, shares)
    outcomes = tuple(
        replace(outcome, requests=_in_requests(index, demand, outcome, asked, before))
        for outcome in report.outcomes
    )
    return replace(report, requests=demand.requests / demand.scale, unit=demand.unit, outcomes=outcomes)


def _asked(index: Index, demand: Demand) -> Mapping[str, Mapping[str, float]]:
    """Requests a day that each model answers, by the region of the client."""
    found: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, clients in demand.asked.items():
        named = index.find(name)
        if named is None:
            continue
        for client, count in clients.items():
            if not client or may_call(named[0], client):
                found[named[0].model_id][client] += count / demand.scale
    return found


def _in_requests(
    index: Index,
    demand: Demand,
    outcome: DrillOutcome,
    asked: Mapping[str, Mapping[str, float]],
    rates_before: Mapping[str, Sequence[float]],
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
    rates = head_rates(demand, index.heads.values(), rates_before, by_hour(demand, shifts))
    return DrillRequests(
        lost=round(lost, _DIGITS),
        moved=round(moved, _DIGITS),
        leaving=round(leaving, _DIGITS),
        rates=tuple(rate for rate in rates if rate.head_id not in gone and rate.after > rate.before),
    )


def _shares(route: Route, gone: frozenset[str]) -> Mapping[str, float]:
    left = without(route.tiers, gone)
    return dict(parts_of(left[0])) if left else {}
