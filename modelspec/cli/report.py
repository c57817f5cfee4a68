"""Diagnostics to standard output, and to an exit code."""

import sys
from time import perf_counter

import click

from modelspec.diagnostic import Severity
from modelspec.pipeline import Checked
from modelspec.refusal import Refusal
from modelspec.report import REPORTS, Summary

STARTED = perf_counter()


def report(checked: Checked, *, format_: str, colour: bool, quiet: bool, left_out: int = 0) -> None:
    """Write the diagnostics in one of the formats; `left_out` others were found."""
    summary = Summary.of(
        checked.diagnostics,
        files=len(checked.tree.models) + len(checked.tree.fixed),
        models=len(checked.tree.models),
        left_out=left_out,
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


def refused(refusal: Refusal, *, code: int) -> int:
    """Say on standard error why nothing was done, and give the exit code on."""
    click.echo(f"modelspec: {refusal.message}\n  = help: {refusal.help}", err=True)
    return code
