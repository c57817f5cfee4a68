"""Catalog to routing table: tiers, targets and reach."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from modelspec.fleet.location import runs_at, runs_on_heads, whereabouts
from modelspec.fleet.model import Catalog, Fleet, Model, Upstream
from modelspec.fleet.providers import endpoint_of
from modelspec.fleet.reach import transitive_reach
from modelspec.routing.table import About, HeadEntry, RegionEntry, Route, RoutingTable, Tier


def route(
    catalog: Catalog,
    models: Iterable[Model],
    *,
    known: Mapping[str, tuple[Model, Route]] = MappingProxyType({}),
    kept: Iterable[Route] = (),
) -> RoutingTable:
    """Compile a repository whose files could be read and linked; `models` are those of the catalog.

    `known` are models and their routes by id, from another state of the repository with the same regions and heads:
    what is the same object there and reaches as far has the same route. `kept` are routes of further models of the
    catalog, from an earlier run with the same regions and heads: only their reach depends on other models.
    """
    fleet = catalog.fleet
    reaches = transitive_reach(catalog.signatures, catalog.names)
    routes = []
    for model in models:
        reach = reaches[model.model_id]
        other, its_route = known.get(model.model_id, (None, None))
        if its_route is None or other is not model or its_route.reach != (reach if its_route.tiers else ()):
            its_route = _route(model, fleet, reach)
        routes.append(its_route)
    for one in kept:
        reach = reaches[one.model_id] if one.tiers else ()
        routes.append(one if one.reach == reach else replace(one, reach=reach))
    routes.sort(key=lambda route: route.model_id)
    return RoutingTable(
        regions=tuple(
            RegionEntry(
                code=r.code,
                name=r.name,
                residency=r.residency,
                location=r.location,
                countries=tuple(sorted(r.countries)),
                upstreams=r.claims.json,
            )
            for r in fleet.regions.values()
        ),
        heads=tuple(
            HeadEntry(
                head_id=h.head_id,
                region=h.region,
                url=h.url,
                status=h.status,
                health_path=h.health_path,
                inference_url=h.inference_url,
                capacity=h.capacity,
            )
            for h in fleet.heads.values()
        ),
        routes=tuple(routes),
    )


def tiers(model: Model, fleet: Fleet) -> tuple[Tier, ...]:
    """The heads of a model as they are tried.

    Tier 0 is the priority head with the heads of `weights`, then each fallback head. Offline heads are left out;
    draining heads move behind all active ones, each in a tier of its own as before.
    """
    first = dict(model.weights) or {model.priority_head: 1}
    planned: list[Mapping[str, int]] = [first, *({head: 1} for head in model.fallback_heads)]
    ordered: list[Tier] = []
    for status in ("active", "draining"):
        for heads in planned:
            kept = {head: weight for head, weight in heads.items() if fleet.heads[head].status == status}
            if kept:
                ordered.append(Tier(weights=kept))
    return tuple(ordered)


def _route(model: Model, fleet: Fleet, reach: tuple[str, ...]) -> Route:
    serving = tiers(model, fleet) if model.status != "disabled" else ()
    local = runs_on_heads(model)
    fallbacks: dict[str, list[str]] = {}
    for reference in model.fallback_models:
        fallbacks.setdefault(reference.condition, []).append(reference.model_id)
    return Route(
        model_id=model.model_id,
        aliases=model.aliases,
        status=model.status,
        region=model.region,
        policy=model.policy,
        tiers=serving,
        local_inference=local,
        targets=() if local else tuple(_target(upstream, model, fleet) for upstream in model.deployments),
        local_targets=_local_targets(model, fleet) if local else {},
        fallback_models={condition: tuple(ids) for condition, ids in fallbacks.items()},
        reach=reach if serving else (),
        client_regions=model.client_regions,
        visibility=model.visibility,
        groups=model.groups,
        rpm=model.rpm,
        tpm=model.tpm,
        first_byte_seconds=model.first_byte_seconds,
        retry_on=model.retry_on,
        hedge=model.hedge,
        about=About(
            name=model.name,
            priority_head=model.priority_head,
            fallback_heads=model.fallback_heads,
            weights=model.weights,
            sunset=model.sunset,
            replaced_by=model.replaced_by,
            tags=model.tags,
            metadata=model.metadata,
            path=model.path,
            line=model.line,
            lines=model.lines,
        ),
    )


def _target(upstream: Upstream, model: Model, fleet: Fleet) -> Upstream:
    """An upstream as every head calls it."""
    return replace(
        upstream,
        endpoint=upstream.endpoint or endpoint_of(upstream.provider),
        location=whereabouts(upstream, model, fleet).location,
    )


def _local_targets(model: Model, fleet: Fleet) -> Mapping[str, Upstream]:
    """One target for each head: the model's own endpoint there, or the head's inference server."""
    upstream = model.deployments[0]
    heads = ((head, fleet.heads[head]) for head in model.heads)
    return {
        name: replace(
            upstream,
            endpoint=upstream.endpoint or head.inference_url,
            has_own_endpoint=True,
            region=head.region,
            location=runs_at(head),
        )
        for name, head in heads
    }
