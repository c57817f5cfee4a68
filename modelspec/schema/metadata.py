"""An organisation's own JSON Schema for `metadata`: it comes from a pull request, so it is not trusted."""

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from modelspec.schema.fault import Fault
from modelspec.schema.gate import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema_rs import Draft202012Validator, ValidationError

LARGEST = 64 * 1024
"""Bytes that such a schema may take."""

EXPLAINED = 500
"""Values of a metadata that are explained in full. The validator copies the value into each of its errors, so the work
grows with the product of both; of a larger metadata only the first fault is told."""

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataSchema:
    """A usable schema for every `metadata`."""

    schema: dict[str, Any]
    validator: "Draft202012Validator"

    def check(self, metadata: object) -> list[Fault]:
        """Return what is wrong with a model's metadata, as MS109 with pointers from the model's root."""
        if self.validator.is_valid(metadata):
            return []
        # Most runs meet no bad document.
        from modelspec.schema.explain import explain  # noqa: PLC0415
        from modelspec.schema.trace import Examined  # noqa: PLC0415

        of = Examined(
            schema=self.schema,
            document=metadata,
            whole="metadata",
            prefix=("metadata",),
            closed=True,
        )
        return [replace(fault, code="MS109") for fault in explain(self._errors(metadata), of)]

    def _errors(self, metadata: object) -> "Iterable[ValidationError]":
        # Only a bad metadata comes here.
        from modelspec.schema.excerpt import smaller  # noqa: PLC0415

        if smaller(metadata, EXPLAINED):
            return self.validator.iter_errors(metadata)
        from jsonschema_rs import ValidationError  # noqa: PLC0415

        errors = []
        try:
            self.validator.validate(metadata)
        except ValidationError as error:
            errors.append(error)
        return errors


def load_metadata_schema(text: bytes) -> tuple[MetadataSchema | None, list[Fault]]:
    """Read an organisation's schema; where it cannot be used, say why in one MS110 and return no schema.

    Nothing is ever fetched and no other file is read: references stay inside the schema and must not be
    recursive. Patterns are linear-time. Size, depth and the work that a document can cause are bounded.
    """
    schema, why = _read(text)
    if schema is None:
        return None, [_unusable(why)]
    try:
        validator = compiled(schema)
    except ValueError as error:
        return None, [_unusable(_compiler_says(error))]
    return MetadataSchema(schema=schema, validator=validator), []


def _read(text: bytes) -> tuple[dict[str, Any] | None, str]:
    """Return the schema, or None and why it cannot be used."""
    # Few repositories have a schema of their own.
    from modelspec.schema.bounds import objection  # noqa: PLC0415

    if len(text) > LARGEST:
        return None, f"it is larger than {LARGEST // 1024} KiB"
    try:
        schema = json.loads(text.decode("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_once)
        json.dumps(schema, ensure_ascii=False).encode()
    except UnicodeError:
        return None, "it is not UTF-8"
    except json.JSONDecodeError as error:
        return None, f"it is not JSON: line {error.lineno}, column {error.colno}"
    except RecursionError:
        return None, "it is nested too deeply"
    except ValueError as error:
        return None, f"it is not JSON: {error}"
    why = (
        "it is not a JSON object"
        if not isinstance(schema, dict)
        else _other_draft(schema) or objection(schema)
    )
    return (None, why) if why else (schema, "")


def _other_draft(schema: dict[str, Any]) -> str:
    known = schema.get("$schema", _DRAFT) in (_DRAFT, f"{_DRAFT}#")
    return "" if known else f"its $schema is not {_DRAFT}"


def _refuse(_: str) -> None:
    raise ValueError("NaN and Infinity are no numbers of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("an object holds a key twice")
    return mapping


def _compiler_says(error: ValueError) -> str:
    """Name the place of what the validator refuses: its own message may quote any part of the schema."""
    place = "/".join(map(str, getattr(error, "instance_path", ())))
    if place.rsplit("/", 1)[-1] in ("pattern", "patternProperties"):
        return (
            f"the pattern at /{place} looks around, refers back or is too large; patterns must be linear-time"
        )
    return f"/{place} is not JSON Schema, draft 2020-12"


def _unusable(why: str) -> Fault:
    return Fault(
        code="MS110",
        pointer=(),
        message=f"the metadata schema cannot be used: {why}",
        label="this schema cannot be used",
        help="correct the schema, or remove metadata_schema from modelspec.yaml",
    )
