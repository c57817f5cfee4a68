"""The marked part of a line of source text, as it stands in a terminal."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from modelspec.report.visible import MOST_MARKS, cells, plain
from modelspec.source import Span

WIDTH = 100
"""How many columns of a line are shown; of a longer one, those around the marked text."""

TAB = 4
"""A tab is shown as spaces up to the next multiple of this."""

CUT = "…"

# So many characters fill WIDTH columns on either side, even where each carries as many marks as are shown.
_REACH = WIDTH * (MOST_MARKS + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One line, ready to print. `indent` and `carets` count columns of a terminal; `carets` is never 0."""

    line: int
    text: str
    indent: int
    carets: int


def frame(lines: Sequence[str], span: Span) -> Frame:
    """The first line of a span, marked up to the end of the span or the line.

    A span outside of the text moves to the nearest place. `lines` holds at least one line.
    """
    line = min(max(span.line, 1), len(lines))
    text = lines[line - 1]
    start = min(max(span.column - 1, 0), len(text)) if line == span.line else len(text)
    end = min(max(span.end_column - 1, start), len(text)) if span.end_line <= line else len(text)
    if len(text) <= WIDTH and plain(text):
        return Frame(line=line, text=text, indent=start, carets=max(end - start, 1))
    return _window(line, text, start, end)


def _window(line: int, text: str, start: int, end: int) -> Frame:
    first, last = max(start - _REACH, 0), min(start + _REACH, len(text))
    shown = _expanded(text[first:last])
    widths = [width for _, width in shown]
    at = [0, *accumulate(widths)]

    begin, stop = start - first, min(end, last) - first
    while 0 < begin < len(widths) and not widths[begin]:
        begin -= 1  # a mark stands on the character before it
    mark, mark_end = at[begin], max(at[stop], at[begin])

    left = max(mark - max((WIDTH - (mark_end - mark)) // 2, 1), 0)
    if last == len(text):
        left = min(left, max(at[-1] - WIDTH, 0))
    cut_before = first > 0 or left > 0
    cut_after = last < len(text) or at[-1] > left + WIDTH

    low = bisect_left(at, left + cut_before)
    while cut_before and low < len(widths) and not widths[low]:
        low += 1
    high = bisect_right(at, left + WIDTH - cut_after) - 1

    drawn_end = at[high] + 1 if mark_end > at[high] else mark_end
    return Frame(
        line=line,
        text=CUT * cut_before + "".join(piece for piece, _ in shown[low:high]) + CUT * cut_after,
        indent=cut_before + mark - at[low],
        carets=max(drawn_end - mark, 1),
    )


def _expanded(text: str) -> list[tuple[str, int]]:
    """The cells of a text with its tabs as spaces."""
    shown: list[tuple[str, int]] = []
    column = 0
    for character, (piece, width) in zip(text, cells(text), strict=True):
        if character == "\t":
            gap = TAB - column % TAB
            shown.append((" " * gap, gap))
        else:
            shown.append((piece, width))
        column += shown[-1][1]
    return shown
