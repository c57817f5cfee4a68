"""Drills: take heads down in the routing table and see which models lose service, move, or leave their region."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.routing.decide import Index, without
from modelspec.routing.table import Route, Tier

OVERLOAD = 2.0
"""A head is overloaded where a drill gives it more than this many times the fleet's average load for its capacity."""

_DIGITS = 6
"""Decimals of a load: far below a share of one in a thousand, far above what adding up can get wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A model that no head is left for; `before` is its first tier."""

    route: Route
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A model whose requests go elsewhere: from the heads of one tier to those of another, or to fewer of the same.

    `leaves`: all of its first heads were in the model's own region, and now one is not.
    """

    route: Route
    before: tuple[str, ...]
    after: tuple[str, ...]
    leaves: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillLoad:
    """What a head carries, in models: one that several heads share counts by their weights."""

    head: str
    capacity: int | None
    before: float
    after: float
    overloaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillOutcome:
    """One drill: `down` as it was asked for, `heads` those that go down by it; offline ones already were.

    `loads` are those that change, in the order of the fleet; a head that is down carries nothing.
    """

    down: tuple[str, ...]
    heads: tuple[str, ...]
    losses: tuple[Loss, ...]
    moves: tuple[Move, ...]
    loads: tuple[DrillLoad, ...]

    @property
    def leaving(self) -> tuple[Move, ...]:
        """The models that leave their region."""
        return tuple(move for move in self.moves if move.leaves)

    @property
    def gaining(self) -> tuple[DrillLoad, ...]:
        """The heads that take more than before."""
        return tuple(load for load in self.loads if load.after > load.before)

    @property
    def overloaded(self) -> tuple[DrillLoad, ...]:
        """The heads that take too much."""
        return tuple(load for load in self.loads if load.overloaded)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """All drills of one run. `average` is models for each unit of capacity; None where no head declares any."""

    average: float | None
    outcomes: tuple[DrillOutcome, ...]


def each_alone(index: Index) -> Iterator[tuple[str, ...]]:
    """Each head that is not offline, then each region that has one, alone."""
    serving = [head for head in index.heads.values() if head.status != "offline"]
    yield from ((head.head_id,) for head in serving)
    regions = {head.region for head in serving}
    # A region whose code is also a head's id is named by its heads: the code means the head.
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
        KeyError: a scenario has a name that no head and no region has.
    """
    loads = dict.fromkeys(index.heads, 0.0)
    by_head: dict[str, list[Route]] = {head: [] for head in index.heads}
    for route in index.table.routes:
        if route.tiers:
            _add(loads, route.tiers[0], 1.0)
            for head in route.tiers[0].weights:
                by_head[head].append(route)
    average = _average(index, loads)
    return DrillReport(
        average=average,
        outcomes=tuple(_outcome(index, down, loads, by_head, average) for down in scenarios),
    )


def _outcome(
    index: Index,
    down: tuple[str, ...],
    before: Mapping[str, float],
    by_head: Mapping[str, Sequence[Route]],
    average: float | None,
) -> DrillOutcome:
    gone = index.heads_down(down)
    after = dict(before)
    losses: list[Loss] = []
    moves: list[Move] = []
    touched = {route.model_id: route for head in sorted(gone) for route in by_head[head]}
    for _, route in sorted(touched.items()):
        first = route.tiers[0]
        left = without(route.tiers, gone)
        _add(after, first, -1.0)
        if not left:
            losses.append(Loss(route=route, before=tuple(first.weights)))
            continue
        _add(after, left[0], 1.0)
        moves.append(
            Move(
                route=route,
                before=tuple(first.weights),
                after=tuple(left[0].weights),
                leaves=_is_home(index, route, first) and not _is_home(index, route, left[0]),
            )
        )
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
    """Models for each unit of capacity, over the heads that are not offline and declare one."""
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


def _is_home(index: Index, route: Route, tier: Tier) -> bool:
    return all(index.heads[head].region == route.region for head in tier.weights)
