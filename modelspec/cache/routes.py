"""Routes as rows of JSON, and back: the same objects, so that what is emitted of them is the same bytes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Any, Self

from modelspec.cache.key import CacheKey
from modelspec.cache.store import Cache, encode
from modelspec.check.examine import Facts
from modelspec.fleet.model import Catalog, Location, Model, Upstream
from modelspec.fleet.reference import Reference
from modelspec.routing.route import route
from modelspec.routing.table import About, Route, RoutingTable, Tier

_WORTH_KEEPING = 50
"""Routes are written anew when one file in this many has changed."""


@dataclass(slots=True, kw_only=True)
class KnownRoutes:
    """What an earlier run found out of the files that have not changed: facts and routes, both by path.

    `facts` are those of files whose route is known too, or that have none. `rows` are the kept rows of all.
    """

    store: Cache
    key: CacheKey
    facts: Mapping[str, Facts]
    rows: Mapping[str, Sequence[Any]]
    routes: Mapping[str, Route]
    paths: Mapping[str, str]

    @classmethod
    def of(cls, store: Cache, key: CacheKey) -> Self:
        """What the cache has, or nothing."""
        facts, rows, routes = store.facts(key), {}, {}
        stored = store.sealed("routes") if facts else None
        try:
            if stored is not None and stored["key"] == key.surroundings:
                rows = {path: row for path, row in stored["routes"].items() if key.models.get(path) == row[0]}
                routes = {path: route_of_row(row[1]) for path, row in rows.items()}
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            rows, routes = {}, {}
        known = {path: one for path, one in facts.items() if path in routes or one.signature is None}
        return cls(store=store, key=key, facts=known, rows=rows, routes=routes, paths={})

    def route(self, catalog: Catalog, models: Iterable[Model]) -> RoutingTable:
        """Route the models that were examined now; the others have their routes, with the reach of today."""
        table = route(catalog, models, kept=(self.routes[path] for path in self.facts if path in self.routes))
        self.paths = {one.model_id: one.about.path for one in table.routes}
        return table

    def keep(self, facts: Iterable[Facts], table: RoutingTable) -> None:
        """Remember facts and routes, unless nearly all of them are known."""
        found = list(facts)
        new = sum(one.path not in self.facts for one in found)
        if (
            new <= len(found) // _WORTH_KEEPING
            and len(self.facts) - len(found) <= len(found) // _WORTH_KEEPING
        ):
            return
        self.store.keep_facts(self.key, found)
        self.store.seal("routes", self._written(table))

    def _written(self, table: RoutingTable) -> Iterator[str]:
        """The JSON of the routes, a row at a time: all rows together would be the largest thing of a build."""
        yield f'{{"key":{encode(self.key.surroundings)},"routes":{{'
        separator = ""
        for one in table.routes:
            path = one.about.path
            row = self.rows.get(path) or (self.key.models[path], row_of_route(one))
            yield f"{separator}{encode(path)}:{encode(row)}"
            separator = ","
        yield "}}"


def row_of_route(route: Route) -> list[object]:
    """The row of a route."""
    about = route.about
    return [
        route.model_id,
        route.aliases,
        route.status,
        route.region,
        route.policy,
        [tier.weights for tier in route.tiers],
        route.local_inference,
        [_upstream(target) for target in route.targets],
        {head: _upstream(target) for head, target in route.local_targets.items()},
        route.fallback_models,
        route.reach,
        route.client_regions,
        route.visibility,
        route.groups,
        route.rpm,
        route.tpm,
        route.first_byte_seconds,
        route.retry_on,
        route.hedge,
        [
            about.name,
            about.priority_head,
            about.fallback_heads,
            about.weights,
            about.sunset,
            about.replaced_by,
            about.tags,
            about.metadata,
            about.path,
            about.line,
            about.lines,
        ],
    ]


def route_of_row(row: Sequence[Any]) -> Route:
    """The route of a row.

    Raises:
        TypeError, ValueError: it is not one.
    """
    (
        model_id,
        aliases,
        status,
        region,
        policy,
        tiers,
        local_inference,
        targets,
        local_targets,
        fallback_models,
        reach,
        client_regions,
        visibility,
        groups,
        rpm,
        tpm,
        first_byte_seconds,
        retry_on,
        hedge,
        about,
    ) = row
    return Route(
        model_id=model_id,
        aliases=tuple(aliases),
        status=status,
        region=region,
        policy=policy,
        tiers=tuple([Tier(weights=weights) for weights in tiers]),
        local_inference=local_inference,
        targets=tuple(map(_upstream_of, targets)),
        local_targets={head: _upstream_of(target) for head, target in local_targets.items()}
        if local_targets
        else {},
        fallback_models={condition: tuple(ids) for condition, ids in fallback_models.items()}
        if fallback_models
        else {},
        reach=tuple(reach),
        client_regions=None if client_regions is None else tuple(client_regions),
        visibility=visibility,
        groups=tuple(groups),
        rpm=rpm,
        tpm=tpm,
        first_byte_seconds=first_byte_seconds,
        retry_on=None if retry_on is None else tuple(retry_on),
        hedge=hedge,
        about=_about_of(about),
    )


def _about_of(row: Sequence[Any]) -> About:
    name, priority_head, fallback_heads, weights, sunset, replaced_by, tags, metadata, path, line, lines = row
    return About(
        name=name,
        priority_head=priority_head,
        fallback_heads=tuple(fallback_heads),
        weights=weights,
        sunset=sunset,
        replaced_by=replaced_by,
        tags=tuple(tags),
        metadata=metadata,
        path=path,
        line=line,
        lines=intern(lines),
    )


def _upstream(upstream: Upstream) -> list[object]:
    where = upstream.location
    return [
        _plain(upstream.endpoint),
        upstream.has_own_endpoint,
        upstream.provider,
        upstream.upstream_model,
        _plain(upstream.api_key),
        {name: _plain(value) for name, value in upstream.params.items()},
        upstream.request,
        upstream.model_info,
        upstream.region,
        upstream.weight,
        upstream.order,
        upstream.rpm,
        upstream.tpm,
        [where.regions, where.countries, where.known_by],
        upstream.is_declared,
        upstream.pointer,
    ]


def _upstream_of(row: Sequence[Any]) -> Upstream:
    (
        endpoint,
        has_own_endpoint,
        provider,
        upstream_model,
        api_key,
        params,
        request,
        model_info,
        region,
        weight,
        order,
        rpm,
        tpm,
        (regions, countries, known_by),
        is_declared,
        pointer,
    ) = row
    return Upstream(
        endpoint=endpoint if type(endpoint) is str else _value(endpoint),
        has_own_endpoint=has_own_endpoint,
        provider=provider,
        upstream_model=upstream_model,
        api_key=None if api_key is None else _value(api_key),
        params={name: _value(value) for name, value in params.items()} if params else {},
        request=request,
        model_info=model_info,
        region=region,
        weight=weight,
        order=order,
        rpm=rpm,
        tpm=tpm,
        location=Location(regions=tuple(regions), countries=tuple(countries), known_by=known_by),
        is_declared=is_declared,
        pointer=tuple(pointer),
    )


def _plain(value: object) -> object:
    """A reference as a list, which no parameter is."""
    return [value.kind, value.normal, value.written] if isinstance(value, Reference) else value


def _value(value: Any) -> Any:  # noqa: ANN401 - a scalar or a reference
    if not isinstance(value, list):
        return value
    kind, normal, written = value
    return Reference(kind=kind, normal=normal, written=written)
