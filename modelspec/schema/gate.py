"""The fast way through for good documents."""

from functools import cache
from typing import TYPE_CHECKING

from modelspec.schema.documents import DocumentKind, schema_of
from modelspec.schema.engine import compiled
from modelspec.schema.violation import SchemaFault

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator


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
