"""jsonschema-rs: whether a document satisfies a schema, in linear time, and its own word for where it does not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from modelspec.schema.violation import Violation
from modelspec.text.document import Pointer

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

_PATTERN_SIZE = 1 << 20
"""The most bytes that one compiled pattern may take: enough for `^.{1,500}$`; ours stay far below."""

_WHOLE = ("type", "const", "enum", "falseSchema")
"""Keywords that turn a value away as a whole."""

_CLOSED = ("additionalProperties", "unevaluatedProperties")

_MOST_UNKNOWN = 20
"""Unknown fields of one mapping that are reported."""


def compiled(schema: dict[str, Any]) -> "Draft202012Validator":
    """Compile a schema with linear-time patterns, never fetching what it refers to.

    Raises ValueError, or jsonschema_rs.ReferencingError, where the schema is not usable.
    """
    # The first document pays for this import, `--help` does not.
    from jsonschema_rs import Draft202012Validator, RegexOptions  # noqa: PLC0415

    options = RegexOptions(size_limit=_PATTERN_SIZE, dfa_size_limit=1 << 20)
    return Draft202012Validator(schema, offline=True, pattern_options=options, mask="the value")


@cache
def _pattern(pattern: str) -> "Draft202012Validator":
    return compiled({"pattern": pattern})


def matches(pattern: str, text: str) -> bool:
    """Whether a text has a form: `$` is its end alone, classes are ASCII, and no text takes long."""
    return _pattern(pattern).is_valid(text)


def first_refusal(
    validator: "Draft202012Validator", document: object, schema: Mapping[str, Any], whole: str
) -> Iterator[Violation]:
    """The first violation alone: `iter_errors` makes a copy of the value for each of its errors."""
    from jsonschema_rs import ValidationError  # noqa: PLC0415 - only a bad document comes here

    try:
        validator.validate(document)
    except ValidationError as error:
        yield from refusals([error], document, schema, whole)


def refusals(
    errors: "Iterable[ValidationError]", document: object, schema: Mapping[str, Any], whole: str
) -> Iterator[Violation]:
    """The violations that the validator's errors stand for; everything in them counts as private."""
    for error in _meant(errors):
        # Only the inner error of `propertyNames` knows the key.
        is_of_key = error.kind.name == "propertyNames"
        inner: ValidationError = error.kind.as_dict()["error"] if is_of_key else error
        details = inner.kind.as_dict()
        unknown = details.get("unexpected") if inner.kind.name in _CLOSED else None
        place, value = _place(error, document)
        steps = pairwise(error.evaluation_path)
        declared = frozenset(str(name) for step, name in steps if step == "properties")
        keys: Iterable[str | None] = [str(inner.instance)] if is_of_key else unknown or [None]
        for key in islice(keys, _MOST_UNKNOWN):
            yield Violation(
                keyword=inner.kind.name,
                node=_node(schema, inner.schema_path[:-1]),
                place=place,
                value=value,
                whole=whole,
                key=key,
                name=details.get("property", ""),
                declared=declared,
                private=True,
                foreign=True,
            )


def _meant(errors: "Iterable[ValidationError]") -> "Iterator[ValidationError]":
    """Replace an error of alternatives by those of the only one that does not turn away the value as a whole."""
    for error in errors:
        branches = error.kind.as_dict().get("context", []) if error.kind.name in ("anyOf", "oneOf") else []
        near = [
            branch
            for branch in branches
            if not any(e.kind.name in _WHOLE and e.instance_path == error.instance_path for e in branch)
        ]
        yield from _meant(near[0]) if len(near) == 1 < len(branches) else [error]


def _node(schema: Mapping[str, Any], path: Iterable[str | int]) -> Mapping[str, Any]:
    node: Any = schema
    for part in path:
        node = node[part if isinstance(node, list) else str(part)]
    return node if isinstance(node, dict) else {}


def _place(error: "ValidationError", document: object) -> tuple[Pointer, Any]:
    fitting = list(_places(document, error.instance_path))
    # The copy of the value decides only where it has to: it may be large.
    if len(fitting) == 1:
        return fitting[0]
    return next((found for found in fitting if found[1] == error.instance), fitting[0])


def _places(node: Any, path: Sequence[str | int]) -> Iterator[tuple[Pointer, Any]]:  # noqa: ANN401 - JSON
    """Yield each place that a path of the validator may mean: it leaves out empty keys, and `007` is 7 in it."""
    if not path:
        yield (), node
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in entries:
        if key == "":
            rest = path
        elif path and str(path[0]) in (str(key), _number(str(key))):
            rest = path[1:]
        else:
            continue
        for place, value in _places(inner, rest):
            yield (key, *place), value


def _number(key: str) -> str:
    return (key.removeprefix("+").lstrip("0") or "0") if is_number(key) else key


def is_number(key: str) -> bool:
    """Whether the validator makes a number of a key."""
    return key.removeprefix("+").isdecimal() and key.isascii()
