"""Heads and regions: which are new, gone, renamed or changed, and which models each touches."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from modelspec.change.effect import Effect, EffectPlace, Quoted, Subject, Words, listed, step
from modelspec.change.sides import Sides, exact, plain, region_title
from modelspec.change.upstreams import relocation
from modelspec.fleet.geography import countries_of_code
from modelspec.routing.decide import Index
from modelspec.routing.table import HeadEntry, RegionEntry, RoutingTable

Sentence = tuple[str, Words]
"""A kind and its words; None where another effect covers it."""


def _head_region(sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence | None:
    if sides.region(old.region) == new.region:
        return None  # the region was renamed, which is reported
    titles = [Quoted(region_title(*one)) for one in ((sides.before, old.region), (sides.after, new.region))]
    return "head-moved", ("moves from ", titles[0], " to ", titles[1])


def _head_status(_sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence:
    kind, verb = {
        "offline": ("head-offline", "goes offline"),
        "draining": ("head-draining", "is drained"),
        "active": ("head-active", "takes requests again"),
    }[new.status]
    return kind, (f"{verb}; it was {old.status}",)


def _health_path(_sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence:
    return "health-path-changed", ("changes its health path: ", *step(old.health_path, new.health_path))


def _capacity(_sides: Sides, old: HeadEntry, new: HeadEntry) -> Sentence:
    before, after = ("unset" if head.capacity is None else str(head.capacity) for head in (old, new))
    return "capacity-changed", (f"changes its capacity: {before} → {after}",)


def _residency(sides: Sides, old: RegionEntry, new: RegionEntry) -> Sentence | None:
    if _old_residency(sides.region, old) == new.residency:
        return None  # a region was renamed, which is reported
    words: Words = (*_allowed(old.residency), " → ", *_allowed(new.residency))
    if _relaxes(sides.region, old, new):
        return "residency-relaxed", ("relaxes its residency: ", *words)
    return "residency-tightened", ("tightens its residency: ", *words)


def _old_residency(region: Callable[[str], str], old: RegionEntry) -> tuple[str, ...] | None:
    """With the current codes."""
    return None if old.residency is None else tuple(map(region, old.residency))


def _relaxes(region: Callable[[str], str], old: RegionEntry, new: RegionEntry) -> bool:
    """No rule means anywhere, so removing the rule relaxes it."""
    before = _old_residency(region, old)
    return before is not None and (new.residency is None or not set(new.residency) <= set(before))


def relaxed_residencies(
    before: RoutingTable, after: RoutingTable, homes: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, Words]]:
    """Regions, by their new codes, whose residency allows more, and what was and is allowed.

    `homes` are the regions of models before and after: where a region is gone, those that its models move to count.
    """
    old, new = Index(before), Index(after)
    renamed = renamed_regions(old, new)
    allowed = {code for region in after.regions for code in region.residency or ()}
    for code, was in old.regions.items():
        now = new.regions.get(renamed.get(code, code))
        if now is not None and now.code in allowed and set(now.countries) - set(was.countries):
            yield now.code, ("lies in other countries: ", *_codes(was), " → ", *_codes(now))
        elif now is not None and _relaxes(lambda one: renamed.get(one, one), was, now):
            yield (
                now.code,
                ("relaxes its residency: ", *_allowed(was.residency), " → ", *_allowed(now.residency)),
            )
    for code, heir in sorted(set(homes)):
        if code in new.regions or code in renamed or code not in old.regions or heir not in new.regions:
            continue  # of a base that is refused, a region may be unknown
        was, now = old.regions[code], new.regions[heir]
        codes = {**renamed, **({} if heir in old.regions else {code: heir})}
        if _relaxes(partial(_by_name, codes), was, now):
            words: Words = (*_allowed(was.residency), " → ", *_allowed(now.residency))
            yield heir, ("takes over from ", Quoted(code), " and relaxes its residency: ", *words)


def _by_name(codes: Mapping[str, str], code: str) -> str:
    return codes.get(code, code)


def _location(_sides: Sides, old: RegionEntry, new: RegionEntry) -> Sentence:
    before, after = (
        "nowhere" if region.location is None else f"{region.location[0]}, {region.location[1]}"
        for region in (old, new)
    )
    return "location-changed", (f"moves on the map: {before} → {after}",)


def _countries(_sides: Sides, old: RegionEntry, new: RegionEntry) -> Sentence | None:
    if _nameless(old).countries == _nameless(new).countries:
        return None  # the region was renamed, and its countries follow from its code
    kind = "residency-relaxed" if set(new.countries) - set(old.countries) else "residency-tightened"
    return kind, ("lies in other countries: ", *_codes(old), " → ", *_codes(new))


def _codes(region: RegionEntry) -> Words:
    return (
        listed([code.upper() for code in region.countries]) if region.countries else ("none that is known",)
    )


def _claims(_sides: Sides, old: RegionEntry, new: RegionEntry) -> Sentence:
    before, after = (
        "none" if region.upstreams is None else json.dumps(region.upstreams) for region in (old, new)
    )
    return "upstreams-declared", ("declares other upstreams as its own: ", *step(before, after))


def _allowed(residency: tuple[str, ...] | None) -> Words:
    return ("anywhere",) if residency is None else listed(residency)


HEAD_FIELDS: Mapping[str, Callable[[Sides, HeadEntry, HeadEntry], Sentence | None]] = {
    "head_id": lambda _, old, __: ("head-renamed", ("is renamed from ", Quoted(old.head_id))),
    "region": _head_region,
    "url": lambda _, old, new: relocation("head", ("moves to", "is called at"), old.url, new.url),
    "status": _head_status,
    "health_path": _health_path,
    "inference_url": lambda _, old, new: relocation(
        "inference", ("runs models at", "runs models at"), old.inference_url, new.inference_url, "nowhere"
    ),
    "capacity": _capacity,
}
"""Every field of a head, and what a change of it means."""

REGION_FIELDS: Mapping[str, Callable[[Sides, RegionEntry, RegionEntry], Sentence | None]] = {
    "code": lambda _, old, __: ("region-renamed", ("is renamed from ", Quoted(old.code))),
    "name": lambda _, old, new: ("region-title-changed", ("changes its name: ", *step(old.name, new.name))),
    "residency": _residency,
    "location": _location,
    "countries": _countries,
    "upstreams": _claims,
}
"""Every field of a region, and what a change of it means."""

Touched = Mapping[str, Sequence[str]]
"""The ids of the models that a head or region touches, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _FleetFile:
    """The entries of heads.yaml or regions.yaml on both sides; `renamed` maps names before to names after."""

    what: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    renamed: Mapping[str, str]
    fields: Mapping[str, Callable[[Sides, Any, Any], Sentence | None]]
    touched: tuple[Touched, Touched]
    added: Callable[[Any], Words]
    removed: Callable[[Any], Words]

    @property
    def path(self) -> str:
        return f"{self.what}s.yaml"


def fleet_effects(sides: Sides) -> Iterator[Effect]:
    """Effects on regions, then on heads."""
    before, after = sides.before, sides.after
    if exact(before.table.regions) != exact(after.table.regions):
        regions = _FleetFile(
            what="region",
            before=before.regions,
            after=after.regions,
            renamed=sides.regions,
            fields=REGION_FIELDS,
            touched=(_at_home(before), _at_home(after)),
            added=lambda region: ("is added: ", Quoted(region.name), *_rule(region.residency)),
            removed=lambda region: ("is removed: ", Quoted(region.name)),
        )
        yield from _effects(sides, regions)
    if exact(before.table.heads) != exact(after.table.heads):
        heads = _FleetFile(
            what="head",
            before=before.heads,
            after=after.heads,
            renamed=sides.heads,
            fields=HEAD_FIELDS,
            touched=(_naming(before), _naming(after)),
            added=lambda head: (
                "is added to ",
                Quoted(region_title(after, head.region)),
                " at ",
                Quoted(head.url),
                "" if head.status == "active" else f", {head.status}",
            ),
            removed=lambda head: ("is removed from ", Quoted(region_title(before, head.region))),
        )
        yield from _effects(sides, heads)


def renamed_heads(before: Index, after: Index, regions: Mapping[str, str]) -> Mapping[str, str]:
    """Old ids to new ones, where everything else is the same."""
    return _renamed(
        {
            name: replace(h, head_id="", region=regions.get(h.region, h.region))
            for name, h in before.heads.items()
        },
        {name: replace(h, head_id="") for name, h in after.heads.items()},
    )


def renamed_regions(before: Index, after: Index) -> Mapping[str, str]:
    """Old codes to new ones, where everything else is the same; its own residency may name it."""
    return _renamed(
        {code: _nameless(region) for code, region in before.regions.items()},
        {code: _nameless(region) for code, region in after.regions.items()},
    )


def _nameless(region: RegionEntry) -> RegionEntry:
    residency = region.residency
    if residency is not None:
        residency = tuple("" if code == region.code else code for code in residency)
    is_by_code = region.countries == tuple(sorted(countries_of_code(region.code)))
    return replace(region, code="", residency=residency, countries=() if is_by_code else region.countries)


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


def _effects(sides: Sides, file: _FleetFile) -> Iterator[Effect]:
    old_names = {new: old for old, new in file.renamed.items()}
    for name, new in file.after.items():
        old_name = old_names.get(name, name)
        old = file.before.get(old_name)
        touched = file.touched[0].get(old_name, ()), file.touched[1].get(name, ())
        if old is None:
            yield _effect(sides, file, name, (f"{file.what}-added", file.added(new)), None, new, touched[1])
            continue
        touches = sorted({*map(sides.model, touched[0]), *touched[1]})
        for field, sentence in file.fields.items():
            values = getattr(old, field), getattr(new, field)
            found = sentence(sides, old, new) if exact(values[0]) != exact(values[1]) else None
            if found is not None:
                yield _effect(sides, file, name, found, *values, touches)
    for name, old in file.before.items():
        if name not in file.after and name not in file.renamed:
            gone = f"{file.what}-removed", file.removed(old)
            yield _effect(sides, file, name, gone, old, None, file.touched[0].get(name, ()))
    yield from _reordered(file)


def _effect(
    sides: Sides,
    file: _FleetFile,
    name: str,
    sentence: Sentence,
    before: object,
    after: object,
    touches: Sequence[str],
) -> Effect:
    subject = Subject(file.what, name)
    state, side = (sides.new, "after") if name in file.after else (sides.old, "before")
    return Effect(
        sentence[0],
        subject,
        sentence[1],
        before=plain(before),
        after=plain(after),
        places=(EffectPlace(path=file.path, line=state.lines.get(subject), side=side),),
        touches=tuple(touches),
    )


def _reordered(file: _FleetFile) -> Iterator[Effect]:
    """Tables keep the order of the files, so a reordered file changes a table, and no request."""
    names = [file.renamed.get(name, name) for name in file.before], list(file.after)
    stay = set(names[0]) & set(names[1])
    before, after = ([name for name in side if name in stay] for side in names)
    if before != after:
        yield Effect(
            f"{file.what}s-reordered",
            Subject("file", file.path),
            (f"reorders the {file.what}s",),
            before=before,
            after=after,
            places=(EffectPlace(path=file.path, line=None, side="after"),),
        )


def _naming(index: Index) -> Touched:
    """Models that name a head."""
    touched: dict[str, list[str]] = {}
    for route in index.table.routes:
        about = route.about
        for head in dict.fromkeys((about.priority_head, *about.weights, *about.fallback_heads)):
            touched.setdefault(head, []).append(route.model_id)
    return touched


def _at_home(index: Index) -> Touched:
    """Models of a region."""
    touched: dict[str, list[str]] = {}
    for route in index.table.routes:
        touched.setdefault(route.region, []).append(route.model_id)
    return touched


def _rule(residency: tuple[str, ...] | None) -> Words:
    return (", may be served ", *(("anywhere",) if residency is None else ("in ", *listed(residency))))
