"""JSON Schemas for editors: the published ones, with the names of this repository as choices."""

from modelspec.author.schemas.choices import Choice, Choices, choices_of
from modelspec.author.schemas.files import (
    FOLDER,
    WrittenSchemas,
    schema_line,
    stale_schemas,
    wiring,
    write_schemas,
)
from modelspec.author.schemas.tailored import tailored, text_of

__all__ = [
    "FOLDER",
    "Choice",
    "Choices",
    "WrittenSchemas",
    "choices_of",
    "schema_line",
    "stale_schemas",
    "tailored",
    "text_of",
    "wiring",
    "write_schemas",
]
