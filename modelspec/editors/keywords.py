"""Schemas rewritten keyword by keyword: what is a schema inside a schema, and what only looks like one."""

from collections.abc import Callable, Mapping
from typing import Any

_Schema = dict[str, Any]

_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_DATA = frozenset({"enum", "const", "examples", "default", "dependentRequired"})


def without_own_keywords(schema: _Schema) -> _Schema:
    """A schema of ours without the `x-` keywords, which strict validators refuse."""
    return _rewritten(schema, lambda key, value: None if key.startswith("x-") else (key, value))


def embedded(schema: Mapping[str, Any], at: str) -> _Schema:
    """A schema of its own, made fit to stand inside another at the given reference: its references lead there."""

    def moved(key: str, value: object) -> tuple[str, object] | None:
        if key in ("$schema", "$id"):
            return None
        if key == "$ref" and isinstance(value, str) and value.startswith("#"):
            return key, at + value.removeprefix("#")
        return key, value

    return _rewritten(schema, moved)


_Rewrite = Callable[[str, object], tuple[str, object] | None]


def _rewritten(schema: Mapping[str, Any], rewrite: _Rewrite) -> _Schema:
    result: _Schema = {}
    for name, inner in schema.items():
        kept = rewrite(name, inner)
        if kept is not None:
            key, value = kept
            result[key] = value if key in _DATA else _inner(key, value, rewrite)
    return result


def _inner(key: str, value: object, rewrite: _Rewrite) -> object:
    if isinstance(value, dict):
        if key in _BY_NAME:
            return {
                name: _rewritten(part, rewrite) if isinstance(part, dict) else part
                for name, part in value.items()
            }
        return _rewritten(value, rewrite)
    if isinstance(value, list) and key in _LISTS:
        return [_rewritten(part, rewrite) if isinstance(part, dict) else part for part in value]
    return value
