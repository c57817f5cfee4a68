"""Documents against the schemas in `schemas/`: the codes MS101 to MS110."""

from functools import cache
from typing import TYPE_CHECKING

from modelspec.schema.documents import DOCUMENT_KINDS, DocumentKind, defaults, schema_of, schema_text
from modelspec.schema.engine import compiled
from modelspec.schema.metadata import MetadataSchema, load_metadata_schema
from modelspec.schema.violation import SchemaFault

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

__all__ = [
    "DOCUMENT_KINDS",
    "DocumentKind",
    "MetadataSchema",
    "SchemaFault",
    "check",
    "defaults",
    "load_metadata_schema",
    "schema_text",
]


@cache
def _gate(kind: DocumentKind) -> "Draft202012Validator":
    return compiled(schema_of(kind))


def check(value: object, kind: DocumentKind) -> list[SchemaFault]:
    """Return every fault of a document, or an empty list.

    The document must be what `load` makes: string keys, no lone surrogates, finite numbers.
    """
    if _gate(kind).is_valid(value):
        return []
    # Most runs meet no bad document, and need not import what explains it.
    from modelspec.schema.explain import explain  # noqa: PLC0415

    return explain(value, kind, _gate(kind))
