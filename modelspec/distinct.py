"""One fault, one diagnostic: what another diagnostic at the same place says better is left out."""

from collections.abc import Iterable
from itertools import groupby

from modelspec.diagnostic import Diagnostic, Severity, ordered
from modelspec.source import Span

_SAID_BETTER_BY = {
    "MS103": ("MS501", "MS505"),
    "MS104": ("MS501", "MS505"),
    "MS502": ("MS501", "MS505"),
    "MS507": ("MS501",),
    "MS513": ("MS501", "MS502", "MS503"),
    "MS516": ("MS501", "MS505"),
}
"""A key in place of a reference has the wrong type, a `${X}` in an endpoint is no URL: the cause is named alone."""
_CAUSES = frozenset(code for codes in _SAID_BETTER_BY.values() for code in codes)


def distinct(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics as judged, ordered, without those that an error on the same text makes superfluous."""
    kept: list[Diagnostic] = []
    for _, group in groupby(ordered(diagnostics), key=lambda found: (found.path, found.span.line)):
        line = list(group)
        # What was let off is no cause: a file would be left out of the build, and nothing said of it.
        causes = [found for found in line if found.code in _CAUSES and found.severity is Severity.ERROR]
        kept.extend(
            found
            for found in line
            if found.code not in _SAID_BETTER_BY
            or not any(
                other.code in _SAID_BETTER_BY[found.code] and _overlap(found.span, other.span)
                for other in causes
            )
        )
    return kept


def _overlap(one: Span, other: Span) -> bool:
    """Whether two spans that begin on one line share text."""
    return (one.line, one.column) < (other.end_line, other.end_column) and (
        other.line,
        other.column,
    ) < (one.end_line, one.end_column)
