"""Documents against the schemas in `schemas/`: the codes MS101 to MS110."""

from modelspec.schema.documents import DOCUMENT_KINDS, DocumentKind, defaults, schema_text
from modelspec.schema.gate import check
from modelspec.schema.metadata import MetadataSchema, load_metadata_schema
from modelspec.schema.violation import SchemaFault

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
