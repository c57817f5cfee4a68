"""`modelspec key`: the keys of clients."""

from pathlib import Path

import click

from modelspec.cli.options import DraftOptions, draft_options, root_option, today


@click.group("key")
def key_command() -> None:
    """Make keys for the clients of the edges."""


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
    from modelspec.author.client_keys import KeyEntry, draft_of_key
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
