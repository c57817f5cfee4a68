"""Diagnostics to standard output, and to an exit code."""

import sys
from time import perf_counter

from modelspec.diagnostic import Severity
from modelspec.pipeline import Checked
from modelspec.report import REPORTS, Summary

STARTED = perf_counter()


def report(checked: Checked, *, format_: str, colour: bool, quiet: bool) -> None:
    """Write the diagnostics in one of the formats."""
    summary = Summary.of(
        checked.diagnostics,
        files=len(checked.tree.models) + len(checked.tree.fixed),
        models=len(checked.tree.models),
        seconds=perf_counter() - STARTED,
    )
    chunks = REPORTS[format_](
        checked.diagnostics, summary, checked.locator.source, colour=colour, quiet=quiet
    )
    sys.stdout.writelines(chunks)


def exit_code(checked: Checked, *, strict: bool) -> int:
    """0 where the repository is clean, 1 where it has errors; with `strict`, warnings count as errors."""
    severities = {found.severity for found in checked.diagnostics}
    return int(Severity.ERROR in severities or (strict and Severity.WARNING in severities))
