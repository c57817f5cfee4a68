"""`modelspec list` and `show`: models, and the effective values of one."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.names import names
from modelspec.cli.options import format_option, root_option
from modelspec.cli.stderr import accepted
from modelspec.diagnose.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelspec.author.entries import ModelFile


@click.command("list")
@root_option
@click.option("--region", metavar="CODE", shell_complete=names("region"), help="Only models in this region.")
@click.option(
    "--head",
    metavar="ID",
    shell_complete=names("head"),
    help="Only models that use this head, first or as a fallback.",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    help="Only models with this tag; repeat to require several.",
)
@click.option(
    "--status", type=click.Choice(("active", "deprecated", "disabled")), help="Only models with this status."
)
@click.option("--where", metavar="EXPR", help="Only models for which this is true: 'tags contains \"chat\"'.")
@format_option("Output format.", "table", "json", "csv", "ids")
def list_command(
    *,
    root: Path,
    region: str | None,
    head: str | None,
    tags: tuple[str, ...],
    status: str | None,
    where: str | None,
    format_: str,
) -> int:
    """List models, with default values filled in.

    All conditions must hold. The grammar of EXPR is in docs/authoring.md.

    Exit codes: 0 listed (even if no model matches), 2 usage or no such region or head, 3 a bug in modelspec.
    """
    from modelspec.author.entries import query_fields
    from modelspec.author.values import rows
    from modelspec.cli.entries import note_unread, read_entries, selected

    entries, unread = read_entries(root)
    found = []
    for entry in selected(entries, where):
        value = query_fields(entry)
        own_tags = value["tags"] if isinstance(value["tags"], list) else []
        if (
            (region is None or value.get("region") == region)
            and (head is None or head in value["heads"])
            and all(tag in own_tags for tag in tags)
            and (status is None or value["status"] == status)
        ):
            found.append(entry)
    if not found:
        _check_names(root, entries, region, head)
    clean = found[0].locator.clean if found else str
    sys.stdout.writelines(map(clean, rows(found, format_)))
    note_unread(unread)
    return 0


def _check_names(root: Path, entries: "Sequence[ModelFile]", region: str | None, head: str | None) -> None:
    """Raises click.UsageError for a region or head that neither its file nor a model names."""
    from modelspec.author.entries import query_fields
    from modelspec.cli.fleet import unknown_name
    from modelspec.cli.names import declared

    for option, kind, name in (("--region", "region", region), ("--head", "head", head)):
        if name is None:
            continue
        fields = map(query_fields, entries)
        used = {used for one in fields for used in (one["heads"] if kind == "head" else [one.get("region")])}
        known = {*declared(kind, root), *(one for one in used if isinstance(one, str))}
        if name not in known:
            raise unknown_name(option, kind, name, known)


@click.command("show")
@root_option
@click.argument("model_id", shell_complete=names("model"))
@format_option("Output format.", "text", "json")
def show_command(*, root: Path, model_id: str, format_: str) -> int:
    """Show the effective values of a model, each with the file and line that sets it.

    Exit codes: 0 shown, 2 usage or no such model, 3 a bug in modelspec.
    """
    from modelspec.author.entries import entries_of, find_entry
    from modelspec.author.values import origins
    from modelspec.cli.entries import note_unread, unread_files
    from modelspec.cli.stderr import reading
    from modelspec.load.find import read_tree

    with reading():
        tree = read_tree(root)
    entries = entries_of(tree)
    entry = find_entry(entries, model_id)
    if isinstance(entry, Refusal):
        note_unread(unread_files(tree, entries))
    found = accepted(entry, code=2)
    sys.stdout.writelines(map(found.locator.clean, origins(found, tree, format_)))
    return 0
