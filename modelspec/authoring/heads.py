"""`head`: states, removal and renaming of head services."""

from collections.abc import Sequence
from typing import Literal

from modelspec.authoring.draft import Draft, edited
from modelspec.authoring.listed import Listed, draft_of_changes
from modelspec.authoring.prune import fates, pruned
from modelspec.authoring.references import HEADS, Use, uses
from modelspec.authoring.rewording import renamed
from modelspec.authoring.wording import counted, listed
from modelspec.edit import Change, Discard, Put, Unset
from modelspec.load import read
from modelspec.load.find import Tree
from modelspec.refusal import Refusal

State = Literal["active", "draining", "offline"]


def users_of_head(tree: Tree, head_id: str) -> list[Use]:
    """Who names a head."""
    return uses(tree, HEADS, lambda name: name == head_id)


def draft_of_state(head: Listed, state: State) -> Draft | Refusal:
    """A head with another status; active is what a head is that says nothing."""
    pointer = (*head.pointer, "status")
    change: Change = Unset(pointer=pointer) if state == "active" else Put(pointer=pointer, value=state)
    title = {"active": "Activate", "draining": "Drain", "offline": "Take offline"}[state]
    old = head.value.get("status", "active")
    return draft_of_changes(head, [change], f"{title} {head.name}", f"head {head.name}: {old} → {state}")


def draft_of_head_removal(tree: Tree, head: Listed, users: Sequence[Use]) -> Draft | Refusal:
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


def _successor(value: dict[str, object], head: Listed) -> str | None:
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


def draft_of_head_rename(tree: Tree, head: Listed, new_id: str) -> Draft | Refusal:
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
