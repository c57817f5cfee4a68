"""The fleet that a question is asked of: a repository without errors."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.options import today

if TYPE_CHECKING:
    from modelspec.decide import Index
    from modelspec.pipeline import Compiled


def compiled_fleet(root: Path, *, colour: bool, awaited: str | None = None) -> "Compiled | None":
    """The compiled repository; None where it has errors, which are then on standard error.

    Standard output holds the answer and nothing else, whatever its format. A file that is `awaited` may be empty: a
    shell that is to fill it with the answer has opened it before the command began.

    Raises:
        click.UsageError: the root cannot be read.
    """
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.diagnostic import Severity  # noqa: PLC0415
    from modelspec.pipeline import compile_fleet  # noqa: PLC0415
    from modelspec.report import REPORTS, Summary  # noqa: PLC0415

    try:
        compiled = compile_fleet(root, today=today())
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error
    file = None if awaited is None else compiled.tree.fixed.get(awaited)
    empty = None if file is None or file.data.strip() else awaited
    errors = [
        found
        for found in compiled.diagnostics
        if found.severity is Severity.ERROR and (found.path != empty or empty is None)
    ]
    if not errors:
        return compiled
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
    from modelspec.nearest import nearest  # noqa: PLC0415
    from modelspec.quote import quote  # noqa: PLC0415

    near = nearest(name, known)
    hint = f"did you mean '{near}'?" if near else "regions.yaml and heads.yaml declare the names"
    return click.UsageError(f"{option}: no {kind} is named {quote(name)}; {hint}")
