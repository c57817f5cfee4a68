"""The fields of a model as its schema has them: their order, their types, and what is no field."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelspec.schema.documents import schema_of
from modelspec.text.document import Pointer
from modelspec.text.names import nearest
from modelspec.text.quote import quote

_POSITION = re.compile(r"[0-9]{1,5}")

FREE: Mapping[str, Any] = {}
"""The schema of what may be anything, such as the inside of `metadata`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoField:
    """A step of a way that leads to no field: its position, and a sentence about it."""

    step: int
    message: str


def field_order() -> tuple[str, ...]:
    """The fields of a model in the order in which files have them."""
    return tuple(schema_of("model")["properties"])


def in_order(names: Iterable[str]) -> list[str]:
    """The names in the order of the fields; what is no field is last, as it was."""
    order = {name: position for position, name in enumerate(field_order())}
    return sorted(names, key=lambda name: order.get(name, len(order)))


def dotted(pointer: Pointer) -> str:
    """A way to a field as people write it, like `limits.rpm`."""
    return ".".join(map(str, pointer))


def field_at(steps: Pointer) -> Mapping[str, Any] | NoField:
    """The schema of the field that a way leads to; `FREE` inside of mappings that may hold anything."""
    node = _resolved(schema_of("model"))
    for number, step in enumerate(steps):
        inner = _item(node) if isinstance(step, int) else _property(node, step)
        if inner is None:
            return NoField(step=number, message=_objection(node, steps, number))
        node = _resolved(inner)
    return node


def way_of(parts: Sequence[str]) -> Pointer | NoField:
    """A way as people write it, digits below a list being a position in it."""
    way: Pointer = ()
    for part in parts:
        holder = field_at(way)
        assert not isinstance(holder, NoField)
        is_position = _POSITION.fullmatch(part) and "array" in types_of(holder)
        way = (*way, int(part) if is_position else part)
        found = field_at(way)
        if isinstance(found, NoField):
            return found
    return way


def types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types that a field may have; empty where it may have any."""
    types = schema.get("type", ())
    return frozenset((types,) if isinstance(types, str) else types)


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        node = {**schema_of("model")["$defs"][node["$ref"].rpartition("/")[2]], **rest}
    return node


def _item(node: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if not types_of(node):
        return FREE
    item: Mapping[str, Any] | None = node.get("items")
    return item


def _property(node: Mapping[str, Any], step: str) -> Mapping[str, Any] | None:
    """The schema below a key; names that have not the form of a key are left to the validator."""
    if not types_of(node):
        return FREE
    properties: Mapping[str, Mapping[str, Any]] = node.get("properties", {})
    if step in properties:
        return properties[step]
    for pattern, schema in node.get("patternProperties", {}).items():
        if re.search(pattern, step):
            found: Mapping[str, Any] = schema
            return found
    if "object" not in types_of(node) or "properties" in node:
        return None
    return FREE


def _objection(node: Mapping[str, Any], steps: Pointer, number: int) -> str:
    way, step = dotted(steps[:number]), steps[number]
    known = list(node.get("properties", ()))
    if "array" in types_of(node):
        return f"{quote(way)} is a list; an item is named by its position: {way}.0"
    if not known:
        return f"{quote(way)} has no fields of its own"
    near = nearest(str(step), known)
    said = f"{quote(step)} is not a field of {quote(way) if way else 'a model'}"
    return f"{said}; did you mean {quote(near)}?" if near else f"{said}; the fields are {', '.join(known)}"
