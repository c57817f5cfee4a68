"""regions.yaml and heads.yaml to a `Fleet`; what was understood of a faulty file still counts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from modelspec.diagnose.rule import Finding
from modelspec.fleet.client_keys import ClientKey
from modelspec.fleet.geography import countries_of_code
from modelspec.fleet.model import Claims, Fleet, Head, Region
from modelspec.fleet.settings import Settings
from modelspec.schema import defaults
from modelspec.text.document import Place, Pointer
from modelspec.text.quote import quote
from modelspec.url import normal_url

_LISTED = 8
"""As many known names as a line of help can hold."""


def unknown_region(code: str, place: Place, fleet: Fleet) -> tuple[str, Finding]:
    """MS201, with the nearest declared region, the one of that name, or the only one in that country."""
    regions = fleet.regions.values()
    near = fleet.region_suggestions.nearest(code)
    near = near or next((one.code for one in regions if one.name.casefold() == code.casefold()), None)
    if near is None:
        within = [one.code for one in regions if code in one.countries]
        near = within[0] if len(within) == 1 else None
    return "MS201", Finding(
        place=place,
        message=f"no region is named {quote(code)}",
        label="used here",
        help=_help(near, fleet.regions, "regions.yaml"),
        related=_declared(near, fleet.regions, "regions"),
    )


def unknown_head(head_id: str, place: Place, fleet: Fleet) -> tuple[str, Finding]:
    """MS202, with the nearest declared head, or the first in the region of that code."""
    near = fleet.head_suggestions.nearest(head_id)
    near = near or next((one.head_id for one in fleet.heads.values() if one.region == head_id), None)
    return "MS202", Finding(
        place=place,
        message=f"no head is named {quote(head_id)}",
        label="used here",
        help=_help(near, fleet.heads, "heads.yaml"),
        related=_declared(near, fleet.heads, "heads"),
    )


def _declared(
    near: str | None, known: Mapping[str, Region] | Mapping[str, Head], file: str
) -> tuple[tuple[Place, str], ...]:
    """Where the name that was meant is declared, or else where names are."""
    if near:
        return ((known[near].place, f"{quote(near)} is declared here"),)
    return ((Place(path=f"{file}.yaml", pointer=(file,), on_key=True), f"{file} are declared here"),)


def _help(near: str | None, known: Iterable[str], file: str) -> str:
    if near:
        return f"did you mean {quote(near)}?"
    names = list(known)
    if len(names) <= _LISTED:
        return f"{file} declares {', '.join(names) or 'none'}; use one of these or declare it there"
    return f"use a name that {file} declares, or declare it there"


_HEAD = defaults("heads", "heads")
LITELLM_HEALTH_PATHS = ("/health/liveliness", "/health/liveness", "/health/readiness")
"""Health checks of LiteLLM 1.108.7 that need no key, the default of its heads first; `/health` takes one."""
LITELLM_OPEN_PATHS = frozenset({*LITELLM_HEALTH_PATHS, "/", "/routes", "/test"})
"""What LiteLLM 1.108.7 answers with 200 without a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedValue:
    """The value of a file and the pointers of its faults; `value` is None where nothing could be read."""

    value: object
    faults: Sequence[Pointer]


def link_fleet(
    regions: CheckedValue,
    heads: CheckedValue,
    settings: Settings,
    keys: tuple[ClientKey, ...] | None = None,
) -> tuple[Fleet, Fleet, list[tuple[str, Finding]]]:
    """The fleet for models to be linked to, the part of it that rules may judge, and the link faults.

    They differ by the entries with faults of their own: a model that names one is not wrong for it, and nothing more
    is said of the entry.
    """
    found: list[tuple[str, Finding]] = []
    all_regions, whole_regions, regions_complete = _entries(regions, "regions", "code", _region, found)
    all_heads, whole_heads, heads_complete = _entries(
        heads, "heads", "head_id", partial(_head, health_path=_health_path(settings)), found
    )
    complete = regions_complete and heads_complete
    litellm = settings.target_options.get("litellm", {})
    fleet = Fleet(
        regions=all_regions,
        heads=all_heads,
        complete=complete,
        secret_folders=settings.secret_folders,
        edge_regions=tuple(region for _, region in settings.edges),
        targets=frozenset(settings.targets),
        litellm_strategy=litellm.get("routing_strategy", "simple-shuffle"),
        litellm_enforces_limits=litellm.get("enforce_limits", False),
        edge_options=settings.target_options.get("envoy", {}),
        key_policy=settings.key_policy,
        client_keys=keys,
    )
    whole = replace(fleet, regions=whole_regions, heads=whole_heads)
    if regions_complete:
        found.extend(_unknown_regions(whole, fleet))
        # What a misspelt residency allows is not known: no model breaks it.
        known = {
            code: region
            for code, region in whole.regions.items()
            if fleet.regions.keys() >= {*(region.residency or ())}
        }
        whole = replace(whole, regions=known)
    return fleet, whole, found


def _unknown_regions(whole: Fleet, fleet: Fleet) -> Iterator[tuple[str, Finding]]:
    for region in whole.regions.values():
        for position, code in enumerate(region.residency or ()):
            if code not in fleet.regions:
                place = region.place.below("residency", position)
                yield unknown_region(code, place, fleet)
    for head in whole.heads.values():
        if head.region not in fleet.regions:
            place = head.place.below("region")
            yield unknown_region(head.region, place, fleet)


def _entries(
    listed: CheckedValue,
    key: str,
    name: str,
    build: Callable[[Mapping[str, Any], Place], Any],
    found: list[tuple[str, Finding]],
) -> tuple[dict[str, Any], dict[str, Any], bool]:
    items = listed.value.get(key) if isinstance(listed.value, Mapping) else None
    if not isinstance(items, list) or (key,) in listed.faults:
        # Of a flood of faults only the first are known item by item.
        return {}, {}, False
    known: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    complete = bool(items)
    faults_of: dict[Pointer, list[Pointer]] = {}
    for fault in listed.faults:
        faults_of.setdefault(fault[:2], []).append(fault[2:])
    for position, item in enumerate(items):
        identity = item.get(name) if isinstance(item, Mapping) else None
        if not isinstance(identity, str):
            complete = False
            continue
        pointer = (key, position)
        place = Place(path=f"{key}.yaml", pointer=pointer)
        faults = faults_of.get(pointer, [])
        if (name,) in faults:
            # Whoever means this entry writes the name that it should have.
            complete = False
            continue
        first = known.get(identity)
        if first is not None:
            # One of the two should have a name that others use.
            complete = False
            found.append(duplicate(key.removesuffix("s"), identity, place.below(name), first.place, identity))
            continue
        entry = build({**_sound(item, faults), name: identity} if faults else item, place)
        known[identity] = entry
        if not faults:
            whole[identity] = entry
    return known, whole, complete


def _sound(item: Mapping[str, Any], faults: Sequence[Pointer]) -> dict[str, Any]:
    """What can be known of a faulty entry: its sound fields, and that there is an `inference_url`."""
    faulty = {fault[0] for fault in faults if fault}
    return {
        field: str(value) if field == "inference_url" else value
        for field, value in item.items()
        if field not in faulty or field == "inference_url"
    }


def duplicate(kind: str, identity: str, place: Place, first: Place, subject: str = "") -> tuple[str, Finding]:
    """MS204, at the second of two entries with one name."""
    return "MS204", Finding(
        place=place,
        message=f"the {kind} {quote(identity)} is declared twice",
        label="again here",
        help="delete one of the two, or rename it",
        related=((first, "first here"),),
        subject=subject,
    )


def _region(item: Mapping[str, Any], place: Place) -> Region:
    residency = item.get("residency")
    location = item.get("location")
    declared = item.get("countries")
    upstreams = item.get("upstreams") or {}
    return Region(
        code=item["code"],
        name=item.get("name", item["code"]),
        residency=None if residency is None else tuple(residency),
        location=None if location is None else (location["latitude"], location["longitude"]),
        countries=countries_of_code(item["code"])
        if declared is None
        else frozenset(code.lower() for code in declared),
        claims=Claims(
            region=item["code"],
            hosts=tuple(host.strip("[]") for host in upstreams.get("hosts") or ()),
            variables=tuple(upstreams.get("variables") or ()),
            clouds=tuple((c, tuple(regions)) for c, regions in (upstreams.get("clouds") or {}).items()),
        ),
        place=place,
    )


def _health_path(settings: Settings) -> str:
    return LITELLM_HEALTH_PATHS[0] if "litellm" in settings.targets else str(_HEAD["health_path"])


def _head(item: Mapping[str, Any], place: Place, *, health_path: str) -> Head:
    """Without a region of the right form, the head belongs to none that is declared."""
    capacity = item.get("capacity")
    inference_url = item.get("inference_url")
    return Head(
        head_id=item["head_id"],
        region=item.get("region", ""),
        url=normal_url(item.get("url", "")),
        status=item.get("status", _HEAD["status"]),
        health_path=item.get("health_path", health_path),
        inference_url=None if inference_url is None else normal_url(inference_url),
        capacity=None if capacity is None else int(capacity),
        place=place,
    )
