"""The models of a repository, for the verbs that only read them."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelspec.author.entries import ModelFile
    from modelspec.author.where import Expression


def read_entries(root: Path) -> "tuple[list[ModelFile], int]":
    """Every model that can be read, and how many files could not.

    Raises:
        click.UsageError: the root cannot be opened.
    """
    from modelspec.author.entries import entries_of
    from modelspec.load.find import read_tree

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
    from modelspec.author.where import (
        ExpressionFault,
        parse,
    )
    from modelspec.report.said import without_secrets
    from modelspec.report.text import frame
    from modelspec.text.source import Span

    outcome = parse(where)
    if not isinstance(outcome, ExpressionFault):
        return outcome
    line = "".join(" " if character in "\r\n" else character for character in without_secrets(where))
    marked = frame([line], Span(1, outcome.start + 1, 1, outcome.end + 1))
    message = without_secrets(outcome.message)
    raise click.UsageError(
        f"--where: {message}\n\n    {marked.text}\n    {' ' * marked.indent}{'^' * marked.carets}"
    )


def selected(entries: "Sequence[ModelFile]", where: str | None) -> "list[ModelFile]":
    """The models of which an expression is true."""
    if where is None:
        return list(entries)
    expression = parsed(where)
    from modelspec.author.matching import holds

    return [entry for entry in entries if holds(expression, entry)]


def tell_lost(lost: int) -> None:
    """Say that files are missing from an answer."""
    if lost:
        files = "1 file" if lost == 1 else f"{lost} files"
        click.echo(f"modelspec: {files} could not be read; modelspec validate says why", err=True)
