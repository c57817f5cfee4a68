"""The dashboard: what needs a person, counts, findings by rule, load, and the map."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.emit.artifact import Artifact
from modelspec.routing.table import RoutingTable
from modelspec.rules import RULES
from modelspec.site import SiteContext
from modelspec.site.attention import concerns
from modelspec.site.forges import ForgeRepository, links_for
from modelspec.site.frame import PageFrame, lazy_page
from modelspec.site.load import LoadRow, load_of_heads, naming_models, rows_of_heads, rows_of_regions
from modelspec.site.map import map_of
from modelspec.site.wording import Link, Links, Row, Wording, count

_MOST_EXAMPLES = 3
_MOST_HEADS = 40
_MOST_REGIONS = 20
_LONGEST_MESSAGE = 200
_TITLES = {rule.code: rule.title for rule in RULES}


def emit_dashboard(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """One page."""
    yield lazy_page(
        "index.html", "dashboard", frame, partial(_dashboard, routing, context, frame, names), made_of=None
    )


def _dashboard(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Mapping[str, object]:
    named = naming_models(routing)
    heads = rows_of_heads(routing, load_of_heads(routing), named, names)
    regions = [*rows_of_regions(routing, names)]
    needs = [*concerns(routing, context, named, names)]
    findings = [*_findings(context.diagnostics, context.repository, names.links)]
    counts: Counter[Severity] = Counter(
        one.severity for one in context.diagnostics if one.severity is not Severity.ERROR
    )
    return {
        "origin": _origin(context),
        "client_regions": list(names.region_titles.items()),
        "concerns": needs,
        "needed": any(one.count for one in needs),
        "tiles": [*_tiles(routing, names)],
        "findings": findings,
        "findings_counted": ", ".join(
            count(counts[severity], str(severity)) for severity in Severity if counts[severity]
        ),
        "loads": (
            _listing("head", heads, frame.links.heads, _MOST_HEADS),
            _listing("region", regions, frame.links.regions, _MOST_REGIONS),
        ),
        "map": map_of(routing, names, most=_MOST_REGIONS),
        "build": [*_build(context, names)],
    }


_SHORT = 12
"""Characters of a commit id to show."""


def _origin(context: SiteContext) -> str:
    """The commit and its date, as far as the build was told: of all pages, only this one changes with each commit."""
    commit = "" if context.commit is None else f" from commit {context.commit[:_SHORT]}"
    return commit if context.commit_date is None else f"{commit} of {context.commit_date}"


def _listing(noun: str, rows: Sequence[LoadRow], href: str, most: int) -> dict[str, object]:
    more = len(rows) - most
    return {
        "noun": noun,
        "rows": rows[:most],
        "has_capacity": any(row.capacity for row in rows),
        "href": href,
        "more": f"and {count(more, noun)} with less" if more > 0 else "",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One finding: `place` is `path:line`, at the forge where it has a page."""

    message: str
    place: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundByRule:
    """All findings of one rule: how many, some of them, and the list of what they are about."""

    code: str
    severity: Severity
    title: str
    count: int
    href: str | None
    examples: tuple[Example, ...]

    @property
    def counted(self) -> str:
        """The count as people write it."""
        return f"{self.count:,}"


def _findings(
    diagnostics: Iterable[Diagnostic], repository: ForgeRepository | None, links: Links
) -> Iterator[FoundByRule]:
    """Warnings first, and the rule that found most."""
    found: dict[tuple[Severity, str], list[Diagnostic]] = {}
    for one in diagnostics:
        if one.severity is not Severity.ERROR:
            found.setdefault((one.severity, one.code), []).append(one)
    lists = {
        "MS313": links.models_where(risk="unknown-residency"),
        "MS402": links.models_where(risk="one-head"),
        "MS601": links.heads,
        "MS602": links.regions,
        "MS604": links.models_where(status="deprecated"),
    }
    for (severity, code), each in sorted(
        found.items(), key=lambda one: (one[0][0].rank, -len(one[1]), one[0][1])
    ):
        yield FoundByRule(
            code=code,
            severity=severity,
            title=_TITLES[code].removesuffix("."),
            count=len(each),
            href=lists.get(code),
            examples=tuple(_example(one, repository) for one in each[:_MOST_EXAMPLES]),
        )


def _example(found: Diagnostic, repository: ForgeRepository | None) -> Example:
    line = found.span.line
    return Example(
        message=_cut(found.message),
        place=Link(text=f"{found.path}:{line}", href=links_for(repository, found.path, line).view),
    )


def _cut(text: str) -> str:
    return f"{text[:_LONGEST_MESSAGE]}…" if len(text) > _LONGEST_MESSAGE else text


def _build(context: SiteContext, names: Wording) -> Iterator[Row]:
    """What the pages were built from, and what has changed since, as the build was told."""
    if context.commit is not None:
        yield Row.of("Commit", context.commit)
    if context.commit_date is not None:
        yield Row.of("Author date", context.commit_date)
    since = context.since
    if since is not None:
        yield Row.of(f"Since {since.commit[:_SHORT]}", since.summary)
        for title, entries, rest in since.groups:
            more = [f"and {rest:,} more"] if rest else []
            yield Row.of(title, *(_changed(names, *entry) for entry in entries), *more)


def _changed(names: Wording, what: str, name: str, words: str) -> Link:
    """One change, linked to the page of what it is about where it is still there."""
    pages: Mapping[str, tuple[Mapping[str, object], Callable[[str], Link]]] = {
        "model": (names.index.routes, names.model),
        "head": (names.index.heads, names.head),
        "region": (names.index.regions, names.region),
    }
    there, link = pages.get(what, ({}, Link))
    text = _cut(f"{name if what in ('model', 'file') else f'{what} {name}'} {words}")
    return link(name)._replace(text=text) if name in there else Link(text=text)


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
