"""One change as one cut in the text."""

from collections.abc import Sequence

from modelspec.author.edit.change import Append, Change, Discard, Put, Rekey, Unset, found, same
from modelspec.author.edit.style import Text, block, flow, in_style_of, item_lines
from modelspec.text.document import Document, Entry, ListNode, MapNode, Node, Pointer, ScalarNode
from modelspec.text.source import Source, Span


class NoPlaceError(Exception):
    """There is no text that could be replaced without touching other text."""


def splice(document: Document, change: Change, wanted: object, order: Sequence[str]) -> str:
    """The text with one change in it; `wanted` is the plain value of the whole document then.

    Raises:
        NoPlaceError: the change cannot be made by one cut.
    """
    cutter = _Cutter(document.source, order)
    pointer = change.pointer
    node = document.root
    if isinstance(change, Unset) or (isinstance(change, Discard) and found(wanted, pointer) is None):
        # What would be left empty goes with its last part.
        while len(pointer) > 1 and found(wanted, pointer[:-1]) is None:
            pointer = pointer[:-1]
        return cutter.removed(_holder(node, pointer), pointer[-1])
    if isinstance(change, Rekey):
        return cutter.rekeyed(_holder(node, pointer), pointer[-1], change.key)
    value = found(wanted, pointer)
    holder, rest = _nearest(node, pointer)
    if len(rest) > 1 or not _has(holder, rest[0]):
        inner: object = value
        for step in reversed(rest[1:]):
            inner = {str(step): inner}
        return cutter.added(holder, str(rest[0]), inner)
    item = _item(holder, rest[0])
    if isinstance(change, Append) and isinstance(item, ListNode):
        return cutter.appended(item, change.value, _alias(holder, rest[0]))
    if isinstance(change, Discard) and isinstance(item, ListNode):
        return cutter.discarded(item, change.value, _alias(holder, rest[0]))
    assert isinstance(change, Put | Append)
    return cutter.replaced(holder, rest[0], value)


def _nearest(root: Node | None, pointer: Pointer) -> tuple[Node, Pointer]:
    """The innermost mapping or list on the way that is there, and what is left of the way; at least one step."""
    assert root is not None
    node = root
    for number, step in enumerate(pointer[:-1]):
        inner = _item(node, step) if _has(node, step) else None
        if not isinstance(inner, MapNode | ListNode):
            return node, pointer[number:]
        if _alias(node, step) is not None:
            raise NoPlaceError
        node = inner
    return node, pointer[-1:]


def _holder(root: Node | None, pointer: Pointer) -> Node:
    holder, rest = _nearest(root, pointer)
    if len(rest) > 1 or not _has(holder, rest[0]):
        raise NoPlaceError
    return holder


def _has(node: Node, step: str | int) -> bool:
    if isinstance(node, MapNode):
        return step in node.entries
    return isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items)


def _item(node: Node, step: str | int) -> Node:
    if isinstance(node, MapNode) and isinstance(step, str):
        return node.entries[step].node
    assert isinstance(node, ListNode)
    assert isinstance(step, int)
    return node.items[step]


def _alias(node: Node, step: str | int) -> Span | None:
    if isinstance(node, MapNode) and isinstance(step, str):
        return node.entries[step].alias
    return node.aliases.get(step) if isinstance(node, ListNode) and isinstance(step, int) else None


class _Cutter(Text):
    """Knows the text, its line ends and the order of fields."""

    def __init__(self, source: Source, order: Sequence[str]) -> None:
        super().__init__(source)
        self._order = {field: position for position, field in enumerate(order)}

    def added(self, holder: Node, key: str, value: object) -> str:
        """A new entry of a mapping: where `order` has it at the top level, else behind the last one."""
        if not isinstance(holder, MapNode):
            raise NoPlaceError
        if holder.flow:
            return self._into_flow(holder, f"{_key(key)}: {flow(value)}", has_items=bool(holder.entries))
        if not holder.entries:
            raise NoPlaceError
        before = self._predecessor(holder, key)
        if before is None:
            first = next(iter(holder.entries.values()))
            offset = self._begin(first.key)
            indent = offset - self._line_start(offset)
            if self._text[self._line_start(offset) : offset].strip():
                raise NoPlaceError
            return self._inserted(self._line_start(offset), block(key, value, indent))
        indent = self._begin(before.key) - self._line_start(self._begin(before.key))
        end = max(
            self._end(before.node, before.alias),
            self._source.offset(before.key.end_line, before.key.end_column),
        )
        return self._inserted(self._line_end(end), block(key, value, indent))

    def _predecessor(self, holder: MapNode, key: str) -> Entry | None:
        """The entry behind which a key belongs; None where it belongs before the first."""
        mine = self._order.get(key)
        if mine is None:
            return list(holder.entries.values())[-1]
        before: Entry | None = None
        for name, entry in holder.entries.items():
            if self._order.get(name, len(self._order)) < mine:
                before = entry
        return before

    def replaced(self, holder: Node, step: str | int, value: object) -> str:
        """A new value in the place of one that is there."""
        node, alias = _item(holder, step), _alias(holder, step)
        begin = self._begin(alias or node.span)
        end = self._end(node, alias)
        old = self._text[begin:end]
        if isinstance(value, dict | list):
            return self._collection(holder, step, value)
        if not isinstance(node, ScalarNode) and not node.flow:
            return self._collection(holder, step, value)
        text = in_style_of(old, value) if isinstance(node, ScalarNode) and alias is None else flow(value)
        if begin == end and isinstance(holder, MapNode) and isinstance(step, str):
            # An empty value stands right behind its colon.
            text = f" {text}"
        return self._cut(begin, end, text)

    def _collection(self, holder: Node, step: str | int, value: object) -> str:
        node, alias = _item(holder, step), _alias(holder, step)
        begin = self._begin(alias or node.span)
        end = self._end(node, alias)
        if (
            isinstance(node, ListNode | MapNode)
            and node.flow
            and alias is None
            and "#" not in self._text[begin:end]
        ):
            return self._cut(begin, end, flow(value))
        if (isinstance(node, ScalarNode) or alias is not None) and begin < end:
            return self._cut(begin, end, flow(value))
        if isinstance(holder, MapNode) and isinstance(step, str) and not holder.flow:
            key = holder.entries[step].key
            start = self._begin(key)
            lines = list(block(step, value, start - self._line_start(start)))
            text = self._newline.join(lines).lstrip(" ")
            return self._cut(start, end, text)
        raise NoPlaceError

    def rekeyed(self, holder: Node, step: str | int, name: str) -> str:
        """Another key for an entry, in the quotes of the old one."""
        assert isinstance(holder, MapNode)
        span = holder.entries[str(step)].key
        return self._cut(
            self._begin(span),
            self._source.offset(span.end_line, span.end_column),
            in_style_of(self._source.slice(span), name),
        )

    def appended(self, node: ListNode, value: object, alias: Span | None) -> str:
        """One more item at the end of a list."""
        if alias is not None:
            raise NoPlaceError
        if node.flow:
            return self._into_flow(node, flow(value), has_items=bool(node.items))
        indent = self._dash(node, len(node.items) - 1)
        dash = self._line_start(self._end(node, None))
        end = self._line_end(max(self._end(node, None), dash))
        last = node.items[-1] if node.items else None
        as_block = isinstance(last, MapNode) and not last.flow
        return self._inserted(end, item_lines(value, indent, as_block=as_block))

    def discarded(self, node: ListNode, value: object, alias: Span | None) -> str:
        """One item less; where several are equal, only the last, so that the caller's proof fails."""
        if alias is not None:
            raise NoPlaceError
        positions = [position for position, item in enumerate(node.items) if same(_plain(item), value)]
        return self.removed(node, positions[-1])

    def removed(self, holder: Node, step: str | int) -> str:
        """An entry or item less: its lines in a block, itself and a comma in a line."""
        if isinstance(holder, MapNode) and isinstance(step, str):
            entry = holder.entries[step]
            begin = self._begin(entry.key)
            end = max(
                self._end(entry.node, entry.alias),
                self._source.offset(entry.key.end_line, entry.key.end_column),
            )
        else:
            assert isinstance(holder, ListNode)
            assert isinstance(step, int)
            item, alias = holder.items[step], holder.aliases.get(step)
            begin = self._begin(alias or item.span)
            end = self._end(item, alias)
            if not holder.flow:
                begin = self._text.rfind("-", 0, begin)
        if holder.flow:
            return self._out_of_flow(begin, end)
        start = self._line_start(begin)
        if self._text[start:begin].strip():
            raise NoPlaceError
        return self._cut(start, self._line_end(end), "")

    def _dash(self, node: ListNode, position: int) -> int:
        """The column, from 0, of the dash before an item of a block list."""
        begin = self._begin(node.aliases.get(position) or node.items[position].span)
        dash = self._text.rfind("-", 0, begin)
        if self._text[self._line_start(dash) : dash].strip():
            raise NoPlaceError
        return dash - self._line_start(dash)

    def _into_flow(self, node: MapNode | ListNode, text: str, *, has_items: bool) -> str:
        """Before the closing bracket, behind the last item."""
        close = self._source.offset(node.span.end_line, node.span.end_column) - 1
        if not has_items:
            return self._cut(close, close, text)
        last = len(self._text[:close].rstrip())
        inside = self._text[self._begin(node.span) : close]
        if "#" in inside:
            raise NoPlaceError
        if self._text[last - 1] == ",":
            return self._cut(last, last, f" {text}")
        return self._cut(last, last, f", {text}")

    def _out_of_flow(self, begin: int, end: int) -> str:
        after = end + len(self._text[end:]) - len(self._text[end:].lstrip())
        if self._text[after : after + 1] == ",":
            rest = self._text[after + 1 :]
            return self._cut(begin, after + 1 + len(rest) - len(rest.lstrip(" ")), "")
        before = len(self._text[:begin].rstrip())
        if self._text[before - 1] == ",":
            return self._cut(before - 1, end, "")
        return self._cut(begin, end, "")


def _key(name: str) -> str:
    return flow(name)


def _plain(node: Node) -> object:
    match node:
        case ScalarNode():
            return node.value
        case ListNode():
            return [_plain(item) for item in node.items]
        case MapNode():
            return {name: _plain(entry.node) for name, entry in node.entries.items()}
