"""Changes to the bytes of a file: each is one cut in the text, verified by reading it again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelspec.author.change import Append, Change, Discard, Put, Rekey, Unset, changed, same, value_at
from modelspec.author.style import block, flow, in_style_of, item_lines
from modelspec.load import read
from modelspec.load.find import File
from modelspec.load.text import BOM
from modelspec.text.document import Document, Entry, ListNode, MapNode, Node, Pointer, ScalarNode
from modelspec.text.source import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A change that cannot be made without touching other text, where and why."""

    pointer: Pointer
    why: str


def rewrite(file: File, changes: Sequence[Change], order: Sequence[str] = ()) -> bytes | Unfit:
    """The bytes of a file after some changes, one after the other.

    A new top-level field is placed by `order`. The new text is read again: if its value is not exactly the expected
    one, it is never returned.

    Raises:
        ValueError: the file cannot be read, or is not a mapping.
    """
    for change in changes:
        reading = read(file)
        if reading.faults or not isinstance(reading.value, dict):
            raise ValueError(file.path)
        try:
            wanted = changed(reading.value, change)
        except KeyError:
            return Unfit(pointer=change.pointer, why="a value on its path is not a mapping or list")
        if same(wanted, reading.value):
            continue
        try:
            text = _cut(reading.document, change, wanted, order)
        except _NoPlaceError:
            return Unfit(
                pointer=change.pointer, why="it is written with anchors or aliases, or on several lines"
            )
        file = File(file.path, (BOM if file.data.startswith(BOM) else b"") + text.encode())
        again = read(file)
        if again.faults or not _equal(again.value, wanted):
            return Unfit(pointer=change.pointer, why="its place in the text around it is ambiguous")
    return file.data


def _equal(one: object, other: object) -> bool:
    """Like `same`, but ignoring the order of keys: a new key may come before others."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return same(one, other)


class _NoPlaceError(Exception):
    """The change cannot be made without touching other text."""


def _cut(document: Document, change: Change, wanted: object, order: Sequence[str]) -> str:
    """The text after one change; `wanted` is the plain value of the whole document after it."""
    cutter = _Cutter(document.source, order)
    pointer = change.pointer
    if isinstance(change, Unset) or (isinstance(change, Discard) and value_at(wanted, pointer) is None):
        # Remove what would be empty otherwise.
        while len(pointer) > 1 and value_at(wanted, pointer[:-1]) is None:
            pointer = pointer[:-1]
        return cutter.removed(*_held(document.root, pointer))
    if isinstance(change, Rekey):
        return cutter.rekeyed(_held(document.root, pointer)[1], change.key)
    value = value_at(wanted, pointer)
    holder, rest = _nearest(document.root, pointer)
    part = _part(holder, rest[0])
    if len(rest) > 1 or part is None:
        for step in reversed(rest[1:]):
            value = {str(step): value}
        return cutter.added(holder, str(rest[0]), value)
    if isinstance(change, Append | Discard) and isinstance(part.node, ListNode):
        if part.alias is not None:
            raise _NoPlaceError
        if isinstance(change, Append):
            return cutter.appended(part.node, change.value)
        items = value_at(document.value, pointer)
        assert isinstance(items, list)
        # Of several equal items only the last is removed; verification then fails.
        position = max(number for number, item in enumerate(items) if same(item, change.value))
        return cutter.removed(part.node, _parts(part.node)[position])
    assert isinstance(change, Put | Append)
    return cutter.replaced(holder, rest[0], part, value)


def _nearest(root: Node | None, pointer: Pointer) -> tuple[Node, Pointer]:
    """The innermost existing mapping or list on the path, and the rest of the path, which is never empty."""
    assert root is not None
    node = root
    for number, step in enumerate(pointer[:-1]):
        part = _part(node, step)
        if part is None or isinstance(part.node, ScalarNode):
            return node, pointer[number:]
        if part.alias is not None:
            raise _NoPlaceError
        node = part.node
    return node, pointer[-1:]


def _held(root: Node | None, pointer: Pointer) -> tuple[Node, Entry]:
    """The entry or item at a pointer, after the mapping or list that holds it."""
    holder, rest = _nearest(root, pointer)
    part = _part(holder, rest[0])
    if len(rest) > 1 or part is None:
        raise _NoPlaceError
    return holder, part


def _parts(node: Node) -> list[Entry]:
    """The entries of a mapping, or the items of a list as entries whose key is where they begin."""
    if isinstance(node, MapNode):
        return list(node.entries.values())
    if isinstance(node, ScalarNode):
        return []
    places = [(item, node.aliases.get(position)) for position, item in enumerate(node.items)]
    return [Entry(key=_start(alias or item.span), node=item, alias=alias) for item, alias in places]


def _start(span: Span) -> Span:
    return Span(span.line, span.column, span.line, span.column)


def _part(node: Node, step: str | int) -> Entry | None:
    if isinstance(step, str):
        return node.entries.get(step) if isinstance(node, MapNode) else None
    parts = _parts(node) if isinstance(node, ListNode) else []
    return parts[step] if step < len(parts) else None


class Text:
    """A text with its line ends, and where its entries begin and end."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        first = self._text.find("\n")
        self._newline = "\r\n" if first > 0 and self._text[first - 1] == "\r" else "\n"

    def line_of_end(self, entry: Entry) -> int:
        """The number, from 0, of the line after an entry."""
        end = self._end(entry)
        return self._source.span(end, end).line

    def _begin(self, span: Span) -> int:
        return self._source.offset(span.line, span.column)

    def _end(self, entry: Entry) -> int:
        """The offset after an entry: after its key if it has no value."""
        return max(self._value_end(entry), self._source.offset(entry.key.end_line, entry.key.end_column))

    def _value_end(self, entry: Entry) -> int:
        """The offset after a value; libyaml ends a block collection where the next token begins."""
        span, node = entry.alias or entry.node.span, entry.node
        if entry.alias is None and not isinstance(node, ScalarNode) and not node.flow and _parts(node):
            return self._end(_parts(node)[-1])
        end = self._source.offset(span.end_line, span.end_column)
        is_block = span.end_line > span.line and self._source.slice(span)[:1] in ("|", ">", "&")
        return len(self._text[:end].rstrip()) if is_block and isinstance(node, ScalarNode) else end

    def _line_start(self, offset: int) -> int:
        return self._text.rfind("\n", 0, offset) + 1

    def _line_end(self, offset: int) -> int:
        """The offset after the line that contains an offset."""
        end = self._text.find("\n", offset)
        return len(self._text) if end < 0 else end + 1

    def _column(self, offset: int) -> int:
        """The column, from 0, of an offset that must be the first in its line."""
        start = self._line_start(offset)
        if self._text[start:offset].strip():
            raise _NoPlaceError
        return offset - start


class _Cutter(Text):
    """Cuts in a text; `order` is that of the fields."""

    def __init__(self, source: Source, order: Sequence[str]) -> None:
        super().__init__(source)
        self._order = {field: position for position, field in enumerate(order)}

    def added(self, holder: Node, key: str, value: object) -> str:
        """Add an entry to a mapping: by `order` if its key is in it, else at the end."""
        if not isinstance(holder, MapNode) or not (holder.flow or holder.entries):
            raise _NoPlaceError
        if holder.flow:
            return self._into_flow(holder, f"{flow(key)}: {flow(value)}")
        before = self._predecessor(holder, key)
        if before is None:
            first = self._begin(next(iter(holder.entries.values())).key)
            return self._inserted(self._line_start(first), block(key, value, self._column(first)))
        begin = self._begin(before.key)
        return self._inserted(
            self._line_end(self._end(before)), block(key, value, begin - self._line_start(begin))
        )

    def _predecessor(self, holder: MapNode, key: str) -> Entry | None:
        """The entry that a key belongs after; None if it belongs before the first."""
        mine = self._order.get(key)
        if mine is None:
            return list(holder.entries.values())[-1]
        before: Entry | None = None
        for name, entry in holder.entries.items():
            if self._order.get(name, len(self._order)) < mine:
                before = entry
        return before

    def replaced(self, holder: Node, step: str | int, part: Entry, value: object) -> str:
        """Replace a value."""
        node = part.node
        begin, end = self._begin(part.alias or node.span), self._value_end(part)
        old = self._text[begin:end]
        if not isinstance(value, dict | list) and (isinstance(node, ScalarNode) or node.flow):
            text = in_style_of(old, value) if isinstance(node, ScalarNode) and not part.alias else flow(value)
            # An empty value in a mapping begins right after its colon.
            return self._with(begin, end, text if old or isinstance(step, int) else f" {text}")
        is_line = old if isinstance(node, ScalarNode) or part.alias else node.flow and "#" not in old
        if is_line:
            return self._with(begin, end, flow(value))
        if isinstance(holder, MapNode) and isinstance(step, str) and not holder.flow:
            start = self._begin(part.key)
            lines = block(step, value, start - self._line_start(start))
            return self._with(start, end, self._newline.join(lines).lstrip(" "))
        raise _NoPlaceError

    def rekeyed(self, part: Entry, name: str) -> str:
        """Replace the key of an entry, in the same quotes."""
        span = part.key
        end = self._source.offset(span.end_line, span.end_column)
        return self._with(self._begin(span), end, in_style_of(self._source.slice(span), name))

    def appended(self, node: ListNode, value: object) -> str:
        """Add an item to the end of a list."""
        if node.flow:
            return self._into_flow(node, flow(value))
        last = _parts(node)[-1]
        indent = self._column(self._text.rfind("-", 0, self._begin(last.key)))
        as_block = isinstance(last.node, MapNode) and not last.node.flow
        return self._inserted(self._line_end(self._end(last)), item_lines(value, indent, as_block=as_block))

    def removed(self, holder: Node, part: Entry) -> str:
        """Remove an entry or item: its lines in a block, or itself and a comma in a flow."""
        begin, end = self._begin(part.key), self._end(part)
        assert isinstance(holder, MapNode | ListNode)
        if holder.flow:
            return self._out_of_flow(begin, end)
        if isinstance(holder, ListNode):
            begin = self._text.rfind("-", 0, begin)
        first, last = begin - self._column(begin), self._line_end(end)
        if self._is_blank_before(first):
            # Of the blank lines around it, those above stay; at the end of the text, none.
            while last < len(self._text) and not self._text[last : self._line_end(last)].strip():
                last = self._line_end(last)
            while last == len(self._text) and self._is_blank_before(first):
                first = self._line_start(first - 1)
        return self._with(first, last, "")

    def _is_blank_before(self, start: int) -> bool:
        """Whether the line before the one that starts at an offset is blank."""
        return start > 0 and not self._text[self._line_start(start - 1) : start].strip()

    def _into_flow(self, node: MapNode | ListNode, text: str) -> str:
        """Insert before the closing bracket, after the last item."""
        close = self._source.offset(node.span.end_line, node.span.end_column) - 1
        if not _parts(node):
            return self._with(close, close, text)
        if "#" in self._text[self._begin(node.span) : close]:
            raise _NoPlaceError
        last = len(self._text[:close].rstrip())
        return self._with(last, last, f" {text}" if self._text[last - 1] == "," else f", {text}")

    def _out_of_flow(self, begin: int, end: int) -> str:
        after = end + len(self._text[end:]) - len(self._text[end:].lstrip())
        if self._text[after : after + 1] == ",":
            rest = self._text[after + 1 :]
            return self._with(begin, after + 1 + len(rest) - len(rest.lstrip(" ")), "")
        before = len(self._text[:begin].rstrip())
        return self._with(before - 1 if self._text[before - 1] == "," else begin, end, "")

    def _with(self, begin: int, end: int, text: str) -> str:
        return self._text[:begin] + text + self._text[end:]

    def _inserted(self, offset: int, lines: Iterator[str]) -> str:
        """Insert whole lines at the start of a line, or at the end of a text without a final line end."""
        text = "".join(line + self._newline for line in lines)
        if offset and self._text[offset - 1] != "\n":
            text = self._newline + text.removesuffix(self._newline)
        return self._with(offset, offset, text)
