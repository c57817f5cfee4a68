"""The model groups of a head: those that clients ask for, and those that requests fall back to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from modelspec.gateways.litellm.names import FALLBACK_PREFIX
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
        self._inference = {head.head_id: head.inference_url for head in routing.heads}
        self._exact: dict[str, Route] = {}
        self._prefixes: dict[str, Route] = {}
        self._by_head: dict[str, list[Route]] = {head.head_id: [] for head in routing.heads}
        for route in routing.routes:
            self._exact.update(dict.fromkeys((route.model_id, *route.aliases), route))
            self._prefixes.update(dict.fromkeys(route.prefixes, route))
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
        for route in self._by_head[head]:
            local = (route.local_targets[head],) if route.local_inference else route.targets
            fallbacks = self._fallbacks(route, own, hidden)
            groups.append(_group(route, targets=local, fallbacks=fallbacks))
        waiting = list(hidden.values())
        for route in waiting:
            seen = len(hidden)
            fallbacks = self._fallbacks(route, own, hidden)
            waiting.extend(list(hidden.values())[seen:])
            targets = tuple(_remote(route)) if route.local_inference else route.targets
            group = _group(route, targets=targets, fallbacks=fallbacks)
            groups.append(
                replace(group, names=tuple(FALLBACK_PREFIX + name for name in group.names), aliases=())
            )
        return groups

    def _fallbacks(self, route: Route, own: set[str], hidden: dict[str, Route]) -> Conditions:
        """The groups to fall back to by condition; models that nothing serves are left out, as nothing could answer."""
        found: dict[str, tuple[str, ...]] = {}
        for condition, names in route.fallback_models.items():
            groups: list[str] = []
            for name in names:
                other = self._find(name)
                if other is None or not other.tiers or other is route:
                    continue
                group = name if other.model_id.endswith("/*") else other.model_id
                if other.model_id not in own:
                    if not self._is_within_reach(other):
                        continue
                    hidden.setdefault(other.model_id, other)
                    group = FALLBACK_PREFIX + group
                groups.append(group)
            if groups:
                found[condition] = tuple(dict.fromkeys(groups))
        return found

    def _is_within_reach(self, route: Route) -> bool:
        """Whether other heads can call a model's upstreams: an endpoint of the heads' own may be a loopback address."""
        return all(target.endpoint == self._inference[head] for head, target in route.local_targets.items())

    def _find(self, name: str) -> Route | None:
        found = self._exact.get(name)
        end = len(name)
        while found is None and (end := name.rfind("/", 0, end)) >= 0:
            found = self._prefixes.get(name[: end + 1])
        return found


def _group(route: Route, *, targets: tuple[Target, ...], fallbacks: Conditions) -> Group:
    names = (route.model_id, *(alias for alias in route.aliases if alias.endswith("/*")))
    aliases = tuple(alias for alias in route.aliases if not alias.endswith("/*"))
    return Group(route=route, names=names, aliases=aliases, targets=targets, fallbacks=fallbacks)


def _remote(route: Route) -> Iterator[Target]:
    """Where the heads run the model themselves: their inference servers, tier by tier."""
    for number, tier in enumerate(route.tiers, 1):
        for head, weight in tier.weights.items():
            yield replace(route.local_targets[head], order=number, weight=weight)
