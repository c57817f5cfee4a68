"""Heads and regions: which are new, gone, renamed or changed, and which models each touches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from modelspec.plan.declared import HEAD_FIELDS, REGION_FIELDS
from modelspec.plan.effect import Effect, Said, Subject, Words
from modelspec.plan.pair import listed, plain
from modelspec.plan.sides import Sides, Table, exact
from modelspec.routing import RegionEntry

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
