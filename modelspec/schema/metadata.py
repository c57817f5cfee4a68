"""An organisation's own JSON Schema for `metadata`: it comes from a pull request, so it is not trusted."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from modelspec.schema.engine import compiled, first_refusal, is_number, refusals
from modelspec.schema.violation import SchemaFault
from modelspec.text.quote import quote

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

LARGEST = 64 * 1024
"""Bytes that such a schema may take."""

EXPLAINED = 500
"""Values of a metadata that are explained in full. The validator copies the value into each of its errors, so the work
grows with the product of both; of a larger metadata only the first fault is reported."""

_DEEPEST = 64
"""Levels of nesting, references followed."""

_WIDEST = 5_000
"""Parts of the schema once every reference is replaced by its target: it bounds the work for a document."""

_PATTERNS = 64
"""Patterns, each of which may take the megabyte that the compiler allows."""

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_FOREIGN = ("$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataSchema:
    """A usable schema for every `metadata`."""

    schema: dict[str, Any]
    validator: "Draft202012Validator"

    def check(self, metadata: object) -> list[SchemaFault]:
        """Return what is wrong with a model's metadata, as MS109 with pointers from the model's root."""
        if self.validator.is_valid(metadata):
            return []
        # Most runs meet no bad document.
        from modelspec.schema.wording import faults_of  # noqa: PLC0415

        found = (
            refusals(self.validator.iter_errors(metadata), metadata, self.schema, "metadata")
            if _is_small(metadata)
            else first_refusal(self.validator, metadata, self.schema, "metadata")
        )
        below = (
            replace(at, place=("metadata", *at.place), declared=at.declared | {"metadata"}) for at in found
        )
        return [replace(fault, code="MS109") for fault in faults_of(below)]


def _is_small(value: object) -> bool:
    pending = [value]
    seen = 0
    while pending and seen < EXPLAINED:
        seen += 1
        part = pending.pop()
        pending += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return not pending


def load_metadata_schema(text: bytes) -> tuple[MetadataSchema | None, list[SchemaFault]]:
    """Read an organisation's schema; where it cannot be used, say why in one MS110 and return no schema.

    Nothing is ever fetched and no other file is read: references stay inside the schema and must not be
    recursive. Patterns are linear-time. Size, depth and the work that a document can cause are bounded.
    """
    try:
        schema = _read(text)
        return MetadataSchema(schema=schema, validator=compiled(schema)), []
    except _UnusableError as error:
        why = str(error)
    except ValueError as error:
        why = _compiler_says(error)
    fault = SchemaFault(
        code="MS110",
        pointer=(),
        message=f"the metadata schema cannot be used: {why}",
        label="this schema cannot be used",
        help="correct the schema, or remove metadata_schema from modelspec.yaml",
    )
    return None, [fault]


class _UnusableError(Exception):
    """Says why a schema cannot be used: never leaves this module."""


def _read(text: bytes) -> dict[str, Any]:
    if len(text) > LARGEST:
        raise _UnusableError(f"it is larger than {LARGEST // 1024} KiB")
    try:
        schema = json.loads(text.decode("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_once)
        json.dumps(schema, ensure_ascii=False).encode()
    except UnicodeError:
        raise _UnusableError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _UnusableError(f"it is not JSON: line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _UnusableError("it is nested too deeply") from None
    except ValueError as error:
        raise _UnusableError(f"it is not JSON: {error}") from None
    if not isinstance(schema, dict):
        raise _UnusableError("it is not a JSON object")
    if schema.get("$schema", _DRAFT) not in (_DRAFT, f"{_DRAFT}#"):
        raise _UnusableError(f"its $schema is not {_DRAFT}")
    _bound(schema)
    return schema


def _bound(schema: dict[str, Any]) -> None:
    """Refuse what is not plain, and what could make much work of a document.

    Every part counts as a schema, examples included: what is no reference today may be one tomorrow.
    """
    pending: list[tuple[Any, tuple[Any, ...]]] = [(schema, ())]
    patterns: dict[int, int] = {}
    size = 0
    while pending:
        node, around = pending.pop()
        size += 1
        if size > _WIDEST:
            raise _UnusableError(f"its references unfold to more than {_WIDEST} parts")
        if any(node is outer for outer in around):
            raise _UnusableError("it refers to itself")
        if len(around) > _DEEPEST:
            raise _UnusableError(f"it is nested more than {_DEEPEST} levels deep")
        if isinstance(node, dict):
            forms = node.get("patternProperties")
            patterns[id(node)] = len(forms) if isinstance(forms, dict) else 0
            patterns[id(node)] += isinstance(node.get("pattern"), str)
            parts = [*node.values(), *_referred(schema, node, is_root=not around)]
        else:
            parts = node if isinstance(node, list) else []
        pending += [(part, (*around, node)) for part in parts]
    if sum(patterns.values()) > _PATTERNS:
        raise _UnusableError(f"it contains more than {_PATTERNS} patterns")


def _referred(schema: dict[str, Any], node: dict[str, Any], *, is_root: bool) -> Iterator[Any]:
    """Yield what a part of the schema refers to."""
    for name in _FOREIGN if is_root else (*_FOREIGN, "$id"):
        if isinstance(node.get(name), str | dict | bool):
            raise _UnusableError(f"it uses {name}, which modelspec does not follow")
    for key in node:
        if not key or (is_number(key) and (key[0] in "+0" and key != "0")):
            raise _UnusableError(f"it has a key {quote(key)}, which diagnostics cannot point to")
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return
    if reference != "#" and not reference.startswith("#/"):
        raise _UnusableError(f"{quote(reference)} leaves the file; write references such as '#/$defs/name'")
    if "%" in reference:
        raise _UnusableError(f"{quote(reference)} is percent-encoded; write it unencoded")
    target: Any = schema
    try:
        for part in reference.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            target = target[int(name)] if isinstance(target, list) else target[name]
    except (LookupError, ValueError, TypeError):
        raise _UnusableError(f"{quote(reference)} has no target") from None
    yield target


def _refuse(_: str) -> None:
    raise ValueError("NaN and Infinity are not valid in JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("an object has a duplicate key")
    return mapping


def _compiler_says(error: ValueError) -> str:
    """Name the place of what the validator refuses: its own message may quote any part of the schema."""
    place = "/".join(map(str, getattr(error, "instance_path", ())))
    if place.rsplit("/", 1)[-1] in ("pattern", "patternProperties"):
        fault = "uses lookaround or backreferences, or is too large"
        return f"the pattern at /{place} {fault}; patterns must be linear-time"
    return f"/{place} is not valid JSON Schema, draft 2020-12"
