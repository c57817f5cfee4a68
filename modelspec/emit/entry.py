"""Parts that several outputs share, as JSON text."""

from modelspec.emit.text import encode
from modelspec.routing import HeadEntry, Json, RegionEntry, Route, Target

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
