"""`modelspec rename`."""

from pathlib import Path

import click

from modelspec.cli.drafts import Given, Way, carry_out, compiled, draft_options
from modelspec.cli.edit import one_entry
from modelspec.cli.options import root_option


@click.command("rename")
@root_option
@click.argument("old", metavar="MODEL_ID")
@click.argument("new", metavar="NEW_ID")
@click.option("--no-alias", is_flag=True, help="Do not keep the old id as an alias: its clients get 404.")
@draft_options
def command(*, root: Path, old: str, new: str, no_alias: bool, **way: Given) -> int:
    """Give a model another id, change every reference to it, and rename its file.

    The old id stays as an alias, so that clients notice nothing. The upstream is asked for the same model as
    before: where the file left upstream_model to the id, the old id is written out.

    Exit codes: 0 renamed, 1 refused, 2 usage or no such model, 3 a bug in modelspec.
    """
    # The compiler is imported when a repository is to be read, not for `--help`.
    from modelspec.author.models import draft_of_rename

    before = compiled(root)
    entries = one_entry(before.tree, old)
    if isinstance(entries, int):
        return entries
    draft = draft_of_rename(before.tree, entries[0], new, keep_alias=not no_alias)
    return carry_out(before, draft, Way.of(way))
