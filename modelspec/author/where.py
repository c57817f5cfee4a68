"""The expressions of `--where`: a small grammar, read by recursive descent and never evaluated as code.

```
any    = all { "or" all }
all    = one { "and" one }
one    = "not" one | "(" any ")" | field [ test ]
test   = ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) value
       | "contains" value | "matches" pattern | [ "not" ] "in" list
field  = name { "." ( name | text ) | "[" number "]" }
list   = "[" [ value { "," value } ] "]"
value  = text | number | "true" | "false" | "null"
```
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any, NoReturn, assert_never

from modelspec.author.change import value_at
from modelspec.author.entries import ModelFile, query_fields
from modelspec.author.fields import NoField, field_order, resolve_path
from modelspec.load.scalar import NotANumberError, TooLargeError, resolve
from modelspec.text.document import Scalar
from modelspec.text.names import is_match, nearest
from modelspec.text.quote import quote

LONGEST = 4096
"""The most characters of an expression."""

DEEPEST = 32
"""The deepest nesting of parentheses and `not`."""

DERIVED = ("path", "heads", "folder")
"""The `path` of the file, its `folder` below models.d, and all `heads` that the model names."""

_CONSTANTS: Mapping[str, Scalar] = {"true": True, "false": False, "null": None}
_WORDS = frozenset({"and", "or", "not", "in", "contains", "matches", *_CONSTANTS})
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}

_TEXT = r"""\s+|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_SYMBOL = r"(?P<symbol>[=!<>]=|[]=<>()[,.])"
_TOKEN = re.compile(
    rf"{_TEXT}|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_]))|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|{_SYMBOL}",
    re.DOTALL,
)
_AFTER_DOT = re.compile(rf"{_TEXT}|(?P<name>[A-Za-z0-9_-]+)|{_SYMBOL}", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionFault:
    """What is wrong with an expression, and where, as offsets into the text."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A field compared with a value; `operator` is as written, or `in` with several values."""

    field: tuple[str, ...]
    operator: str
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The opposite of an expression."""

    inner: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every part is true."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Some part is true."""

    parts: tuple["Expression", ...]


Expression = Comparison | Not | AllOf | AnyOf


class _FaultError(Exception):
    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.fault = ExpressionFault(message=message, start=start, end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """A text, number, name, keyword or symbol, or the end; with offsets into the text."""

    kind: str
    value: Scalar
    start: int
    end: int


def parse(text: str) -> Expression | ExpressionFault:
    """Parse an expression; the first fault is returned."""
    if len(text) > LONGEST:
        return ExpressionFault(message=f"an expression has at most {LONGEST} characters", start=0, end=1)
    try:
        reader = _ExpressionReader([*_tokens(text)])
        expression = reader.any(0)
        reader.end()
    except _FaultError as error:
        return error.fault
    return expression


def _tokens(text: str) -> Iterator[_Token]:
    position, is_after_dot = 0, False
    while position < len(text):
        match = (_AFTER_DOT if is_after_dot else _TOKEN).match(text, position)
        if match is None:
            message = "unclosed quote" if text[position] in "\"'" else "unexpected character"
            raise _FaultError(message, position, position + 1)
        position = match.end()
        kind = match.lastgroup
        if kind is None:
            continue
        value: Scalar = match[0]
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", match[0][1:-1], flags=re.DOTALL)
        elif kind == "number":
            try:
                value = resolve(match[0])
            except (NotANumberError, TooLargeError):
                raise _FaultError("the number is too large", match.start(), position) from None
        elif kind == "name" and value in _WORDS and not is_after_dot:
            kind = "word"
        is_after_dot = kind == "symbol" and value == "."
        yield _Token(kind=kind, value=value, start=match.start(), end=position)
    yield _Token(kind="end", value=None, start=position, end=position + 1)


class _ExpressionReader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def _now(self) -> _Token:
        return self._tokens[self._position]

    def any(self, depth: int) -> Expression:
        """One or more parts with `or` between them."""
        parts = [self._all(depth)]
        while self._took("or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts))

    def end(self) -> None:
        """Check that no token is left.

        Raises:
            _FaultError: one is.
        """
        if self._now.kind != "end":
            self._fail("expected 'and' or 'or'")

    def _all(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._took("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts))

    def _one(self, depth: int) -> Expression:
        if depth == DEEPEST:
            self._fail(f"nested deeper than {DEEPEST}")
        if self._took("not"):
            return Not(inner=self._one(depth + 1))
        if self._took("("):
            inner = self.any(depth + 1)
            if not self._took(")"):
                self._fail("expected ')'")
            return inner
        return self._test(self._field())

    def _field(self) -> tuple[str, ...]:
        if self._now.kind != "name":
            self._fail("expected a field, such as region or metadata.owner")
        parts = [self._taken()]
        while self._now.kind == "symbol" and self._now.value in (".", "["):
            is_item = self._taken().value == "["
            if self._now.kind not in (("number",) if is_item else ("name", "text")):
                self._fail(
                    "expected a position, such as 0" if is_item else "expected a field name after the dot"
                )
            parts.append(self._taken())
            if is_item and not self._took("]"):
                self._fail("expected ']'")
        field = tuple(str(part.value) for part in parts)
        wrong = _objection(field)
        if wrong is not None:
            raise _FaultError(wrong.message, parts[wrong.step].start, parts[wrong.step].end)
        return field

    def _test(self, field: tuple[str, ...]) -> Expression:
        for operator in ("==", "!=", *_ORDERS, "contains"):
            if self._took(operator):
                value = self._value(ordered=operator in _ORDERS)
                return Comparison(field=field, operator=operator, value=value)
        if self._took("matches"):
            if self._now.kind != "text":
                self._fail('expected a pattern in quotes, such as "gpt-*"')
            return Comparison(field=field, operator="matches", value=self._value())
        if self._took("in"):
            return Comparison(field=field, operator="in", value=self._list())
        if self._now.value == "not" and self._tokens[self._position + 1].value == "in":
            self._position += 2
            return Not(inner=Comparison(field=field, operator="in", value=self._list()))
        if self._now.value == "=":
            self._fail("use == to compare")
        return Comparison(field=field, operator="==", value=True)

    def _list(self) -> tuple[Scalar, ...]:
        if not self._took("["):
            self._fail('expected a list, such as ["eu", "uk"]')
        values: list[Scalar] = []
        while not self._took("]"):
            if values and not self._took(","):
                self._fail("expected ',' or ']'")
            values.append(self._value())
        return tuple(values)

    def _value(self, *, ordered: bool = False) -> Scalar:
        kind, value = self._now.kind, self._now.value
        if kind in ("text", "number"):
            return self._taken().value
        if kind == "word" and value in _CONSTANTS and not ordered:
            return _CONSTANTS[str(self._taken().value)]
        if kind == "name":
            self._fail('put text in quotes: "…"')
        return self._fail("expected a number or text in quotes" if ordered else "expected a value")

    def _took(self, symbol: str) -> bool:
        is_it = self._now.kind in ("symbol", "word") and self._now.value == symbol
        self._position += is_it
        return is_it

    def _taken(self) -> _Token:
        self._position += 1
        return self._tokens[self._position - 1]

    def _fail(self, message: str) -> NoReturn:
        raise _FaultError(message, self._now.start, self._now.end)


def _objection(field: tuple[str, ...]) -> NoField | None:
    """The part of a field path that is not a field, if any."""
    if field[0] in DERIVED:
        what = f"{quote(field[0])} has no nested fields"
        return None if len(field) == 1 else NoField(step=1, message=what)
    outcome = resolve_path(field)
    if not isinstance(outcome, NoField) or outcome.step:
        return outcome if isinstance(outcome, NoField) else None
    near = nearest(field[0], [*field_order(), *DERIVED])
    hint = f"did you mean {quote(near)}?" if near else "docs/fields.md lists the fields"
    return NoField(step=0, message=f"{quote(field[0])} is not a field of a model; {hint}")


def holds(expression: Expression, entry: ModelFile) -> bool:
    """Whether an expression is true for a model; for a missing field, only `!=` and `== null` are."""
    return is_true(expression, query_fields(entry))


def is_true(expression: Expression, value: Mapping[str, Any]) -> bool:
    """Whether an expression is true for the plain fields of a model."""
    match expression:
        case Not(inner=inner):
            return not is_true(inner, value)
        case AllOf(parts=parts):
            return all(is_true(part, value) for part in parts)
        case AnyOf(parts=parts):
            return any(is_true(part, value) for part in parts)
        case Comparison():
            return _compared(expression, _value(value, expression.field))
        case _:
            assert_never(expression)


def _value(value: Mapping[str, Any], field: tuple[str, ...]) -> object:
    inner: object = value
    for step in field:
        inner = value_at(inner, (int(step),) if isinstance(inner, list) and step.isdecimal() else (step,))
    return inner


def _compared(test: Comparison, actual: object) -> bool:
    wanted = test.value
    match test.operator:
        case "==" | "!=":
            return _equal(actual, wanted) == (test.operator == "==")
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
    """Numbers are compared by value; true is not a number."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _are_comparable(*both: object) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in both)
    return numbers or all(isinstance(value, str) for value in both)
