"""Diagnostics for people: a headline, the place, the marked line, related places, what to do."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from modelspec.diagnostic import Diagnostic
from modelspec.report.contract import Sources
from modelspec.report.frame import frame
from modelspec.report.paint import Paint, painter
from modelspec.report.said import said
from modelspec.report.summary import Summary
from modelspec.report.visible import visible
from modelspec.secret import mask
from modelspec.source import START, Span

Lines = Callable[[str], Sequence[str]]

# Codes of SGR, which every terminal knows; the keys beside `bold` and `frame` are severities.
STYLES = {"error": "1;31", "warning": "1;33", "info": "1;34", "bold": "1", "frame": "34"}

# Diagnostics come file by file; what several point at (regions, heads) stays at hand.
_KEPT_FILES = 64


def render(
    diagnostics: Sequence[Diagnostic],
    summary: Summary,
    sources: Sources,
    *,
    colour: bool,
    quiet: bool = False,
) -> Iterator[str]:
    """One piece a diagnostic with an empty line behind it, then the summary, unless `quiet`.

    Nothing is cut and no severity is left out, also when quiet: who does not want to see a rule turns it off.
    """
    paint = painter(STYLES, colour=colour)

    @lru_cache(maxsize=_KEPT_FILES)
    def lines(path: str) -> Sequence[str]:
        source = sources(path)
        # A secret may go over several lines, so the text is masked as a whole; its lengths stay.
        return [line.removesuffix("\r") for line in mask(source.text).split("\n")] if source else ()

    for diagnostic in diagnostics:
        yield "\n".join([*_paragraph(diagnostic, lines, paint), "", ""])
    if not quiet:
        yield summary.sentence() + "\n"


def _paragraph(diagnostic: Diagnostic, lines: Lines, paint: Paint) -> Iterator[str]:
    severity = diagnostic.severity.value
    headline = f"{severity}[{diagnostic.code}]"
    yield paint(severity, headline) + paint("bold", f": {said(diagnostic.message)}")

    text = () if diagnostic.span == START else lines(diagnostic.path)
    marked = frame(text, diagnostic.span) if text else None
    gutter = " " * (len(str(marked.line)) if marked else 1)
    yield f"{gutter} {paint('frame', '-->')} {_place(diagnostic.path, diagnostic.span)}"

    bar = f"{gutter}  {paint('frame', '|')}"
    if marked:
        under = f"{'^' * marked.carets} {said(diagnostic.label)}".rstrip()
        yield bar
        yield f" {paint('frame', f'{marked.line} |')} {marked.text}".rstrip()
        yield f"{bar} {' ' * marked.indent}{paint(severity, under)}"
        if diagnostic.related or diagnostic.help:
            yield bar
    for label in diagnostic.related:
        place = _place(label.path, label.span)
        yield f"{gutter}  {paint('frame', ':::')} {place}: {said(label.text)}"
    if diagnostic.help:
        yield f"{gutter}  {paint('frame', '=')} {paint('bold', 'help')}: {said(diagnostic.help)}"


def _place(path: str, span: Span) -> str:
    """A path with line and column, or alone where the whole file is meant."""
    return visible(path) if span == START else f"{visible(path)}:{span.line}:{span.column}"
