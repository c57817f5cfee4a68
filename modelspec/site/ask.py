"""The routing table as pages ask it in the browser: `assets/routes.json`, which `decide.js` reads."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256

from modelspec.emit.artifact import Artifact, document_of_models
from modelspec.emit.tables import SCHEMA_VERSION
from modelspec.fleet.model import Upstream
from modelspec.routing.table import Route, RoutingTable
from modelspec.site import SiteContext
from modelspec.site.forges import view_template
from modelspec.site.wording import Wording, endpoint, key

_SHORTEST = 6
"""Hexadecimal digits of the name of an upstream."""

encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""A value on one line, without spaces: a fleet has thousands of rows."""


def emit_routes(routing: RoutingTable, context: SiteContext, names: Wording) -> Iterator[Artifact]:
    """One file, with a region, head, model or upstream a line.

    A model names its upstreams, of which a fleet has few, by digest: a change of one model changes its own line.
    """
    routes = routing.routes
    upstreams = _Upstreams(routes, names)
    regions = (
        [region.code, names.region_titles[region.code], region.residency, names.region(region.code).href]
        for region in routing.regions
    )
    heads = (
        [
            head.head_id,
            head.region,
            head.url,
            head.status,
            head.capacity,
            context.head_lines.get(head.head_id, 1),
            names.head(head.head_id).href,
        ]
        for head in routing.heads
    )
    content = document_of_models(
        [
            SCHEMA_VERSION,
            ("models", encode(f"{names.links.base}admin/models/")),
            ("view", encode(view_template(context.repository))),
            ("digits", str(upstreams.digits)),
        ],
        "routes",
        [route.model_id for route in routes],
        lambda number: encode(_route(routes[number], upstreams)),
        lists=[("regions", map(encode, regions)), ("heads", map(encode, heads))],
        after=[("upstreams", upstreams.rows())],
    )
    yield Artifact(path="site/admin/assets/routes.json", content=content)


def _route(route: Route, upstreams: "_Upstreams") -> list[object]:
    """Id, name, region, tiers (head and weight by turns), reach, targets, line of the id, and what few models have."""
    about = route.about
    served = {*route.heads}
    named = dict.fromkeys((about.priority_head, *about.weights, *about.fallback_heads))
    few = {
        "status": None if route.status == "active" else route.status,
        "path": None if about.path == f"models.d/{route.model_id}.yaml" else about.path,
        "aliases": route.aliases,
        "policy": None if route.policy == "round_robin" else route.policy,
        "offline": [head for head in named if head not in served],
        "fallbacks": route.fallback_models,
        "replaced_by": about.replaced_by,
    }
    more = {name: value for name, value in few.items() if value}
    if route.client_regions is not None:
        more["clients"] = route.client_regions
    return [
        route.model_id,
        "" if about.name == route.model_id else about.name,
        route.region,
        [[part for share in tier.weights.items() for part in share] for tier in route.tiers],
        route.reach,
        [
            *([upstreams.name(target), target.upstream_model] for target in route.targets),
            *(
                [upstreams.name(target), target.upstream_model, head]
                for head, target in route.local_targets.items()
            ),
        ],
        about.line,
        *([more] if more else []),
    ]


class _Upstreams:
    """What models call, each once, under a part of its digest that is as long for all as it must be for any."""

    def __init__(self, routes: Iterable[Route], names: Wording) -> None:
        targets = {
            _parts(target): target
            for route in routes
            for target in (*route.targets, *route.local_targets.values())
        }
        contents = {parts: _content(target, names) for parts, target in targets.items()}
        self._digests = {parts: sha256(content.encode()).hexdigest() for parts, content in contents.items()}
        self._contents = {self._digests[parts]: content for parts, content in contents.items()}
        self.digits = _SHORTEST
        while len({digest[: self.digits] for digest in self._contents}) < len(self._contents):
            self.digits += 1

    def name(self, target: Upstream) -> str:
        """The name under which the file has an upstream."""
        return self._digests[_parts(target)][: self.digits]

    def rows(self) -> Iterator[str]:
        """Each name with its upstream."""
        for digest in sorted(self._contents):
            yield f"[{encode(digest[: self.digits])},{self._contents[digest]}]"


def _parts(target: Upstream) -> tuple[object, ...]:
    """What a page shows of an upstream, cheap to compare."""
    where = target.location
    return (
        target.endpoint,
        target.provider,
        target.api_key and target.api_key.written,
        target.api_key,
        where,
        target.region,
        target.weight,
        target.order,
    )


def _content(target: Upstream, names: Wording) -> str:
    return encode(
        [
            endpoint(target),
            target.provider,
            key(target.api_key),
            target.location.words,
            target.region,
            target.weight,
            target.order,
            None if target.api_key is None else names.links.key(target.api_key),
        ]
    )
