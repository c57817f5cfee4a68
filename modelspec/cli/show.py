"""`modelspec show`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.listing import read_entries, tell_lost
from modelspec.cli.options import root_option

if TYPE_CHECKING:
    from modelspec.author.values import Format


@click.command("show")
@root_option
@click.argument("model_id")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
def command(*, root: Path, model_id: str, format_: "Format") -> int:
    """Show the values that count for a model, each with the file and line that it comes from.

    Exit codes: 0 shown, 2 usage or no such model, 3 a bug in modelspec.
    """
    # Files are read when a repository is to be read, not for `--help`.
    from modelspec.author.entries import find_entry
    from modelspec.author.values import told
    from modelspec.cli.report import refused
    from modelspec.diagnose.refusal import Refusal

    entries, lost = read_entries(root)
    entry = find_entry(entries, model_id)
    if isinstance(entry, Refusal):
        tell_lost(lost)
        return refused(entry, code=2)
    sys.stdout.writelines(told(entry, format_))
    return 0
