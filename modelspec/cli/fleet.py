"""The fleet that a question is asked of: a repository without errors."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.options import today

if TYPE_CHECKING:
    from modelspec.pipeline import Compiled
    from modelspec.routing.decide import Index


def compiled_fleet(
    root: Path, *, colour: bool, awaited: str | None = None
) -> "tuple[Compiled, Index] | None":
    """The compiled repository and its routes; None where it has errors, which are then on standard error.

    Standard output holds the answer and nothing else, whatever its format. A file that is `awaited` may be empty: a
    shell that is to fill it with the answer has opened it before the command began.

    Raises:
        click.UsageError: the root cannot be read.
    """
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.diagnose.diagnostic import Severity
    from modelspec.incremental import compile_tree
    from modelspec.load.find import read_tree
    from modelspec.report import REPORTS, Summary
    from modelspec.routing.decide import Index

    try:
        tree = read_tree(root)
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error
    if awaited is not None and awaited in tree.fixed and not tree.fixed[awaited].data.strip():
        tree = replace(tree, fixed={name: file for name, file in tree.fixed.items() if name != awaited})
    compiled = compile_tree(tree, today=today())
    if not compiled.has_errors and compiled.table is not None:
        return compiled, Index(compiled.table)
    errors = [found for found in compiled.diagnostics if found.severity is Severity.ERROR]
    summary = Summary.of(errors, files=len(compiled.tree.files), models=len(compiled.tree.models))
    sys.stderr.writelines(REPORTS["text"](errors, summary, compiled.locator.source, colour=colour))
    click.echo("modelspec: no route is known until the errors above are corrected", err=True)
    return None


def check_names(index: "Index", *, origin: str | None, down: Iterable[str]) -> None:
    """See that `--from` and `--down` name what is declared.

    Raises:
        click.UsageError: one does not.
    """
    if origin is not None and origin not in index.regions:
        raise _unknown("--from", "region", origin, index.regions)
    for name in down:
        if name not in index.heads and name not in index.regions:
            raise _unknown("--down", "head or region", name, [*index.heads, *index.regions])


def _unknown(option: str, kind: str, name: str, known: Iterable[str]) -> click.UsageError:
    # Only a mistyped name pays for these imports.
    from modelspec.text.names import nearest
    from modelspec.text.quote import quote

    near = nearest(name, known)
    hint = f"did you mean '{near}'?" if near else "regions.yaml and heads.yaml declare the names"
    return click.UsageError(f"{option}: no {kind} is named {quote(name)}; {hint}")
