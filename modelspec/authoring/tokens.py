"""The words and signs of a `--where` expression, each with its place."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from modelspec.document import Scalar
from modelspec.load.scalar import NotANumberError, TooLargeError, resolve

LONGEST = 4096
"""Characters of an expression."""

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PART = re.compile(r"[A-Za-z0-9_-]+")
_SYMBOLS = ("==", "!=", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", ".")
WORDS = frozenset({"and", "or", "not", "in", "contains", "matches", "true", "false", "null"})


class Kind(Enum):
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

    kind: Kind
    value: Scalar
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with an expression, and where."""

    message: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token] | Fault:
    """Every token of a text, with one of kind END behind the last."""
    if len(text) > LONGEST:
        return Fault(message=f"an expression has at most {LONGEST} characters", start=0, end=1)
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token = _token(text, position, bool(tokens) and tokens[-1].value == ".")
        if isinstance(token, Fault):
            return token
        tokens.append(token)
        position = token.end
    tokens.append(Token(kind=Kind.END, value=None, start=len(text), end=len(text) + 1))
    return tokens


def _token(text: str, start: int, behind_dot: bool) -> Token | Fault:  # noqa: FBT001 - the only thing that it looks back for
    if text[start] in "\"'":
        return _text(text, start)
    number = None if behind_dot else _NUMBER.match(text, start)
    if number is not None:
        return _number(number)
    name = (_PART if behind_dot else _NAME).match(text, start)
    if name is not None:
        kind = Kind.WORD if name[0] in WORDS and not behind_dot else Kind.NAME
        return Token(kind=kind, value=name[0], start=start, end=name.end())
    for symbol in _SYMBOLS:
        if text.startswith(symbol, start):
            return Token(kind=Kind.SYMBOL, value=symbol, start=start, end=start + len(symbol))
    return Fault(message="this character means nothing here", start=start, end=start + 1)


def _number(found: "re.Match[str]") -> Token | Fault:
    try:
        value = resolve(found[0])
    except (NotANumberError, TooLargeError):
        return Fault(message="this number is too large", start=found.start(), end=found.end())
    return Token(kind=Kind.NUMBER, value=value, start=found.start(), end=found.end())


def _text(text: str, start: int) -> Token | Fault:
    """A text in single or double quotes; a backslash takes the next character as it is."""
    parts: list[str] = []
    position = start + 1
    while position < len(text):
        character = text[position]
        if character == text[start]:
            return Token(kind=Kind.TEXT, value="".join(parts), start=start, end=position + 1)
        if character == "\\":
            position += 1
            character = text[position : position + 1]
        parts.append(character)
        position += 1
    return Fault(message="this quote is never closed", start=start, end=start + 1)
