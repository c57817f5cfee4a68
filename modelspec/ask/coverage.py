"""Which parts of the fleet the cases exercise.

An item counts as exercised if a case makes it happen, whether or not the case expects anything of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from modelspec.fleet.model import prefix_of
from modelspec.routing.decide import Decision, Index, Why
from modelspec.routing.table import Route


class CoverageKind(StrEnum):
    """What can be exercised."""

    MODEL = "models"
    NAME = "names"
    HEAD = "heads"
    TIER = "tiers"
    FAILURE = "failures"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Item:
    """Something to be exercised.

    The `detail` of a name is an alias or wildcard of the model. That of a tier is its number: tier n takes a request,
    which for n > 0 is a failover. That of a failure is its status, 403 or 503. That of a head is the head, without a
    model.
    """

    kind: CoverageKind
    model_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Every item, in order, and the exercised ones."""

    items: tuple[Item, ...]
    exercised: frozenset[Item]

    def counted(self, kind: CoverageKind) -> tuple[int, int]:
        """How many items of a kind were exercised, and how many there are."""
        of_kind = [item for item in self.items if item.kind is kind]
        return sum(item in self.exercised for item in of_kind), len(of_kind)

    @property
    def missing(self) -> tuple[Item, ...]:
        """The items that no case exercises."""
        return tuple(item for item in self.items if item not in self.exercised)

    def reaches(self, percent: float) -> bool:
        """Whether at least this share is exercised; of no items, 100 % is."""
        return 100 * len(self.exercised) >= percent * len(self.items)

    @property
    def percent(self) -> float:
        """The exercised share, rounded down to a tenth: 100.0 means all."""
        return (1000 * len(self.exercised) // len(self.items)) / 10 if self.items else 100.0


def measure(index: Index, decisions: Iterable[Decision]) -> Coverage:
    """Measure which parts of a fleet decisions exercise."""
    items = tuple(_items(index))
    known = frozenset(items)
    exercised = {item for decision in decisions for item in exercised_by(decision)}
    return Coverage(items=items, exercised=frozenset(exercised & known))


def exercised_by(decision: Decision) -> Iterator[Item]:
    """The items that one decision exercises."""
    route = decision.route
    if route is None or decision.name is None:
        return
    yield Item(kind=CoverageKind.MODEL, model_id=route.model_id)
    yield Item(kind=CoverageKind.NAME, model_id=route.model_id, detail=decision.name)
    if decision.why in (Why.CLIENT_REGION, Why.NO_HEAD):
        yield Item(kind=CoverageKind.FAILURE, model_id=route.model_id, detail=str(decision.status))
    for head in decision.first:
        yield Item(kind=CoverageKind.HEAD, detail=head)
    if decision.tiers:
        first = decision.first[0]
        number = next(n for n, tier in enumerate(route.tiers) if first in tier.weights)
        yield Item(kind=CoverageKind.TIER, model_id=route.model_id, detail=str(number))


def _items(index: Index) -> Iterator[Item]:
    routes = index.table.routes
    serving = {head for route in routes for head in route.heads}
    for route in routes:
        yield Item(kind=CoverageKind.MODEL, model_id=route.model_id)
        for name in (route.model_id, *route.aliases):
            if name != route.model_id or prefix_of(name) is not None:
                yield Item(kind=CoverageKind.NAME, model_id=route.model_id, detail=name)
        for number in range(len(route.tiers)):
            yield Item(kind=CoverageKind.TIER, model_id=route.model_id, detail=str(number))
        if denied_regions(index, route):
            yield Item(kind=CoverageKind.FAILURE, model_id=route.model_id, detail="403")
        if route.is_routed:
            yield Item(kind=CoverageKind.FAILURE, model_id=route.model_id, detail="503")
    for head in index.heads:
        if head in serving:
            yield Item(kind=CoverageKind.HEAD, detail=head)


def denied_regions(index: Index, route: Route) -> tuple[str, ...]:
    """The regions whose clients get 403, in the order of their file; for a disabled model, all get 404."""
    if not route.is_routed or route.client_regions is None:
        return ()
    return tuple(code for code in index.regions if code not in route.client_regions)
