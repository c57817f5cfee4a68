"""The expressions of `--where`: a small grammar, read by recursive descent and never evaluated as code.

```
any    = all { "or" all }
all    = one { "and" one }
one    = "not" one | "(" any ")" | field [ test ]
test   = ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) value
       | "contains" value | "matches" pattern | [ "not" ] "in" list
field  = name { "." ( name | text ) }
list   = "[" [ value { "," value } ] "]"
value  = text | number | "true" | "false" | "null"
```
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any, NoReturn, assert_never

from modelspec.author.change import found
from modelspec.author.entries import ModelFile, asked_of
from modelspec.author.fields import NoField, field_order, way_of
from modelspec.load.scalar import NotANumberError, TooLargeError, resolve
from modelspec.text.document import Scalar
from modelspec.text.names import is_match, nearest
from modelspec.text.quote import quote

LONGEST = 4096
"""Characters of an expression."""

DEEPEST = 32
"""How deep parentheses and `not` may be nested."""

DERIVED = ("path", "heads", "folder")
"""`path` of the file, its `folder` below models.d, and all `heads` that the model names."""

_CONSTANTS: Mapping[str, Scalar] = {"true": True, "false": False, "null": None}
_WORDS = frozenset({"and", "or", "not", "in", "contains", "matches", *_CONSTANTS})
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}

_TEXT = r"""\s+|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_SYMBOL = r"(?P<symbol>[=!<>]=|[]=<>()[,.])"
_TOKEN = re.compile(
    rf"{_TEXT}|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_]))|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|{_SYMBOL}",
    re.DOTALL,
)
_BEHIND_DOT = re.compile(rf"{_TEXT}|(?P<name>[A-Za-z0-9_-]+)|{_SYMBOL}", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionFault:
    """What is wrong with an expression, and where: offsets into the text."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A field against a value; `operator` is as it is written, or `in` with a list of values."""

    field: tuple[str, ...]
    operator: str
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """What does not hold."""

    inner: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every part holds."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """A part holds."""

    parts: tuple["Expression", ...]


Expression = Comparison | Not | AllOf | AnyOf


class _FaultError(Exception):
    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.fault = ExpressionFault(message=message, start=start, end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """A text, number, name, word of the grammar or symbol, or the end; offsets into the text."""

    kind: str
    value: Scalar
    start: int
    end: int


def parse(text: str) -> Expression | ExpressionFault:
    """The expression of a text, or the first thing in it that is wrong."""
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
    position, is_behind_dot = 0, False
    while position < len(text):
        match = (_BEHIND_DOT if is_behind_dot else _TOKEN).match(text, position)
        if match is None:
            what = "quote is never closed" if text[position] in "\"'" else "character means nothing here"
            raise _FaultError(f"this {what}", position, position + 1)
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
                raise _FaultError("this number is too large", match.start(), position) from None
        elif kind == "name" and value in _WORDS and not is_behind_dot:
            kind = "word"
        is_behind_dot = kind == "symbol" and value == "."
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
        """Nothing is left.

        Raises:
            _FaultError: something is.
        """
        if self._now.kind != "end":
            self._fail("'and' or 'or' belongs before this")

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
                self._fail("a parenthesis is never closed: ')' belongs here")
            return inner
        return self._test(self._field())

    def _field(self) -> tuple[str, ...]:
        if self._now.kind != "name":
            self._fail("a field belongs here, such as region or metadata.owner")
        parts = [self._taken()]
        while self._took("."):
            if self._now.kind not in ("name", "text"):
                self._fail("the name of a field belongs behind the dot")
            parts.append(self._taken())
        way = tuple(str(part.value) for part in parts)
        wrong = _objection(way)
        if wrong is not None:
            raise _FaultError(wrong.message, parts[wrong.step].start, parts[wrong.step].end)
        return way

    def _test(self, field: tuple[str, ...]) -> Expression:
        for operator in ("==", "!=", *_ORDERS, "contains"):
            if self._took(operator):
                value = self._value(ordered=operator in _ORDERS)
                return Comparison(field=field, operator=operator, value=value)
        if self._took("matches"):
            if self._now.kind != "text":
                self._fail('a pattern in quotes belongs here, such as "gpt-*"')
            return Comparison(field=field, operator="matches", value=self._value())
        if self._took("in"):
            return Comparison(field=field, operator="in", value=self._list())
        if self._now.value == "not" and self._tokens[self._position + 1].value == "in":
            self._position += 2
            return Not(inner=Comparison(field=field, operator="in", value=self._list()))
        if self._now.value == "=":
            self._fail("write == to compare")
        return Comparison(field=field, operator="==", value=True)

    def _list(self) -> tuple[Scalar, ...]:
        if not self._took("["):
            self._fail('a list belongs here, such as ["eu", "uk"]')
        values: list[Scalar] = []
        while not self._took("]"):
            if values and not self._took(","):
                self._fail("',' or ']' belongs here")
            values.append(self._value())
        return tuple(values)

    def _value(self, *, ordered: bool = False) -> Scalar:
        kind, value = self._now.kind, self._now.value
        if kind in ("text", "number"):
            return self._taken().value
        if kind == "word" and value in _CONSTANTS and not ordered:
            return _CONSTANTS[str(self._taken().value)]
        if kind == "name":
            self._fail('a text is written in quotes: "…"')
        return self._fail("a number or a text in quotes belongs here" if ordered else "a value belongs here")

    def _took(self, symbol: str) -> bool:
        is_it = self._now.kind in ("symbol", "word") and self._now.value == symbol
        self._position += is_it
        return is_it

    def _taken(self) -> _Token:
        self._position += 1
        return self._tokens[self._position - 1]

    def _fail(self, message: str) -> NoReturn:
        raise _FaultError(message, self._now.start, self._now.end)


def _objection(way: tuple[str, ...]) -> NoField | None:
    """The step of a way that leads to no field, and what to say about it."""
    if way[0] in DERIVED:
        what = f"{quote(way[0])} has no fields of its own"
        return None if len(way) == 1 else NoField(step=1, message=what)
    outcome = way_of(way)
    if not isinstance(outcome, NoField) or outcome.step:
        return outcome if isinstance(outcome, NoField) else None
    near = nearest(way[0], [*field_order(), *DERIVED])
    hint = f"did you mean {quote(near)}?" if near else "docs/fields.md lists the fields"
    return NoField(step=0, message=f"{quote(way[0])} is not a field of a model; {hint}")


def holds(expression: Expression, entry: ModelFile) -> bool:
    """Whether it is true of a model; of what is missing, every comparison but `!=` and `== null` is false."""
    return is_true(expression, asked_of(entry))


def is_true(expression: Expression, value: Mapping[str, Any]) -> bool:
    """Whether an expression is true of the plain fields of a model."""
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


def _value(value: Mapping[str, Any], way: tuple[str, ...]) -> object:
    inner: object = value
    for step in way:
        inner = found(inner, (int(step),) if isinstance(inner, list) and step.isdecimal() else (step,))
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
    """Numbers by their value; true is no number."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _are_comparable(*both: object) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in both)
    return numbers or all(isinstance(value, str) for value in both)
