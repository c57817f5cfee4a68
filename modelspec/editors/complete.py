"""What may be written at a place: names of the fleet, fields and words of the schemas, parameters of gateways."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelspec.author.schemas.choices import PLACES, Choice, Choices, NameKind, kind_of
from modelspec.author.schemas.tailored import offered
from modelspec.editors.fleet import Snapshot
from modelspec.editors.typing_place import Path, TypingPlace, place_at
from modelspec.fleet.providers import WORDS
from modelspec.gateways.litellm.names import COMMON_PARAMS, FORMS
from modelspec.gateways.litellm.request_rules import REQUEST_PARAMS
from modelspec.schema import DocumentKind
from modelspec.schema.documents import schema_of
from modelspec.text.visible import visible

MOST = 500
"""The most items of one answer; the editor asks again when more is typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One thing that may be written: `label` is what is listed, `text` what is written, `about` says what it is."""

    label: str
    text: str
    about: str = ""
    is_field: bool = False


def completions(
    now: Snapshot, path: str, lines: Sequence[str], line: int, column: int
) -> tuple[str, list[Completion]]:
    """What is typed already at a 0-based place, and what may stand there."""
    place = place_at(lines, line, column)
    if place is None:
        return "", []
    kind = kind_of(path)
    typed = place.typed.lstrip("'\"")
    found = list(_offers(now.choices, kind, place))
    fitting = [one for one in found if _fits(typed, one)]
    return place.typed, fitting[:MOST]


def _fits(typed: str, offer: Completion) -> bool:
    low = typed.casefold()
    return low in offer.text.casefold() or low in offer.label.casefold()


def _offers(choices: Choices, kind: DocumentKind, place: TypingPlace) -> Iterator[Completion]:
    names = PLACES[kind].get(dotted(place.path))
    if place.is_key:
        yield from _keys(choices, kind, place, names)
        return
    if names is not None and names not in (NameKind.HEAD_KEYS, NameKind.RULE_KEYS, NameKind.METADATA):
        yield from _named(offered(names, choices), {one.value for one in choices.regions})
    for node in field_nodes(kind, place.path):
        for word in node.get("enum", ()):
            yield Completion(label=str(word), text=str(word), about=str(node.get("description", "")))
        if node.get("type") == "boolean":
            yield Completion(label="true", text="true")
            yield Completion(label="false", text="false")
        if place.path[-1:] == ("[]",):
            yield from _fields(node, place.beside)
    if place.path[-1:] == ("provider",):
        yield from (Completion(label=word, text=word) for word in sorted(WORDS))


def _named(choices: Iterable[Choice], regions: set[str]) -> Iterator[Completion]:
    for one in choices:
        # A region is listed as the page shows it: Europe (eu).
        label = one.text.partition(";")[0] if one.value in regions else one.value
        yield Completion(label=label, text=one.value, about=one.text)


def _keys(
    choices: Choices, kind: DocumentKind, place: TypingPlace, names: NameKind | None
) -> Iterator[Completion]:
    match names:
        case NameKind.HEAD_KEYS:
            given = choices.heads
        case NameKind.RULE_KEYS:
            given = choices.rules
        case _:
            given = ()
    yield from (
        Completion(label=one.value, text=f"{one.value}: ", about=one.text, is_field=True)
        for one in given
        if one.value not in place.beside
    )
    if names is NameKind.METADATA and choices.metadata is not None:
        yield from _fields(choices.metadata, place.beside)
    for node in field_nodes(kind, place.path):
        yield from _fields(node, place.beside)
    last = place.path[-1:]
    if last in (("params",), ("request",)):
        params: Iterable[str] = REQUEST_PARAMS if last == ("request",) else _upstream_params()
        yield from (
            Completion(label=name, text=f"{name}: ", is_field=True)
            for name in sorted(params)
            if name not in place.beside
        )


def _upstream_params() -> set[str]:
    return {*COMMON_PARAMS, *(name for form in FORMS.values() for name in form.params)}


def _fields(node: Mapping[str, Any], beside: frozenset[str]) -> Iterator[Completion]:
    properties = node.get("properties", {})
    for name, field in properties.items() if isinstance(properties, dict) else ():
        if name not in beside and isinstance(field, dict):
            about = visible(str(field.get("description", "")))
            yield Completion(label=visible(name), text=f"{name}: ", about=about, is_field=True)


def dotted(path: Path) -> str:
    """A path as `PLACES` writes it: `heads[].region`."""
    return ".".join(path).replace(".[]", "[]")


def field_nodes(kind: DocumentKind, path: Path) -> list[Mapping[str, Any]]:
    """The schemas of the field at a path: several where a field takes several forms."""
    root = schema_of(kind)
    nodes = [root]
    for step in path:
        nodes = [inner for node in nodes for inner in _inner(_resolved(root, node), step)]
    return [_resolved(root, node) for node in nodes]


def _inner(node: Mapping[str, Any], step: str) -> Iterator[Any]:
    forms = [node, *(form for key in ("anyOf", "oneOf") for form in node.get(key, ()))]
    for form in (one for one in forms if isinstance(one, dict)):
        if step == "[]":
            found = form.get("items")
        else:
            found = form.get("properties", {}).get(step)
            found = next(iter(form.get("patternProperties", {}).values()), None) if found is None else found
        if isinstance(found, dict):
            yield found


def _resolved(root: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        definition = root.get("$defs", {}).get(node["$ref"].rpartition("/")[2], {})
        node = {**definition, **rest}
    return node
