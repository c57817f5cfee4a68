"""The fields of a model, head or region by its schema: their order, their types, and unknown ones."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modelspec.schema.documents import schema_of
from modelspec.text.document import Pointer, field_path
from modelspec.text.names import nearest
from modelspec.text.quote import quote

_POSITION = re.compile(r"[0-9]{1,5}")

FREE: Mapping[str, Any] = {}
"""The schema of what may be anything, such as fields of `metadata`."""

FieldsOf = Literal["model", "head", "region"]
"""What has fields: a model is a file, heads and regions are the entries of a list in one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoField:
    """The step of a field path that is not a field: its position, and a message."""

    step: int
    message: str


def field_order() -> tuple[str, ...]:
    """The fields of a model in the documented order."""
    return tuple(schema_of("model")["properties"])


def in_order(names: Iterable[str]) -> list[str]:
    """The names in the order of the fields; unknown names come last, in their own order."""
    order = {name: position for position, name in enumerate(field_order())}
    return sorted(names, key=lambda name: order.get(name, len(order)))


def field_at(steps: Pointer, of: FieldsOf = "model") -> Mapping[str, Any] | NoField:
    """The schema of the field at a pointer; `FREE` inside mappings that may hold anything."""
    document = schema_of("model" if of == "model" else "heads" if of == "head" else "regions")
    node = document if of == "model" else document["properties"][f"{of}s"]["items"]
    definitions = document["$defs"]
    for number, step in enumerate(steps):
        inner = _nested(node, step)
        if inner is None:
            return NoField(step=number, message=_objection(node, steps, number, of))
        node = _resolved(inner, definitions)
    return node


def resolve_path(parts: Pointer, of: FieldsOf = "model") -> Pointer | NoField:
    """The pointer for the parts of a field path; digits below a list are a position, also without brackets."""
    path: Pointer = ()
    for part in parts:
        holder = field_at(path, of)
        assert not isinstance(holder, NoField)
        is_position = isinstance(part, int) or (_POSITION.fullmatch(part) and "array" in types_of(holder))
        path = (*path, int(part) if is_position else part)
        found = field_at(path, of)
        if isinstance(found, NoField):
            return found
    return path


def types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types that a field may have; empty if any."""
    types = schema.get("type", ())
    return frozenset((types,) if isinstance(types, str) else types)


def _resolved(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        node = {**definitions[node["$ref"].rpartition("/")[2]], **rest}
    return node


def _nested(node: Mapping[str, Any], step: str | int) -> Mapping[str, Any] | None:
    """The schema of a key or item, if there may be one; the validator checks the form of names."""
    if not types_of(node):
        return FREE
    if isinstance(step, int):
        item: Mapping[str, Any] | None = node.get("items")
        return item
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


def _objection(node: Mapping[str, Any], steps: Pointer, number: int, of: FieldsOf) -> str:
    path, step = field_path(steps[:number]), steps[number]
    known = list(node.get("properties", ()))
    if "array" in types_of(node):
        return f"{quote(path)} is a list; name an item by its position: {path}[0]"
    if isinstance(step, int):
        return f"{quote(path)} is not a list"
    if not known:
        return f"{quote(path)} has no nested fields"
    near = nearest(str(step), known)
    message = f"{quote(step)} is not a field of {quote(path) if path else f'a {of}'}"
    return (
        f"{message}; did you mean {quote(near)}?" if near else f"{message}; the fields are {', '.join(known)}"
    )
