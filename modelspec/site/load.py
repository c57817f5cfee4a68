"""How many models each head and region serves: first, and as a fallback."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from modelspec.routing import RoutingTable


@dataclass(slots=True, kw_only=True)
class Load:
    """Ids of models in their order; `first` are those of the first tier, `fallback` those of a later one."""

    first: list[str] = field(default_factory=list)
    fallback: list[str] = field(default_factory=list)


def load_of_heads(routing: RoutingTable) -> dict[str, Load]:
    """By head id, in the order of the file; heads without any model included."""
    loads = {head.head_id: Load() for head in routing.heads}
    for route in routing.routes:
        for number, tier in enumerate(route.tiers):
            for head in tier.weights:
                (loads[head].fallback if number else loads[head].first).append(route.model_id)
    return loads


def load_of_regions(routing: RoutingTable) -> dict[str, Load]:
    """By region code: a model counts once, where its first tier has a head or else where a later one has."""
    regions = {head.head_id: head.region for head in routing.heads}
    loads = {region.code: Load() for region in routing.regions}
    for route in routing.routes:
        first = _regions_of([route.tiers[0].weights] if route.tiers else [], regions)
        later = _regions_of([tier.weights for tier in route.tiers[1:]], regions)
        for code in first:
            loads[code].first.append(route.model_id)
        for code in later:
            if code not in first:
                loads[code].fallback.append(route.model_id)
    return loads


def _regions_of(tiers: Sequence[Iterable[str]], regions: dict[str, str]) -> dict[str, None]:
    return {regions[head]: None for heads in tiers for head in heads}
