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
from dataclasses import dataclass
from enum import Enum, auto

from modelspec.author.fields import NoField, field_order, way_of
from modelspec.load.scalar import NotANumberError, TooLargeError, resolve
from modelspec.text.document import Scalar
from modelspec.text.names import nearest
from modelspec.text.quote import quote

LONGEST = 4096
"""Characters of an expression."""

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PART = re.compile(r"[A-Za-z0-9_-]+")
_SYMBOLS = ("==", "!=", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", ".")
WORDS = frozenset({"and", "or", "not", "in", "contains", "matches", "true", "false", "null"})


class TokenKind(Enum):
    """What a token is."""

    NAME = auto()
    WORD = auto()
    TEXT = auto()
    NUMBER = auto()
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token and where it stands: offsets into the text."""

    kind: TokenKind
    value: Scalar
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionFault:
    """What is wrong with an expression, and where."""

    message: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token] | ExpressionFault:
    """Every token of a text, with one of kind END behind the last."""
    if len(text) > LONGEST:
        return ExpressionFault(message=f"an expression has at most {LONGEST} characters", start=0, end=1)
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token = _token(text, position, bool(tokens) and tokens[-1].value == ".")
        if isinstance(token, ExpressionFault):
            return token
        tokens.append(token)
        position = token.end
    tokens.append(Token(kind=TokenKind.END, value=None, start=len(text), end=len(text) + 1))
    return tokens


def _token(text: str, start: int, behind_dot: bool) -> Token | ExpressionFault:  # noqa: FBT001 - the only thing that it looks back for
    if text[start] in "\"'":
        return _text(text, start)
    number = None if behind_dot else _NUMBER.match(text, start)
    if number is not None:
        return _number(number)
    name = (_PART if behind_dot else _NAME).match(text, start)
    if name is not None:
        kind = TokenKind.WORD if name[0] in WORDS and not behind_dot else TokenKind.NAME
        return Token(kind=kind, value=name[0], start=start, end=name.end())
    for symbol in _SYMBOLS:
        if text.startswith(symbol, start):
            return Token(kind=TokenKind.SYMBOL, value=symbol, start=start, end=start + len(symbol))
    return ExpressionFault(message="this character means nothing here", start=start, end=start + 1)


def _number(found: "re.Match[str]") -> Token | ExpressionFault:
    try:
        value = resolve(found[0])
    except (NotANumberError, TooLargeError):
        return ExpressionFault(message="this number is too large", start=found.start(), end=found.end())
    return Token(kind=TokenKind.NUMBER, value=value, start=found.start(), end=found.end())


def _text(text: str, start: int) -> Token | ExpressionFault:
    """A text in single or double quotes; a backslash takes the next character as it is."""
    parts: list[str] = []
    position = start + 1
    while position < len(text):
        character = text[position]
        if character == text[start]:
            return Token(kind=TokenKind.TEXT, value="".join(parts), start=start, end=position + 1)
        if character == "\\":
            position += 1
            character = text[position : position + 1]
        parts.append(character)
        position += 1
    return ExpressionFault(message="this quote is never closed", start=start, end=start + 1)


DERIVED = ("path", "heads", "folder")
"""`path` of the file, its `folder` below models.d, and all `heads` that the model names."""


def objection(way: tuple[str, ...]) -> tuple[int, str] | None:
    """The step of a way that leads to no field, and what to say about it."""
    if way[0] in DERIVED:
        return None if len(way) == 1 else (1, f"{quote(way[0])} has no fields of its own")
    found = way_of(way)
    if not isinstance(found, NoField):
        return None
    if found.step:
        return found.step, found.message
    near = nearest(way[0], [*field_order(), *DERIVED])
    said = f"{quote(way[0])} is not a field of a model"
    return 0, f"{said}; did you mean {quote(near)}?" if near else f"{said}; docs/fields.md lists the fields"


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
    def __init__(self, fault: ExpressionFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def parse(text: str) -> Expression | ExpressionFault:
    """The expression of a text, or the first thing in it that is wrong."""
    tokens = tokens_of(text)
    if isinstance(tokens, ExpressionFault):
        return tokens
    reader = _ExpressionReader(tokens)
    try:
        expression = reader.any(0)
        reader.end()
    except _FaultError as error:
        return error.fault
    return expression


class _ExpressionReader:
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
        if self._now.kind is not TokenKind.END:
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
        if first.kind is not TokenKind.NAME:
            self._fail("a field belongs here, such as region or metadata.owner")
        parts: list[str] = []
        spots: list[Token] = []
        while True:
            spots.append(self._now)
            if (
                self._now.kind is TokenKind.WORD
                or self._now.kind is TokenKind.NAME
                or (parts and self._now.kind is TokenKind.TEXT)
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
            raise _FaultError(ExpressionFault(message=message, start=spots[step].start, end=spots[step].end))
        return tuple(parts)

    def _test(self, field: tuple[str, ...]) -> Expression:
        for operator in _COMPARISONS:
            if self._took(operator):
                return Test(field=field, operator=operator, value=self._value(ordered=operator in ORDERS))
        if self._took("contains"):
            return Test(field=field, operator="contains", value=self._value())
        if self._took("matches"):
            if self._now.kind is not TokenKind.TEXT:
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
        if token.kind is TokenKind.TEXT or token.kind is TokenKind.NUMBER:
            self._position += 1
            return token.value
        words = {"true": True, "false": False, "null": None}
        if token.kind is TokenKind.WORD and token.value in words and not ordered:
            self._position += 1
            return words[str(token.value)]
        if token.kind is TokenKind.NAME:
            self._fail('a text is written in quotes: "…"')
        return self._fail("a number or a text in quotes belongs here" if ordered else "a value belongs here")

    def _took(self, symbol: str) -> bool:
        if self._now.kind in (TokenKind.SYMBOL, TokenKind.WORD) and self._now.value == symbol:
            self._position += 1
            return True
        return False

    def _fail(self, message: str) -> "Scalar":
        raise _FaultError(ExpressionFault(message=message, start=self._now.start, end=self._now.end))
