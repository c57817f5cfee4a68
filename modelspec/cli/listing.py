"""The models of a repository, for the verbs that only read them."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelspec.authoring.entries import Entry
    from modelspec.authoring.selection import Expression


def read_entries(root: Path) -> "tuple[list[Entry], int]":
    """Every model that can be read, and how many files could not.

    Raises:
        click.UsageError: the root cannot be opened.
    """
    from modelspec.authoring.entries import entries_of  # noqa: PLC0415 - when a repository is to be read
    from modelspec.load.find import read_tree  # noqa: PLC0415

    try:
        tree = read_tree(root)
    except OSError as error:
        raise click.UsageError(f"cannot read the repository: {error.strerror}") from error
    entries = entries_of(tree)
    lost = len(tree.models) - len(entries) + sum(fault.path.startswith("models.d/") for fault in tree.faults)
    return entries, lost


def parsed(where: str) -> "Expression":
    """The expression of --where.

    Raises:
        click.UsageError: it does not parse; the message shows the place.
    """
    from modelspec.authoring.selection import parse  # noqa: PLC0415 - only where it is used
    from modelspec.authoring.tokens import Fault  # noqa: PLC0415
    from modelspec.report.frame import frame  # noqa: PLC0415
    from modelspec.report.said import without_secrets  # noqa: PLC0415
    from modelspec.source import Span  # noqa: PLC0415

    outcome = parse(where)
    if not isinstance(outcome, Fault):
        return outcome
    line = "".join(" " if character in "\r\n" else character for character in without_secrets(where))
    marked = frame([line], Span(1, outcome.start + 1, 1, outcome.end + 1))
    message = without_secrets(outcome.message)
    raise click.UsageError(
        f"--where: {message}\n\n    {marked.text}\n    {' ' * marked.indent}{'^' * marked.carets}"
    )


def selected(entries: "Sequence[Entry]", where: str | None) -> "list[Entry]":
    """The models of which an expression is true."""
    if where is None:
        return list(entries)
    expression = parsed(where)
    from modelspec.authoring.matching import holds  # noqa: PLC0415 - only where it is used

    return [entry for entry in entries if holds(expression, entry)]


def tell_lost(lost: int) -> None:
    """Say that files are missing from an answer."""
    if lost:
        files = "1 file" if lost == 1 else f"{lost} files"
        click.echo(f"modelspec: {files} could not be read; modelspec validate says why", err=True)
