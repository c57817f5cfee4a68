"""The fast way through for good documents; bad ones are explained elsewhere."""

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from modelspec.schema.fault import Fault
from modelspec.schema.files import Kind, schema_text

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

_PATTERN_SIZE = 1 << 20
"""The most bytes that one compiled pattern may take: enough for `^.{1,500}$`; ours stay far below."""


_WHOLE = {"model": "a model", "defaults": "_defaults.yaml"}
"""What the document is called as a whole, where that is not the name of its file."""


def check(value: object, kind: Kind) -> list[Fault]:
    """Return every fault of a document, or an empty list.

    The document must be what `load` makes: string keys, no lone surrogates, finite numbers.
    """
    if _validator(kind).is_valid(value):
        return []
    return _explained(value, kind)


@cache
def _validator(kind: Kind) -> "Draft202012Validator":
    return compiled(json.loads(schema_text(kind)))


def compiled(schema: dict[str, Any]) -> "Draft202012Validator":
    """Compile a schema with linear-time patterns, never fetching what it refers to.

    Raises ValueError, or jsonschema_rs.ReferencingError, where the schema is not usable.
    """
    # The first document pays for this import, `--help` does not.
    from jsonschema_rs import Draft202012Validator, RegexOptions  # noqa: PLC0415

    options = RegexOptions(size_limit=_PATTERN_SIZE, dfa_size_limit=1 << 20)
    return Draft202012Validator(schema, offline=True, pattern_options=options, mask="the value")


def _explained(value: object, kind: Kind) -> list[Fault]:
    # Most runs meet no bad document.
    from modelspec.schema.excerpt import excerpt  # noqa: PLC0415
    from modelspec.schema.explain import explain  # noqa: PLC0415
    from modelspec.schema.trace import Examined  # noqa: PLC0415

    whole = _WHOLE.get(kind, f"{kind}.yaml")
    schema = json.loads(schema_text(kind))
    part = excerpt(value, schema)
    of = Examined(schema=schema, document=part.document, whole=whole)
    faults = explain(_validator(kind).iter_errors(part.document), of)
    return [*faults, *part.closing(faults)]
