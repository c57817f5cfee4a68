"""jsonschema finds every fault of a document that the gate refused; it is slow, and only such a document comes here."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from modelspec.schema.documents import DocumentKind, schema_of
from modelspec.schema.engine import compiled, first_refusal, matches
from modelspec.schema.violation import SchemaFault, Violation
from modelspec.schema.wording import faults_of

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator as Gate

_MOST_OF_ONE = 100
"""Faulty entries of one list or mapping that are reported: more are not the work of a person."""

_MOST = 1_000
"""Violations of one document that are reported."""

_WHOLE = {"model": "a model", "defaults": "_defaults.yaml"}
"""What the document is called as a whole, where that is not the name of its file."""

_Schema = dict[str, Any]
_Errors = Iterator[ValidationError]


def explain(document: object, kind: DocumentKind, gate: "Gate") -> list[SchemaFault]:
    """Every fault of a document that the gate refused; where there is none to be found, the gate's own word."""
    whole = _WHOLE.get(kind, f"{kind}.yaml")
    errors = _cut((iter([error]) for error in _finder(kind).iter_errors(document)), _MOST)
    return faults_of(_violation(error, whole) for error in errors) or faults_of(
        first_refusal(gate, document, schema_of(kind), whole)
    )


def _violation(error: ValidationError, whole: str) -> Violation:
    keyword = str(error.validator)
    # The error in place of those behind the first thousand belongs to no part of the schema.
    node = error.schema if isinstance(error.schema, dict) else {}
    steps = pairwise(error.absolute_schema_path)
    return Violation(
        keyword=keyword,
        node=node,
        place=tuple(error.absolute_path),
        value=error.instance,
        whole=whole,
        key=error.message if keyword in ("additionalProperties", "dependentSchemas") else None,
        name=error.message if keyword in ("required", "uniqueItems", "more") else "",
        declared=frozenset(str(name) for step, name in steps if step == "properties"),
        private=node.get("x-private", False),
    )


def _cut(entries: Iterable[_Errors], most: int = _MOST_OF_ONE) -> _Errors:
    """Yield the errors of the first faulty entries, and one in place of all the others, which are not looked for."""
    faulty = 0
    for errors in entries:
        for error in errors:
            if faulty == most:
                yield ValidationError(f"{most:,}", validator="more")
                return
            yield error
            yield from errors
            faulty += 1


def _items(finder: Any, schema: _Schema, value: object, node: _Schema) -> _Errors:  # noqa: ANN401 - made by `extend`
    if isinstance(value, list):
        faulty = ((index, item) for index, item in enumerate(value) if not node["x-fits"](item))
        yield from _cut(finder.descend(item, schema, path=index) for index, item in faulty)


def _unique(_: object, __: object, value: object, ___: _Schema) -> _Errors:
    """Yield the repeated texts, each with the index of the first; jsonschema's own compares each with each."""
    if isinstance(value, list):
        first: dict[str, int] = {}
        origins = ((i, first.setdefault(text, i)) for i, text in enumerate(value) if isinstance(text, str))
        yield from _cut(
            iter([ValidationError(str(origin), path=(index,), instance=value[index])])
            for index, origin in origins
            if origin != index
        )


def _keyed(finder: Any, forms: dict[str, _Schema], value: object, _: _Schema) -> _Errors:  # noqa: ANN401
    if isinstance(value, dict):
        yield from _cut(
            finder.descend(item, schema, path=key, schema_path=form)
            for form, schema in forms.items()
            for key, item in value.items()
            if matches(form, key)
        )


def _closed(_: object, __: object, value: object, schema: _Schema) -> _Errors:
    """Yield the keys that have no place; our schemas close every mapping that has fields."""
    if isinstance(value, dict):
        known, forms = schema.get("properties", ()), schema.get("patternProperties", ())
        unknown = (k for k in value if k not in known and not any(matches(form, k) for form in forms))
        yield from _cut(iter([ValidationError(key)]) for key in unknown)


def _required(_: object, names: list[str], value: object, __: _Schema) -> _Errors:
    if isinstance(value, dict):
        yield from (ValidationError(name) for name in names if name not in value)


def _exclusive(_: object, rules: dict[str, _Schema], value: object, __: _Schema) -> _Errors:
    """Yield the first field that another one excludes; our schemas use `dependentSchemas` for nothing else."""
    if isinstance(value, dict):
        excluded = (
            sorted(rules[name]["properties"].keys() & value.keys()) for name in rules if name in value
        )
        yield from (ValidationError(names[0]) for names in excluded if names)


def _pattern(_: object, pattern: str, value: object, __: _Schema) -> _Errors:
    """Let the gate's engine run the pattern: one that means the same, and is as fast, for any text."""
    if isinstance(value, str) and not matches(pattern, value):
        yield ValidationError("")


_Finder: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "additionalProperties": _closed,
        "dependentSchemas": _exclusive,
        "items": _items,
        "pattern": _pattern,
        "patternProperties": _keyed,
        "required": _required,
        "uniqueItems": _unique,
    },
)


@cache
def _finder(kind: DocumentKind) -> Any:  # noqa: ANN401 - a class that `extend` makes
    return _Finder(_unfolded(schema_of(kind), schema_of(kind).get("$defs", {})), registry=Registry())


def _unfolded(
    node: _Schema, definitions: _Schema, sample: object = None, *, private: bool = False
) -> _Schema:
    """Put definitions where they are referred to, and pass on to each part what those around it define.

    That is whether it is private, and the example of it that stands in theirs.
    """
    definition = definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else {}
    whole = {key: part for key, part in {**definition, **node}.items() if key not in ("$ref", "$defs")}
    private = whole["x-private"] = private or whole.get("x-private", False)
    shown = whole.setdefault("examples", [] if sample is None else [sample])[:1]
    if "properties" in whole:
        whole["properties"] = {
            name: _unfolded(part, definitions, private=private) for name, part in whole["properties"].items()
        }
    if "patternProperties" in whole:
        inner = next((item for example in shown for item in example.values()), None)
        whole["patternProperties"] = {
            form: _unfolded(part, definitions, inner, private=private)
            for form, part in whole["patternProperties"].items()
        }
    if "items" in whole:
        # Thousands of heads may be good, and one not.
        whole["x-fits"] = compiled({**whole["items"], "$defs": definitions}).is_valid
        inner = next((item for example in shown if isinstance(example, list) for item in example), None)
        whole["items"] = _unfolded(whole["items"], definitions, inner, private=private)
    return whole
