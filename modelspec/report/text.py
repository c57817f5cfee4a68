"""Diagnostics for people: headline, location, marked line, related locations, help."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.report.contract import Outcome
from modelspec.report.printable import Paint, painter, printable, printable_path
from modelspec.secret import covered
from modelspec.text.source import START, Span
from modelspec.text.visible import MOST_MARKS, cells, plain

WIDTH = 100
"""Columns of a line that are shown; of a longer line, those around the marked text."""

TAB = 4
"""Tabs expand to spaces up to the next multiple of this."""

CUT = "…"

# This many characters fill WIDTH columns on either side, even if each has the most marks that are shown.
_REACH = WIDTH * (MOST_MARKS + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFrame:
    """A line ready to print. `indent` and `carets` count terminal columns; `carets` is never 0."""

    line: int
    text: str
    indent: int
    carets: int


def frame(lines: Sequence[str], span: Span) -> SourceFrame:
    """The first line of a span, marked to the end of the span or of the line.

    A span outside the text moves to the nearest position. `lines` is not empty.
    """
    line = min(max(span.line, 1), len(lines))
    text = lines[line - 1]
    start = min(max(span.column - 1, 0), len(text)) if line == span.line else len(text)
    end = min(max(span.end_column - 1, start), len(text)) if span.end_line <= line else len(text)
    if len(text) <= WIDTH and plain(text):
        return SourceFrame(line=line, text=text, indent=start, carets=max(end - start, 1))
    return _window(line, text, start, end)


def _window(line: int, text: str, start: int, end: int) -> SourceFrame:
    first, last = max(start - _REACH, 0), min(start + _REACH, len(text))
    shown = _expanded(text[first:last])
    widths = [width for _, width in shown]
    at = [0, *accumulate(widths)]

    begin, stop = start - first, min(end, last) - first
    while 0 < begin < len(widths) and not widths[begin]:
        begin -= 1  # a mark belongs to the character before it
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
    return SourceFrame(
        line=line,
        text=CUT * cut_before + "".join(piece for piece, _ in shown[low:high]) + CUT * cut_after,
        indent=cut_before + mark - at[low],
        carets=max(drawn_end - mark, 1),
    )


def _expanded(text: str) -> list[tuple[str, int]]:
    """The cells of a text with tabs expanded."""
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


Lines = Callable[[str], Sequence[str]]

# SGR codes that every terminal knows; the keys other than `bold` and `frame` are severities.
STYLES = {"error": "1;31", "warning": "1;33", "info": "1;34", "bold": "1", "frame": "34"}

# Diagnostics are grouped by file; files that many point to (regions, heads) stay cached.
_KEPT_FILES = 64


def render(outcome: Outcome) -> Iterator[str]:
    """One piece per diagnostic, followed by an empty line, then what was folded, and the summary unless `quiet`.

    `quiet` hides no diagnostics: to silence a rule, turn it off.
    """
    paint = painter(STYLES, colour=outcome.colour)

    hidden: dict[str, list[Span]] = {}
    for found in outcome.diagnostics:
        if found.hidden is not None:
            hidden.setdefault(found.path, []).append(found.hidden)

    @lru_cache(maxsize=_KEPT_FILES)
    def lines(path: str) -> Sequence[str]:
        source = outcome.sources(path)
        if source is None:
            return ()
        text = covered(source.text, [source.offsets(span) for span in hidden.get(path, ())])
        return [line.removesuffix("\r") for line in text.split("\n")]

    shown, folded = _folded(outcome)
    for diagnostic in shown:
        yield "\n".join([*_paragraph(diagnostic, lines, paint), "", ""])
    for (code, severity), count in folded.items():
        headline = paint(severity.value, f"{severity.value}[{code}]")
        yield f"{headline}: {count:,} more; `modelspec validate --all` lists them\n\n"
    if not outcome.quiet:
        yield outcome.summary.sentence() + "\n"


MOST_OF_A_RULE = 20
"""More warnings or infos of one rule are the first `SHOWN_OF_MANY` and a count; errors are never folded."""
SHOWN_OF_MANY = 3

_Kind = tuple[str, Severity]


def _folded(outcome: Outcome) -> tuple[Sequence[Diagnostic], Mapping[_Kind, int]]:
    """The diagnostics to show, and of each rule with too many, how many are not."""
    unfolded = outcome.unfolded
    if unfolded is None:
        return outcome.diagnostics, {}
    many = Counter(_kind(found) for found in outcome.diagnostics if found.path not in unfolded)
    left = {
        kind: SHOWN_OF_MANY
        for kind, count in many.items()
        if count > MOST_OF_A_RULE and kind[1] is not Severity.ERROR
    }
    shown: list[Diagnostic] = []
    for found in outcome.diagnostics:
        kind = _kind(found)
        if kind in left and found.path not in unfolded:
            left[kind] -= 1
            if left[kind] < 0:
                continue
        shown.append(found)
    return shown, {kind: -count for kind, count in sorted(left.items())}


def _kind(found: Diagnostic) -> _Kind:
    return found.code, found.severity


def _paragraph(diagnostic: Diagnostic, lines: Lines, paint: Paint) -> Iterator[str]:
    severity = diagnostic.severity.value
    headline = f"{severity}[{diagnostic.code}]"
    yield paint(severity, headline) + paint("bold", f": {printable(diagnostic.message)}")

    text = () if diagnostic.span == START else lines(diagnostic.path)
    marked = frame(text, diagnostic.span) if text else None
    gutter = " " * (len(str(marked.line)) if marked else 1)
    yield f"{gutter} {paint('frame', '-->')} {_place(diagnostic.path, diagnostic.span)}"

    bar = f"{gutter}  {paint('frame', '|')}"
    if marked:
        under = f"{'^' * marked.carets} {printable(diagnostic.label)}".rstrip()
        yield bar
        yield f" {paint('frame', f'{marked.line} |')} {marked.text}".rstrip()
        yield f"{bar} {' ' * marked.indent}{paint(severity, under)}"
        if diagnostic.related or diagnostic.help:
            yield bar
    for label in diagnostic.related:
        place = _place(label.path, label.span)
        yield f"{gutter}  {paint('frame', ':::')} {place}: {printable(label.text)}"
    if diagnostic.help:
        yield f"{gutter}  {paint('frame', '=')} {paint('bold', 'help')}: {printable(diagnostic.help)}"


def _place(path: str, span: Span) -> str:
    """A path with line and column, or the path alone for the whole file."""
    return printable_path(path) if span == START else f"{printable_path(path)}:{span.line}:{span.column}"
