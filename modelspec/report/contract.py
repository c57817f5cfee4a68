"""What every format is given and gives."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from modelspec.diagnostic import Diagnostic
from modelspec.report.summary import Summary
from modelspec.source import Source

Sources = Callable[[str], Source | None]
"""The text behind a path of a diagnostic; nothing where the path is no file or its bytes are no text."""


class Report(Protocol):
    """A format of diagnostics. What it yields, joined, is the whole output, which ends in a line end.

    The diagnostics come in the order of `modelspec.diagnostic.ordered`. `quiet` leaves the line of the summary out of
    the text; formats for machines never hold one. Diagnostics are never left out for it, whatever their severity.
    """

    def __call__(
        self,
        diagnostics: Sequence[Diagnostic],
        summary: Summary,
        sources: Sources,
        *,
        colour: bool,
        quiet: bool = False,
    ) -> Iterator[str]:
        """Write the report, piece by piece."""
