"""Documents against the schemas in `schemas/`: the codes MS101 to MS110."""

from modelspec.schema.fault import Fault
from modelspec.schema.files import KINDS, Kind, schema_text
from modelspec.schema.gate import check
from modelspec.schema.metadata import MetadataSchema, load_metadata_schema

__all__ = ["KINDS", "Fault", "Kind", "MetadataSchema", "check", "load_metadata_schema", "schema_text"]
