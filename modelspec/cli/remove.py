"""`modelspec remove`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelspec.cli.drafts import Given, Way, carry_out, compiled, draft_options
from modelspec.cli.edit import one_entry
from modelspec.cli.options import root_option
from modelspec.cli.report import refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelspec.author.references import Use


@click.command("remove")
@root_option
@click.argument("model_id")
@click.option("--cascade", is_flag=True, help="Clean up what still refers to it as well.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before a cascade.")
@draft_options
def command(*, root: Path, model_id: str, cascade: bool, yes: bool, **way: Given) -> int:
    """Remove a model: its file, and with --cascade every reference to it.

    Without --cascade, nothing happens while a fallback, a replaced_by, a routing test or a waiver still names it.

    Exit codes: 0 removed, 1 refused, 2 usage or no such model, 3 a bug in modelspec.
    """
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.author.models import draft_of_removal, still_used, users_of_model

    before = compiled(root)
    entries = one_entry(before.tree, model_id)
    if isinstance(entries, int):
        return entries
    users = users_of_model(before, entries[0])
    if users and not cascade:
        tell_users(users)
        return refused(still_used("the model", model_id, users), code=1)
    return carry_out(
        before, draft_of_removal(before, entries[0], users), Way.of(way), is_agreed=yes or not users
    )


def tell_users(users: "Sequence[Use]") -> None:
    """Where something is still named."""
    from modelspec.report.said import said

    for use in users:
        click.echo(said(use.shown), err=True)
    sys.stderr.flush()
