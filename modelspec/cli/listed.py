"""`modelspec head` and `region`: the entries of heads.yaml and regions.yaml."""

from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelspec.cli.options import Way, cascade_yes_option, draft_options, root_option
from modelspec.cli.stderr import accepted

if TYPE_CHECKING:
    from modelspec.author.listed import State, What


@click.group("head")
def head_command() -> None:
    """Change heads: their status, their names, which ones there are."""


@click.group("region")
def region_command() -> None:
    """Change regions: their names, which ones there are."""


@head_command.command("add")
@root_option
@click.argument("head_id")
@click.option("--region", required=True, metavar="CODE", help="Its region.")
@click.option("--url", required=True, metavar="URL", help="Where the edge sends requests.")
@click.option("--inference-url", metavar="URL", help="Its own inference server, for local models.")
@click.option("--health-path", metavar="PATH", help="Default: /health.")
@click.option("--capacity", type=click.IntRange(min=1), metavar="N", help="Its relative size.")
@draft_options
def add_head(*, root: Path, way: Way, **given: Any) -> int:  # noqa: ANN401 - one key an option
    """Add a head at the end of heads.yaml.

    Exit codes: 0 written, 1 refused, 2 usage, 3 a bug in modelspec.
    """
    fields = ("head_id", "region", "url", "health_path", "inference_url", "capacity")
    return _add("head", root, {name: given[name] for name in fields if given[name] is not None}, way)


@region_command.command("add")
@root_option
@click.argument("code")
@click.option("--name", required=True, metavar="TEXT", help="The name that people read.")
@click.option(
    "--residency", multiple=True, metavar="CODE", help="A region that may see its requests; again for more."
)
@draft_options
def add_region(*, root: Path, code: str, name: str, residency: tuple[str, ...], way: Way) -> int:
    """Add a region at the end of regions.yaml.

    Without --residency, its requests may be served anywhere.

    Exit codes: 0 written, 1 refused, 2 usage, 3 a bug in modelspec.
    """
    limits = {"residency": list(dict.fromkeys(residency))} if residency else {}
    return _add("region", root, {"code": code, "name": name, **limits}, way)


def _add(what: "What", root: Path, value: dict[str, Any], way: Way) -> int:
    from modelspec.author.listed import draft_of_addition
    from modelspec.cli.drafts import carry_out, compiled

    before = compiled(root)
    return carry_out(before, draft_of_addition(before.tree, what, value), way)


def _define(
    what: "What", group: click.Group, names: tuple[str, str], removal: str, cascade_help: str
) -> None:
    """The verbs that heads and regions have in common; `names` are those of the old and the new name."""
    old, new = names
    codes = f"Exit codes: 0 written, 1 refused, 2 usage or no such {what}, 3 a bug in modelspec."

    @group.command("remove", help=f"{cleandoc(removal)}\n\n{codes}")
    @root_option
    @click.argument("name", metavar=old)
    @click.option("--cascade", is_flag=True, help=cascade_help)
    @cascade_yes_option
    @draft_options
    def remove(*, root: Path, name: str, cascade: bool, yes: bool, way: Way) -> int:
        from modelspec.author.listed import draft_of_removal, find_listed, lasting, users_of
        from modelspec.cli.drafts import carry_out, compiled, refuse_removal

        before = compiled(root)
        entry = accepted(find_listed(before.tree, what, name), code=2)
        users = users_of(before.tree, entry)
        kept = lasting(before.tree, users)
        if kept:
            advice = "move or remove what stands in these places first; --cascade leaves them alone"
            refuse_removal(what, name, kept, advice)
        if users and not cascade:
            refuse_removal(what, name, users)
        return carry_out(before, draft_of_removal(before.tree, entry, users), way, is_agreed=yes or not users)

    title = f"Give a {what} another {new.removeprefix('NEW_').lower()}, in every file that names it."

    @group.command("rename", help=f"{title}\n\n{codes}")
    @root_option
    @click.argument("name", metavar=old)
    @click.argument("new_name", metavar=new)
    @draft_options
    def rename(*, root: Path, name: str, new_name: str, way: Way) -> int:
        from modelspec.author.listed import draft_of_rename, find_listed
        from modelspec.cli.drafts import carry_out, compiled

        before = compiled(root)
        entry = accepted(find_listed(before.tree, what, name), code=2)
        return carry_out(before, draft_of_rename(before.tree, entry, new_name), way)


_define(
    "head",
    head_command,
    ("HEAD_ID", "NEW_ID"),
    """Remove a head.

    With --cascade, models lose it from their lists; where it was the first, their next head becomes the first. A
    model that has no other is named, and nothing happens.""",
    "Take it out of models, tests and waivers as well.",
)
_define(
    "region",
    region_command,
    ("CODE", "NEW_CODE"),
    """Remove a region.

    --cascade takes it out of residency rules, client regions, tests and waivers. What lies in the region (models,
    heads, deployments, edges) is never removed by it, and no list that would allow everything is ever emptied.""",
    "Take it out of lists, tests and waivers as well.",
)


def _define_state(name: str, state: "State", text: str) -> None:
    codes = "Exit codes: 0 written, 1 refused, 2 usage or no such head, 3 a bug in modelspec."

    @head_command.command(name, help=f"{text}\n\n{codes}")
    @root_option
    @click.argument("head_id")
    @draft_options
    def change(*, root: Path, head_id: str, way: Way) -> int:
        from modelspec.author.listed import draft_of_state, find_listed
        from modelspec.cli.drafts import carry_out, compiled

        before = compiled(root)
        head = accepted(find_listed(before.tree, "head", head_id), code=2)
        return carry_out(before, draft_of_state(before.tree, head, state), way)


_define_state("drain", "draining", "Drain a head: it is tried only after every active one.")
_define_state("activate", "active", "Make a head active again.")
_define_state("offline", "offline", "Take a head offline: it is never tried.")
