"""Parts that several outputs share, as JSON text."""

from collections.abc import Iterator

from modelspec.emit.artifact import Artifact, document, encode
from modelspec.routing.table import HeadEntry, Json, RegionEntry, Route, RoutingTable, Target

SCHEMA_VERSION = ("schema_version", "1")
"""Of every output; it grows when a reader would have to change."""


def region_entry(region: RegionEntry) -> str:
    """One region."""
    location = None
    if region.location is not None:
        location = {"latitude": region.location[0], "longitude": region.location[1]}
    return encode(
        {"code": region.code, "name": region.name, "residency": region.residency, "location": location}
    )


def head_entry(head: HeadEntry) -> str:
    """One head."""
    return encode(
        {
            "head_id": head.head_id,
            "region": head.region,
            "url": head.url,
            "status": head.status,
            "health_path": head.health_path,
            "inference_url": head.inference_url,
            "capacity": head.capacity,
        }
    )


def target_row(target: Target) -> Json:
    """One upstream."""
    return {
        "endpoint": target.endpoint,
        "provider": target.provider,
        "upstream_model": target.upstream_model,
        "api_key": target.api_key,
        "params": target.params,
        "region": target.region,
        "weight": target.weight,
        "order": target.order,
        "rpm": target.rpm,
        "tpm": target.tpm,
    }


def tier_rows(route: Route) -> list[Json]:
    """The tiers of a route: heads with their relative weights, tried together; one tier after the other."""
    return [{"heads": tier.weights} for tier in route.tiers]


def match_row(route: Route) -> Json:
    """The names of a model: an exact one wins over every prefix, and the longest prefix over the others."""
    return {"exact": route.exact, "prefixes": route.prefixes}


def access_row(route: Route) -> Json:
    """Who may call a model, and from where; `client_regions` null means from anywhere."""
    return {"visibility": route.visibility, "groups": route.groups, "client_regions": route.client_regions}


def limits_row(route: Route) -> Json:
    """Requests and tokens a minute for the whole model; null means no limit."""
    return {"rpm": route.rpm, "tpm": route.tpm}


def emit_table(routing: RoutingTable) -> Iterator[Artifact]:
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


def emit_heads(routing: RoutingTable) -> Iterator[Artifact]:
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


def emit_regions(routing: RoutingTable) -> Iterator[Artifact]:
    """One artifact a region.

    `models` are those that belong to it, with the heads that serve them; `denied` the ids of models that are routed but
    answer 403 to clients of this region. Clients of a region may call every other model.
    """
    models: dict[str, list[str]] = {region.code: [] for region in routing.regions}
    limited = [r for r in routing.routes if r.client_regions is not None and r.is_routed]
    for route in routing.routes:
        models[route.region].append(
            encode(
                {
                    "model_id": route.model_id,
                    "name": route.about.name,
                    "status": route.status,
                    "heads": route.heads,
                    "reach": route.reach,
                }
            )
        )
    for region in routing.regions:
        denied = [encode(r.model_id) for r in limited if region.code not in (r.client_regions or ())]
        yield Artifact(
            path=f"routing/regions/{region.code}.json",
            content=document(
                [SCHEMA_VERSION, ("region", region_entry(region))],
                [
                    ("heads", [head_entry(head) for head in routing.heads if head.region == region.code]),
                    ("models", models[region.code]),
                    ("denied", denied),
                ],
            ),
        )
