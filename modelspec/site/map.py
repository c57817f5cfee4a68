"""The regions on a map and in words: their models, where these may be served, and where they fall back to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from modelspec.routing.outage import alike
from modelspec.routing.table import RegionEntry, RoutingTable
from modelspec.site.svg.world import Arc, Point, world_svg
from modelspec.site.wording import Link, Wording, count, listed

_MOST_ARCS = 30
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRow:
    """What the map says of a region, in words; `is_drawn` where the region has a location."""

    code: str
    region: Link
    models: int
    rule: str
    fallbacks: str
    is_drawn: bool

    @property
    def counted(self) -> str:
        """The count of models as people write it."""
        return f"{self.models:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetMap:
    """A picture, None without locations, and the same in words; `rest` counts the regions that no row shows."""

    picture: Markup | None
    rows: tuple[MapRow, ...]
    has_rules: bool
    arcs: int
    more_arcs: bool
    undrawn: int
    rest: int


def map_of(routing: RoutingTable, names: Wording, *, most: int) -> FleetMap:
    """The map of a fleet, and its `most` regions with the most models in words."""
    models = Counter(route.region for route in routing.routes)
    flows = fallback_flows(routing)
    rows = [_row(region, models[region.code], flows, names) for region in routing.regions]
    rows.sort(key=lambda row: -row.models)
    placed = {region.code for region in routing.regions if region.location is not None}
    drawn = {pair: number for pair, number in flows.items() if placed.issuperset(pair)}
    arcs = _arcs(drawn, names)
    return FleetMap(
        picture=world_svg(
            [_point(region, models, names) for region in routing.regions if region.location], arcs
        ),
        rows=tuple(rows[:most]),
        has_rules=any(region.residency is not None for region in routing.regions if region.location),
        arcs=len(arcs),
        more_arcs=len(drawn) > len(arcs),
        undrawn=sum(region.location is None for region in routing.regions),
        rest=len(rows[most:]),
    )


def fallback_flows(routing: RoutingTable) -> Counter[tuple[str, str]]:
    """Pairs of regions with the models that go from one to the other when the heads of the first go down."""
    regions = {head.head_id: head.region for head in routing.heads}
    flows: Counter[tuple[str, str]] = Counter()
    for route, number in alike(routing.routes):
        tiers = [frozenset(regions[head] for head in tier.weights) for tier in route.tiers]
        for start in sorted(tiers[0]) if tiers else ():
            left = next((rest for tier in tiers if (rest := tier - {start})), frozenset())
            flows.update({(start, end): number for end in sorted(left)})
    return flows


def _row(region: RegionEntry, models: int, flows: Mapping[tuple[str, str], int], names: Wording) -> MapRow:
    ends = [(end, number) for (start, end), number in flows.items() if start == region.code]
    ends.sort(key=lambda one: -one[1])
    said = [f"{names.region_titles[end]}: {count(number, 'model')}" for end, number in ends]
    return MapRow(
        code=region.code,
        region=names.region(region.code),
        models=models,
        rule=_rule(region, names),
        fallbacks=", ".join(_some(said)) or "nowhere else",
        is_drawn=region.location is not None,
    )


def _rule(region: RegionEntry, names: Wording) -> str:
    if region.residency is None:
        return "anywhere"
    return listed(_some([names.region_titles[code] for code in region.residency])) or "nowhere"


def _some(words: list[str]) -> list[str]:
    rest = len(words) - _MOST_NAMED
    return words if rest <= 0 else [*words[:_MOST_NAMED], f"{rest:,} more"]


def _point(region: RegionEntry, models: Mapping[str, int], names: Wording) -> Point:
    assert region.location is not None
    where = "anywhere" if region.residency is None else f"only in {_rule(region, names)}"
    title = names.region_titles[region.code]
    return Point(
        code=region.code,
        title=title,
        hint=f"{title}: {count(models[region.code], 'model')}, served {where}",
        latitude=region.location[0],
        longitude=region.location[1],
        href=names.links.region(region.code),
        count=models[region.code],
        allowed=region.residency,
    )


def _arcs(flows: Mapping[tuple[str, str], int], names: Wording) -> list[Arc]:
    """The widest, narrow ones last in the list and on top in the picture."""
    most = sorted(flows.items(), key=lambda one: (-one[1], one[0]))[:_MOST_ARCS]
    titles = names.region_titles
    return [
        Arc(
            start=start,
            end=end,
            count=number,
            title=f"{titles[start]} to {titles[end]}: {count(number, 'model')}",
        )
        for (start, end), number in most
    ]
