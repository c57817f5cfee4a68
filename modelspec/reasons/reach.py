"""Why each region is in the reach of a model."""

from collections import deque
from dataclasses import dataclass

from modelspec.decide import Index
from modelspec.reasons.places import Places, Spot
from modelspec.routing import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason why a region may be touched.

    `kind` is `head`, `deployment` or `fallback_model`, `name` the head, endpoint or model id. `via` are the models that
    lead to a fallback model, the asked one first.
    """

    kind: str
    name: str
    via: tuple[str, ...]
    spot: Spot


def causes(index: Index, route: Route, places: Places) -> dict[str, tuple[Cause, ...]]:
    """Every region of the reach, sorted, with its causes: heads, then deployments, then fallback models."""
    found: dict[str, list[Cause]] = {}
    for region, cause in _own(index, route, places):
        found.setdefault(region, []).append(cause)
    seen = {route.model_id}
    waiting: deque[tuple[Route, tuple[str, ...]]] = deque([(route, (route.model_id,))])
    while waiting:
        asking, via = waiting.popleft()
        for fallback, spot in _fallbacks(index, asking, places):
            if fallback.model_id in seen:
                continue
            seen.add(fallback.model_id)
            waiting.append((fallback, (*via, fallback.model_id)))
            cause = Cause(kind="fallback_model", name=fallback.model_id, via=via, spot=spot)
            for region in dict.fromkeys(_regions(index, fallback)):
                found.setdefault(region, []).append(cause)
    return {region: tuple(found[region]) for region in sorted(found)}


def _own(index: Index, route: Route, places: Places) -> list[tuple[str, Cause]]:
    own = [
        (
            index.heads[head].region,
            Cause(kind="head", name=head, via=(), spot=places.head_in_model(route, head)),
        )
        for head in route.heads
    ]
    for number, target in enumerate(route.targets):
        if target.region is not None:
            name = target.endpoint if isinstance(target.endpoint, str) else target.provider
            spot = places.target(route, number, route.heads[0])
            own.append((target.region, Cause(kind="deployment", name=name, via=(), spot=spot)))
    return own


def _regions(index: Index, route: Route) -> list[str]:
    """The regions of the heads that serve a model and of its deployments; its fallback models aside."""
    heads = [index.heads[head].region for head in route.heads]
    return heads + [target.region for target in route.targets if target.region is not None and heads]


def _fallbacks(index: Index, route: Route, places: Places) -> list[tuple[Route, Spot]]:
    fallbacks = []
    for condition, names in route.fallback_models.items():
        for number, name in enumerate(names):
            found = index.find(name)
            if found is not None and found[0].is_routed:
                fallbacks.append((found[0], places.fallback_model(route, condition, number)))
    return fallbacks
