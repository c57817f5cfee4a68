"""How much work a foreign schema may cause."""

from typing import Any

from modelspec.schema.place import is_number
from modelspec.schema.trace import resolve
from modelspec.text.quote import quote

_DEEPEST = 64
"""Levels of nesting, references followed."""

_WIDEST = 5_000
"""Parts of the schema once every reference is replaced by its target: it bounds the work for a document."""

_PATTERNS = 64
"""Patterns, each of which may take the megabyte that the compiler allows."""

_FOREIGN = ("$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary")


def objection(schema: dict[str, Any]) -> str:
    """Say why a schema cannot be used, or nothing.

    Every part of the document counts as a schema, examples included: what is no reference today may be one
    tomorrow.
    """
    try:
        size = _Measure(schema).size(schema, 0)
    except _ObjectionError as error:
        return str(error)
    return f"its references unfold to more than {_WIDEST} parts" if size > _WIDEST else ""


class _ObjectionError(Exception):
    """Ends the walk: never leaves this module."""


class _Measure:
    """The size of each part once references are unfolded; a part is measured once."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()
        self._patterns = 0

    def size(self, node: Any, depth: int) -> int:  # noqa: ANN401 - any part of a JSON document
        if not isinstance(node, dict | list):
            return 1
        if depth > _DEEPEST:
            raise _ObjectionError(f"it is nested more than {_DEEPEST} levels deep")
        if id(node) in self._open:
            raise _ObjectionError("it refers to itself")
        if id(node) not in self._sizes:
            self._open.add(id(node))
            parts = node if isinstance(node, list) else [*node.values(), *self._referred(node, depth)]
            self._sizes[id(node)] = min(1 + sum(self.size(part, depth + 1) for part in parts), _WIDEST + 1)
            self._open.remove(id(node))
        return self._sizes[id(node)]

    def _referred(self, node: dict[str, Any], depth: int) -> list[Any]:
        for name in _FOREIGN if not depth else (*_FOREIGN, "$id"):
            if isinstance(node.get(name), str | dict | bool):
                raise _ObjectionError(f"it uses {name}, which modelspec does not follow")
        for key in node:
            if not key or (is_number(key) and (key[0] in "+0" and key != "0")):
                raise _ObjectionError(f"it holds a key {quote(key)}, which faults could not point to")
        expressions = node.get("patternProperties")
        self._patterns += len(expressions) if isinstance(expressions, dict) else 0
        self._patterns += isinstance(node.get("pattern"), str)
        if self._patterns > _PATTERNS:
            raise _ObjectionError(f"it holds more than {_PATTERNS} patterns")
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return []
        if reference != "#" and not reference.startswith("#/"):
            raise _ObjectionError(
                f"{quote(reference)} leaves the file; write references such as '#/$defs/name'"
            )
        if "%" in reference:
            raise _ObjectionError(f"{quote(reference)} is percent-encoded; write it plainly")
        try:
            return [resolve(self._root, reference)]
        except (LookupError, ValueError, TypeError):
            raise _ObjectionError(f"{quote(reference)} refers to nothing") from None
