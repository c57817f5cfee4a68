"""`routing/heads/<head_id>.json`: what one head must serve."""

from collections.abc import Iterator

from modelspec.emit.artifact import Artifact
from modelspec.emit.entry import SCHEMA_VERSION, access_row, head_entry, limits_row, match_row, target_row
from modelspec.emit.text import document, encode
from modelspec.routing import Route, RoutingTable


def emit(routing: RoutingTable) -> Iterator[Artifact]:
    """One artifact a head, its models in the order of their ids; a head that is offline serves none."""
    served: dict[str, list[str]] = {head.head_id: [] for head in routing.heads}
    for route in routing.routes:
        common = encode(_common(route))[1:-1]
        targets = encode([target_row(target) for target in route.targets])
        for number, tier in enumerate(route.tiers):
            for head, weight in tier.weights.items():
                here = targets
                if route.local_inference:
                    here = encode([target_row(route.local_targets[head])])
                served[head].append(f'{{{common}, "tier": {number}, "weight": {weight}, "targets": {here}}}')
    for entry in routing.heads:
        yield Artifact(
            path=f"routing/heads/{entry.head_id}.json",
            content=document(
                [SCHEMA_VERSION, ("head", head_entry(entry))], [("models", served[entry.head_id])]
            ),
        )


def _common(route: Route) -> dict[str, object]:
    return {
        "model_id": route.model_id,
        "match": match_row(route),
        "fallback_models": route.fallback_models,
        "access": access_row(route),
        "limits": limits_row(route),
        "local_inference": route.local_inference,
    }
