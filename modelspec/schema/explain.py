"""Errors of the validator, in the words of the person who wrote the file."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from modelspec.schema import fields, values
from modelspec.schema.alternatives import folded_alternatives
from modelspec.schema.fault import Fault
from modelspec.schema.fold import Finding, fold
from modelspec.schema.trace import Examined, Trace, trace

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError


def explain(errors: "Iterable[ValidationError]", of: Examined) -> list[Fault]:
    """Turn the validator's errors into faults, one a mistake."""
    findings: list[Finding] = []
    for error in folded_alternatives(errors):
        traced = trace(error, of)
        findings += _WORDS.get(traced.keyword, values.other)(traced)
    return fold(findings)


_WORDS: dict[str, Callable[[Trace], Iterator[Finding]]] = {
    "type": values.wrong_type,
    "required": fields.missing,
    "additionalProperties": fields.unknown,
    "unevaluatedProperties": fields.unknown,
    "pattern": values.wrong_form,
    "not": values.wrong_form,
    "format": values.wrong_form,
    "enum": values.no_choice,
    "const": values.no_choice,
    "uniqueItems": values.repeated,
    "falseSchema": fields.excluded,
    "anyOf": fields.none_fits,
    "oneOf": fields.none_fits,
    "minProperties": fields.number_of_fields,
    "maxProperties": fields.number_of_fields,
    **dict.fromkeys(values.BOUNDS, values.out_of_bounds),
}
