"""A change, weighed by what was asked for: each name and client region is decided once a table, and sums follow.

A request is not sent again: it counts where the table would send it, which is the first tier. So nothing here knows of
failures, retries or rate limits.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from modelspec.change.demand import Demand, Measured
from modelspec.fleet.model import Location
from modelspec.routing.decide import Decision, Index, Request, decide, may_call
from modelspec.routing.table import HeadEntry, Route, Tier

OVERLOAD = 2.0
"""A head is overloaded above so many times the fleet's requests per unit of capacity, as in a drill."""
MOST_MOVES = 1000
"""The largest moves that are kept by name and client region; sums are of all."""
ENOUGH_FOR_P95 = 200
"""With fewer rows, the 95th percentile is that of a handful of them."""
_SECONDS = 3600
_OK = 200
_LEAST = 1e-9

Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a table makes of a request: its status, its model, the shares of heads, and the regions that it touches."""

    status: int
    model: str
    heads: Shares
    regions: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Milliseconds of a request as measured, moved to other heads; None where nothing, or for `p95` too little, was."""

    p50: float | None
    p95: float | None
    dollars: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMove:
    """Requests by one name from one client region that are answered otherwise; `moved` a day go elsewhere.

    `client` is empty where the region of the client is not known.
    """

    name: str
    client: str
    requests: float
    moved: float
    before: Answered
    after: Answered
    expected_before: Expected
    expected_after: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRate:
    """Requests a second at a head: the mean of the window and its busiest hour.

    `before` is as measured (in a drill, as the table has it), `after` with what moves. `capacity` is relative, without
    a unit: a head is overloaded where its busiest hour per unit of capacity is more than `OVERLOAD` times what the
    fleet's is before.
    """

    head_id: str
    capacity: int | None
    before: float
    after: float
    peak_before: float
    peak_after: float
    overloaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a change does to the requests of a window of `days` days up to `until`, in requests a day.

    Requests of less than a day are not made into those of one: `unit` is `a day`, or for example `in 5 hours`.

    `lost` are answered before and get 404, 403 or 503 after; `gained` the other way round. `moved` go to another head
    or model. `flows` lead from a head to another, `entered` and `left` are by region: of heads, and of upstreams where
    that is known. `models` are the moved requests by the model of the base. `measured` of the moved requests
    have an expected latency on both sides: `p50_change` is its mean change in milliseconds. `p95_change` is that of the
    `p95_measured` requests for which enough were measured.
    `priced` of the moved requests have a cost on both sides, and `dollars_change` is what a day costs more.
    """

    until: datetime
    days: float
    unit: str
    requests: float
    moved: float
    lost: Mapping[int, float]
    gained: float
    unanswered: float
    flows: Mapping[tuple[str, str], float]
    entered: Mapping[str, float]
    left: Mapping[str, float]
    models: Mapping[str, float]
    heads: tuple[HeadRate, ...]
    moves: tuple[RequestMove, ...]
    moves_left_out: int
    measured: float
    p50_change: float
    p95_measured: float
    p95_change: float
    priced: float
    dollars_change: float

    @property
    def share(self) -> float:
        """The moved part of all requests, from 0 to 1."""
        return self.moved / self.requests if self.requests else 0.0

    @property
    def changes(self) -> bool:
        """Whether any request is answered otherwise."""
        return bool(self.moves)


@dataclass(slots=True, kw_only=True)
class _Sums:
    moved: float = 0.0
    gained: float = 0.0
    unanswered: float = 0.0
    measured: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p95_measured: float = 0.0
    priced: float = 0.0
    dollars: float = 0.0
    lost: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    flows: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    entered: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    left: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    models: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    shifts: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))


def replay(
    demand: Demand,
    before: Index,
    after: Index,
    *,
    heads: Mapping[str, str],
    regions: Mapping[str, str],
    models: Mapping[str, str],
) -> Replay:
    """Weigh a change. `heads`, `regions` and `models` lead from old names to new ones, where something was renamed."""
    now = _Renamed(index=before, heads=heads, regions=regions, models=models)
    then = _Renamed(index=after, heads={}, regions={}, models={})
    sums = _Sums()
    moves: list[RequestMove] = []
    total = 0
    relocated = _relocated(now, then)
    for name, clients in demand.asked.items():
        asked = sum(clients.values())
        total += asked
        old, new = before.find(name), after.find(name)
        if old is None and new is None:
            sums.unanswered += asked / demand.scale
        elif old is None or new is None or not _is_same(old[0], new[0], now, relocated):
            moves.extend(_moves(name, clients, demand, now, then, sums))
        else:
            sums.unanswered += _refused(new[0], clients) / demand.scale
    measured = {heads.get(head, head): counts for head, counts in demand.heads.items() if head}
    added = by_hour(demand, sums.shifts)
    moves.sort(key=lambda move: (-move.moved, -move.requests, move.name, move.client))
    return Replay(
        until=demand.first + timedelta(hours=demand.hours),
        days=demand.days,
        unit=demand.unit,
        requests=total / demand.scale,
        moved=sums.moved,
        lost=dict(sorted(sums.lost.items())),
        gained=sums.gained,
        unanswered=sums.unanswered,
        flows=dict(sorted(sums.flows.items(), key=lambda item: (-item[1], item[0]))),
        entered=dict(sorted(sums.entered.items())),
        left=dict(sorted(sums.left.items())),
        models=dict(sorted(sums.models.items(), key=lambda item: (-item[1], item[0]))),
        heads=tuple(head_rates(demand, after.heads.values(), measured, added)),
        moves=tuple(moves[:MOST_MOVES]),
        moves_left_out=max(0, len(moves) - MOST_MOVES),
        measured=sums.measured,
        p50_change=sums.p50 / sums.measured if sums.measured else 0.0,
        p95_measured=sums.p95_measured,
        p95_change=sums.p95 / sums.p95_measured if sums.p95_measured else 0.0,
        priced=sums.priced,
        dollars_change=sums.dollars,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Renamed:
    """A table whose names are those of the change."""

    index: Index
    heads: Mapping[str, str]
    regions: Mapping[str, str]
    models: Mapping[str, str]

    def lets(self, name: str, client: str) -> bool:
        """Whether clients of a region may call: all that an answer depends on beside the name."""
        found = self.index.find(name)
        return found is not None and (not client or may_call(found[0], client))

    def answered(self, name: str, client: str) -> Answered:
        """What becomes of a request."""
        decision = decide(self.index, Request(model=name, origin=client or None))
        shares: dict[str, float] = {}
        if decision.tiers:
            shares = {self.heads.get(head, head): part for head, part in parts_of(decision.tiers[0])}
        model = "" if decision.route is None else decision.route.model_id
        return Answered(
            status=decision.status,
            model=self.models.get(model, model),
            heads=shares,
            regions=self._regions(decision),
        )

    def _regions(self, decision: Decision) -> Shares:
        """The regions that a request touches, each with how likely: that of the head, then that of the upstream."""
        if decision.route is None or not decision.tiers:
            return {}
        upstreams = dict(_upstream_regions(decision.route))
        found: dict[str, float] = {}
        for head, part in parts_of(decision.tiers[0]):
            own = self.index.heads[head].region
            local = decision.route.local_targets.get(head)
            reached = dict.fromkeys(local.location.regions, 1.0) if local else upstreams
            for region in {own, *reached}:
                likely = 1.0 if region == own else reached[region]
                code = self.regions.get(region, region)
                found[code] = found.get(code, 0.0) + part * likely
        return found


def parts_of(tier: Tier) -> Iterator[tuple[str, float]]:
    """The heads of a tier, each with its share of the requests."""
    whole = sum(tier.weights.values())
    return ((head, weight / whole) for head, weight in tier.weights.items())


def _upstream_regions(route: Route) -> Iterator[tuple[str, float]]:
    """The regions of the upstreams that are tried first, by weight; of those in several, each counts as touched."""
    first = min((target.order or 0 for target in route.targets), default=0)
    targets = [target for target in route.targets if (target.order or 0) == first]
    whole = sum(target.weight or 1 for target in targets)
    shares: dict[str, float] = {}
    for target in targets:
        for region in target.location.regions:
            shares[region] = shares.get(region, 0.0) + (target.weight or 1) / whole
    yield from shares.items()


def _relocated(now: _Renamed, then: _Renamed) -> frozenset[str]:
    """Heads of both tables in another region now, by their old ids."""
    found = set()
    for head in now.index.heads.values():
        other = then.index.heads.get(now.heads.get(head.head_id, head.head_id))
        if other is not None and other.region != now.regions.get(head.region, head.region):
            found.add(head.head_id)
    return frozenset(found)


def _refused(route: Route, clients: Mapping[str, int]) -> int:
    """Requests that a route does not answer."""
    if not route.tiers:
        return sum(clients.values())
    if route.client_regions is None:
        return 0
    return sum(count for client, count in clients.items() if client and not may_call(route, client))


def _is_same(old: Route, new: Route, now: _Renamed, relocated: frozenset[str]) -> bool:
    """Whether requests for two routes are certainly answered alike."""
    if relocated and not relocated.isdisjoint(old.heads):
        return False
    return old is new or (
        old.is_routed == new.is_routed
        and now.models.get(old.model_id, old.model_id) == new.model_id
        and old.tiers == new.tiers
        and old.client_regions == new.client_regions
        and _locations(old) == _locations(new)
        and [target.weight for target in old.targets] == [target.weight for target in new.targets]
        and [target.order for target in old.targets] == [target.order for target in new.targets]
    )


def _locations(route: Route) -> list[Location]:
    return [target.location for target in (*route.targets, *route.local_targets.values())]


def _moves(
    name: str, clients: Mapping[str, int], demand: Demand, now: _Renamed, then: _Renamed, sums: _Sums
) -> Iterator[RequestMove]:
    """The pairs of one name that are answered otherwise, added to the sums."""
    seen: dict[tuple[bool, bool], tuple[Answered, Answered]] = {}
    for client, requests in clients.items():
        key = now.lets(name, client), then.lets(name, client)
        if key not in seen:
            seen[key] = now.answered(name, client), then.answered(name, client)
        before, after = seen[key]
        a_day = requests / demand.scale
        if _OK not in (before.status, after.status):
            sums.unanswered += a_day
            continue
        moved = _moved(before, after)
        if before.status == after.status and moved < _LEAST and before.regions == after.regions:
            continue
        move = RequestMove(
            name=name,
            client=client,
            requests=a_day,
            moved=a_day * moved,
            before=before,
            after=after,
            expected_before=_expected(demand, before, client),
            expected_after=_expected(demand, after, client),
        )
        _add(sums, move)
        yield move


def _moved(before: Answered, after: Answered) -> float:
    """The part of requests that both tables answer which another head or model takes."""
    if before.status != _OK or after.status != _OK:
        return 0.0
    if before.model != after.model:
        return 1.0
    return sum(max(0.0, part - before.heads.get(head, 0.0)) for head, part in after.heads.items())


def _add(sums: _Sums, move: RequestMove) -> None:
    before, after, a_day = move.before, move.after, move.requests
    for head in {*before.heads, *after.heads}:
        change = after.heads.get(head, 0.0) - before.heads.get(head, 0.0)
        sums.shifts[move.client, head] += a_day * change
    if before.status == _OK != after.status:
        sums.lost[after.status] += a_day
    elif after.status == _OK != before.status:
        sums.gained += a_day
    sums.moved += move.moved
    if move.moved:
        sums.models[before.model] += move.moved
        for flow, part in _flows(before.heads, after.heads):
            sums.flows[flow] += a_day * part
    for region in {*before.regions, *after.regions}:
        change = after.regions.get(region, 0.0) - before.regions.get(region, 0.0)
        if abs(change) > _LEAST:
            (sums.entered if change > 0 else sums.left)[region] += a_day * abs(change)
    _add_expected(sums, move)


def _add_expected(sums: _Sums, move: RequestMove) -> None:
    old, new = move.expected_before, move.expected_after
    if old.p50 is not None and new.p50 is not None:
        sums.measured += move.moved
        sums.p50 += move.moved * (new.p50 - old.p50)
    if old.p95 is not None and new.p95 is not None:
        sums.p95_measured += move.moved
        sums.p95 += move.moved * (new.p95 - old.p95)
    if old.dollars is not None and new.dollars is not None:
        sums.priced += move.moved
        sums.dollars += move.requests * (new.dollars - old.dollars)


def _flows(before: Shares, after: Shares) -> Iterator[tuple[tuple[str, str], float]]:
    """What leaves each head, to the heads that gain, by what they gain."""
    gains = {head: part - before.get(head, 0.0) for head, part in after.items()}
    gained = sum(gain for gain in gains.values() if gain > 0)
    for head, part in before.items():
        leaving = part - after.get(head, 0.0)
        for other, gain in gains.items():
            if leaving > _LEAST and gain > _LEAST:
                yield (head, other), leaving * gain / gained


def _expected(demand: Demand, answered: Answered, client: str) -> Expected:
    """The same model at its heads, for clients of a region: as measured there, shifted by what the network adds.

    With several heads, the mean by their shares; where one of them was not measured, nothing is known.
    """
    found = [
        (part, demand.measured.get((answered.model, head)), head) for head, part in answered.heads.items()
    ]
    if not found or any(one is None for _, one, _ in found):
        return Expected(p50=None, p95=None, dollars=None)
    p50 = p95 = dollars = 0.0
    is_priced = has_p95 = True
    for part, one, head in found:
        assert one is not None
        shift = _shift(demand, one, client, head)
        p50 += part * max(0.0, one.p50 + shift)
        p95 += part * max(0.0, one.p95 + shift)
        has_p95 = has_p95 and one.rows >= ENOUGH_FOR_P95
        is_priced = is_priced and one.dollars is not None
        dollars += part * (one.dollars or 0.0)
    return Expected(p50=p50, p95=p95 if has_p95 else None, dollars=dollars if is_priced else None)


def _shift(demand: Demand, one: Measured, client: str, head: str) -> float:
    floor = demand.floors.get((client, head))
    return 0.0 if floor is None or one.floor is None else floor - one.floor


def by_hour(demand: Demand, a_day: Mapping[tuple[str, str], float]) -> dict[str, list[float]]:
    """Requests a day by client region and head, spread over the hours as all requests of that client region are."""
    found: dict[str, list[float]] = {}
    for (client, head), requests in a_day.items():
        hours = found.setdefault(head, [0.0] * demand.hours)
        profile = demand.clients.get(client, ())
        whole = sum(profile)
        for hour, count in enumerate(profile if whole else ()):
            hours[hour] += requests * demand.scale * count / whole
    return found


def head_rates(
    demand: Demand,
    heads: Iterable[HeadEntry],
    before: Mapping[str, Sequence[float]],
    added: Mapping[str, Sequence[float]],
) -> Iterator[HeadRate]:
    """The rates of heads in their order, then of others that have requests: those of each hour, and what is added."""
    nothing = (0.0,) * demand.hours
    known = {head.head_id: head.capacity for head in heads}
    rates = {}
    for head in dict.fromkeys((*known, *before, *added)):
        old = before.get(head, nothing)
        new = [max(0.0, one + more) for one, more in zip(old, added.get(head, nothing), strict=True)]
        rates[head] = (sum(old), sum(new), max(old), max(new))
    sized = [(rates[head][2], size) for head, size in known.items() if size]
    average = sum(peak for peak, _ in sized) / sum(size for _, size in sized) if sized else None
    seconds = demand.hours * _SECONDS
    for head, (old_sum, new_sum, old_peak, new_peak) in rates.items():
        size = known.get(head)
        yield HeadRate(
            head_id=head,
            capacity=size,
            before=old_sum / seconds,
            after=new_sum / seconds,
            peak_before=old_peak / _SECONDS,
            peak_after=new_peak / _SECONDS,
            overloaded=average is not None
            and bool(size)
            and new_peak > old_peak
            and new_peak / (size or 1) > OVERLOAD * average,
        )


def largest(replay: Replay, count: int) -> list[RequestMove]:
    """The largest moves and losses."""
    return heapq.nlargest(count, replay.moves, key=lambda move: max(move.moved, _lost(move)))


def _lost(move: RequestMove) -> float:
    return move.requests if move.after.status != _OK else 0.0
