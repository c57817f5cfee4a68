"""The model groups of a head: those that clients ask for, and those that requests fall back to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from modelspec.gateways.litellm.names import FALLBACK_PREFIX
from modelspec.routing.decide import Index
from modelspec.routing.table import Route, RoutingTable, Target

Conditions = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A route as one head has it.

    `names` are those of LiteLLM's model groups: the model's own name and, of a wildcard, every other prefix.
    `aliases` stand for the first of them. `fallbacks` leads from a condition to names of groups.
    """

    route: Route
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    targets: tuple[Target, ...]
    fallbacks: Conditions


class LiteLLMGroups:
    """The routing table, by head and by name."""

    def __init__(self, routing: RoutingTable) -> None:
        self._index = Index(routing)
        self._by_head: dict[str, list[Route]] = {head.head_id: [] for head in routing.heads}
        for route in routing.routes:
            for head in route.heads:
                self._by_head[head].append(route)

    def served_by(self, head: str) -> list[Group]:
        """What a head serves, in the order of the ids; then what it only falls back to, as it is come upon.

        A request that falls back stays at its head: the head has the upstreams of the other model too, under a name
        that no client can send.
        """
        own = {route.model_id for route in self._by_head[head]}
        hidden: dict[str, Route] = {}
        groups: list[Group] = []
        waiting = list(self._by_head[head])
        for route in waiting:
            seen = len(hidden)
            fallbacks = self._fallbacks(route, own, hidden)
            waiting.extend(list(hidden.values())[seen:])
            names = (route.model_id, *(alias for alias in route.aliases if alias.endswith("/*")))
            aliases = tuple(alias for alias in route.aliases if not alias.endswith("/*"))
            targets = route.targets
            if route.local_inference:
                targets = (route.local_targets[head],) if route.model_id in own else tuple(_remote(route))
            if route.model_id not in own:
                names, aliases = tuple(FALLBACK_PREFIX + name for name in names), ()
            groups.append(
                Group(route=route, names=names, aliases=aliases, targets=targets, fallbacks=fallbacks)
            )
        return groups

    def _fallbacks(self, route: Route, own: set[str], hidden: dict[str, Route]) -> Conditions:
        """The groups to fall back to by condition; models that nothing serves are left out, as nothing could answer."""
        by_condition: dict[str, tuple[str, ...]] = {}
        for condition, names in route.fallback_models.items():
            groups: list[str] = []
            for name in names:
                found = self._index.find(name)
                if found is None or not found[0].tiers or found[0] is route:
                    continue
                other = found[0]
                group = name if other.model_id.endswith("/*") else other.model_id
                if other.model_id not in own:
                    if not self._is_within_reach(other):
                        continue
                    hidden.setdefault(other.model_id, other)
                    group = FALLBACK_PREFIX + group
                groups.append(group)
            if groups:
                by_condition[condition] = tuple(dict.fromkeys(groups))
        return by_condition

    def _is_within_reach(self, route: Route) -> bool:
        """Whether other heads can call a model's upstreams: an endpoint of the heads' own may be a loopback address."""
        heads = self._index.heads
        return all(
            target.endpoint == heads[head].inference_url for head, target in route.local_targets.items()
        )


def _remote(route: Route) -> Iterator[Target]:
    """Where the heads run the model themselves: their inference servers, tier by tier."""
    for number, tier in enumerate(route.tiers, 1):
        for head, weight in tier.weights.items():
            yield replace(route.local_targets[head], order=number, weight=weight)
