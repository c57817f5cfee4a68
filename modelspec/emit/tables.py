"""The routing table as JSON: whole, by head, by region, and as the snapshot of `GET /admin/models`."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import lru_cache, partial
from urllib.parse import quote

from modelspec.emit.artifact import Artifact, document, document_of_models, encode
from modelspec.fleet.model import Upstream
from modelspec.routing.decide import may_call
from modelspec.routing.table import HeadEntry, Json, RegionEntry, Route, RoutingTable
from modelspec.text.portable import portable

SCHEMA_VERSION = ("schema_version", "1")
"""Of every output; it increases with breaking changes."""


def _fields(entry: HeadEntry | RegionEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in entry.__slots__}


_UPSTREAM = tuple(field.name for field in fields(Upstream) if field.compare)


def _upstream(upstream: Upstream) -> dict[str, object]:
    return {name: getattr(upstream, name) for name in _UPSTREAM}


def _region(region: RegionEntry) -> str:
    location = None
    if region.location is not None:
        location = {"latitude": region.location[0], "longitude": region.location[1]}
    return encode({**_fields(region), "location": location})


def _head(head: HeadEntry) -> str:
    return encode(_fields(head))


def _tiers(route: Route) -> list[Json]:
    """The tiers of a route, in order; the heads of a tier share requests by their relative weights."""
    return [{"heads": tier.weights} for tier in route.tiers]


def _match(route: Route) -> Json:
    """The names of a model: an exact name wins over every prefix, and the longest prefix over shorter ones."""
    return {"exact": route.exact, "prefixes": route.prefixes}


def _access(route: Route) -> Json:
    """Who may call a model, and from where; `client_regions` null means from anywhere."""
    return {"visibility": route.visibility, "groups": route.groups, "client_regions": route.client_regions}


def _limits(route: Route) -> Json:
    """Requests and tokens per minute for the whole model, and the wait for the first byte; null: as at gateways."""
    return {"rpm": route.rpm, "tpm": route.tpm, "first_byte_seconds": route.first_byte_seconds}


def first_target(route: Route) -> Upstream:
    """The upstream to show for a model if only one fits: the first, or the priority head's own."""
    return route.targets[0] if route.targets else route.local_targets[route.about.priority_head]


def emit_table(routing: RoutingTable) -> Iterator[Artifact]:
    """One artifact, with the routes by id."""
    routes = routing.routes
    content = document_of_models(
        [SCHEMA_VERSION],
        "routes",
        [route.model_id for route in routes],
        lambda number: _route(routes[number]),
        lists=[("regions", map(_region, routing.regions)), ("heads", map(_head, routing.heads))],
    )
    yield Artifact(path="routing/table.json", content=content)


def _route(route: Route) -> str:
    return encode(
        {
            "model_id": route.model_id,
            "match": _match(route),
            "status": route.status,
            "region": route.region,
            "policy": route.policy,
            "tiers": _tiers(route),
            "local_inference": route.local_inference,
            "targets": [_upstream(target) for target in route.targets],
            "local_targets": {head: _upstream(target) for head, target in route.local_targets.items()},
            "fallback_models": route.fallback_models,
            "reach": route.reach,
            "access": _access(route),
            "limits": _limits(route),
            "retry_on": route.retry_on,
            "hedge": route.hedge,
        }
    )


def emit_heads(routing: RoutingTable) -> Iterator[Artifact]:
    """One artifact per head, with its models by id; an offline head serves none."""
    served: dict[str, list[tuple[Route, int]]] = {head.head_id: [] for head in routing.heads}
    for route in routing.routes:
        for number, tier in enumerate(route.tiers):
            for head in tier.weights:
                served[head].append((route, number))
    for entry in routing.heads:
        yield Artifact(
            path=f"routing/heads/{entry.head_id}.json",
            content=document_of_models(
                [SCHEMA_VERSION, ("head", _head(entry))],
                "models",
                [route.model_id for route, _ in served[entry.head_id]],
                partial(_served, served[entry.head_id], entry.head_id),
            ),
        )


def _served(models: Sequence[tuple[Route, int]], head: str, number: int) -> str:
    """What a head must serve of the model with that number in its list."""
    route, tier = models[number]
    targets = [route.local_targets[head]] if route.local_inference else route.targets
    return encode(
        {
            "model_id": route.model_id,
            "match": _match(route),
            "fallback_models": route.fallback_models,
            "access": _access(route),
            "limits": _limits(route),
            "local_inference": route.local_inference,
            "tier": tier,
            "weight": route.tiers[tier].weights[head],
            "targets": [_upstream(target) for target in targets],
        }
    )


def emit_regions(routing: RoutingTable) -> Iterator[Artifact]:
    """One artifact per region.

    `models` are those of the region, with the heads that serve them; `denied` are the ids of models that answer 403 to
    clients of the region, which may call every other model.
    """
    models: dict[str, list[Route]] = {region.code: [] for region in routing.regions}
    bound = []
    for route in routing.routes:
        models[route.region].append(route)
        if route.is_routed and route.client_regions is not None:
            bound.append(route)
    for region in routing.regions:
        here = models[region.code]
        denied = (route.model_id for route in bound if not may_call(route, region.code))
        yield Artifact(
            path=f"routing/regions/{region.code}.json",
            content=document_of_models(
                [SCHEMA_VERSION, ("region", _region(region))],
                "models",
                [route.model_id for route in here],
                partial(_offered, here),
                lists=[("heads", [_head(head) for head in routing.heads if head.region == region.code])],
                after=[("denied", map(encode, denied))],
            ),
        )


def _offered(models: Sequence[Route], number: int) -> str:
    route = models[number]
    return encode(
        {
            "model_id": route.model_id,
            "name": route.about.name,
            "status": route.status,
            "heads": route.heads,
            "reach": route.reach,
        }
    )


def model_url(base: str, model_id: str, ending: str) -> str:
    """The URL of a model's page or JSON, under the name of its file."""
    return f"{base}admin/models/{quote(portable(f'{model_id}.{ending}'), safe='/=')}"


def emit_snapshot(routing: RoutingTable, base: str = "/") -> Iterator[Artifact]:
    """One artifact per model, then the snapshot of all: models by id, regions and heads in the order of their files."""
    routes = routing.routes
    models = [route.model_id for route in routes]
    for route in routes:
        yield Artifact(
            path=f"site/admin/models/{route.model_id}.json",
            content=partial(_alone, route, base),
            made_of=(route.model_id,),
        )
    content = document_of_models(
        [SCHEMA_VERSION],
        "models",
        models,
        lambda number: _model(routes[number], base),
        after=[("regions", map(_region, routing.regions)), ("heads", map(_head, routing.heads))],
    )
    yield Artifact(path="site/admin/models.json", content=content)


def _alone(route: Route, base: str) -> bytes:
    return document([SCHEMA_VERSION, ("model", _model(route, base)), ("lines", _lines(route.about.lines))])


@lru_cache(maxsize=1000)
def _lines(lines: str) -> str:
    return encode({field: int(line) for field, _, line in (part.rpartition(":") for part in lines.split())})


def _model(route: Route, base: str) -> str:
    """One model with the field names of its file, and what is derived: `tiers`, `reach`, `source` and its own `url`.

    The upstream fields are those of the first deployment; `deployments` lists all. If the heads run the model
    themselves, it is empty, and `local_targets` has the target of each head.
    """
    about = route.about
    first = first_target(route)
    return encode(
        {
            "model_id": route.model_id,
            "name": about.name,
            "region": route.region,
            "priority_head": about.priority_head,
            "fallback_heads": about.fallback_heads,
            "load_balancing": {"policy": route.policy, "weights": about.weights},
            "endpoint": first.endpoint,
            "provider": first.provider,
            "upstream_model": first.upstream_model,
            "api_key": first.api_key,
            "params": first.params,
            "request": first.request,
            "model_info": first.model_info,
            "upstream_region": None if route.local_inference else first.region,
            "deployments": [_upstream(target) for target in route.targets],
            "local_inference": route.local_inference,
            "local_targets": {head: _upstream(target) for head, target in route.local_targets.items()},
            "fallback_models": route.fallback_models,
            "aliases": route.aliases,
            "limits": _limits(route),
            "retry_on": route.retry_on,
            "hedge": route.hedge,
            "access": _access(route),
            "status": route.status,
            "sunset": about.sunset,
            "replaced_by": about.replaced_by,
            "tags": about.tags,
            "metadata": about.metadata,
            "tiers": _tiers(route),
            "reach": route.reach,
            "source": {"path": about.path, "line": about.line},
            "url": model_url(base, route.model_id, "json"),
        }
    )
