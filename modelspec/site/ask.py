"""The routing table as pages ask it in the browser: `assets/routes.json`, which `decide.js` reads."""

import json
from collections.abc import Iterator
from hashlib import sha256

from modelspec.emit.artifact import Artifact, Sheet
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
    upstreams: dict[str, str] = {}
    sheet = Sheet()
    sheet.value(*SCHEMA_VERSION)
    sheet.value("models", encode(f"{names.links.base}admin/models/"))
    sheet.value("view", encode(view_template(context.repository)))
    sheet.rows(
        "regions",
        (
            encode(
                [
                    region.code,
                    names.region_titles[region.code],
                    region.residency,
                    names.region(region.code).href,
                ]
            )
            for region in routing.regions
        ),
    )
    sheet.rows(
        "heads",
        (
            encode(
                [
                    head.head_id,
                    head.region,
                    head.url,
                    head.status,
                    head.capacity,
                    context.head_lines.get(head.head_id, 1),
                    names.head(head.head_id).href,
                ]
            )
            for head in routing.heads
        ),
    )
    sheet.rows("routes", (encode(_route(route, upstreams)) for route in routing.routes))
    sheet.rows("upstreams", (f"[{encode(name)},{upstreams[name]}]" for name in sorted(upstreams)))
    yield Artifact(path="site/admin/assets/routes.json", content=sheet.close())


def _route(route: Route, upstreams: dict[str, str]) -> list[object]:
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
            *([_name(target, upstreams), target.upstream_model] for target in route.targets),
            *(
                [_name(target, upstreams), target.upstream_model, head]
                for head, target in route.local_targets.items()
            ),
        ],
        about.line,
        *([more] if more else []),
    ]


def _name(target: Upstream, upstreams: dict[str, str]) -> str:
    """The name of an upstream in the file, under which `upstreams` then has it."""
    content = encode(
        [
            endpoint(target),
            target.provider,
            key(target.api_key),
            target.location.words,
            target.region,
            target.weight,
            target.order,
        ]
    )
    digest = sha256(content.encode()).hexdigest()
    ends = range(_SHORTEST, len(digest) + 1)
    return next(digest[:end] for end in ends if upstreams.setdefault(digest[:end], content) == content)
