"""Heads go down: which models lose service and which move, by the routing table alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.routing.decide import Index, without
from modelspec.routing.table import Route, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A model that has no head left; `before` is its first tier."""

    route: Route
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A model whose requests move: from the heads of one tier to those of another, or to fewer heads of the same.

    `leaves`: all heads of its first tier were in the model's region, and now one is not.
    """

    route: Route
    before: tuple[str, ...]
    tier: Tier
    leaves: bool

    @property
    def after(self) -> tuple[str, ...]:
        """The heads that take its requests now."""
        return tuple(self.tier.weights)


def has_no_second_head(index: Index, route: Route) -> bool:
    """Whether a routed model has fewer than two active heads: draining ones are on their way out."""
    return route.is_routed and sum(index.heads[head].status == "active" for head in route.heads) < 2  # noqa: PLR2004


def alike(routes: Iterable[Route]) -> list[tuple[Route, int]]:
    """One route for all that are tried at the same heads, and their number: thousands of models share a few chains."""
    found: dict[tuple[tuple[str, ...], ...], list[Route]] = {}
    for route in routes:
        found.setdefault(tuple([tuple(tier.weights) for tier in route.tiers]), []).append(route)
    return [(some[0], len(some)) for some in found.values()]


def served_first(index: Index, routes: Iterable[Route] | None = None) -> Mapping[str, Sequence[Route]]:
    """By head, in the order of the fleet, the routes whose first tier has it; of all, or of some."""
    served: dict[str, list[Route]] = {head: [] for head in index.heads}
    for route in index.table.routes if routes is None else routes:
        if route.tiers:
            for head in route.tiers[0].weights:
                served[head].append(route)
    return served


def outage(
    index: Index, gone: frozenset[str], served: Mapping[str, Sequence[Route]]
) -> Iterator[Loss | Move]:
    """What becomes of each model that the heads `gone` serve first, by id; `served` is `served_first`."""
    touched = {route.model_id: route for head in sorted(gone) for route in served[head]}
    for _, route in sorted(touched.items()):
        first = route.tiers[0]
        left = without(route.tiers, gone)
        before = tuple(first.weights)
        if not left:
            yield Loss(route=route, before=before)
        else:
            leaves = _is_home(index, route, first) and not _is_home(index, route, left[0])
            yield Move(route=route, before=before, tier=left[0], leaves=leaves)


def _is_home(index: Index, route: Route, tier: Tier) -> bool:
    return all(index.heads[head].region == route.region for head in tier.weights)
