"""`modelspec head`, `region` and `key`: the entries of heads.yaml, regions.yaml and keys.yaml."""

from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelspec.cli.names import fields, names
from modelspec.cli.options import DraftOptions, cascade_yes_option, draft_options, root_option, today
from modelspec.cli.stderr import accepted, misuse
from modelspec.diagnose.refusal import Refusal

if TYPE_CHECKING:
    from modelspec.author.listed import State, What


@click.group("head")
def head_command() -> None:
    """Add, change, drain, activate, remove or rename a head."""


@click.group("region")
def region_command() -> None:
    """Add, change, remove or rename a region."""


@head_command.command("add")
@root_option
@click.argument("head_id")
@click.option("--region", required=True, metavar="CODE", shell_complete=names("region"), help="Its region.")
@click.option("--url", required=True, metavar="URL", help="Where the edge sends requests.")
@click.option("--inference-url", metavar="URL", help="Its own inference server, for local models.")
@click.option("--health-path", metavar="PATH", help="Default: /health/liveliness with LiteLLM, else /health.")
@click.option("--capacity", type=click.IntRange(min=1), metavar="N", help="Its relative size.")
@draft_options
def add_head(*, root: Path, options: DraftOptions, **given: Any) -> int:  # noqa: ANN401 - one key an option
    """Add a head at the end of heads.yaml.

    Exit codes: 0 written, 1 refused, 2 usage, 3 a bug in modelspec.
    """
    fields = ("head_id", "region", "url", "health_path", "inference_url", "capacity")
    value = {name: given[name] for name in fields if given[name] is not None}
    next_ = f"modelspec new MODEL_ID --name NAME --region {given['region']} --head {given['head_id']} --endpoint URL"
    return _add("head", root, value, options, next_)


@region_command.command("add")
@root_option
@click.argument("code")
@click.option("--name", required=True, metavar="TEXT", help="The name shown to people.")
@click.option(
    "--residency",
    multiple=True,
    metavar="CODE",
    shell_complete=names("region"),
    help="A region that may see its requests; repeatable.",
)
@draft_options
def add_region(*, root: Path, code: str, name: str, residency: tuple[str, ...], options: DraftOptions) -> int:
    """Add a region at the end of regions.yaml.

    Without --residency, its requests may be served anywhere.

    Exit codes: 0 written, 1 refused, 2 usage, 3 a bug in modelspec.
    """
    limits = {"residency": list(dict.fromkeys(residency))} if residency else {}
    next_ = f"modelspec head add HEAD_ID --region {code} --url URL"
    return _add("region", root, {"code": code, "name": name, **limits}, options, next_)


def _add(what: "What", root: Path, value: dict[str, Any], options: DraftOptions, following: str) -> int:
    from modelspec.author.listed import draft_of_addition
    from modelspec.cli.drafts import carry_out, compiled

    before = compiled(root)
    return carry_out(before, draft_of_addition(before.tree, what, value), options, following=following)


def _define(
    what: "What", group: click.Group, arguments: tuple[str, str], removal: str, cascade_help: str
) -> None:
    """Define `remove` and `rename`; `arguments` are the names of theirs."""
    old, new = arguments
    codes = f"Exit codes: 0 written, 1 refused, 2 usage or no such {what}, 3 a bug in modelspec."

    @group.command("remove", help=f"{cleandoc(removal)}\n\n{codes}")
    @root_option
    @click.argument("name", metavar=old, shell_complete=names(what))
    @click.option("--cascade", is_flag=True, help=cascade_help)
    @cascade_yes_option
    @draft_options
    def remove(*, root: Path, name: str, cascade: bool, yes: bool, options: DraftOptions) -> int:
        from modelspec.author.listed import draft_of_removal, find_listed, kept_uses, users_of
        from modelspec.cli.drafts import carry_out, compiled, refuse_removal

        before = compiled(root)
        entry = accepted(find_listed(before.tree, what, name), code=2)
        users = users_of(before.tree, entry)
        kept = kept_uses(before.tree, users)
        if kept:
            advice = "move or remove these first; --cascade does not touch them"
            refuse_removal(what, name, kept, advice)
        if users and not cascade:
            refuse_removal(what, name, users)
        return carry_out(
            before, draft_of_removal(before.tree, entry, users), options, is_agreed=yes or not users
        )

    @group.command("rename", help=f"Rename a {what} in every file that names it.\n\n{codes}")
    @root_option
    @click.argument("name", metavar=old, shell_complete=names(what))
    @click.argument("new_name", metavar=new)
    @draft_options
    def rename(*, root: Path, name: str, new_name: str, options: DraftOptions) -> int:
        from modelspec.author.listed import draft_of_rename, find_listed
        from modelspec.cli.drafts import carry_out, compiled

        before = compiled(root)
        entry = accepted(find_listed(before.tree, what, name), code=2)
        return carry_out(before, draft_of_rename(before.tree, entry, new_name), options)


def _define_edit(what: "What", group: click.Group, old: str) -> None:
    codes = f"Exit codes: 0 written, 1 refused, 2 usage or no such {what}, 3 a bug in modelspec."
    example = "capacity=4" if what == "head" else "residency+=no"
    edit_help = f"""Change fields of a {what}.

    FIELD=VALUE sets a field, FIELD+=ITEM and FIELD-=ITEM change a list, as of a model: {example}. The rest of the file
    stays the same, byte for byte, and a change that would add an error is refused."""

    @group.command("edit", help=f"{cleandoc(edit_help)}\n\n{codes}")
    @root_option
    @click.argument("name", metavar=old, shell_complete=names(what))
    @click.argument("assignments", nargs=-1, metavar="[FIELD=VALUE]...", shell_complete=fields(what, "="))
    @click.option(
        "--unset", multiple=True, metavar="FIELD", shell_complete=fields(what), help="Remove a field."
    )
    @draft_options
    def edit(
        *, root: Path, name: str, assignments: tuple[str, ...], unset: tuple[str, ...], options: DraftOptions
    ) -> int:
        from modelspec.author.assignments import changes_of
        from modelspec.author.listed import draft_of_listed_edit, find_listed
        from modelspec.cli.drafts import carry_out, compiled

        changes = changes_of(assignments, unset, what)
        if isinstance(changes, Refusal):
            raise misuse(changes)
        before = compiled(root)
        entry = accepted(find_listed(before.tree, what, name), code=2)
        return carry_out(before, draft_of_listed_edit(before.tree, entry, changes), options)


_define_edit("head", head_command, "HEAD_ID")
_define_edit("region", region_command, "CODE")
_define(
    "head",
    head_command,
    ("HEAD_ID", "NEW_ID"),
    """Remove a head, and with --cascade every use of it.

    With --cascade, it is removed from the lists of models; where it was the priority head, the next head takes its
    place. If a model has no other head, the model is named and nothing changes.""",
    "Remove it from models, tests and waivers too.",
)
_define(
    "region",
    region_command,
    ("CODE", "NEW_CODE"),
    """Remove a region, and with --cascade every list that names it.

    --cascade removes it from residency rules, client regions, tests and waivers. It never removes what is in the
    region (models, heads, deployments, edges), and never empties a list whose absence would allow everything.""",
    "Remove it from lists, tests and waivers too.",
)


def _define_state(name: str, state: "State", text: str) -> None:
    codes = "Exit codes: 0 written, 1 refused, 2 usage or no such head, 3 a bug in modelspec."

    @head_command.command(name, help=f"{text}\n\n{codes}")
    @root_option
    @click.argument("head_id", shell_complete=names("head"))
    @draft_options
    def change(*, root: Path, head_id: str, options: DraftOptions) -> int:
        from modelspec.author.listed import draft_of_state, find_listed
        from modelspec.cli.drafts import carry_out, compiled

        before = compiled(root)
        head = accepted(find_listed(before.tree, "head", head_id), code=2)
        return carry_out(before, draft_of_state(before.tree, head, state), options)


_define_state("drain", "draining", "Drain a head: it is tried only after every active head.")
_define_state("activate", "active", "Make a head active again.")
_define_state("offline", "offline", "Take a head offline: it is never tried.")


@click.group("key")
def key_command() -> None:
    """Make a client's key: printed once, its hash kept in keys.yaml."""


@key_command.command("new")
@root_option
@click.option("--owner", required=True, metavar="TEXT", help="Who answers for it: a team or an address.")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="A group of the client; repeatable.")
@click.option("--expires", metavar="DATE", help="Its last day, as YYYY-MM-DD. Default: none.")
@click.option("--key-id", metavar="ID", help="Its name in logs. Default: from the owner and the day.")
@draft_options
def new_key_command(
    *,
    root: Path,
    owner: str,
    groups: tuple[str, ...],
    expires: str | None,
    key_id: str | None,
    options: DraftOptions,
) -> int:
    """Make a key, and add its hash to keys.yaml.

    The key is printed to standard output, once: hand it to its owner over a channel for secrets. It cannot be shown
    again. To replace a key, make another one, and revoke the old one when its clients have moved.

    Exit codes: 0 written, 1 refused, 2 usage, 3 a bug in modelspec.
    """
    from modelspec.author.listed import KeyEntry, draft_of_key
    from modelspec.cli.drafts import carry_out, compiled
    from modelspec.secret.client_key import digest, is_key_id, new_key, suggested_key_id

    day = today().isoformat()
    name = suggested_key_id(owner, day) if key_id is None else key_id
    if not is_key_id(name):
        raise click.UsageError("--key-id: 1 to 63 lower-case letters and digits, in parts joined by '-'")
    before = compiled(root)
    key = new_key(name)
    entry = KeyEntry(
        key_id=name,
        sha256=digest(key),
        groups=tuple(dict.fromkeys(groups)),
        owner=owner,
        created=day,
        expires=expires,
    )
    code = carry_out(before, draft_of_key(before.tree, entry), options)
    if code == 0 and not options.dry_run:
        click.echo(key)
    return code
