"""The fleet that `route`, `test` and `drill` run on: a repository without errors, its routes and its tests."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from modelspec.ask.cases import FILE, Case, cases_of, select
from modelspec.ask.coverage import Coverage
from modelspec.ask.places import Places
from modelspec.ask.suggest import OPENING, dash_column, fitting, suggestions, suggestions_yaml
from modelspec.cli.options import today
from modelspec.cli.report import echo_faults
from modelspec.cli.stderr import note, reading, refuse_sparse
from modelspec.diagnose.diagnostic import Severity
from modelspec.incremental import compile_tree
from modelspec.load.find import read_tree
from modelspec.pipeline import Compiled
from modelspec.routing.decide import Index
from modelspec.text.names import nearest
from modelspec.text.quote import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFleet:
    """A compiled repository without errors, and its index of routes."""

    compiled: Compiled
    index: Index

    @property
    def places(self) -> Places:
        """Where the parts of a route are written."""
        return Places(locator=self.compiled.locator, fleet=self.compiled.setup.whole)

    def cases(self) -> list[Case]:
        """The tests in routes.test.yaml."""
        reading = self.compiled.setup.readings.get(FILE)
        return list(cases_of(None if reading is None else reading.value))


def fleet_of(root: Path, *, colour: bool, awaited: str | None = None) -> AskedFleet:
    """Compile the fleet of a repository.

    The file `awaited` may be empty: a shell that redirects the answer to it has already truncated it.

    Raises:
        click.UsageError: the root cannot be read.
        click.exceptions.Exit: the repository has errors, which were printed on standard error.
    """
    refuse_sparse(root)
    with reading():
        tree = read_tree(root)
    if awaited is not None and awaited in tree.fixed and not tree.fixed[awaited].data.strip():
        tree = replace(tree, fixed={name: file for name, file in tree.fixed.items() if name != awaited})
    compiled = compile_tree(tree, today=today())
    if not compiled.has_errors and compiled.table is not None:
        return AskedFleet(compiled=compiled, index=Index(compiled.table))
    errors = [found for found in compiled.diagnostics if found.severity is Severity.ERROR]
    echo_faults(compiled, errors, colour=colour)
    note("cannot compile the routes: fix the errors above first")
    raise click.exceptions.Exit(1)


def check_names(index: Index, *, origin: str | None, down: Iterable[str]) -> None:
    """Check that `--from` and `--down` name declared regions and heads.

    Raises:
        click.UsageError: one does not.
    """
    if origin is not None and origin not in index.regions:
        raise unknown_name("--from", "region", origin, index.regions)
    for name in down:
        if name not in index.heads and name not in index.regions:
            raise unknown_name("--down", "head or region", name, [*index.heads, *index.regions])


def unknown_name(option: str, kind: str, name: str, known: Iterable[str]) -> click.UsageError:
    """The error for a name that an option has and no file declares."""
    near = nearest(name, known)
    hint = f"did you mean '{near}'?" if near else "regions.yaml and heads.yaml list the names"
    return click.UsageError(f"{option}: no {kind} is named {quote(name)}; {hint}")


def chosen_cases(cases: Sequence[Case], only: str | None) -> Sequence[Case]:
    """The tests that `--only` matches.

    Raises:
        click.UsageError: it matches none.
    """
    chosen = cases if only is None else select(cases, only)
    if only is not None and not chosen:
        raise click.UsageError(
            f"--only '{only[:60]}' matches none of the {len(cases)} tests, by name or by model"
        )
    return chosen


def write_suggestions(fleet: AskedFleet, coverage: Coverage, *, has_cases: bool) -> None:
    """Print the missing tests as YAML, indented like the existing ones."""
    found = list(suggestions(fleet.index, coverage))
    if not found:
        note("nothing is missing: every model, name, head, tier and failure is exercised")
        return
    locator = fleet.compiled.locator
    column = dash_column(locator) if has_cases else None
    if has_cases and column is None:
        note(
            "routes.test.yaml has its tests in brackets; rewrite them as a list with dashes, then paste this"
        )
    pieces = list(suggestions_yaml(fleet.index, found, indent=2 if column is None else column))
    kept, left_out = fitting(pieces, locator)
    if not has_cases:
        sys.stdout.write(OPENING)
    sys.stdout.writelines(kept)
    if left_out:
        note(f"{left_out} more tests are left out: routes.test.yaml would exceed the size limit")
