"""`modelspec list`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.listing import read_entries, selected, tell_lost
from modelspec.cli.options import root_option

if TYPE_CHECKING:
    from modelspec.author.values import RowFormat

_STATUS = ("active", "deprecated", "disabled")


@click.command("list")
@root_option
@click.option("--region", metavar="CODE", help="Models of a region.")
@click.option("--head", metavar="ID", help="Models that name a head, first or as a fallback.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Models with a tag; twice: with both.")
@click.option("--status", type=click.Choice(_STATUS), help="Models of a status.")
@click.option("--where", metavar="EXPR", help="Models of which this is true: 'tags contains \"chat\"'.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv", "ids"]),
    default="table",
    show_default=True,
    help="How to print them.",
)
def command(
    *,
    root: Path,
    region: str | None,
    head: str | None,
    tags: tuple[str, ...],
    status: str | None,
    where: str | None,
    format_: "RowFormat",
) -> int:
    """List models, with the defaults of what their files do not say.

    Every condition must hold. docs/authoring.md has the grammar of EXPR.

    Exit codes: 0 listed (no model is an answer, too), 2 usage, 3 a bug in modelspec.
    """
    # Files are read when a repository is to be read, not for `--help`.
    from modelspec.author.matching import asked_of
    from modelspec.author.values import rows

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
