"""The models page: cards and facets, on several pages if there are many models."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.emit.artifact import Artifact, document, encode
from modelspec.emit.tables import first_target
from modelspec.routing.table import Route, RoutingTable
from modelspec.site import SiteContext
from modelspec.site.frame import PageFrame, page
from modelspec.site.wording import Link, Wording, count, endpoint, host

MOST_OPTIONS = 200
"""The most options of a facet; the search finds the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One model. Facets compare codes and ids; people read titles."""

    model_id: str
    name: str
    href: str
    region: str
    region_title: str
    head: str
    head_title: str
    host: str
    endpoint: str
    provider: str
    status: str
    is_local: bool
    tags: tuple[str, ...]
    tags_json: str


Facet = tuple[str, str, list[tuple[str, str, str]], str]
"""The name in the query string, a legend, options (value, label, count), and how many more values there are."""


def emit_models(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """The page under both of its names; with many models, further pages and the compact list."""
    cards = [card_of(route, names) for route in routing.routes]
    size = len(cards) if len(cards) <= context.whole_page_limit else context.page_size
    pages = max(1, -(-len(cards) // max(1, size)))
    facets = tuple(_facets(cards, names))
    is_paged = pages > 1
    for number in range(1, pages + 1):
        shown = cards[(number - 1) * size : number * size]
        steps = {"previous": number - 1, "following": number + 1}
        written = page(
            "models.html" if number == 1 else f"models/page/{number}.html",
            "models" if number == 1 else "models_page",
            frame,
            total=len(cards),
            counted=count(len(cards), "model"),
            # The browser lays out a group only when it comes near the viewport.
            groups=[
                shown[start : start + context.page_size] for start in range(0, len(shown), context.page_size)
            ],
            client_regions=list(names.region_titles.items()),
            facets=facets if number == 1 else (),
            source=f"{names.links.assets}models.json" if is_paged else names.links.snapshot,
            number=number,
            pages=pages,
            pager=list(_pager(number, pages, names)) if is_paged else (),
            **{name: names.links.models_page(to) if 1 <= to <= pages else None for name, to in steps.items()},
        )
        yield written
        if number == 1:
            yield Artifact(path="site/admin/models/index.html", content=written.content)
    if is_paged:
        yield Artifact(path="site/admin/assets/models.json", content=_compact(cards, names))


def card_of(route: Route, names: Wording) -> Card:
    """The card of a model, with its first deployment or the priority head's target."""
    about = route.about
    first = first_target(route)
    where = host(first)
    if len(route.targets) > 1:
        where = f"{where} and {len(route.targets) - 1} more"
    return Card(
        model_id=route.model_id,
        name=about.name,
        href=names.links.model(route.model_id),
        region=route.region,
        region_title=names.region_titles[route.region],
        head=about.priority_head,
        head_title=names.head_titles[about.priority_head],
        host=where,
        endpoint=endpoint(first),
        provider=first.provider,
        status=route.status,
        is_local=route.local_inference,
        tags=about.tags,
        tags_json=encode(about.tags) if about.tags else "",
    )


def _facets(cards: Sequence[Card], names: Wording) -> Iterator[Facet]:
    """Regions and heads in the order of their files, other values by frequency; unused values are omitted."""
    regions = Counter(card.region for card in cards)
    yield _facet("region", "Region", regions, names.region_titles)
    yield _facet("head", "Priority head", Counter(card.head for card in cards), names.head_titles)
    yield _facet("provider", "Provider", Counter(card.provider for card in cards))
    yield _facet("status", "Status", Counter(card.status for card in cards))
    local = Counter("yes" if card.is_local else "no" for card in cards)
    yield _facet("local", "Local inference", local, {"yes": "On the head", "no": "Upstream"})
    tags = Counter(tag for card in cards for tag in set(card.tags))
    if tags:
        yield _facet("tag", "Tag", tags)


def _facet(name: str, legend: str, counts: Counter[str], titles: Mapping[str, str] | None = None) -> Facet:
    if titles is None:
        titles = {value: value for value, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))}
    labels = [(value, title) for value, title in titles.items() if counts[value]]
    shown = labels[:MOST_OPTIONS]
    rest = len(labels) - len(shown)
    options = [(value, label, f"{counts[value]:,}") for value, label in shown]
    return name, legend, options, f"and {rest:,} more: use the search" if rest else ""


def _pager(number: int, pages: int, names: Wording) -> Iterator[Link]:
    """The first, the last and the nearest pages; a link without an address is a gap or the current page."""
    shown = sorted({1, pages, *range(max(1, number - 2), min(pages, number + 2) + 1)})
    before = 0
    for each in shown:
        if each > before + 1:
            yield Link(text="…")
        yield Link(text=str(each), href=None if each == number else names.links.models_page(each))
        before = each


_COMPACT = ("model_id", "name", "region", "head", "host", "endpoint", "provider", "status")


def _compact(cards: Iterable[Card], names: Wording) -> bytes:
    rows = ([*(getattr(card, name) for name in _COMPACT), int(card.is_local), card.tags] for card in cards)
    titles = [("regions", encode(names.region_titles)), ("heads", encode(names.head_titles))]
    return document(titles, [("models", map(encode, rows))])
