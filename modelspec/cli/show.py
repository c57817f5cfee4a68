"""`modelspec list` and `show`: what models say and what counts for them."""

import sys
from pathlib import Path

import click

from modelspec.cli.options import format_option, root_option
from modelspec.cli.stderr import accepted
from modelspec.diagnose.refusal import Refusal


@click.command("list")
@root_option
@click.option("--region", metavar="CODE", help="Models of a region.")
@click.option("--head", metavar="ID", help="Models that name a head, first or as a fallback.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Models with a tag; twice: with both.")
@click.option("--status", type=click.Choice(("active", "deprecated", "disabled")), help="Models of a status.")
@click.option("--where", metavar="EXPR", help="Models of which this is true: 'tags contains \"chat\"'.")
@format_option("How to print them.", "table", "json", "csv", "ids")
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
    """List models, with the defaults of what their files do not say.

    Every condition must hold. docs/authoring.md has the grammar of EXPR.

    Exit codes: 0 listed (no model is an answer, too), 2 usage, 3 a bug in modelspec.
    """
    from modelspec.author.entries import asked_of
    from modelspec.author.values import rows
    from modelspec.cli.entries import read_entries, selected, tell_lost

    entries, lost = read_entries(root)
    found = []
    for entry in selected(entries, where):
        value = asked_of(entry)
        own_tags = value["tags"] if isinstance(value["tags"], list) else []
        if (
            (region is None or value.get("region") == region)
            and (head is None or head in value["heads"])
            and all(tag in own_tags for tag in tags)
            and (status is None or value["status"] == status)
        ):
            found.append(entry)
    sys.stdout.writelines(rows(found, format_))
    tell_lost(lost)
    return 0


@click.command("show")
@root_option
@click.argument("model_id")
@format_option("How to print it.", "text", "json")
def show_command(*, root: Path, model_id: str, format_: str) -> int:
    """Show the values that count for a model, each with the file and line that it comes from.

    Exit codes: 0 shown, 2 usage or no such model, 3 a bug in modelspec.
    """
    from modelspec.author.entries import find_entry
    from modelspec.author.values import told
    from modelspec.cli.entries import read_entries, tell_lost

    entries, lost = read_entries(root)
    entry = find_entry(entries, model_id)
    if isinstance(entry, Refusal):
        tell_lost(lost)
    sys.stdout.writelines(told(accepted(entry, code=2), format_))
    return 0
