"""Everything but the models: regions, heads, settings, waivers, routing tests, client keys, the metadata schema."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from modelspec.check.document import examine_document
from modelspec.check.own_settings import own_settings
from modelspec.check.price_list import price_list_faults
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.ignore import MARK, Ignore, ignores
from modelspec.diagnose.rule import Finding, is_fixed, is_guard
from modelspec.diagnose.waiver import Waiver, waivers_of
from modelspec.fleet.client_keys import FILE as KEYS
from modelspec.fleet.client_keys import ClientKey, client_keys_of
from modelspec.fleet.link_fleet import CheckedValue, duplicate, link_fleet, unknown_head, unknown_region
from modelspec.fleet.model import Fleet
from modelspec.fleet.settings import Settings, settings_of
from modelspec.gateways.envoy.jwks import KeySet, key_set_of
from modelspec.load import Reading, source_of
from modelspec.load.compose import compose
from modelspec.load.find import OPTIONAL, REQUIRED, File, Tree
from modelspec.load.locate import Locator
from modelspec.rules import RULES, about_fleet
from modelspec.rules.secrets import secrets_in
from modelspec.schema import DocumentKind, MetadataSchema, check, load_metadata_schema
from modelspec.secret import suspect
from modelspec.text.document import Place, Pointer
from modelspec.text.names import nearest
from modelspec.text.quote import quote

_KINDS: Mapping[str, DocumentKind] = {
    "regions.yaml": "regions",
    "heads.yaml": "heads",
    "modelspec.yaml": "modelspec",
    "routes.test.yaml": "routes.test",
    "waivers.yaml": "waivers",
    "keys.yaml": "keys",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What models are checked against, and the diagnostics of it with their default severities.

    `fleet` is for linking; `whole` leaves out the regions and heads that have faults of their own. `metadata_file`
    is what `metadata` was made from, be it sound or not, and `key_set_file` what `key_set` was: the public keys of an
    identity provider. `litellm` are the organisation's own settings of that gateway, from `litellm_file`.
    """

    settings: Settings
    waivers: Sequence[Waiver]
    client_keys: tuple[ClientKey, ...]
    fleet: Fleet
    whole: Fleet
    metadata: MetadataSchema | None
    metadata_file: File | None
    key_set: str
    key_set_file: File | None
    litellm: Mapping[str, object]
    litellm_file: File | None
    diagnostics: Sequence[Diagnostic]
    ignores: Sequence[Ignore]
    readings: Mapping[str, Reading]


def read_setup(tree: Tree, locator: Locator, targets: Sequence[str] = ()) -> Setup:
    """Read and link the files with fixed names; `targets` are gateways beside those of modelspec.yaml."""
    readings: dict[str, Reading] = {}
    diagnostics: list[Diagnostic] = []
    for name in (*REQUIRED, *OPTIONAL):
        reading = locator.reading(name)
        if reading is not None:
            readings[name] = reading
            diagnostics.extend(examine_document(reading, _KINDS[name], locator)[0])
    settings = settings_of(_sound(readings, "modelspec.yaml"))
    settings = replace(settings, targets=tuple(dict.fromkeys((*settings.targets, *targets))))
    waivers = waivers_of(_sound(readings, "waivers.yaml"))
    keys = _keys(tree, readings)
    fleet, whole, found = link_fleet(
        _listed(readings, "regions.yaml"), _listed(readings, "heads.yaml"), settings, keys
    )
    found.extend(_edges(settings, fleet))
    found.extend(_codes(settings, waivers))
    found.extend(_tests(_sound(readings, "routes.test.yaml"), fleet))
    diagnostics.extend(locator.diagnostic(code, Severity.ERROR, finding) for code, finding in found)
    diagnostics.extend(
        locator.diagnostic(code, severity, finding) for code, severity, finding in about_fleet(whole)
    )
    metadata_file, metadata, objections = metadata_schema(tree, settings, locator)
    diagnostics.extend(objections)
    key_set_file, key_set, objections = public_keys(tree, settings, locator)
    diagnostics.extend(objections)
    litellm_file, litellm, objections = own_settings(tree, settings, locator)
    diagnostics.extend(objections)
    diagnostics.extend(price_list_faults(tree, settings, fleet, locator))
    return Setup(
        settings=settings,
        waivers=waivers,
        client_keys=keys or (),
        fleet=fleet,
        whole=whole,
        metadata=metadata,
        metadata_file=metadata_file,
        key_set=key_set,
        key_set_file=key_set_file,
        litellm=litellm,
        litellm_file=litellm_file,
        diagnostics=diagnostics,
        ignores=[
            ignore
            for reading in readings.values()
            if MARK in reading.file.data
            for ignore in ignores(reading.document)
        ],
        readings=readings,
    )


def settings_in(locator: Locator) -> Settings:
    """The settings of a repository, less what the schema of modelspec.yaml refuses."""
    reading = locator.reading("modelspec.yaml")
    return settings_of(_sound({} if reading is None else {"modelspec.yaml": reading}, "modelspec.yaml"))


def _keys(tree: Tree, readings: Mapping[str, Reading]) -> tuple[ClientKey, ...] | None:
    """What is sound of keys.yaml; None where there is no such file."""
    if KEYS not in readings:
        return () if KEYS in tree.unread else None
    listed = _listed(readings, KEYS)
    return client_keys_of(listed.value, listed.faults)


def _listed(readings: Mapping[str, Reading], name: str) -> CheckedValue:
    reading = readings.get(name)
    if reading is None or reading.faults:
        return CheckedValue(value=None, faults=())
    faults = tuple(fault.pointer for fault in check(reading.value, _KINDS[name]))
    return CheckedValue(value=reading.value, faults=faults)


def _sound(readings: Mapping[str, Reading], name: str) -> object:
    """The value of a file less what its schema objects to: top-level fields, or single entries of them.

    An entry that is right without the fields objected to stays: to drop it would loosen a policy.
    """
    listed = _listed(readings, name)
    if not listed.faults or not isinstance(listed.value, dict):
        return listed.value
    fields = {fault for fault in listed.faults if len(fault) == _DEPTH_OF_FIELDS}
    whole = {key: _less(value, key, fields) for key, value in listed.value.items()}
    faulty = {fault.pointer[:2] for fault in check(whole, _KINDS[name])}
    sound: dict[str, object] = {}
    for key, value in whole.items():
        inner = {pointer for pointer in faulty if pointer[:1] == (key,)}
        if not inner:
            sound[key] = value
        elif isinstance(value, list) and (key,) not in inner:
            sound[key] = [item for position, item in enumerate(value) if (key, position) not in inner]
        elif isinstance(value, dict) and (key,) not in inner:
            sound[key] = {name: item for name, item in value.items() if (key, name) not in inner}
    return sound


_DEPTH_OF_FIELDS = 3
"""Of the pointer to a field of an entry: the list, the position, the field."""


def _less(value: object, key: str, refused: AbstractSet[Pointer]) -> object:
    """A list without the refused fields of its entries."""
    if not isinstance(value, list):
        return value
    return [
        {name: inner for name, inner in item.items() if (key, position, name) not in refused}
        if isinstance(item, dict)
        else item
        for position, item in enumerate(value)
    ]


def _edges(settings: Settings, fleet: Fleet) -> Iterator[tuple[str, Finding]]:
    first: dict[str, int] = {}
    edges = Place(path="modelspec.yaml", pointer=("edges",))
    for position, (edge_id, region) in enumerate(settings.edges):
        if first.setdefault(edge_id, position) != position:
            # Both would be written into one folder.
            yield duplicate(
                "edge",
                edge_id,
                edges.below(position, "edge_id"),
                edges.below(first[edge_id], "edge_id"),
            )
        if fleet.complete and region not in fleet.regions:
            yield unknown_region(region, edges.below(position, "region"), fleet)


def _codes(settings: Settings, waivers: Sequence[Waiver]) -> Iterator[tuple[str, Finding]]:
    named = [
        (code, Place(path="modelspec.yaml", pointer=("rules", code), on_key=True)) for code in settings.rules
    ]
    named.extend(
        (waiver.code, Place(path="waivers.yaml", pointer=(*waiver.place.pointer, "rule")))
        for waiver in waivers
        if not waiver.is_of_guard
    )
    known = [rule.code for rule in RULES]
    for code, place in named:
        if code not in known:
            near = nearest(code, known)
            words = (
                f"no rule has the code {quote(code)}",
                "unknown",
                f"did you mean {quote(near)}?" if near else "docs/rules.md lists the rules",
            )
        elif is_guard(code):
            words = (
                f"{code} is a guard of `plan`, not a rule",
                "not allowed here",
                (
                    "set its threshold or severity under `guards` in modelspec.yaml; "
                    "an entry in waivers.yaml names it by `guard`"
                ),
            )
        elif is_fixed(code):
            words = (
                f"{code} cannot be waived or turned off",
                "cannot be changed",
                "delete this entry, and correct the fault itself",
            )
        else:
            continue
        message, label, advice = words
        yield "MS207", Finding(place=place, message=message, label=label, help=advice)


def _tests(value: object, fleet: Fleet) -> Iterator[tuple[str, Finding]]:
    if not isinstance(value, dict) or not fleet.complete:
        return
    for position, case in enumerate(value.get("tests") or ()):
        pointer = ("tests", position)
        origin = case.get("from")
        if origin is not None and origin not in fleet.regions:
            yield unknown_region(origin, Place(path="routes.test.yaml", pointer=(*pointer, "from")), fleet)
        for number, name in enumerate(case.get("down") or ()):
            if name not in fleet.heads and name not in fleet.regions:
                place = Place(path="routes.test.yaml", pointer=(*pointer, "down", number))
                yield unknown_head(name, place, fleet)
        yield from _expected(case["expect"], (*pointer, "expect"), fleet)


def _expected(expect: Mapping[str, Any], pointer: Pointer, fleet: Fleet) -> Iterator[tuple[str, Finding]]:
    """Undeclared names in an expectation, which could never hold or would hold for a wrong reason."""
    heads: list[tuple[Pointer, str]] = [(("head",), expect["head"])] if "head" in expect else []
    for number, tier in enumerate(expect.get("tiers") or ()):
        if isinstance(tier, str):
            heads.append((("tiers", number), tier))
        else:
            heads.extend((("tiers", number, place), head) for place, head in enumerate(tier))
    regions: list[tuple[Pointer, str]] = [(("region",), expect["region"])] if "region" in expect else []
    within = enumerate(expect.get("reach_within") or ())
    regions.extend((("reach_within", number), region) for number, region in within)
    for where, head in heads:
        if head not in fleet.heads:
            yield unknown_head(head, Place(path="routes.test.yaml", pointer=(*pointer, *where)), fleet)
    for where, region in regions:
        if region not in fleet.regions:
            yield unknown_region(region, Place(path="routes.test.yaml", pointer=(*pointer, *where)), fleet)


def public_keys(
    tree: Tree, settings: Settings, locator: Locator
) -> tuple[File | None, str, list[Diagnostic]]:
    """The public keys of the identity provider whose tokens an edge takes, and what is wrong with their file."""
    path = key_set_path(settings)
    if path is None:
        return None, "", []
    file = tree.other(path)
    if isinstance(file, Diagnostic):
        return None, "", [file]
    pointer = ("target_options", "envoy", "auth", "jwt", "jwks")
    read = KeySet(faults=("it does not exist",)) if file is None else key_set_of(file.data)
    found = [
        Finding(
            place=Place(path="modelspec.yaml", pointer=pointer),
            message=f"an edge cannot use the key set {quote(path)}: {fault}",
            label="this file",
            help="name a JSON Web Key Set of public keys for RS256, ES256 or EdDSA, relative to the top of the "
            "repository",
        )
        for fault in read.faults
    ]
    return file, read.text, [locator.diagnostic("MS717", Severity.ERROR, finding) for finding in found]


def key_set_path(settings: Settings) -> str | None:
    """The path of the identity provider's public keys, if the settings name one."""
    auth = settings.target_options.get("envoy", {}).get("auth", {})
    path: str | None = auth.get("jwt", {}).get("jwks")
    return path


def metadata_schema(
    tree: Tree, settings: Settings, locator: Locator
) -> tuple[File | None, MetadataSchema | None, list[Diagnostic]]:
    """The organisation's schema for metadata, its file, and what is wrong with them."""
    path = settings.metadata_schema
    if path is None:
        return None, None, []
    place = Place(path="modelspec.yaml", pointer=("metadata_schema",))
    file = tree.other(path)
    if isinstance(file, Diagnostic):
        return None, None, [file]
    if file is None:
        missing = Finding(
            place=place,
            message=f"the metadata schema {quote(path)} does not exist",
            label="no such file",
            help="correct the path, relative to the top of the repository",
        )
        return None, None, [locator.diagnostic("MS110", Severity.ERROR, missing)]
    source = source_of(file)
    secrets = [] if not suspect(source.text) else [*secrets_in(compose(source)[0])]
    schema, faults = load_metadata_schema(file.data)
    found = [
        Finding(place=place, message=fault.message, label=fault.label, help=fault.help) for fault in faults
    ]
    return (
        file,
        schema,
        [
            *(locator.diagnostic("MS110", Severity.ERROR, finding) for finding in found),
            *(
                replace(locator.diagnostic(code, Severity.ERROR, finding), span=span)
                for code, finding, span in secrets
            ),
        ],
    )
