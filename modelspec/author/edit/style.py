"""Values as YAML text: plain where that is safe, quoted as JSON otherwise; short lists and references in one line."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from modelspec.load.scalar import NotANumberError, TooLargeError, resolve
from modelspec.text.document import Entry, ListNode, MapNode, Node, ScalarNode
from modelspec.text.source import Source, Span


class Text:
    """Knows the text and its line ends."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        first = self._text.find("\n")
        self._newline = "\r\n" if first > 0 and self._text[first - 1] == "\r" else "\n"

    def _begin(self, span: Span) -> int:
        return self._source.offset(span.line, span.column)

    def _end(self, node: Node, alias: Span | None) -> int:
        """Behind the last character of a node; libyaml ends a block collection where the next thing begins."""
        if alias is not None:
            return self._source.offset(alias.end_line, alias.end_column)
        if isinstance(node, MapNode) and not node.flow and node.entries:
            last = list(node.entries.values())[-1]
            return max(
                self._end(last.node, last.alias), self._source.offset(last.key.end_line, last.key.end_column)
            )
        if isinstance(node, ListNode) and not node.flow and node.items:
            position = len(node.items) - 1
            return self._end(node.items[position], node.aliases.get(position))
        end = self._source.offset(node.span.end_line, node.span.end_column)
        if isinstance(node, ScalarNode) and self._is_block_scalar(node):
            return len(self._text[:end].rstrip())
        return end

    def line_of_end(self, entry: Entry) -> int:
        """How many lines there are up to and with the last one of an entry: the number, from 0, of the next one."""
        end = max(
            self._end(entry.node, entry.alias),
            self._source.offset(entry.key.end_line, entry.key.end_column),
        )
        return self._source.span(end, end).line

    def _is_block_scalar(self, node: ScalarNode) -> bool:
        return node.span.end_line > node.span.line and self._source.slice(node.span)[:1] in ("|", ">", "&")

    def _line_start(self, offset: int) -> int:
        return self._text.rfind("\n", 0, offset) + 1

    def _line_end(self, offset: int) -> int:
        """Behind the end of the line that holds an offset."""
        end = self._text.find("\n", offset)
        return len(self._text) if end < 0 else end + 1

    def _cut(self, begin: int, end: int, text: str) -> str:
        return self._text[:begin] + text + self._text[end:]

    def _inserted(self, offset: int, lines: Iterator[str]) -> str:
        """Whole lines at the start of a line, or at the end of a text that lacks its last line end."""
        text = "".join(line + self._newline for line in lines)
        if offset and self._text[offset - 1] != "\n":
            text = self._newline + text.removesuffix(self._newline)
        return self._cut(offset, offset, text)


_PLAIN = re.compile(
    r"[A-Za-z0-9_/.(\u00c0-\uffef][^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\\\"{}\[\],#:&*!|>'%@`]*"
)
"""Holds no character that means something anywhere in YAML, a colon aside, which is looked at by itself."""
_COLON = re.compile(r":(?=[^\s:])")
_WIDTH = 100


def scalar(value: object) -> str:
    """A scalar as it stands in a block or in a list of one line.

    Raises:
        TypeError: it is no scalar.
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
    """The lines of a field, without their ends: one where that is short and plain to read, a block otherwise."""
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
    """The lines of an item of a block list; a mapping goes over several where it is long, or `as_block`."""
    space = " " * indent
    if isinstance(item, Mapping) and item and (as_block or len(f"{space}- {flow(item)}") > _WIDTH):
        lines = [line for name, inner in item.items() for line in block(name, inner, indent + 2)]
        yield f"{space}- {lines[0].lstrip()}"
        yield from lines[1:]
    else:
        yield f"{space}- {flow(item)}"


def in_style_of(old: str, value: object) -> str:
    """A scalar in the quotes of the text that it replaces, where it fits in them."""
    if isinstance(value, str) and old[:1] == "'" and value.isprintable() and "\\" not in value:
        return "'" + value.replace("'", "''") + "'"
    return _quoted(value) if isinstance(value, str) and old[:1] == '"' else scalar(value)


def _is_short(value: object) -> bool:
    """Scalars, lists of scalars, and mappings of one or two of them, such as a reference or limits."""
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
    """JSON's quotes are YAML's; whatever would not be seen is written as an escape."""
    shown = json.dumps(text, ensure_ascii=False)
    return shown if shown.isprintable() else json.dumps(text)
