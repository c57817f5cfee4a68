"""The dashboard: counts, the distribution of load, and the warnings of the build."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from modelspec.diagnose.diagnostic import Severity
from modelspec.emit.artifact import Artifact
from modelspec.routing.table import RoutingTable
from modelspec.site import SiteContext
from modelspec.site.forges import links_for
from modelspec.site.frame import PageFrame, page
from modelspec.site.svg.drawing import Bar, bars_svg
from modelspec.site.wording import Link, Wording, count


@dataclass(slots=True, kw_only=True)
class Load:
    """Model ids in order; `first` are served in the first tier, `fallback` in a later one."""

    first: list[str] = field(default_factory=list)
    fallback: list[str] = field(default_factory=list)


def load_of_heads(routing: RoutingTable) -> dict[str, Load]:
    """By head id, in the order of the file, including heads without models."""
    loads = {head.head_id: Load() for head in routing.heads}
    for route in routing.routes:
        for number, tier in enumerate(route.tiers):
            for head in tier.weights:
                (loads[head].fallback if number else loads[head].first).append(route.model_id)
    return loads


def load_of_regions(routing: RoutingTable) -> dict[str, Load]:
    """By region code. A model counts once per region: `first` if its first tier has a head there, else `fallback`."""
    regions = {head.head_id: head.region for head in routing.heads}
    loads = {region.code: Load() for region in routing.regions}
    for route in routing.routes:
        seen = set()
        for number, tier in enumerate(route.tiers):
            for code in (regions[head] for head in tier.weights):
                if code not in seen:
                    seen.add(code)
                    (loads[code].fallback if number else loads[code].first).append(route.model_id)
    return loads


_MOST_FAULTS = 100
_MOST_BARS = 40


def emit_dashboard(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """One page."""
    heads = _bars(load_of_heads(routing), names.head)
    regions = _bars(load_of_regions(routing), names.region)
    faults = [fault for fault in context.diagnostics if fault.severity is not Severity.ERROR]
    faults.sort(key=lambda fault: fault.severity is not Severity.WARNING)
    counts = Counter(fault.severity for fault in faults)
    yield page(
        "index.html",
        "dashboard",
        frame,
        origin=_origin(context),
        tiles=list(_tiles(routing, names)),
        heads=bars_svg(heads[:_MOST_BARS], title="Load by head"),
        heads_more=_more(heads, "head"),
        regions=bars_svg(regions[:_MOST_BARS], title="Load by region"),
        regions_more=_more(regions, "region"),
        faults=[
            (fault, links_for(context.repository, fault.path, fault.span.line).view)
            for fault in faults[:_MOST_FAULTS]
        ],
        faults_counted=", ".join(
            count(counts[severity], str(severity)) for severity in Severity if counts[severity]
        ),
        faults_more=f"{len(faults) - _MOST_FAULTS:,} more" if len(faults) > _MOST_FAULTS else "",
    )


_SHORT = 12
"""Characters of a commit id to show."""


def _origin(context: SiteContext) -> str:
    """The commit and its date, as far as the build was told: of all pages, only this one changes with each commit."""
    commit = "" if context.commit is None else f" from commit {context.commit[:_SHORT]}"
    return commit if context.commit_date is None else f"{commit} of {context.commit_date}"


Tile = tuple[str, str, str, str]
"""A number, its noun, a link, and the parts of the number."""


def _tiles(routing: RoutingTable, names: Wording) -> Iterator[Tile]:
    models = Counter(route.status for route in routing.routes)
    local = sum(route.local_inference for route in routing.routes)
    heads = Counter(head.status for head in routing.heads)
    bound = sum(region.residency is not None for region in routing.regions)
    order = ("active", "draining", "offline", "deprecated", "disabled")
    statuses = [(models[status], status) for status in order]
    links = names.links
    yield _tile(len(routing.routes), "model", links.models, [*statuses, (local, "with local inference")])
    yield _tile(len(routing.regions), "region", links.regions, [(bound, "with a residency rule")])
    yield _tile(len(routing.heads), "head", links.heads, [(heads[status], status) for status in order])


def _tile(number: int, noun: str, href: str, notes: list[tuple[int, str]]) -> Tile:
    parts = ", ".join(f"{figure:,} {words}" for figure, words in notes if figure)
    return f"{number:,}", noun if number == 1 else f"{noun}s", href, parts


def _bars(loads: Mapping[str, Load], link: Callable[[str], Link]) -> list[Bar]:
    """The bars, highest first."""
    bars = [
        Bar(
            label=link(name).text,
            value=len(load.first),
            href=link(name).href,
            note=f"+ {len(load.fallback):,} as fallback" if load.fallback else "",
        )
        for name, load in loads.items()
    ]
    return sorted(bars, key=lambda bar: -bar.value)


def _more(bars: list[Bar], noun: str) -> str:
    return f"and {count(len(bars) - _MOST_BARS, noun)} with less" if len(bars) > _MOST_BARS else ""
