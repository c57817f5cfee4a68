"""Inline ignores: `# modelspec: ignore[MS402] reason` silences one warning or info in one place."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from modelspec.text.document import Document
from modelspec.text.source import Source, Span

MARK = b"modelspec:"
"""What a file with an ignore holds: others need not be looked at."""

_COMMENT = re.compile(r"#[ \t]*modelspec:[ \t]*ignore(?:\[([^\]\n]*)\])?([^\n]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One comment: the codes that it names, whether it gives a reason, its span and the line that it speaks of."""

    path: str
    codes: tuple[str, ...]
    has_reason: bool
    span: Span
    line: int


def ignores(document: Document) -> Iterator[Ignore]:
    """The ignores of a file: each speaks of its own line or, alone on a line, of the next one that holds YAML."""
    source = document.source
    strings = sorted(source.offsets(span) for span, _ in document.texts())
    starts = [start for start, _ in strings]
    spoken_of = _next_lines(source)
    for match in _COMMENT.finditer(source.text):
        before = source.text[source.text.rfind("\n", 0, match.start()) + 1 : match.start()]
        nearest = bisect_right(starts, match.start()) - 1
        if (before and not before[-1].isspace()) or (nearest >= 0 and match.start() < strings[nearest][1]):
            continue
        span = source.span(match.start(), match.start() + len(match[0].rstrip()))
        line = span.line if before.strip() else spoken_of[span.line - 1]
        yield Ignore(
            path=source.path,
            codes=tuple(code.strip() for code in (match[1] or "").split(",") if code.strip()),
            has_reason=bool(match[2].strip()),
            span=span,
            line=line,
        )


def _next_lines(source: Source) -> list[int]:
    """For each line, the number of the next one that is neither blank nor a comment; itself where none follows."""
    following = list(range(1, len(source.lines) + 1))
    after = 0
    for index in reversed(range(len(source.lines))):
        following[index] = after or index + 1
        text = source.lines[index].lstrip()
        if text and not text.startswith("#"):
            after = index + 1
    return following
