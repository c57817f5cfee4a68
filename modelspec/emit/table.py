"""`routing/table.json`: the whole routing table."""

from collections.abc import Iterator

from modelspec.emit.artifact import Artifact
from modelspec.emit.entry import (
    SCHEMA_VERSION,
    access_row,
    head_entry,
    limits_row,
    match_row,
    region_entry,
    target_row,
    tier_rows,
)
from modelspec.emit.text import document, encode
from modelspec.routing import Route, RoutingTable


def emit(routing: RoutingTable) -> Iterator[Artifact]:
    """One artifact, the routes in the order of their ids."""
    yield Artifact(
        path="routing/table.json",
        content=document(
            [SCHEMA_VERSION],
            [
                ("regions", map(region_entry, routing.regions)),
                ("heads", map(head_entry, routing.heads)),
                ("routes", map(_route, routing.routes)),
            ],
        ),
    )


def _route(route: Route) -> str:
    return encode(
        {
            "model_id": route.model_id,
            "match": match_row(route),
            "status": route.status,
            "region": route.region,
            "policy": route.policy,
            "tiers": tier_rows(route),
            "local_inference": route.local_inference,
            "targets": [target_row(target) for target in route.targets],
            "local_targets": {head: target_row(target) for head, target in route.local_targets.items()},
            "fallback_models": route.fallback_models,
            "reach": route.reach,
            "access": access_row(route),
            "limits": limits_row(route),
        }
    )
