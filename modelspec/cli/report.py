"""Diagnostics to standard output, and to an exit code."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import click

from modelspec.diagnostic import Diagnostic, Severity
from modelspec.pipeline import Checked
from modelspec.quote import quote
from modelspec.report import REPORTS, Summary, step_summary
from modelspec.report.step_summary import MOST_BYTES

STARTED = perf_counter()


def report(checked: Checked, *, format_: str, colour: bool, quiet: bool) -> None:
    """Write the diagnostics in one of the formats: it alone is on standard output, in formats for machines."""
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
    if format_ != "text" and not quiet:
        sys.stdout.flush()  # in a log of both, the summary stands behind the report
        click.echo(summary.sentence(), err=True)
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if format_ == "github" and path:
        _append(Path(path), checked.diagnostics, summary)


def _append(path: Path, diagnostics: Sequence[Diagnostic], summary: Summary) -> None:
    """Add to the summary of the step what annotations have no room for; a run never fails for it."""
    try:
        with path.open("ab") as file:
            text = step_summary(diagnostics, summary, room=MOST_BYTES - file.tell())
            file.write(text.encode())
    except OSError as error:
        click.echo(
            f"modelspec: no step summary was written to {quote(str(path))}: {error.strerror}", err=True
        )


def exit_code(checked: Checked, *, strict: bool) -> int:
    """0 where the repository is clean, 1 where it has errors; with `strict`, warnings count as errors."""
    severities = {found.severity for found in checked.diagnostics}
    return int(Severity.ERROR in severities or (strict and Severity.WARNING in severities))
