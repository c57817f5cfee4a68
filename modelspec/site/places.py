"""The pages of regions and of heads."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from modelspec.emit.artifact import Artifact
from modelspec.routing.table import HeadEntry, RegionEntry, RoutingTable
from modelspec.site.dashboard import Load, load_of_heads
from modelspec.site.frame import PageFrame, page
from modelspec.site.svg.world import Point, world_svg
from modelspec.site.wording import Link, Row, Wording, count, listed

_MOST_LINKS = 60


Listing = tuple[str, list[Link], Link | None]
"""A summary, its models, and a link to the rest of a long list."""


def emit_places(routing: RoutingTable, frame: PageFrame, names: Wording) -> Iterator[Artifact]:
    """Two lists, and a page for each region and head."""
    loads = load_of_heads(routing)
    belonging: dict[str, list[str]] = {region.code: [] for region in routing.regions}
    for route in routing.routes:
        belonging[route.region].append(route.model_id)
    yield page(
        "regions.html",
        "regions",
        frame,
        world=_world(routing, belonging, names),
        regions=[_region(r, routing, belonging[r.code], loads, names) for r in routing.regions],
    )
    heads = [_head(head, loads[head.head_id], names) for head in routing.heads]
    yield page("heads.html", "heads", frame, heads=heads)
    for region in routing.regions:
        view = _region(region, routing, belonging[region.code], loads, names)
        yield page(f"regions/{region.code}.html", "region", frame, code=region.code, region=view)
    for head, entry in zip(heads, routing.heads, strict=True):
        yield page(f"heads/{entry.head_id}.html", "head", frame, head_id=entry.head_id, head=head)


def _world(routing: RoutingTable, belonging: dict[str, list[str]], names: Wording) -> Markup | None:
    return world_svg(
        [
            Point(
                title=names.region_titles[region.code],
                latitude=region.location[0],
                longitude=region.location[1],
                href=names.links.region(region.code),
                count=len(belonging[region.code]),
            )
            for region in routing.regions
            if region.location is not None
        ]
    )


def _region(
    region: RegionEntry, routing: RoutingTable, models: Sequence[str], loads: dict[str, Load], names: Wording
) -> dict[str, object]:
    """A region: `rule` is its residency in words; `heads` has each head with the number of its models."""
    link = Link(text="the models page", href=names.links.models_where(region=region.code))
    return {
        "title": names.region_titles[region.code],
        "anchor": f"region-{region.code}",
        "rule": _rule(region, names),
        "heads": [
            (names.head(head.head_id), _served(head, loads[head.head_id]))
            for head in routing.heads
            if head.region == region.code
        ],
        "listings": list(_listings([("of this region", models, link)], names)),
        "browse": link.href if models else None,
    }


def _rule(region: RegionEntry, names: Wording) -> str:
    if region.residency is None:
        return "Requests for its models may be served anywhere."
    places = listed([names.region_titles[code] for code in region.residency])
    return f"Requests for its models may be served only in {places}."


def _head(head: HeadEntry, load: Load, names: Wording) -> dict[str, object]:
    """A head, with the models that it serves first and as a fallback."""
    rows = [
        Row.of("Region", names.region(head.region)),
        Row.of("URL", head.url),
        Row.of("Health check", head.health_path),
    ]
    if head.inference_url is not None:
        rows.append(Row.of("Inference server", head.inference_url))
    if head.capacity is not None:
        share = f"{len(load.first) / head.capacity:.1f} first models per unit"
        rows.append(Row.of("Capacity", f"{count(head.capacity, 'unit')}, {share}"))
    rest = Link(text="the models page", href=names.links.models_where(head=head.head_id))
    elsewhere = Link(text="the models page", href=names.links.models)
    served = [("served first", load.first, rest), ("as a fallback", load.fallback, elsewhere)]
    return {
        "title": names.head_titles[head.head_id],
        "anchor": f"head-{head.head_id}",
        "status": head.status,
        "rows": rows,
        "listings": list(_listings(served, names)),
    }


def _served(head: HeadEntry, load: Load) -> str:
    if head.status == "offline":
        return "offline: serves no models"
    words = f"{count(len(load.first), 'model')} first, {len(load.fallback):,} as fallback"
    return words if head.status == "active" else f"{head.status}: {words}"


def _listings(lists: Sequence[tuple[str, Sequence[str], Link]], names: Wording) -> Iterator[Listing]:
    for words, models, more in lists:
        if models:
            shown = [
                Link(text=names.index.routes[model].about.name, href=names.links.model(model))
                for model in models[:_MOST_LINKS]
            ]
            rest = more if len(models) > _MOST_LINKS else None
            yield f"{count(len(models), 'model')} {words}", shown, rest
