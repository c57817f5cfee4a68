"""The model files that a verb selects: one by its id, or those that match `--where`."""

from collections.abc import Sequence
from pathlib import Path

import click

from modelspec.author.entries import ModelFile, entries_of, find_entry
from modelspec.author.values import counted
from modelspec.author.where import Expression, ExpressionFault, holds, parse
from modelspec.cli.stderr import accepted, note, reading
from modelspec.load.find import Tree, read_tree
from modelspec.report.printable import without_secrets
from modelspec.report.text import frame
from modelspec.text.source import Span


def read_entries(root: Path) -> tuple[list[ModelFile], int]:
    """Every model that can be read, and the number of files that cannot.

    Raises:
        click.UsageError: the root cannot be opened.
    """
    with reading():
        tree = read_tree(root)
    entries = entries_of(tree)
    return entries, unread_files(tree, entries)


def unread_files(tree: Tree, entries: Sequence[ModelFile]) -> int:
    """How many model files are not among the entries."""
    return len(tree.models) - len(entries) + sum(f.path.startswith("models.d/") for f in tree.faults)


def one_entry(tree: Tree, model_id: str) -> ModelFile:
    """The model with an id; if there is none, the verb ends."""
    return accepted(find_entry(entries_of(tree), model_id), code=2)


def parsed(where: str) -> Expression:
    """The expression of --where.

    Raises:
        click.UsageError: it does not parse; the message shows where.
    """
    outcome = parse(where)
    if not isinstance(outcome, ExpressionFault):
        return outcome
    line = "".join(" " if character in "\r\n" else character for character in without_secrets(where))
    marked = frame([line], Span(1, outcome.start + 1, 1, outcome.end + 1))
    message = without_secrets(outcome.message)
    raise click.UsageError(
        f"--where: {message}\n\n    {marked.text}\n    {' ' * marked.indent}{'^' * marked.carets}"
    )


def selected(entries: Sequence[ModelFile], where: str | None) -> list[ModelFile]:
    """The models for which an expression is true; all if there is none."""
    if where is None:
        return list(entries)
    expression = parsed(where)
    return [entry for entry in entries if holds(expression, entry)]


def note_unread(unread: int) -> None:
    """Warn that the answer leaves out files that cannot be read."""
    if unread:
        note(f"{counted(unread, 'file')} could not be read; run modelspec validate to see why")
