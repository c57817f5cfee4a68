"""A draft that adds a client's key to keys.yaml: its hash, never the key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelspec.author.change import Append
from modelspec.author.draft import Draft, edited
from modelspec.author.schemas import schema_line
from modelspec.author.style import item_lines
from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.client_keys import FILE
from modelspec.load import read
from modelspec.load.find import Tree
from modelspec.text.quote import quote

_OPENING = """\
#
# The keys of clients, as hashes: `modelspec key new` makes a key, prints it once, and adds its entry. To revoke a key,
# set `status: revoked`. Protect this file with code owners: whoever changes it decides who may call the edges.

keys:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """What keys.yaml is to say of a new key; days are `YYYY-MM-DD`."""

    key_id: str
    sha256: str
    groups: Sequence[str]
    owner: str
    created: str
    expires: str | None


def draft_of_key(tree: Tree, entry: KeyEntry) -> Draft | Refusal:
    """Add an entry at the end of keys.yaml, which is made if it is not there."""
    file = tree.fixed.get(FILE)
    if file is None and FILE in tree.unread:
        return Refusal(message=f"{FILE} cannot be read", help="run modelspec validate to see why")
    if file is None:
        lines = "\n".join(item_lines(_value(entry), 2, as_block=True))
        return _draft(entry, {FILE: f"{schema_line(FILE)}\n{_OPENING}{lines}\n".encode()})
    value = read(file).value
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        return Refusal(message=f"{FILE} has no list of keys", help="run modelspec validate to see why")
    if any(isinstance(one, dict) and one.get("key_id") == entry.key_id for one in listed):
        return Refusal(
            message=f"{FILE} already has a key {quote(entry.key_id)}",
            help="choose another --key-id: the lives of an old and a new key overlap",
        )
    files = edited({FILE: file}, {FILE: [Append(pointer=("keys",), value=_value(entry))]})
    return files if isinstance(files, Refusal) else _draft(entry, files)


def _value(entry: KeyEntry) -> dict[str, object]:
    return {
        "key_id": entry.key_id,
        "sha256": entry.sha256,
        **({"groups": list(entry.groups)} if entry.groups else {}),
        "owner": entry.owner,
        "created": entry.created,
        **({} if entry.expires is None else {"expires": entry.expires}),
    }


def _draft(entry: KeyEntry, files: Mapping[str, bytes | None]) -> Draft:
    groups = f" for {', '.join(map(quote, entry.groups))}" if entry.groups else ""
    return Draft(
        files=files,
        title=f"Add the client key {entry.key_id}",
        effects=(f"key {quote(entry.key_id)} added{groups}",),
    )
