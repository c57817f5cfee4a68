"""One fault, one diagnostic: what another diagnostic at the same place says better is left out."""

from collections.abc import Iterable
from itertools import groupby

from modelspec.diagnostic import Diagnostic, ordered
from modelspec.source import Span

_SAID_BETTER_BY = {
    "MS103": ("MS501", "MS505"),
    "MS104": ("MS501", "MS505"),
    "MS502": ("MS501", "MS505"),
    "MS507": ("MS501",),
    "MS513": ("MS501", "MS502"),
    "MS516": ("MS501", "MS505"),
}
"""A key in place of a reference has the wrong type, a `${X}` in an endpoint is no URL: the cause is named alone."""


def distinct(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics, ordered, without those that another one on the same text makes superfluous."""
    kept: list[Diagnostic] = []
    for _, group in groupby(ordered(diagnostics), key=lambda found: (found.path, found.span.line)):
        line = list(group)
        kept.extend(
            found
            for found in line
            if not any(
                other.code in _SAID_BETTER_BY.get(found.code, ()) and _overlap(found.span, other.span)
                for other in line
            )
        )
    return kept


def _overlap(one: Span, other: Span) -> bool:
    """Whether two spans that begin on one line share text."""
    return (one.line, one.column) < (other.end_line, other.end_column) and (
        other.line,
        other.column,
    ) < (one.end_line, one.end_column)
