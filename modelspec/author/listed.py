"""Drafts that add, change, rename or remove an entry of heads.yaml or regions.yaml, or add a key to keys.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from modelspec.author.change import Append, Change, Discard, Put, Unset, value_at
from modelspec.author.draft import Draft, edited
from modelspec.author.entries import heads_of, weights_of
from modelspec.author.models import title_of, worked_out
from modelspec.author.references import (
    HEADS,
    REGIONS,
    WIDENING,
    Use,
    files_of,
    pruned,
    removal_effects,
    renamed,
    uses,
)
from modelspec.author.schemas import schema_line
from modelspec.author.schemas.choices import NameKind
from modelspec.author.style import item_lines
from modelspec.author.values import counted, listed
from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.client_keys import FILE as KEYS
from modelspec.load import read
from modelspec.load.find import Tree
from modelspec.report.printable import without_secrets
from modelspec.text.document import Pointer
from modelspec.text.names import nearest
from modelspec.text.quote import quote

What = Literal["head", "region"]
State = Literal["active", "draining", "offline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListFile:
    """The file of the heads or regions, its list, the key of the name, and the kinds of references."""

    path: str
    field: str
    key: str
    kinds: frozenset[NameKind]


_LIST_FILES: Mapping[What, _ListFile] = {
    "head": _ListFile(path="heads.yaml", field="heads", key="head_id", kinds=HEADS),
    "region": _ListFile(path="regions.yaml", field="regions", key="code", kinds=REGIONS),
}

_FIRST: Pointer = ("priority_head",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """A head or a region, and its place in its file; `all` are the entries of the file."""

    what: What
    name: str
    path: str
    pointer: Pointer
    value: Mapping[str, Any]
    all: tuple[Mapping[str, Any], ...]


def find_listed(tree: Tree, what: What, name: str) -> ListedEntry | Refusal:
    """The head or region with a name."""
    at = _LIST_FILES[what]
    items = _items(tree, at)
    if isinstance(items, Refusal):
        return items
    for position, item in enumerate(items):
        if item.get(at.key) == name:
            pointer = (at.field, position)
            return ListedEntry(
                what=what, name=name, path=at.path, pointer=pointer, value=item, all=tuple(items)
            )
    known = [item[at.key] for item in items if isinstance(item.get(at.key), str)]
    near = nearest(name, known)
    others = f"{at.path} lists: {', '.join(known[:20])}"
    return Refusal(
        message=f"no {what} is named {quote(without_secrets(name))}",
        help=f"did you mean {quote(near)}?" if near else others,
    )


def _items(tree: Tree, at: _ListFile) -> list[Mapping[str, Any]] | Refusal:
    file = tree.fixed.get(at.path)
    items = None if file is None else value_at(read(file).value, (at.field,))
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return Refusal(
            message=f"cannot read the {at.field} in {at.path}",
            help="run modelspec validate to see why",
        )
    return items


def users_of(tree: Tree, entry: ListedEntry) -> list[Use]:
    """The uses of a head or region, except in its own entry."""
    return [use for use in _uses(tree, entry) if use.path != entry.path or use.pointer[:2] != entry.pointer]


def _uses(tree: Tree, entry: ListedEntry) -> list[Use]:
    return uses(tree, _LIST_FILES[entry.what].kinds, lambda name: name == entry.name)


def kept_uses(tree: Tree, users: Sequence[Use]) -> list[Use]:
    """The uses that a cascade must not remove: what is in a region, and lists that must not become empty."""
    files = files_of(tree)
    kept = []
    for use in users:
        if use.path == "routes.test.yaml":
            continue
        if use.pointer[-1] == "region":
            kept.append(use)
        elif any(field in use.pointer for field in WIDENING):
            rest = value_at(read(files[use.path]).value, use.pointer[:-1])
            if isinstance(rest, list) and len(rest) == 1:
                kept.append(use)
    return kept


def draft_of_addition(tree: Tree, what: What, value: Mapping[str, Any]) -> Draft | Refusal:
    """Add a head or region at the end of its file."""
    at = _LIST_FILES[what]
    items = _items(tree, at)
    if isinstance(items, Refusal):
        return items
    name = str(value[at.key])
    if any(item.get(at.key) == name for item in items):
        return Refusal(
            message=f"{what} {quote(name)} exists", help=f"change it with modelspec {what} edit {name}"
        )
    changes = {at.path: [Append(pointer=(at.field,), value=dict(value))]}
    return _draft(tree, changes, f"Add {what} {name}", f"{what} {name} added in {at.path}")


def draft_of_listed_edit(tree: Tree, entry: ListedEntry, changes: Sequence[Change]) -> Draft | Refusal:
    """Apply changes to a head or region; their pointers begin in its entry."""
    worked = worked_out(entry.value, changes, entry.path, f"open {entry.path}")
    if isinstance(worked, Refusal):
        return worked
    what = f"{entry.what} {entry.name}"
    moved = [replace(change, pointer=(*entry.pointer, *change.pointer)) for change in worked.changes]
    effects = (f"{what}: {words}" for words in worked.effects)
    return _draft(tree, {entry.path: moved}, title_of(what, changes), *effects)


def draft_of_state(tree: Tree, head: ListedEntry, state: State) -> Draft | Refusal:
    """Set the status of a head; active is the default."""
    pointer = (*head.pointer, "status")
    change: Change = Unset(pointer=pointer) if state == "active" else Put(pointer=pointer, value=state)
    title = {"active": "Activate", "draining": "Drain", "offline": "Take offline"}[state]
    old = head.value.get("status", "active")
    return _draft(tree, {head.path: [change]}, f"{title} {head.name}", f"head {head.name}: {old} → {state}")


def draft_of_removal(tree: Tree, entry: ListedEntry, users: Sequence[Use]) -> Draft | Refusal:
    """Remove a head or region and every use of it; a priority head is replaced by the next head."""
    files = files_of(tree)
    first = [use for use in users if use.pointer == _FIRST]
    others = [use for use in users if use.pointer != _FIRST]
    changes = pruned(files, others)
    effects = removal_effects(others)
    stranded: list[str] = []
    for use in first:
        value = read(files[use.path]).value
        assert isinstance(value, dict)
        successor = _successor(value, entry)
        if successor is None:
            stranded.append(use.path)
            continue
        own = changes.setdefault(use.path, [])
        own.append(Put(pointer=_FIRST, value=successor))
        if successor in (value.get("fallback_heads") or ()):
            own.append(Discard(pointer=("fallback_heads",), value=successor))
        effects.append(f"{use.shown} is now {successor}")
    if stranded:
        return Refusal(
            message=f"{counted(len(stranded), 'model')} would have no head left: {listed(stranded)}",
            help="give them another head with modelspec edit, or remove them first",
        )
    # Its own entry is removed last, so that the positions of the others hold until then.
    changes.setdefault(entry.path, []).append(Unset(pointer=entry.pointer))
    places = f" from {counted(len(users), 'place')}" if users else ""
    what = f"{entry.what} {entry.name}"
    return _draft(tree, changes, f"Remove {what}{places}", f"{what} removed", *effects)


def _successor(value: Mapping[str, Any], head: ListedEntry) -> str | None:
    """The next head of a model: one that shares its tier, else a fallback; an active one if there is one."""
    sharing = weights_of(value)
    others = [name for name in heads_of({**value, "priority_head": None}) if name != head.name]
    states = {item.get("head_id"): item.get("status", "active") for item in head.all}
    # The priority head must be one of the weights.
    others = [name for name in others if name in sharing] or others
    return next((name for name in others if states.get(name) == "active"), next(iter(others), None))


def draft_of_rename(tree: Tree, entry: ListedEntry, new: str) -> Draft | Refusal:
    """Rename a head or region in every place that names it."""
    users = _uses(tree, entry)
    changes = renamed(users, {entry.name: new})
    key = (*entry.pointer, _LIST_FILES[entry.what].key)
    changes.setdefault(entry.path, []).append(Put(pointer=key, value=new))
    return _draft(
        tree,
        changes,
        f"Rename {entry.what} {entry.name} to {new}",
        f"{entry.what} {entry.name} renamed to {new}",
        *(f"{use.shown} updated" for use in users),
        renamed={new: entry.name},
    )


def _draft(
    tree: Tree,
    changes: Mapping[str, Sequence[Change]],
    title: str,
    *effects: str,
    renamed: Mapping[str, str] | None = None,
) -> Draft | Refusal:
    files = edited(files_of(tree), changes)
    if isinstance(files, Refusal):
        return files
    return Draft(files=files, title=title, effects=effects, renamed=renamed or {})


_KEYS_OPENING = """\
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
    file = tree.fixed.get(KEYS)
    if file is None and KEYS in tree.unread:
        return Refusal(message=f"{KEYS} cannot be read", help="run modelspec validate to see why")
    if file is None:
        lines = "\n".join(item_lines(_key_value(entry), 2, as_block=True))
        return _key_draft(entry, {KEYS: f"{schema_line(KEYS)}\n{_KEYS_OPENING}{lines}\n".encode()})
    value = read(file).value
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        return Refusal(message=f"{KEYS} has no list of keys", help="run modelspec validate to see why")
    if any(isinstance(one, dict) and one.get("key_id") == entry.key_id for one in listed):
        return Refusal(
            message=f"{KEYS} already has a key {quote(entry.key_id)}",
            help="choose another --key-id: the lives of an old and a new key overlap",
        )
    files = edited({KEYS: file}, {KEYS: [Append(pointer=("keys",), value=_key_value(entry))]})
    return files if isinstance(files, Refusal) else _key_draft(entry, files)


def _key_value(entry: KeyEntry) -> dict[str, object]:
    return {
        "key_id": entry.key_id,
        "sha256": entry.sha256,
        **({"groups": list(entry.groups)} if entry.groups else {}),
        "owner": entry.owner,
        "created": entry.created,
        **({} if entry.expires is None else {"expires": entry.expires}),
    }


def _key_draft(entry: KeyEntry, files: Mapping[str, bytes | None]) -> Draft:
    groups = f" for {', '.join(map(quote, entry.groups))}" if entry.groups else ""
    return Draft(
        files=files,
        title=f"Add the client key {entry.key_id}",
        effects=(f"key {quote(entry.key_id)} added{groups}",),
    )
