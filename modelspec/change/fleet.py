"""Heads and regions: which are new, gone, renamed or changed, and which models each touches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from modelspec.change.effect import Effect, Said, Subject, Words
from modelspec.change.pair import listed, plain
from modelspec.change.sides import Sides, Table, exact
from modelspec.change.upstreams import host
from modelspec.routing.table import HeadEntry, RegionEntry

Sentence = tuple[str, Words]
"""A kind and what is said; a sentence that is None is told by another effect."""


def _head_id(_sides: Sides, old: HeadEntry, _new: HeadEntry) -> Sentence:
    return "head-renamed", ("is the new id of ", Said(old.head_id))


def _head_region(sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence | None:
    if sides.regions.get(old.region, old.region) == new.region:
        return None  # the region has another code, which is said
    titles = Said(sides.before.region_title(old.region)), Said(sides.after.region_title(new.region))
    return "head-moved", ("moves from ", titles[0], " to ", titles[1])


def _head_url(_sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence:
    before, after = host(old.url), host(new.url)
    if before != after:
        return "head-host-changed", ("moves to another host: ", Said(before), " → ", Said(after))
    return "head-path-changed", ("is called at another path: ", Said(old.url), " → ", Said(new.url))


def _head_status(_sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence:
    match new.status:
        case "offline":
            return "head-offline", (f"goes offline; it was {old.status}",)
        case "draining":
            return "head-draining", (f"is drained; it was {old.status}",)
        case _:
            return "head-active", (f"takes requests again; it was {old.status}",)


def _health_path(_sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence:
    return "health-path-changed", (
        "is checked at ",
        Said(new.health_path),
        " instead of ",
        Said(old.health_path),
    )


def _inference(_sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence:
    before, after = (url and host(url) for url in (old.inference_url, new.inference_url))
    if before != after:
        words: Words = (
            "runs models at another host: ",
            Said(before or "nowhere"),
            " → ",
            Said(after or "nowhere"),
        )
        return "inference-host-changed", words
    paths = Said(old.inference_url or ""), Said(new.inference_url or "")
    return "inference-path-changed", ("runs models at another path: ", paths[0], " → ", paths[1])


def _capacity(_sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence:
    before, after = ("unset" if head.capacity is None else str(head.capacity) for head in (old, new))
    return "capacity-changed", (f"changes its capacity: {before} → {after}",)


def _code(_sides: Sides, old: RegionEntry, _new: RegionEntry) -> Sentence:
    return "region-renamed", ("is the new code of ", Said(old.code))


def _region_name(_sides: Sides, old: RegionEntry, new: RegionEntry) -> Sentence:
    return "region-title-changed", ("changes its name: ", Said(old.name), " → ", Said(new.name))


def _residency(sides: Sides, old: RegionEntry, new: RegionEntry) -> Sentence | None:
    """Absent means anywhere, so a rule that goes is as relaxed as can be."""
    before = None if old.residency is None else [sides.regions.get(code, code) for code in old.residency]
    after = None if new.residency is None else list(new.residency)
    if before == after:
        return None  # a region has another code, which is said
    added = before is not None and (after is None or not set(after) <= set(before))
    words: Words = (*_allowed(old.residency), " becomes ", *_allowed(new.residency))
    if added:
        return "residency-relaxed", ("relaxes its residency: ", *words)
    return "residency-tightened", ("tightens its residency: ", *words)


def _location(_sides: Sides, old: RegionEntry, new: RegionEntry) -> Sentence:
    before, after = (
        "nowhere" if region.location is None else f"{region.location[0]}, {region.location[1]}"
        for region in (old, new)
    )
    return "location-changed", (f"moves on the map: {before} → {after}",)


def _allowed(residency: tuple[str, ...] | None) -> Words:
    return ("anywhere",) if residency is None else listed(residency)


HEAD_FIELDS: Mapping[str, Callable[[Sides, HeadEntry, HeadEntry], Sentence | None]] = {
    "head_id": _head_id,
    "region": _head_region,
    "url": _head_url,
    "status": _head_status,
    "health_path": _health_path,
    "inference_url": _inference,
    "capacity": _capacity,
}
"""Every field of a head and what its change means."""

REGION_FIELDS: Mapping[str, Callable[[Sides, RegionEntry, RegionEntry], Sentence | None]] = {
    "code": _code,
    "name": _region_name,
    "residency": _residency,
    "location": _location,
}
"""Every field of a region and what its change means."""


HEADS = "heads.yaml"
REGIONS = "regions.yaml"

Touched = Mapping[str, Sequence[str]]


def fleet_effects(sides: Sides) -> Iterator[Effect]:
    """Effects on regions, then on heads."""
    old, new = sides.before.routing, sides.after.routing
    if exact(old.regions) != exact(new.regions):
        yield from _regions(sides)
    if exact(old.heads) != exact(new.heads):
        yield from _heads(sides)


def renamed_heads(before: Table, after: Table, regions: Mapping[str, str]) -> Mapping[str, str]:
    """From old ids to new ones, where all else is the same: the same place under another name."""
    return _renamed(
        {
            name: replace(h, head_id="", region=regions.get(h.region, h.region))
            for name, h in before.heads.items()
        },
        {name: replace(h, head_id="") for name, h in after.heads.items()},
    )


def renamed_regions(before: Table, after: Table) -> Mapping[str, str]:
    """From old codes to new ones, where the name and all else are the same; its residency may name it."""
    return _renamed(
        {code: _nameless(region) for code, region in before.regions.items()},
        {code: _nameless(region) for code, region in after.regions.items()},
    )


def _nameless(region: RegionEntry) -> RegionEntry:
    residency = region.residency
    if residency is not None:
        residency = tuple("" if code == region.code else code for code in residency)
    return replace(region, code="", residency=residency)


def _renamed(before: Mapping[str, object], after: Mapping[str, object]) -> Mapping[str, str]:
    gone: dict[str, list[str]] = {}
    for name, entry in before.items():
        if name not in after:
            gone.setdefault(exact(entry), []).append(name)
    names = {}
    for name, entry in after.items():
        same = gone.get(exact(entry)) if name not in before else None
        if same:
            names[same.pop(0)] = name
    return names


def _heads(sides: Sides) -> Iterator[Effect]:
    before, after = (_touched(table) for table in (sides.before, sides.after))
    for head_id, (old, new) in sides.kept_heads.items():
        subject = Subject(what="head", name=head_id)
        place = (sides.fleet_place(subject, HEADS, old=False),)
        touches = _merged(sides, before.get(old.head_id, ()), after.get(head_id, ()))
        for field, sentence in HEAD_FIELDS.items():
            values = getattr(old, field), getattr(new, field)
            told = sentence(sides, old, new) if exact(values[0]) != exact(values[1]) else None
            if told is not None:
                yield sides.effect(
                    told[0],
                    subject,
                    told[1],
                    before=plain(values[0]),
                    after=plain(values[1]),
                    places=place,
                    touches=touches,
                )
    for head_id in (
        head.head_id for head in sides.before.routing.heads if head.head_id in sides.removed_heads
    ):
        subject = Subject(what="head", name=head_id)
        entry = sides.before.heads[head_id]
        yield sides.effect(
            "head-removed",
            subject,
            ("is removed from ", Said(sides.before.region_title(entry.region))),
            before=plain(entry),
            after=None,
            places=(sides.fleet_place(subject, HEADS, old=True),),
            touches=tuple(before.get(head_id, ())),
        )
    for head_id in (head.head_id for head in sides.after.routing.heads if head.head_id in sides.added_heads):
        subject = Subject(what="head", name=head_id)
        entry = sides.after.heads[head_id]
        status = "" if entry.status == "active" else f", {entry.status}"
        yield sides.effect(
            "head-added",
            subject,
            (f"is added{status}: ", Said(sides.after.region_title(entry.region)), " at ", Said(entry.url)),
            before=None,
            after=plain(entry),
            places=(sides.fleet_place(subject, HEADS, old=False),),
            touches=tuple(after.get(head_id, ())),
        )
    order = [sides.heads.get(name, name) for name in sides.before.heads], list(sides.after.heads)
    yield from _reordered(sides, "heads-reordered", HEADS, order)


def _regions(sides: Sides) -> Iterator[Effect]:
    before, after = sides.before.regions, sides.after.regions
    at_home = [_at_home(table) for table in (sides.before, sides.after)]
    for code, new in after.items():
        subject = Subject(what="region", name=code)
        place = (sides.fleet_place(subject, REGIONS, old=False),)
        names = {old: now for old, now in sides.regions.items() if now == code}
        old_code = next(iter(names), code)
        old = before.get(old_code)
        if old is None:
            yield sides.effect(
                "region-added",
                subject,
                ("is added: ", Said(new.name), *_rule(new.residency)),
                before=None,
                after=plain(new),
                places=place,
                touches=tuple(at_home[1].get(code, ())),
            )
            continue
        touches = _merged(sides, at_home[0].get(old_code, ()), at_home[1].get(code, ()))
        for field, sentence in REGION_FIELDS.items():
            values = getattr(old, field), getattr(new, field)
            told = sentence(sides, old, new) if exact(values[0]) != exact(values[1]) else None
            if told is not None:
                yield sides.effect(
                    told[0],
                    subject,
                    told[1],
                    before=plain(values[0]),
                    after=plain(values[1]),
                    places=place,
                    touches=touches,
                )
    for code, old in before.items():
        if code not in after and code not in sides.regions:
            subject = Subject(what="region", name=code)
            yield sides.effect(
                "region-removed",
                subject,
                ("is removed: ", Said(old.name)),
                before=plain(old),
                after=None,
                places=(sides.fleet_place(subject, REGIONS, old=True),),
                touches=tuple(at_home[0].get(code, ())),
            )
    order = [sides.regions.get(code, code) for code in before], list(after)
    yield from _reordered(sides, "regions-reordered", REGIONS, order)


def _reordered(sides: Sides, kind: str, file: str, order: tuple[list[str], list[str]]) -> Iterator[Effect]:
    """Tables keep the order of the files, so another order is another file, and no news to anybody."""
    stay = set(order[0]) & set(order[1])
    before, after = ([name for name in names if name in stay] for names in order)
    if before != after:
        subject = Subject(what="file", name=file)
        places = (sides.fleet_place(subject, file, old=False),)
        what = "heads" if file == HEADS else "regions"
        yield sides.effect(
            kind, subject, (f"lists the {what} in another order",), before=before, after=after, places=places
        )


def _touched(table: Table) -> Touched:
    """Ids of the models that name a head, by its id."""
    touched: dict[str, list[str]] = {}
    for route in table.routing.routes:
        about = route.about
        for head in dict.fromkeys((about.priority_head, *about.weights, *about.fallback_heads)):
            touched.setdefault(head, []).append(route.model_id)
    return touched


def _at_home(table: Table) -> Touched:
    touched: dict[str, list[str]] = {}
    for route in table.routing.routes:
        touched.setdefault(route.region, []).append(route.model_id)
    return touched


def _merged(sides: Sides, before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({sides.models.get(model_id, model_id) for model_id in before} | set(after)))


def _rule(residency: tuple[str, ...] | None) -> Words:
    return (", may be served ", *(("anywhere",) if residency is None else ("in ", *listed(residency))))
