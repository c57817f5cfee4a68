"""Load by head and by region, in models, and the bars that show it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from modelspec.routing.table import HeadEntry, RoutingTable
from modelspec.site.svg.drawing import bar_svg
from modelspec.site.wording import Link, Wording, count

_HIGH = 2.0
"""Times the average load per capacity above which a head is marked: what `drill` calls overloaded."""


@dataclass(slots=True, kw_only=True)
class Load:
    """Model ids in order; `first` are served in the first tier, `fallback` in a later one."""

    first: list[str] = field(default_factory=list)
    fallback: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRow:
    """A head or a region with its bar; `state` is a status, `idle`, or `high`: far more than its share.

    `words` say what the bar shows. `capacity` is None where none is declared.
    """

    name: str
    link: Link
    first: int
    fallback: int
    state: str
    words: str
    capacity: int | None
    bar: Markup


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


def naming_models(routing: RoutingTable) -> Counter[str]:
    """By head id, how many models name it, whether it serves them or not."""
    named: Counter[str] = Counter()
    for route in routing.routes:
        about = route.about
        named.update({about.priority_head, *about.weights, *about.fallback_heads})
    return named


def rows_of_heads(
    routing: RoutingTable, loads: Mapping[str, Load], named: Mapping[str, int], names: Wording
) -> list[LoadRow]:
    """Every head, the one with most to do first; heads that are offline or idle stand last."""
    sized = [head for head in routing.heads if head.capacity is not None and head.status != "offline"]
    capacity = sum(head.capacity or 0 for head in sized)
    average = sum(len(loads[head.head_id].first) for head in sized) / capacity if capacity else 0.0
    shares = [average * head.capacity for head in sized if head.capacity is not None]
    whole = max(_most(loads.values()), *shares, 0.0)
    rows = [
        _row_of_head(head, loads[head.head_id], named.get(head.head_id, 0), (average, whole), names)
        for head in routing.heads
    ]
    return sorted(rows, key=lambda row: (row.state == "offline", -row.first, -row.fallback))


def _row_of_head(
    head: HeadEntry, load: Load, named: int, scale: tuple[float, float], names: Wording
) -> LoadRow:
    average, whole = scale
    first, fallback = len(load.first), len(load.fallback)
    state = "idle" if head.status == "active" and not first + fallback else head.status
    notes = [f"{first:,} first, {fallback:,} fallback"]
    share = None
    if state == "offline":
        notes = [f"offline: gets no request; {count(named, 'model')} {'names' if named == 1 else 'name'} it"]
    elif state == "idle":
        notes = [f"idle: no {'served ' if named else ''}model names it"]
    elif state == "draining":
        notes.append("draining: last in every route")
    if head.capacity is not None and state != "offline":
        share = average * head.capacity
        notes.append(
            f"capacity {head.capacity:,}" + (f", {first / share:.1f} times its share" if first else "")
        )
        if first > _HIGH * share > 0 and state == "active":
            state = "high"
    return LoadRow(
        name=head.head_id,
        link=names.head(head.head_id),
        first=first,
        fallback=fallback,
        state=state,
        words=" · ".join(notes),
        capacity=head.capacity,
        bar=bar_svg(first, fallback, whole=whole, mark=share),
    )


def _most(loads: Iterable[Load]) -> float:
    return float(max((len(load.first) + len(load.fallback) for load in loads), default=0))


def rows_of_regions(routing: RoutingTable, names: Wording) -> Iterator[LoadRow]:
    """Every region, the one with most to do first."""
    loads = load_of_regions(routing)
    whole = _most(loads.values())
    serving = {head.region for head in routing.heads if head.status != "offline"}
    there = {head.region for head in routing.heads}
    for code, load in sorted(loads.items(), key=lambda one: (-len(one[1].first), -len(one[1].fallback))):
        first, fallback = len(load.first), len(load.fallback)
        state, words = "active", f"{first:,} first, {fallback:,} fallback"
        if code not in there:
            state, words = "idle", "has no head"
        elif code not in serving:
            state, words = "offline", "offline: none of its heads gets a request"
        elif not first + fallback:
            state, words = "idle", "idle: no model is served here"
        yield LoadRow(
            name=code,
            link=names.region(code),
            first=first,
            fallback=fallback,
            state=state,
            words=words,
            capacity=None,
            bar=bar_svg(first, fallback, whole=whole),
        )
