"""The outcome of one request, by the routing table alone: the run-time rules that every gateway follows.

The first that applies decides: 404 where no enabled model has the name, 403 where the client's region may not call it,
503 where no head is left, 200 otherwise. A request without an origin comes from wherever the model may be called.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from modelspec.fleet.model import Names, Upstream, prefix_of
from modelspec.routing.table import Route, RoutingTable, Tier


class Why(StrEnum):
    """What decided."""

    ROUTED = "routed"
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    CLIENT_REGION = "client_region"
    NO_HEAD = "no_head"


class Unused(StrEnum):
    """Why a head is not used."""

    DOWN = "down"
    OFFLINE = "offline"
    NOT_NAMED = "not_named"


STATUS = MappingProxyType(
    {Why.ROUTED: 200, Why.UNKNOWN: 404, Why.DISABLED: 404, Why.CLIENT_REGION: 403, Why.NO_HEAD: 503}
)
"""The HTTP status of each outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as an edge sees it: `model` as the client sent it, `origin` its region.

    `down` holds heads that do not answer, by id, and regions none of whose heads does, by code.
    """

    model: str
    origin: str | None = None
    down: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of a request. `tiers` are those that are left, in order; there are none unless it is routed.

    `route` is None where the model is not declared. `name` is the id, alias or wildcard that took the request, as
    the file declares it.
    """

    request: Request
    why: Why
    route: Route | None
    name: str | None
    tiers: tuple[Tier, ...]

    @property
    def status(self) -> int:
        """The HTTP status that the client gets, if the upstream answers."""
        return STATUS[self.why]

    @property
    def first(self) -> tuple[str, ...]:
        """The heads of the first tier that is left: one of them takes the request."""
        return tuple(self.tiers[0].weights) if self.tiers else ()

    @property
    def reach(self) -> tuple[str, ...]:
        """Every region that the request may touch, whichever heads are down."""
        return self.route.reach if self.route is not None and self.why is Why.ROUTED else ()


class Index:
    """A routing table, prepared for many requests."""

    def __init__(self, table: RoutingTable) -> None:
        self.table = table
        self.heads = {head.head_id: head for head in table.heads}
        self.regions = {region.code: region for region in table.regions}
        self.routes = {route.model_id: route for route in table.routes}
        self._heads_of = {
            code: frozenset(head.head_id for head in table.heads if head.region == code)
            for code in self.regions
        }
        self.names = Names(table.routes)

    def find(self, name: str) -> tuple[Route, str] | None:
        """The route that a name means, and the declared name that took it."""
        declared = self.names.declared(name)
        return None if declared is None else (self.names[declared], declared)

    def heads_down(self, down: tuple[str, ...]) -> frozenset[str]:
        """The heads that do not answer; a name that both a head and a region have means the head.

        Raises:
            KeyError: neither has the name.
        """
        gone: set[str] = set()
        for name in down:
            gone.update((name,) if name in self.heads else self._heads_of[name])
        return frozenset(gone)


def decide(index: Index, request: Request) -> Decision:
    """Decide one request.

    Raises:
        KeyError: `down` has a name that no head and no region has.
    """
    found = index.find(request.model)
    if found is None:
        return _refused(request, Why.UNKNOWN)
    route, name = found
    if not route.is_routed:
        return _refused(request, Why.DISABLED, route, name)
    if request.origin is not None and not may_call(route, request.origin):
        return _refused(request, Why.CLIENT_REGION, route, name)
    tiers = without(route.tiers, index.heads_down(request.down))
    if not tiers:
        return _refused(request, Why.NO_HEAD, route, name)
    return Decision(request=request, why=Why.ROUTED, route=route, name=name, tiers=tiers)


def may_call(route: Route, origin: str) -> bool:
    """Whether clients of a region may call a model."""
    return route.client_regions is None or origin in route.client_regions


def without(tiers: tuple[Tier, ...], gone: frozenset[str]) -> tuple[Tier, ...]:
    """The tiers that are left, and in each the heads that are left."""
    if not gone:
        return tiers
    left = ({head: weight for head, weight in tier.weights.items() if head not in gone} for tier in tiers)
    return tuple(Tier(weights=weights) for weights in left if weights)


def targets_at(decision: Decision, head: str) -> tuple[Upstream, ...]:
    """The upstreams that a head calls for a routed request, in the order of the file.

    Where a wildcard took the request, `*` at the end of the upstream's name stands for the rest of the client's.
    """
    route, name = decision.route, decision.name
    assert route is not None
    assert name is not None
    targets = (route.local_targets[head],) if route.local_targets else route.targets
    prefix = prefix_of(name)
    if prefix is None:
        return targets
    rest = decision.request.model.removeprefix(prefix)
    return tuple(
        target if start is None else replace(target, upstream_model=start + rest)
        for target, start in ((target, prefix_of(target.upstream_model)) for target in targets)
    )


def unused(index: Index, decision: Decision) -> Iterator[tuple[str, Unused]]:
    """Every head of the fleet that a request is not sent to and why, in the order of the fleet.

    Nothing for a request that is refused before any head is chosen (403, 404).
    """
    if decision.route is None or decision.why not in (Why.ROUTED, Why.NO_HEAD):
        return
    about = decision.route.about
    named = {about.priority_head, *about.weights, *about.fallback_heads}
    asked = {head for tier in decision.tiers for head in tier.weights}
    for head in index.heads.values():
        if head.head_id in asked:
            continue
        if head.head_id not in named:
            yield head.head_id, Unused.NOT_NAMED
        else:
            yield head.head_id, Unused.OFFLINE if head.status == "offline" else Unused.DOWN


def _refused(request: Request, why: Why, route: Route | None = None, name: str | None = None) -> Decision:
    return Decision(request=request, why=why, route=route, name=name, tiers=())
