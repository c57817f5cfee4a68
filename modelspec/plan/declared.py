"""What each field of a head and of a region means when it changes."""

from collections.abc import Callable, Mapping

from modelspec.plan.effect import Said, Words
from modelspec.plan.pair import listed
from modelspec.plan.sides import Sides
from modelspec.plan.upstreams import host
from modelspec.routing import HeadEntry, RegionEntry

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
