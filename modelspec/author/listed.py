"""Entries of heads.yaml and regions.yaml: finding one, adding one, changing one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from modelspec.author.draft import Draft, edited
from modelspec.author.edit import Append, Change, Discard, Put, Unset
from modelspec.author.edit.change import found
from modelspec.author.references import HEADS, REGIONS, Use, fates, pruned, renamed, uses
from modelspec.author.values import counted, listed
from modelspec.diagnose.refusal import Refusal
from modelspec.load import read
from modelspec.load.find import File, Tree
from modelspec.report.said import without_secrets
from modelspec.text.names import nearest
from modelspec.text.quote import quote

What = Literal["head", "region"]

_FILES: Mapping[What, tuple[str, str, str]] = {
    "head": ("heads.yaml", "heads", "head_id"),
    "region": ("regions.yaml", "regions", "code"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """A head or a region, and where in its file it stands."""

    what: What
    name: str
    file: File
    position: int
    value: Mapping[str, Any]
    all: tuple[Mapping[str, Any], ...]

    @property
    def pointer(self) -> tuple[str | int, ...]:
        """To its entry."""
        return (_FILES[self.what][1], self.position)


def find_listed(tree: Tree, what: What, name: str) -> ListedEntry | Refusal:
    """The one head or region of a name."""
    path, field, key = _FILES[what]
    items = _items(tree, what)
    if isinstance(items, Refusal):
        return items
    for position, item in enumerate(items):
        if item.get(key) == name:
            return ListedEntry(
                what=what, name=name, file=tree.fixed[path], position=position, value=item, all=tuple(items)
            )
    known = [item[key] for item in items if isinstance(item.get(key), str)]
    near = nearest(name, known)
    return Refusal(
        message=f"no {what} is named {quote(without_secrets(name))}",
        help=f"did you mean {quote(near)}?" if near else f"{path} declares {field}: {', '.join(known[:20])}",
    )


def draft_of_addition(tree: Tree, what: What, value: Mapping[str, Any]) -> Draft | Refusal:
    """One more head or region, behind the last one."""
    path, field, key = _FILES[what]
    items = _items(tree, what)
    if isinstance(items, Refusal):
        return items
    name = str(value[key])
    if any(item.get(key) == name for item in items):
        return Refusal(message=f"a {what} {quote(name)} is there already", help=f"change it in {path}")
    files = edited(tree.fixed, {path: [Append(pointer=(field,), value=dict(value))]})
    if isinstance(files, Refusal):
        return files
    return Draft(files=files, title=f"Add {what} {name}", effects=(f"{what} {name} is new, in {path}",))


def draft_of_changes(listed: ListedEntry, changes: list[Change], title: str, effect: str) -> Draft | Refusal:
    """A head or a region with some changes in its own entry."""
    files = edited({listed.file.path: listed.file}, {listed.file.path: changes})
    return files if isinstance(files, Refusal) else Draft(files=files, title=title, effects=(effect,))


def _items(tree: Tree, what: What) -> list[Mapping[str, Any]] | Refusal:
    path, field, _ = _FILES[what]
    file = tree.fixed.get(path)
    value = None if file is None else read(file).value
    items = value.get(field) if isinstance(value, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return Refusal(
            message=f"{path} lists no {field} that could be read",
            help="modelspec validate says what is wrong with it",
        )
    return items


State = Literal["active", "draining", "offline"]


def users_of_head(tree: Tree, head_id: str) -> list[Use]:
    """Who names a head."""
    return uses(tree, HEADS, lambda name: name == head_id)


def draft_of_state(head: ListedEntry, state: State) -> Draft | Refusal:
    """A head with another status; active is what a head is that says nothing."""
    pointer = (*head.pointer, "status")
    change: Change = Unset(pointer=pointer) if state == "active" else Put(pointer=pointer, value=state)
    title = {"active": "Activate", "draining": "Drain", "offline": "Take offline"}[state]
    old = head.value.get("status", "active")
    return draft_of_changes(head, [change], f"{title} {head.name}", f"head {head.name}: {old} → {state}")


def draft_of_head_removal(tree: Tree, head: ListedEntry, users: Sequence[Use]) -> Draft | Refusal:
    """Without the head, and without every use of it; where it was the first, the next one becomes it."""
    files = {**tree.fixed, **{file.path: file for file in tree.models}}
    others = [use for use in users if use.pointer != ("priority_head",)]
    changes = pruned(files, others)
    effects = fates(others)
    stranded: list[str] = []
    for use in users:
        if use.pointer != ("priority_head",):
            continue
        value = read(files[use.path]).value
        assert isinstance(value, dict)
        successor = _successor(value, head)
        if successor is None:
            stranded.append(use.path)
            continue
        new: list[Change] = [Put(pointer=("priority_head",), value=successor)]
        if successor in (value.get("fallback_heads") or ()):
            new.append(Discard(pointer=("fallback_heads",), value=successor))
        changes.setdefault(use.path, []).extend(new)
        effects.append(f"{use.shown} is now {successor}")
    if stranded:
        return Refusal(
            message=f"{counted(len(stranded), 'model')} would have no head left: {listed(stranded)}",
            help="give them another head with modelspec edit, or remove them, then go on",
        )
    changes.setdefault("heads.yaml", []).append(Unset(pointer=head.pointer))
    done = edited(files, changes)
    if isinstance(done, Refusal):
        return done
    return Draft(
        files=done,
        title=f"Remove head {head.name}" + (f" from {counted(len(users), 'place')}" if users else ""),
        effects=(f"head {head.name} goes", *effects),
    )


def _successor(value: dict[str, object], head: ListedEntry) -> str | None:
    """The next head of a model: one that shares its tier, else a fallback; an active one where there is one."""
    balancing = value.get("load_balancing")
    weights = balancing.get("weights") if isinstance(balancing, dict) else None
    fallback = value.get("fallback_heads")
    names = [
        *(weights if isinstance(weights, dict) else ()),
        *(fallback if isinstance(fallback, list) else ()),
    ]
    others = [name for name in names if isinstance(name, str) and name != head.name]
    states = {item.get("head_id"): item.get("status", "active") for item in head.all}
    # A head of the first tier comes first: the weights must name the priority head.
    if isinstance(weights, dict) and any(name in weights for name in others):
        others = [name for name in others if name in weights]
    return next((name for name in others if states.get(name) == "active"), next(iter(others), None))


def draft_of_head_rename(tree: Tree, head: ListedEntry, new_id: str) -> Draft | Refusal:
    """The head under another id, and every place that named it."""
    users = users_of_head(tree, head.name)
    changes = renamed(users, {head.name: new_id})
    changes.setdefault("heads.yaml", []).append(Put(pointer=(*head.pointer, "head_id"), value=new_id))
    files = edited({**tree.fixed, **{file.path: file for file in tree.models}}, changes)
    if isinstance(files, Refusal):
        return files
    return Draft(
        files=files,
        renamed={new_id: head.name},
        title=f"Rename head {head.name} to {new_id}",
        effects=(f"head {head.name} is now {new_id}", *(f"{use.shown} follows" for use in users)),
    )


_WIDENING = ("residency", "client_regions")
"""Lists that allow everything when they are gone: they are never emptied by a cascade."""


def users_of_region(tree: Tree, region: ListedEntry) -> list[Use]:
    """Who names a region; its own entry aside, which goes or changes with it."""
    found_uses = uses(tree, REGIONS, lambda name: name == region.name)
    return [use for use in found_uses if use.path != "regions.yaml" or use.pointer[:2] != region.pointer]


def lasting(tree: Tree, users: Sequence[Use]) -> list[Use]:
    """The uses that no cascade may clean up: what lies in the region, and lists that must not become empty."""
    files = {**tree.fixed, **{file.path: file for file in tree.models}}
    kept = []
    for use in users:
        if use.path == "routes.test.yaml":
            continue
        if use.pointer[-1] == "region":
            kept.append(use)
        elif any(field in use.pointer for field in _WIDENING):
            rest = found(read(files[use.path]).value, use.pointer[:-1])
            if isinstance(rest, list) and len(rest) == 1:
                kept.append(use)
    return kept


def draft_of_region_removal(tree: Tree, region: ListedEntry, users: Sequence[Use]) -> Draft | Refusal:
    """Without the region, and without every use of it."""
    files = {**tree.fixed, **{file.path: file for file in tree.models}}
    changes = pruned(files, users)
    # Its own entry goes last: the positions of the others stay until then.
    changes.setdefault("regions.yaml", []).append(Unset(pointer=region.pointer))
    done = edited(files, changes)
    if isinstance(done, Refusal):
        return done
    return Draft(
        files=done,
        title=f"Remove region {region.name}" + (f" from {counted(len(users), 'place')}" if users else ""),
        effects=(f"region {region.name} goes", *fates(users)),
    )


def draft_of_region_rename(tree: Tree, region: ListedEntry, new_code: str) -> Draft | Refusal:
    """The region under another code, and every place that named it."""
    users = uses(tree, REGIONS, lambda name: name == region.name)
    changes = renamed(users, {region.name: new_code})
    changes.setdefault("regions.yaml", []).append(Put(pointer=(*region.pointer, "code"), value=new_code))
    files = edited({**tree.fixed, **{file.path: file for file in tree.models}}, changes)
    if isinstance(files, Refusal):
        return files
    return Draft(
        files=files,
        renamed={new_code: region.name},
        title=f"Rename region {region.name} to {new_code}",
        effects=(f"region {region.name} is now {new_code}", *(f"{use.shown} follows" for use in users)),
    )
