"""The first page: how much there is, how the load is spread, what the build warns of."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.emit.artifact import Artifact
from modelspec.routing.table import RoutingTable
from modelspec.site.context import SiteContext
from modelspec.site.frame import Files, PageFrame, files_of
from modelspec.site.render import render
from modelspec.site.svg.drawing import Bar, bars_svg
from modelspec.site.wording import Wording, count


@dataclass(slots=True, kw_only=True)
class Load:
    """Ids of models in their order; `first` are those of the first tier, `fallback` those of a later one."""

    first: list[str] = field(default_factory=list)
    fallback: list[str] = field(default_factory=list)


def load_of_heads(routing: RoutingTable) -> dict[str, Load]:
    """By head id, in the order of the file; heads without any model included."""
    loads = {head.head_id: Load() for head in routing.heads}
    for route in routing.routes:
        for number, tier in enumerate(route.tiers):
            for head in tier.weights:
                (loads[head].fallback if number else loads[head].first).append(route.model_id)
    return loads


def load_of_regions(routing: RoutingTable) -> dict[str, Load]:
    """By region code: a model counts once, where its first tier has a head or else where a later one has."""
    regions = {head.head_id: head.region for head in routing.heads}
    loads = {region.code: Load() for region in routing.regions}
    for route in routing.routes:
        first = _regions_of([route.tiers[0].weights] if route.tiers else [], regions)
        later = _regions_of([tier.weights for tier in route.tiers[1:]], regions)
        for code in first:
            loads[code].first.append(route.model_id)
        for code in later:
            if code not in first:
                loads[code].fallback.append(route.model_id)
    return loads


def _regions_of(tiers: Sequence[Iterable[str]], regions: dict[str, str]) -> dict[str, None]:
    return {regions[head]: None for heads in tiers for head in heads}


_MOST_FAULTS = 100
_MOST_BARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure with its noun; `notes` are what it is made of."""

    figure: str
    noun: str
    href: str
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    """A warning or info of the build."""

    severity: str
    code: str
    message: str
    help: str
    files: Files


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """`faults_more` says how many are not shown."""

    tiles: tuple[Tile, ...]
    heads: Markup
    heads_more: str
    heads_href: str
    regions: Markup
    regions_more: str
    regions_href: str
    faults: tuple[FaultRow, ...]
    faults_counted: str
    faults_more: str


def emit_dashboard(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """One page."""
    heads = [
        _bar(names.head_titles[head], load, names.links.head(head))
        for head, load in load_of_heads(routing).items()
    ]
    regions = [
        _bar(names.region_titles[code], load, names.links.region(code))
        for code, load in load_of_regions(routing).items()
    ]
    faults = [fault for fault in context.diagnostics if fault.severity is not Severity.ERROR]
    faults.sort(key=lambda fault: fault.severity is not Severity.WARNING)
    counts = Counter(fault.severity for fault in faults)
    view = Dashboard(
        tiles=tuple(_tiles(routing, names)),
        heads=bars_svg(_highest(heads), title="Load by head"),
        heads_more=_more(heads, "head"),
        heads_href=names.links.heads,
        regions=bars_svg(_highest(regions), title="Load by region"),
        regions_more=_more(regions, "region"),
        regions_href=names.links.regions,
        faults=tuple(_fault(fault, context) for fault in faults[:_MOST_FAULTS]),
        faults_counted=", ".join(
            count(counts[severity], str(severity)) for severity in Severity if counts[severity]
        ),
        faults_more=f"{len(faults) - _MOST_FAULTS:,} more" if len(faults) > _MOST_FAULTS else "",
    )
    yield Artifact(path="site/admin/index.html", content=render("dashboard", frame, view))


def _tiles(routing: RoutingTable, names: Wording) -> Iterator[Tile]:
    models = Counter(route.status for route in routing.routes)
    local = sum(route.local_inference for route in routing.routes)
    heads = Counter(head.status for head in routing.heads)
    bound = sum(region.residency is not None for region in routing.regions)
    yield _tile(
        len(routing.routes),
        "model",
        names.links.models,
        [*_statuses(models), (local, "with local inference")],
    )
    yield _tile(len(routing.regions), "region", names.links.regions, [(bound, "with a residency rule")])
    yield _tile(len(routing.heads), "head", names.links.heads, _statuses(heads))


def _statuses(counts: Counter[str]) -> list[tuple[int, str]]:
    order = ("active", "draining", "offline", "deprecated", "disabled")
    return [(counts[status], status) for status in order]


def _tile(number: int, noun: str, href: str, notes: list[tuple[int, str]]) -> Tile:
    return Tile(
        figure=f"{number:,}",
        noun=noun if number == 1 else f"{noun}s",
        href=href,
        notes=", ".join(f"{figure:,} {words}" for figure, words in notes if figure),
    )


def _bar(title: str, load: Load, href: str) -> Bar:
    fallback = f"+ {len(load.fallback):,} as fallback" if load.fallback else ""
    return Bar(label=title, value=len(load.first), href=href, note=fallback)


def _highest(bars: list[Bar]) -> list[Bar]:
    return sorted(bars, key=lambda bar: -bar.value)[:_MOST_BARS]


def _more(bars: list[Bar], noun: str) -> str:
    return f"and {count(len(bars) - _MOST_BARS, noun)} with less" if len(bars) > _MOST_BARS else ""


def _fault(fault: Diagnostic, context: SiteContext) -> FaultRow:
    return FaultRow(
        severity=fault.severity.value,
        code=fault.code,
        message=fault.message,
        help=fault.help,
        files=files_of(context, fault.path, fault.span.line),
    )
