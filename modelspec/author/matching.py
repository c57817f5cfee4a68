"""Whether an expression of `--where` holds for a model."""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any as Anything
from typing import assert_never

from modelspec.author.edit.change import found
from modelspec.author.entries import ModelFile
from modelspec.author.values import effective, heads_of
from modelspec.author.where import All, Any, Expression, Not, Test
from modelspec.text.names import is_match

_ORDERS: Mapping[str, Callable[[Anything, Anything], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def holds(expression: Expression, entry: ModelFile) -> bool:
    """Whether it is true of a model; of what is missing, every comparison but `!=` and `== null` is false."""
    return is_true(expression, asked_of(entry))


def asked_of(entry: ModelFile) -> Mapping[str, Anything]:
    """All that an expression can ask of a model."""
    value = effective(entry)
    folder = entry.path.rpartition("/")[0].partition("/")[2]
    return {**value, "path": entry.path, "folder": folder, "heads": heads_of(value)}


def is_true(expression: Expression, value: Mapping[str, Anything]) -> bool:
    """Whether an expression is true of the plain fields of a model."""
    match expression:
        case Not(inner=inner):
            return not is_true(inner, value)
        case All(parts=parts):
            return all(is_true(part, value) for part in parts)
        case Any(parts=parts):
            return any(is_true(part, value) for part in parts)
        case Test():
            return _compared(expression, _value(value, expression.field))
        case _:
            assert_never(expression)


def _value(value: Mapping[str, Anything], way: tuple[str, ...]) -> object:
    inner: object = value
    for step in way:
        inner = found(inner, (int(step),) if isinstance(inner, list) and step.isdecimal() else (step,))
    return inner


def _compared(test: Test, actual: object) -> bool:  # noqa: PLR0911 - one operator a return
    wanted = test.value
    match test.operator:
        case "==":
            return _equal(actual, wanted)
        case "!=":
            return not _equal(actual, wanted)
        case "in":
            assert isinstance(wanted, tuple)
            return any(_equal(actual, one) for one in wanted)
        case "contains":
            if isinstance(actual, str):
                return isinstance(wanted, str) and wanted in actual
            return isinstance(actual, list | dict) and any(_equal(item, wanted) for item in actual)
        case "matches":
            texts = actual if isinstance(actual, list) else [actual]
            return any(isinstance(text, str) and is_match(str(wanted), text) for text in texts)
        case order:
            return _are_comparable(actual, wanted) and _ORDERS[order](actual, wanted)


def _equal(one: object, other: object) -> bool:
    """Numbers by their value; true is no number."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _are_comparable(one: object, other: object) -> bool:
    both = (one, other)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in both)
    return numbers or all(isinstance(value, str) for value in both)
