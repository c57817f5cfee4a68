"""The models page: cards and facets, on pages cut by key if there are many models."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from hashlib import sha256
from itertools import accumulate, chain
from typing import NamedTuple, TypeVar

from modelspec.emit.artifact import Artifact
from modelspec.routing.table import RoutingTable
from modelspec.site import SiteContext
from modelspec.site.frame import PageFrame, lazy_page
from modelspec.site.records import ModelRecord, Records, compact
from modelspec.site.wording import Link, Wording, count, slug

MOST_OPTIONS = 60
"""The most options of a facet; the search finds the rest."""

Facet = tuple[str, str, list[tuple[str, str, str]], str]
"""The name in the query string, a legend, options (value, label, count), and how many more values there are."""


def emit_models(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """The page under both of its names, the list that the browser searches, and with many models further pages."""
    records = Records(routing, context, names)
    ids = [_OnlyId(route.model_id) for route in routing.routes]
    pages = [ids] if len(ids) <= context.whole_page_limit else list(cut(ids, context.page_size))
    hrefs = [names.links.models, *(names.links.models_from(shown[0].id) for shown in pages[1:])]
    starts = [0, *accumulate(map(len, pages))]

    def view(number: int) -> Mapping[str, object]:
        is_first = not number
        whole = _of_whole_list(records.all(), list(_facets(records.all(), names))) if is_first else {}
        shown = records.some(starts[number], starts[number + 1])
        return {
            "cards": shown,
            "names": names,
            "client_regions": list(names.region_titles.items()) if is_first else [],
            "first": shown[0].id if shown else "",
            "last": shown[-1].id if shown else "",
            "previous": None if is_first else hrefs[number - 1],
            "following": hrefs[number + 1] if number + 1 < len(pages) else None,
            "index": names.links.models_index if len(pages) > 1 else None,
            **whole,
        }

    first = cache(lambda: lazy_page("models.html", "models", frame, partial(view, 0), made_of=None).content)
    # What needs all records stands together, so that one process makes them.
    yield Artifact(path="site/admin/models.html", content=first)
    yield Artifact(path="site/admin/models/index.html", content=first)
    yield Artifact(path="site/admin/assets/models.json", content=lambda: compact(records.all(), names))
    for number, shown in enumerate(pages[1:], 1):
        path = f"models/page/{slug(shown[0].id)}.html"
        related = (names.related(names.index.routes[one.id]) for one in shown)
        made_of = [*chain.from_iterable(related), "between", *hrefs[number - 1 : number + 2]]
        yield lazy_page(path, "models_page", frame, partial(view, number), made_of=made_of)
    if len(pages) > 1:
        links = [
            (Link(text=shown[0].id, href=href), shown[-1].id, count(len(shown), "model"))
            for href, shown in zip(hrefs, pages, strict=True)
        ]
        yield lazy_page(
            "models/page/index.html",
            "models_index",
            frame,
            lambda: {"pages": links},
            made_of=[f"{link.text} {last} {counted}" for link, last, counted in links],
        )


class _OnlyId(NamedTuple):
    """A model, before anything else is known of it."""

    id: str


Cut = TypeVar("Cut", _OnlyId, ModelRecord)


def _of_whole_list(records: Sequence[ModelRecord], facets: list[Facet]) -> dict[str, object]:
    """What only the first page says, since it changes with every model."""
    return {
        "total": len(records),
        "counted": count(len(records), "model"),
        "facets": [facet for facet in facets if facet[0] in _ALWAYS_OPEN],
        "more_facets": [facet for facet in facets if facet[0] not in _ALWAYS_OPEN],
    }


def cut(records: Sequence[Cut], size: int) -> Iterator[Sequence[Cut]]:
    """Pages of about `size` models, between a third and twice of it; a hash of an id says where one may begin.

    So a new model changes its own page, and those after it only where a page became too long.
    """
    start = 0
    for place, record in enumerate(records):
        length = place - start
        if length >= 2 * size or (length >= max(1, size // 3) and _begins_page(record.id, size)):
            yield records[start:place]
            start = place
    yield records[start:]


def _begins_page(model_id: str, size: int) -> bool:
    return int.from_bytes(sha256(model_id.encode()).digest()[:4]) % max(1, size * 2 // 3) == 0


_ALWAYS_OPEN = ("region", "head", "provider", "status", "local", "tag")
_RISKS = {"one-head": "Hangs on one head", "unknown-residency": "Residency not proved"}
_RESIDENCIES = {"kept": "Kept", "unknown": "Not proved", "none": "No rule"}
_SUNSETS = {
    "90d": "Within 90 days",
    "year": "Within a year",
    "later": "Later",
    "passed": "Passed",
}


def _facets(records: Sequence[ModelRecord], names: Wording) -> Iterator[Facet]:
    """Regions and heads in the order of their files, other values by frequency; unused values are omitted."""
    regions, heads = names.region_titles, names.head_titles
    reached = {f"-{code}": f"May leave {title}" for code, title in regions.items()}
    reached |= {code: f"May reach {title}" for code, title in regions.items()}
    yield _facet("region", "Region", Counter(one.region for one in records), regions)
    yield _facet("head", "Priority head", Counter(one.head for one in records), heads)
    yield _facet("provider", "Provider", Counter(word for one in records for word in one.provider))
    yield _facet("status", "Status", Counter(one.status for one in records))
    local = Counter(one.local for one in records)
    yield _facet("local", "Local inference", local, {"yes": "On the head", "no": "Upstream"})
    further = (
        _facet("tag", "Tag", Counter(tag for one in records for tag in set(one.tag))),
        _facet("reach", "Reach", Counter(code for one in records for code in one.reach), reached),
        _facet("residency", "Residency rule", Counter(one.residency for one in records), _RESIDENCIES),
        _facet("risk", "Risk", Counter(risk for one in records for risk in one.risk), _RISKS),
        _facet("owner", "Owner", Counter(one.owner for one in records if one.owner)),
        _facet("key", "API key", Counter(key for one in records for key in one.key)),
        _facet("host", "Upstream host", Counter(where for one in records for where in one.host)),
        _upstream_regions(records, regions),
    )
    yield from (facet for facet in further if facet[2])
    if any(one.sunset for one in records):
        # Which of them a day falls into depends on today, which the browser knows.
        yield "sunset", "Sunset", [(value, label, "") for value, label in _SUNSETS.items()], ""


def _upstream_regions(records: Sequence[ModelRecord], regions: Mapping[str, str]) -> Facet:
    counts = Counter(code for one in records for code in one.upstream_region)
    spelled = sorted(code for code in counts if code.startswith("country:"))
    titles = {
        **regions,
        **{code: f"Country {code.removeprefix('country:').upper()}" for code in spelled},
        "anywhere": "Anywhere",
        "unknown": "Unknown",
    }
    return _facet("upstream_region", "Upstream region", counts, titles)


def _facet(name: str, legend: str, counts: Counter[str], titles: Mapping[str, str] | None = None) -> Facet:
    if titles is None:
        titles = {value: value for value, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))}
    labels = [(value, title) for value, title in titles.items() if counts[value]]
    shown = labels[:MOST_OPTIONS]
    rest = len(labels) - len(shown)
    options = [(value, label, f"{counts[value]:,}") for value, label in shown]
    return name, legend, options, f"and {rest:,} more: search for {name}:…" if rest else ""
