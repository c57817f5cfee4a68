"""The kinds of documents that people write: their schemas, and the defaults of their fields."""

import json
import pkgutil
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Literal

DocumentKind = Literal[
    "model", "defaults", "regions", "heads", "modelspec", "routes.test", "waivers", "keys", "prices"
]

# A price list may have any name, so no editor knows one by it.
DOCUMENT_KINDS: tuple[DocumentKind, ...] = (
    "model",
    "defaults",
    "regions",
    "heads",
    "modelspec",
    "routes.test",
    "waivers",
    "keys",
)

_CHECKOUT = Path(__file__).parents[2]


def schema_text(kind: str) -> bytes:
    """Return the text of `<kind>.schema.json`, from the package, also in a zip archive, or from the checkout around it.

    Raises OSError for a kind that does not exist.
    """
    path = f"schemas/{kind}.schema.json"
    try:
        text = pkgutil.get_data("modelspec", path)
    except OSError:
        text = None
    return (_CHECKOUT / path).read_bytes() if text is None else text


@cache
def schema_of(kind: DocumentKind) -> dict[str, Any]:
    """Return the schema of a kind; whoever changes it takes a copy."""
    loaded: dict[str, Any] = json.loads(schema_text(kind))
    return loaded


def defaults(kind: DocumentKind, *path: str) -> dict[str, Any]:
    """Return the defaults of the fields of a mapping by name: `defaults("model", "access")["visibility"]`.

    A list of mappings counts as one of them: `defaults("heads", "heads")["status"]`. Only fields that have a default
    are there. Raises KeyError for a field that the schema does not name.
    """
    node = schema_of(kind)
    for name in path:
        node = _resolved(kind, node["properties"][name])
        node = _resolved(kind, node["items"]) if "items" in node and "properties" not in node else node
    fields = {name: _resolved(kind, field) for name, field in node["properties"].items()}
    return {name: deepcopy(field["default"]) for name, field in fields.items() if "default" in field}


def _resolved(kind: DocumentKind, field: dict[str, Any]) -> dict[str, Any]:
    """The field with the words of the definition that it refers to behind its own."""
    definitions = schema_of(kind).get("$defs", {})
    return {**definitions[field["$ref"].rpartition("/")[2]], **field} if "$ref" in field else field
