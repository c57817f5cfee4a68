"""Reports: diagnostics on standard output, stale files on standard error, and the exit code of each."""

import os
import sys
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import click

from modelspec.cli.stderr import note
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.pipeline import Checked
from modelspec.report import REPORTS, Summary
from modelspec.report.github import MOST_BYTES, step_summary
from modelspec.text.quote import quote
from modelspec.write import Stale

STARTED = perf_counter()


def report(
    checked: Checked,
    *,
    format_: str,
    colour: bool,
    quiet: bool,
    left_out: int = 0,
    unfolded: Container[str] | None = (),
) -> None:
    """Write the diagnostics; in formats for machines, standard output holds nothing else.

    `left_out` is the number of diagnostics that are not shown, `unfolded` as in `report.contract.Outcome`.
    """
    summary = Summary.of(
        checked.diagnostics,
        files=len(checked.tree.files),
        models=len(checked.tree.models),
        left_out=left_out,
        seconds=perf_counter() - STARTED,
    )
    prefix = _prefix(checked.tree.root) if REPORTS[format_].is_of_checkout else ""
    diagnostics = [_moved(found, prefix) for found in checked.diagnostics] if prefix else checked.diagnostics
    sources = checked.sources()
    chunks = REPORTS[format_](
        diagnostics,
        summary,
        lambda path: sources(path.removeprefix(prefix)),
        colour=colour,
        quiet=quiet,
        unfolded=unfolded,
    )
    sys.stdout.writelines(chunks)
    if format_ != "text" and not quiet:
        sys.stdout.flush()  # in a log of both streams, the summary comes after the report
        click.echo(summary.sentence(), err=True)
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if format_ == "github" and path:
        _append(Path(path), diagnostics, summary)


def echo_faults(
    checked: Checked, faults: Sequence[Diagnostic], *, colour: bool = False, quiet: bool = False
) -> None:
    """Print some diagnostics of a repository on standard error, as text."""
    summary = Summary.of(faults, files=len(checked.tree.files), models=len(checked.tree.models))
    sys.stderr.writelines(REPORTS["text"](faults, summary, checked.sources(), colour=colour, quiet=quiet))


def echo_statistics(diagnostics: Sequence[Diagnostic]) -> None:
    """Print a line for each code: how often, how severe, and what the rule is about; the most frequent first."""
    from modelspec.rules import RULES

    titles = {rule.code: rule.title for rule in RULES}
    counts = Counter((found.code, found.severity.value) for found in diagnostics)
    wide = len(str(max(counts.values(), default=0)))
    for (code, severity), count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        click.echo(f"{count:>{wide}}  {code}  {severity:<7}  {titles.get(code, '')}".rstrip())


def _prefix(root: Path) -> str:
    """The path from the current folder down to the repository, ending in a slash; empty if it is not below."""
    here, there = Path.cwd(), root.resolve()
    below = there.is_relative_to(here) and there != here
    return f"{there.relative_to(here).as_posix()}/" if below else ""


def _moved(found: Diagnostic, prefix: str) -> Diagnostic:
    # What lies in another state is no file of the checkout.
    related = tuple(
        label if label.path.startswith("base ") else replace(label, path=prefix + label.path)
        for label in found.related
    )
    return replace(found, path=prefix + found.path, related=related)


def _append(path: Path, diagnostics: Sequence[Diagnostic], summary: Summary) -> None:
    """Append the full report to the step summary, since annotations are limited; never fails the run."""
    try:
        with path.open("ab") as file:
            text = step_summary(diagnostics, summary, room=MOST_BYTES - file.tell())
            file.write(text.encode())
    except OSError as error:
        note(f"could not write the step summary to {quote(str(path))}: {error.strerror}")


def exit_code(checked: Checked, *, strict: bool) -> int:
    """0 if the repository is clean, 1 if it has errors; with `strict`, warnings count as errors."""
    severities = {found.severity for found in checked.diagnostics}
    return int(Severity.ERROR in severities or (strict and Severity.WARNING in severities))


def report_stale(files: Sequence[Stale], *, stale: str, fresh: str, quiet: bool) -> int:
    """Print each stale file, then `stale`, or `fresh` if there is none; returns the exit code."""
    for file in files:
        click.echo(f"{file.why.value}: {file.path}", err=True)
    if not quiet:
        click.echo(stale if files else fresh, err=True)
    return int(bool(files))
