"""Where things stand in the text of a file."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate


def stored(data: bytes) -> bytes:
    """The bytes of a text as git stores them, whatever line ends a checkout gave it: what is digested and compared."""
    return data.replace(b"\r\n", b"\n") if b"\r\n" in data else data


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of a text: lines and columns begin at 1, columns count code points.

    `end_line` and `end_column` name the first place that is outside.
    """

    line: int
    column: int
    end_line: int
    end_column: int

    def overlaps(self, other: "Span") -> bool:
        """Whether two spans share text."""
        return (self.line, self.column) < (other.end_line, other.end_column) and (
            other.line,
            other.column,
        ) < (self.end_line, self.end_column)


START = Span(1, 1, 1, 1)
"""The place of a fault that concerns a whole file."""


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A file and a span of its text."""

    path: str
    span: Span

    @property
    def line(self) -> int:
        """The line that it begins on."""
        return self.span.line


@dataclass(frozen=True)
class Source:
    """One file: its path relative to the root, with `/` between the parts, and its decoded text."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends; only LF and CRLF end a line."""
        return [line.removesuffix("\r") for line in self.text.split("\n")]

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))]

    def offset(self, line: int, column: int) -> int:
        """The offset in `text` of a 1-based line and column; a line outside of it, out of a cache, is the nearest."""
        return self._starts[min(max(line, 1), len(self._starts)) - 1] + column - 1

    def span(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`."""
        return Span(*self._position(start), *self._position(end))

    def offsets(self, span: Span) -> tuple[int, int]:
        """The offsets in `text` at which a span begins and ends."""
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)

    def slice(self, span: Span) -> str:
        """The text that a span covers."""
        return self.text[slice(*self.offsets(span))]

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset, hi=len(self._starts) - 1)
        return line, offset - self._starts[line - 1] + 1
