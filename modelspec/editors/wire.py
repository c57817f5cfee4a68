"""Between our spans and the protocol's positions, which count in UTF-16 unless the client agrees otherwise."""

import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path

from lsprotocol import types

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.editors.look import Symbol
from modelspec.report.printable import advised, printable
from modelspec.text.source import Source, Span

_LINE_END = re.compile("\r\n|\n|\r")
_LONE = re.compile("\r(?!\n)")

Units = Callable[[str], int]
"""How many units of the agreed encoding a text has."""

_SEVERITIES: Mapping[Severity, types.DiagnosticSeverity] = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


def position(source: Source, line: int, column: int, units: Units) -> types.Position:
    """The position of a 1-based line and column."""
    number = min(max(line, 1), len(source.lines))
    before = source.lines[number - 1][: column - 1]
    number -= 1
    if "\r" in source.text and _LONE.search(source.text):
        # To the protocol, a carriage return alone ends a line.
        ends = [*_LINE_END.finditer(source.text[: source.offset(number + 1, len(before) + 1)])]
        number, before = len(ends), before.rpartition("\r")[2]
    return types.Position(line=number, character=units(before))


def range_of(source: Source | None, span: Span, units: Units) -> types.Range:
    """The range of a span; the first character where the text is not known."""
    if source is None:
        start = types.Position(line=0, character=0)
        return types.Range(start=start, end=start)
    return types.Range(
        start=position(source, span.line, span.column, units),
        end=position(source, span.end_line, span.end_column, units),
    )


def place_of(source: Source, at: types.Position, units: Units) -> tuple[int, int]:
    """The 1-based line and column of a position, as near as the text allows."""
    ends = [match.end() for match in _LINE_END.finditer(source.text)]
    starts = [0, *ends]
    start = starts[min(at.line, len(starts) - 1)]
    text = _LINE_END.split(source.text[start:], maxsplit=1)[0]
    column = 0
    for width in accumulate(map(units, text)):
        if width > at.character:
            break
        column += 1
    span = source.span(start + column, start + column)
    return span.line, span.column


def diagnostic(
    found: Diagnostic, sources: Callable[[str], Source | None], uri: Callable[[str], str], units: Units
) -> types.Diagnostic:
    """What an editor shows of a diagnostic: the words of `validate`, and its help on a line of its own."""
    return types.Diagnostic(
        range=range_of(sources(found.path), found.span, units),
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source="modelspec",
        message=advised(found),
        related_information=[
            types.DiagnosticRelatedInformation(
                location=types.Location(
                    uri=uri(label.path), range=range_of(sources(label.path), label.span, units)
                ),
                message=printable(label.text),
            )
            for label in found.related
        ],
    )


def changed_part(old: str, new: str) -> tuple[int, int, str]:
    """The one cut that leads from one text to another: offsets in the old one, and what stands there then."""
    start = 0
    most = min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, len(old) - end, new[start : len(new) - end]


def edit(source: Source, new: str, units: Units) -> types.TextEdit:
    """The edit that makes a file another text."""
    start, end, text = changed_part(source.text, new)
    return types.TextEdit(range=range_of(source, source.span(start, end), units), new_text=text)


def symbol(found: Symbol, source: Source, units: Units) -> types.DocumentSymbol:
    """An entry of the outline."""
    return types.DocumentSymbol(
        name=found.name,
        detail=found.detail,
        kind=types.SymbolKind.Object if found.inner else types.SymbolKind.Field,
        range=range_of(source, found.span, units),
        selection_range=range_of(source, found.key, units),
        children=[symbol(one, source, units) for one in found.inner],
    )


def uri_of(root: Path, path: str) -> str:
    """The address of a file of a repository."""
    return (root / path).as_uri()
