"""`modelspec edit`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.drafts import Given, Way, carry_out, compiled, draft_options, tell
from modelspec.cli.options import root_option

if TYPE_CHECKING:
    from modelspec.author.edit import Change
    from modelspec.author.entries import ModelFile
    from modelspec.load.find import Tree


@click.command("edit", context_settings={"ignore_unknown_options": False})
@root_option
@click.argument("words", nargs=-1, metavar="[MODEL_ID] [FIELD=VALUE]...")
@click.option("--unset", "unset", multiple=True, metavar="FIELD", help="Take a field away.")
@click.option("--where", metavar="EXPR", help="Change every model of which this is true.")
@click.option("--yes", "-y", is_flag=True, help="Change many models without being asked.")
@draft_options
def command(
    *,
    root: Path,
    words: tuple[str, ...],
    unset: tuple[str, ...],
    where: str | None,
    yes: bool,
    **way: Given,
) -> int:
    """Change fields of a model, or of all models that --where selects.

    FIELD=VALUE sets a field, FIELD+=ITEM and FIELD-=ITEM change a list; dots lead inside: limits.rpm=60,
    metadata.owner=team-chat. With MODEL_ID alone, its file is opened in $VISUAL or $EDITOR. Everything that is not
    changed stays byte for byte, and nothing is written that would add an error.

    Exit codes: 0 written (or nothing to do), 1 refused, 2 usage or no such model, 3 a bug in modelspec.
    """
    model_id, assignments = (None, words) if not words or "=" in words[0] else (words[0], words[1:])
    if (model_id is None) == (where is None):
        raise click.UsageError("name one model, or many with --where" + (", not both" if model_id else ""))
    if model_id is not None and not assignments and not unset:
        from modelspec.cli.editor import edit_by_hand

        return edit_by_hand(root, model_id, Way.of(way))
    changes = _changes(assignments, unset)
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.author.models import draft_of_edit
    from modelspec.author.values import counted
    from modelspec.diagnose.refusal import Refusal

    before = compiled(root)
    entries = one_entry(before.tree, model_id) if model_id is not None else _selected(before.tree, where)
    if isinstance(entries, int):
        return entries
    if not entries:
        tell(["no model is selected"], quiet=bool(way["quiet"]))
        return 0
    draft = draft_of_edit(entries, changes)
    if where is not None and not isinstance(draft, Refusal):
        tell(
            [f"{counted(len(entries), 'model')} selected, {counted(len(draft.files), 'file')} to change"],
            quiet=bool(way["quiet"]),
        )
    return carry_out(before, draft, Way.of(way), is_agreed=yes or where is None)


def one_entry(tree: "Tree", model_id: str) -> "list[ModelFile] | int":
    """The model of an id in a list, or the exit code."""
    from modelspec.author.entries import entries_of, find_entry
    from modelspec.cli.report import refused
    from modelspec.diagnose.refusal import Refusal

    entry = find_entry(entries_of(tree), model_id)
    return refused(entry, code=2) if isinstance(entry, Refusal) else [entry]


def _selected(tree: "Tree", where: str | None) -> "list[ModelFile]":
    from modelspec.author.entries import entries_of
    from modelspec.cli.listing import selected, tell_lost

    entries = entries_of(tree)
    tell_lost(len(tree.models) - len(entries))
    return selected(entries, where)


def _changes(assignments: tuple[str, ...], unset: tuple[str, ...]) -> "list[Change]":
    from modelspec.author.assignments import change_of, unset_of
    from modelspec.diagnose.refusal import Refusal

    changes = []
    for change in (*map(change_of, assignments), *map(unset_of, unset)):
        if isinstance(change, Refusal):
            raise click.UsageError(f"{change.message}\n  = help: {change.help}")
        changes.append(change)
    if not changes:
        raise click.UsageError("say what to change: FIELD=VALUE, or --unset FIELD")
    return changes
