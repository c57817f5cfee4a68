"""Values as YAML text: plain if that is safe, else quoted as JSON; short lists and references on one line."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from modelspec.load.scalar import NotANumberError, TooLargeError, resolve

_PLAIN = re.compile(
    r"[A-Za-z0-9_/.(\u00c0-\uffef][^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\\\"{}\[\],#:&*!|>'%@`]*"
)
"""Contains no character that has a meaning in YAML, except colons, which are checked separately."""
_COLON = re.compile(r":(?=[^\s:])")
_WIDTH = 100


def scalar(value: object) -> str:
    """A scalar, as in a block or a flow.

    Raises:
        TypeError: it is not a scalar.
    """
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    raise TypeError(type(value))


def flow(value: object) -> str:
    """Any value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def block(key: str, value: object, indent: int = 0) -> Iterator[str]:
    """The lines of a field, without line ends: one line if it is short, else a block."""
    space = " " * indent
    short = f"{space}{scalar(key)}: {flow(value)}"
    if _is_short(value) and (
        len(short) <= _WIDTH or not value or not isinstance(value, Mapping | list | tuple)
    ):
        yield short
        return
    yield f"{space}{scalar(key)}:"
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from block(name, item, indent + 2)
    elif isinstance(value, Sequence):
        for item in value:
            yield from item_lines(item, indent + 2)


def item_lines(item: object, indent: int, *, as_block: bool = False) -> Iterator[str]:
    """The lines of an item of a block list; a mapping takes several lines if it is long or `as_block`."""
    space = " " * indent
    if isinstance(item, Mapping) and item and (as_block or len(f"{space}- {flow(item)}") > _WIDTH):
        lines = [line for name, inner in item.items() for line in block(name, inner, indent + 2)]
        yield f"{space}- {lines[0].lstrip()}"
        yield from lines[1:]
    else:
        yield f"{space}- {flow(item)}"


def in_style_of(old: str, value: object) -> str:
    """A scalar in the quotes of the text that it replaces, if it fits in them."""
    if isinstance(value, str) and old[:1] == "'" and value.isprintable() and "\\" not in value:
        return "'" + value.replace("'", "''") + "'"
    return _quoted(value) if isinstance(value, str) and old[:1] == '"' else scalar(value)


def _is_short(value: object) -> bool:
    """Whether it is a scalar, a list of scalars, or a mapping of one or two of these, such as a reference."""
    if isinstance(value, Mapping):
        return len(value) <= 2 and all(_is_short(item) for item in value.values())  # noqa: PLR2004 - a pair
    if isinstance(value, Sequence) and not isinstance(value, str):
        return not any(isinstance(item, Mapping | list) for item in value)
    return True


def _is_plain(text: str) -> bool:
    if not _PLAIN.fullmatch(_COLON.sub("", text)) or text[-1] == " " or not text.isprintable():
        return False
    if text[:3] in ("---", "..."):
        return False
    try:
        return resolve(text) == text
    except (NotANumberError, TooLargeError):
        return False


def _quoted(text: str) -> str:
    """Quote as JSON, which is valid YAML; invisible characters are escaped."""
    shown = json.dumps(text, ensure_ascii=False)
    return shown if shown.isprintable() else json.dumps(text)
