"""Good documents, made from the examples in the schemas."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from modelspec.schema import schema_text

Pointer = tuple[str | int, ...]
VARIANTS = range(4)


def schema_of(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(schema_text(kind))
    return loaded


def merged(root: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """A subschema with what it refers to; its own words win."""
    if "$ref" not in node:
        return node
    return {**root["$defs"][node["$ref"].rsplit("/", 1)[1]], **node}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of a schema."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from nodes(part)


def patterns(schema: dict[str, Any]) -> Iterator[str]:
    """Every pattern of a schema, of values and of keys."""
    for node in nodes(schema):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        yield from node.get("patternProperties", {})


def specimen(kind: str, variant: int) -> dict[str, Any]:
    """A good document that uses every field; where only one of several may be used, the variant chooses."""
    root = schema_of(kind)
    document: dict[str, Any] = _build(root, root, variant)
    return document


def _build(root: dict[str, Any], node: dict[str, Any], variant: int) -> Any:
    node = merged(root, node)
    types = [node["type"]] if isinstance(node["type"], str) else node["type"]
    chosen = types[variant % len(types)]
    if chosen == "object" and "properties" in node:
        properties = dict(node["properties"])
        if node.get("maxProperties") == 1:
            name = sorted(properties)[variant % len(properties)]
            properties = {name: properties[name]}
        for trigger, rule in node.get("dependentSchemas", {}).items():
            for rival in [trigger] if variant % 2 else rule["properties"]:
                properties.pop(rival, None)
        return {name: _build(root, field, variant) for name, field in properties.items()}
    if chosen == "array" and "items" in node:
        return [_build(root, node["items"], variant)]
    samples = node.get("examples", node.get("enum", []))
    fitting = [sample for sample in samples if _is(sample, chosen)]
    plain = {"string": "text", "integer": 5, "number": 1.5, "boolean": True}
    return deepcopy(fitting[0]) if fitting else plain[chosen]


def _is(sample: object, name: str) -> bool:
    number = isinstance(sample, int | float) and not isinstance(sample, bool)
    return {
        "string": isinstance(sample, str),
        "integer": number,
        "number": number,
        "boolean": isinstance(sample, bool),
        "array": isinstance(sample, list),
        "object": isinstance(sample, dict),
    }[name]


def pointers(document: Any, base: Pointer = ()) -> Iterator[Pointer]:
    """Every place of a document, its root first."""
    yield base
    if isinstance(document, dict):
        for key, value in document.items():
            yield from pointers(value, (*base, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from pointers(value, (*base, index))


def at(document: Any, pointer: Pointer) -> Any:
    for part in pointer:
        document = document[part]
    return document


def replaced(document: Any, pointer: Pointer, value: object) -> Any:
    """The document with another value at a place."""
    if not pointer:
        return value
    changed = deepcopy(document)
    at(changed, pointer[:-1])[pointer[-1]] = value
    return changed
