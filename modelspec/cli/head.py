"""`modelspec head`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelspec.cli.drafts import Given, Way, carry_out, compiled, draft_options
from modelspec.cli.options import root_option
from modelspec.cli.remove import tell_users
from modelspec.cli.report import refused

if TYPE_CHECKING:
    from modelspec.author.listed import ListedEntry, State
    from modelspec.pipeline import Compiled


@click.group("head")
def command() -> None:
    """Change heads: their status, their names, which ones there are."""


@command.command("add")
@root_option
@click.argument("head_id")
@click.option("--region", required=True, metavar="CODE", help="Its region.")
@click.option("--url", required=True, metavar="URL", help="Where the edge sends requests.")
@click.option("--inference-url", metavar="URL", help="Its own inference server, for local models.")
@click.option("--health-path", metavar="PATH", help="Default: /health.")
@click.option("--capacity", type=click.IntRange(min=1), metavar="N", help="Its relative size.")
@draft_options
def add(*, root: Path, head_id: str, **given: Any) -> int:  # noqa: ANN401 - one key an option
    """Add a head at the end of heads.yaml.

    Exit codes: 0 written, 1 refused, 2 usage, 3 a bug in modelspec.
    """
    from modelspec.author.listed import draft_of_addition

    before = compiled(root)
    fields = ("region", "url", "health_path", "inference_url", "capacity")
    value = {"head_id": head_id, **{name: given[name] for name in fields if given[name] is not None}}
    return carry_out(before, draft_of_addition(before.tree, "head", value), Way.of(given))


def _state(name: str, state: "State", text: str) -> None:
    @command.command(
        name,
        help=f"{text}\n\nExit codes: 0 written, 1 refused, 2 usage or no such head, 3 a bug in modelspec.",
    )
    @root_option
    @click.argument("head_id")
    @draft_options
    def change(*, root: Path, head_id: str, **way: Given) -> int:
        from modelspec.author.listed import draft_of_state

        before = compiled(root)
        head = _found(before, head_id)
        if isinstance(head, int):
            return head
        return carry_out(before, draft_of_state(head, state), Way.of(way))


_state("drain", "draining", "Drain a head: it is tried only after every active one.")
_state("activate", "active", "Make a head active again.")
_state("offline", "offline", "Take a head offline: it is never tried.")


@command.command("remove")
@root_option
@click.argument("head_id")
@click.option("--cascade", is_flag=True, help="Take it out of models, tests and waivers as well.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before a cascade.")
@draft_options
def remove(*, root: Path, head_id: str, cascade: bool, yes: bool, **way: Given) -> int:
    """Remove a head.

    With --cascade, models lose it from their lists; where it was the first, their next head becomes the first. A
    model that has no other is named, and nothing happens.

    Exit codes: 0 written, 1 refused, 2 usage or no such head, 3 a bug in modelspec.
    """
    from modelspec.author.listed import draft_of_head_removal, users_of_head
    from modelspec.author.models import still_used

    before = compiled(root)
    head = _found(before, head_id)
    if isinstance(head, int):
        return head
    users = users_of_head(before.tree, head_id)
    if users and not cascade:
        tell_users(users)
        return refused(still_used("the head", head_id, users), code=1)
    return carry_out(
        before, draft_of_head_removal(before.tree, head, users), Way.of(way), is_agreed=yes or not users
    )


@command.command("rename")
@root_option
@click.argument("old", metavar="HEAD_ID")
@click.argument("new", metavar="NEW_ID")
@draft_options
def rename(*, root: Path, old: str, new: str, **way: Given) -> int:
    """Give a head another id, in every file that names it.

    Exit codes: 0 written, 1 refused, 2 usage or no such head, 3 a bug in modelspec.
    """
    from modelspec.author.listed import draft_of_head_rename

    before = compiled(root)
    head = _found(before, old)
    if isinstance(head, int):
        return head
    return carry_out(before, draft_of_head_rename(before.tree, head, new), Way.of(way))


def _found(before: "Compiled", head_id: str) -> "ListedEntry | int":
    from modelspec.author.listed import find_listed
    from modelspec.diagnose.refusal import Refusal

    found = find_listed(before.tree, "head", head_id)
    return refused(found, code=2) if isinstance(found, Refusal) else found
