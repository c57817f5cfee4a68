"""The text of a file by offsets: where nodes begin and end, where lines do."""

from collections.abc import Iterator

from modelspec.document import Entry, ListNode, MapNode, Node, ScalarNode
from modelspec.source import Source, Span


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
