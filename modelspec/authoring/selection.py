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

from dataclasses import dataclass

from modelspec.authoring.tokens import Fault, Kind, Token, tokens_of
from modelspec.authoring.where_fields import objection
from modelspec.document import Scalar

DEEPEST = 32
"""How deep parentheses and `not` may be nested."""

ORDERS = ("<", "<=", ">", ">=")
_COMPARISONS = ("==", "!=", *ORDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A field against a value; `operator` is as it is written, or `in` with a list of values."""

    field: tuple[str, ...]
    operator: str
    value: "Scalar | tuple[Scalar, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """What does not hold."""

    inner: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Every part holds."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    """A part holds."""

    parts: tuple["Expression", ...]


Expression = Test | Not | All | Any


class _FaultError(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def parse(text: str) -> Expression | Fault:
    """The expression of a text, or the first thing in it that is wrong."""
    tokens = tokens_of(text)
    if isinstance(tokens, Fault):
        return tokens
    reader = _Reader(tokens)
    try:
        expression = reader.any(0)
        reader.end()
    except _FaultError as error:
        return error.fault
    return expression


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def _now(self) -> Token:
        return self._tokens[self._position]

    def any(self, depth: int) -> Expression:
        """One or more parts with `or` between them."""
        parts = [self._all(depth)]
        while self._took("or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Any(parts=tuple(parts))

    def end(self) -> None:
        """Nothing is left.

        Raises:
            _FaultError: something is.
        """
        if self._now.kind is not Kind.END:
            self._fail("'and' or 'or' belongs before this")

    def _all(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._took("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(parts=tuple(parts))

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
        first = self._now
        if first.kind is not Kind.NAME:
            self._fail("a field belongs here, such as region or metadata.owner")
        parts: list[str] = []
        spots: list[Token] = []
        while True:
            spots.append(self._now)
            if (
                self._now.kind is Kind.WORD
                or self._now.kind is Kind.NAME
                or (parts and self._now.kind is Kind.TEXT)
            ):
                parts.append(str(self._now.value))
            else:
                self._fail("the name of a field belongs behind the dot")
            self._position += 1
            if not self._took("."):
                break
        wrong = objection(tuple(parts))
        if wrong is not None:
            step, message = wrong
            raise _FaultError(Fault(message=message, start=spots[step].start, end=spots[step].end))
        return tuple(parts)

    def _test(self, field: tuple[str, ...]) -> Expression:
        for operator in _COMPARISONS:
            if self._took(operator):
                return Test(field=field, operator=operator, value=self._value(ordered=operator in ORDERS))
        if self._took("contains"):
            return Test(field=field, operator="contains", value=self._value())
        if self._took("matches"):
            if self._now.kind is not Kind.TEXT:
                self._fail('a pattern in quotes belongs here, such as "gpt-*"')
            return Test(field=field, operator="matches", value=self._value())
        if self._took("in"):
            return Test(field=field, operator="in", value=self._list())
        if self._now.value == "not" and self._tokens[self._position + 1].value == "in":
            self._position += 2
            return Not(inner=Test(field=field, operator="in", value=self._list()))
        if self._now.value == "=":
            self._fail("write == to compare")
        return Test(field=field, operator="==", value=True)

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
        token = self._now
        if token.kind is Kind.TEXT or token.kind is Kind.NUMBER:
            self._position += 1
            return token.value
        words = {"true": True, "false": False, "null": None}
        if token.kind is Kind.WORD and token.value in words and not ordered:
            self._position += 1
            return words[str(token.value)]
        if token.kind is Kind.NAME:
            self._fail('a text is written in quotes: "…"')
        return self._fail("a number or a text in quotes belongs here" if ordered else "a value belongs here")

    def _took(self, symbol: str) -> bool:
        if self._now.kind in (Kind.SYMBOL, Kind.WORD) and self._now.value == symbol:
            self._position += 1
            return True
        return False

    def _fail(self, message: str) -> "Scalar":
        raise _FaultError(Fault(message=message, start=self._now.start, end=self._now.end))
