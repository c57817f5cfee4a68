"""`modelspec region`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelspec.cli.drafts import Given, Way, carry_out, compiled, draft_options
from modelspec.cli.options import root_option
from modelspec.cli.remove import tell_users
from modelspec.cli.report import refused

if TYPE_CHECKING:
    from modelspec.author.listed import ListedEntry
    from modelspec.pipeline import Compiled


@click.group("region")
def command() -> None:
    """Change regions: their names, which ones there are."""


@command.command("add")
@root_option
@click.argument("code")
@click.option("--name", required=True, metavar="TEXT", help="The name that people read.")
@click.option(
    "--residency", multiple=True, metavar="CODE", help="A region that may see its requests; again for more."
)
@draft_options
def add(*, root: Path, code: str, name: str, residency: tuple[str, ...], **way: Given) -> int:
    """Add a region at the end of regions.yaml.

    Without --residency, its requests may be served anywhere.

    Exit codes: 0 written, 1 refused, 2 usage, 3 a bug in modelspec.
    """
    from modelspec.author.listed import draft_of_addition

    before = compiled(root)
    value: dict[str, Any] = {"code": code, "name": name}
    if residency:
        value["residency"] = list(dict.fromkeys(residency))
    draft = draft_of_addition(before.tree, "region", value)
    return carry_out(before, draft, Way.of(way))


@command.command("remove")
@root_option
@click.argument("code")
@click.option("--cascade", is_flag=True, help="Take it out of lists, tests and waivers as well.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before a cascade.")
@draft_options
def remove(*, root: Path, code: str, cascade: bool, yes: bool, **way: Given) -> int:
    """Remove a region.

    --cascade takes it out of residency rules, client regions, tests and waivers. What lies in the region (models,
    heads, deployments, edges) is never removed by it, and no list that would allow everything is ever emptied.

    Exit codes: 0 written, 1 refused, 2 usage or no such region, 3 a bug in modelspec.
    """
    from modelspec.author.listed import draft_of_region_removal, lasting, users_of_region
    from modelspec.author.models import still_used
    from modelspec.diagnose.refusal import Refusal

    before = compiled(root)
    region = _found(before, code)
    if isinstance(region, int):
        return region
    users = users_of_region(before.tree, region)
    kept = lasting(before.tree, users)
    if kept:
        tell_users(kept)
        refusal = still_used("the region", code, kept)
        advice = "move or remove what stands in these places first; --cascade leaves them alone"
        return refused(Refusal(message=refusal.message, help=advice), code=1)
    if users and not cascade:
        tell_users(users)
        return refused(still_used("the region", code, users), code=1)
    return carry_out(
        before, draft_of_region_removal(before.tree, region, users), Way.of(way), is_agreed=yes or not users
    )


@command.command("rename")
@root_option
@click.argument("old", metavar="CODE")
@click.argument("new", metavar="NEW_CODE")
@draft_options
def rename(*, root: Path, old: str, new: str, **way: Given) -> int:
    """Give a region another code, in every file that names it.

    Exit codes: 0 written, 1 refused, 2 usage or no such region, 3 a bug in modelspec.
    """
    from modelspec.author.listed import draft_of_region_rename

    before = compiled(root)
    region = _found(before, old)
    if isinstance(region, int):
        return region
    draft = draft_of_region_rename(before.tree, region, new)
    return carry_out(before, draft, Way.of(way))


def _found(before: "Compiled", code: str) -> "ListedEntry | int":
    from modelspec.author.listed import find_listed
    from modelspec.diagnose.refusal import Refusal

    found = find_listed(before.tree, "region", code)
    return refused(found, code=2) if isinstance(found, Refusal) else found
