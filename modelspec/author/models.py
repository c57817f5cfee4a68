"""Drafts that add, edit, rename or remove a model, with every reference to it."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import PurePosixPath
from typing import Any

from modelspec.author.change import Append, Change, Discard, Put, Unset, changed, same, value_at
from modelspec.author.draft import Draft, edited, too_large
from modelspec.author.entries import ModelFile
from modelspec.author.fields import field_order
from modelspec.author.references import (
    MODELS,
    WIDENING,
    Use,
    files_of,
    pruned,
    removal_effects,
    renamed,
    uses,
)
from modelspec.author.schemas import FOLDER, schema_line
from modelspec.author.style import block
from modelspec.author.values import counted, shown
from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.model import prefix_of
from modelspec.load import read
from modelspec.load.find import File, Tree
from modelspec.load.unread import MAX_BYTES
from modelspec.load.unread import MODELS as FOLDER_OF_MODELS
from modelspec.pipeline import Compiled
from modelspec.report.printable import concealed_pointer, without_secrets
from modelspec.schema import check
from modelspec.text.document import Pointer, field_path
from modelspec.text.portable import NUMBERED, source_name
from modelspec.text.quote import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """A model to add: plain values by field; `folder` is relative to models.d."""

    model_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    folder: str | None = None


def draft_of_new(tree: Tree, wanted: NewModel) -> Draft | Refusal:
    """Add a file with the fields in order, and the line for editors if the repository has schemas for them."""
    refusal = _id_refusal(wanted.model_id)
    if refusal is not None:
        return refusal
    refusal = _taken(tree, wanted.model_id)
    if refusal is not None:
        return refusal
    path = free_path(wanted.model_id, {file.path for file in tree.models}, wanted.folder)
    values = {"model_id": wanted.model_id, **wanted.values}
    has_schemas = (tree.root / FOLDER / "model.schema.json").is_file()
    lines = [
        *([schema_line(path)] if has_schemas else []),
        *(line for name in field_order() if name in values for line in block(name, values[name])),
    ]
    text = "".join(f"{line}\n" for line in lines)
    return Draft(
        files={path: text.encode(errors="replace")},
        title=f"Add {wanted.model_id}",
        effects=(f"{wanted.model_id} added in {path}",),
    )


def _id_refusal(model_id: str) -> Refusal | None:
    """Why a text cannot be the id of a model, in the words of the validator."""
    if without_secrets(model_id) != model_id:
        return Refusal(
            message="this id looks like a key", help="choose another id; if this was a key, revoke it"
        )
    faults = check({"model_id": model_id}, "model")
    fault = next((fault for fault in faults if fault.pointer == ("model_id",)), None)
    return None if fault is None else Refusal(message=fault.message, help=fault.help)


def _taken(tree: Tree, model_id: str) -> Refusal | None:
    """Whether a model has the id already; only files that contain it are parsed."""
    for file in tree.models:
        if model_id.encode() in file.data:
            reading = read(file)
            value = reading.value
            if isinstance(value, dict) and value.get("model_id") == model_id:
                place = f"{file.path}:{reading.document.span(('model_id',)).line}"
                return Refusal(message=f"model {model_id} exists: {place}", help="choose another id")
    return None


def free_path(model_id: str, taken: AbstractSet[str], folder: str | None = None) -> str:
    """The best free path for a new file, ignoring case.

    `acme/atlas:8b` gets `models.d/acme/atlas_8b.yaml`, or else `models.d/acme_atlas_8b.yaml`, or else one of them with
    `_2`. In a given `folder`, which is relative to models.d, the last part of the id is enough.
    """
    folded = {path.casefold() for path in taken}
    wanted = list(_paths_of(model_id, folder))
    numbered = (f"{wanted[-1].removesuffix('.yaml')}_{number}.yaml" for number in count(2))
    return next(path for path in chain(wanted, numbered) if path.casefold() not in folded)


def _paths_of(model_id: str, folder: str | None = None) -> Iterator[str]:
    """The possible paths for a new file, the best one first."""
    wanted = source_name(model_id)
    best = f"{wanted}/any" if prefix_of(model_id) else wanted
    if folder is not None:
        best = wanted.rpartition("/")[2]
    for name in dict.fromkeys((best, wanted.replace("/", "_"))):
        path = PurePosixPath(FOLDER_OF_MODELS, folder or "", f"{name}.yaml")
        if all(map(is_read, path.parts[1:])):
            yield str(path)


def is_read(part: str) -> bool:
    """Whether a file or folder of this name below models.d is read."""
    return part[:1] not in ("", ".", "_") and part[-1] != "~"


def moved_path(old_path: str, old_id: str, new_id: str, taken: AbstractSet[str]) -> str:
    """The path for a renamed model: by its id if the old path was by the id, else in the same folder."""
    stem, suffix = old_path.rpartition(".")[::2]
    folder = None
    if f"{NUMBERED.sub('', stem)}.yaml" not in _paths_of(old_id):
        inner = PurePosixPath(old_path).parent.relative_to(FOLDER_OF_MODELS)
        folder = None if str(inner) == "." else str(inner)
        if folder is None and prefix_of(new_id) is None:
            new_id = new_id.replace("/", "_")
    path = free_path(new_id, taken - {old_path}, folder)
    return f"{path.removesuffix('.yaml')}.{suffix}"


def draft_of_edit(entries: Sequence[ModelFile], changes: Sequence[Change]) -> Draft | Refusal:
    """Apply changes to some models."""
    asked: dict[str, list[Change]] = {}
    effects: list[str] = []
    for entry in entries:
        worked = worked_out(entry.value, changes, entry.path, f"run modelspec show {entry.model_id}")
        if isinstance(worked, Refusal):
            return worked
        asked[entry.path] = worked.changes
        effects.extend(f"{entry.model_id}: {words}" for words in worked.effects)
    files = edited({entry.path: entry.reading.file for entry in entries}, asked)
    if isinstance(files, Refusal):
        return files
    what = entries[0].model_id if len(entries) == 1 else counted(len(entries), "model")
    return Draft(files=files, title=title_of(what, changes), effects=tuple(effects))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedOut:
    """The changes that have an effect on a value, and sentences about them."""

    changes: list[Change]
    effects: list[str]


def worked_out(value: object, changes: Sequence[Change], path: str, look: str) -> WorkedOut | Refusal:
    """What some changes do to a model, head or region in the file at `path`, one after the other.

    `look` is how its values are seen.
    """
    done = WorkedOut(changes=[], effects=[])
    for change in changes:
        if _is_there(value, change):
            continue
        place = quote(field_path(change.pointer))
        try:
            after = changed(value, change)
        except KeyError as error:
            message = f"{path}: cannot change {place}: {_unreachable(value, error.args[0])}"
            return Refusal(message=message, help=f"{look} to see its values")
        is_last = isinstance(change, Discard) and value_at(after, change.pointer) is None
        if is_last and change.pointer[-1] in WIDENING and value_at(value, change.pointer):
            return Refusal(
                message=f"{path}: {place} would be empty, and without it every region is allowed",
                help=f"if that is meant, pass --unset {field_path(change.pointer)}",
            )
        done.effects.extend(_effect(change, value, after))
        done.changes.append(change)
        value = after
    return done


def _unreachable(value: object, pointer: Pointer) -> str:
    """Why nothing can be put at a pointer."""
    holder, above = value_at(value, pointer[:-1]), quote(field_path(pointer[:-1]))
    if isinstance(pointer[-1], int):
        return (
            f"{above} has {counted(len(holder), 'item')}"
            if isinstance(holder, list)
            else f"{above} is not a list"
        )
    return f"{above} is not a mapping"


def draft_of_text(entry: ModelFile, text: bytes) -> Draft | Refusal:
    """Replace the text of a model file, as an editor left it."""
    value = read(File(entry.path, text)).value
    if isinstance(value, dict) and value.get("model_id", entry.model_id) != entry.model_id:
        return Refusal(
            message=f"the id of {quote(entry.model_id)} was changed",
            help="use `modelspec rename`, which also changes every reference to the model",
        )
    if len(text) > MAX_BYTES:
        return too_large("the text is")
    files: dict[str, bytes | None] = {} if text == entry.reading.file.data else {entry.path: text}
    return Draft(files=files, title=f"Edit {entry.model_id}", effects=(f"{entry.model_id}: edited by hand",))


def _is_there(value: object, change: Change) -> bool:
    """Whether a list already has the item that would be added."""
    if not isinstance(change, Append):
        return False
    items = value_at(value, change.pointer)
    return isinstance(items, list) and any(same(item, change.value) for item in items)


def _effect(change: Change, before: object, after: object) -> Iterator[str]:
    place = field_path(concealed_pointer(change.pointer))
    old, new = value_at(before, change.pointer), value_at(after, change.pointer)
    if same(old, new):
        return
    if old is None:
        yield f"{place} {shown(new, change.pointer)} added"
    elif new is None or isinstance(change, Unset):
        yield f"{place} {shown(old, change.pointer)} removed"
    else:
        yield f"{place} {shown(old, change.pointer)} → {shown(new, change.pointer)}"


def title_of(what: str, changes: Sequence[Change]) -> str:
    """The title of some changes of `what`."""
    named = f"{', '.join(dict.fromkeys(field_path(concealed_pointer(change.pointer)) for change in changes))} of {what}"
    if len(changes) == 1 and isinstance(changes[0], Put):
        return f"Set {named} to {shown(changes[0].value, changes[0].pointer)}"
    verbs = {Unset: "Unset", Append: "Add to", Discard: "Remove from"}
    (kind, *others) = {type(change) for change in changes}
    return f"{'Set' if others else verbs.get(kind, 'Set')} {named}"


def users_of_model(compiled: Compiled, entry: ModelFile) -> list[Use]:
    """The uses of a model in other files, by its id, an alias or a name that its wildcard matches."""
    names = compiled.catalog.names

    def is_meant(name: str) -> bool:
        owner = names.find(name)
        return name in (entry.model_id, entry.path) or (owner is not None and owner.path == entry.path)

    return [use for use in uses(compiled.tree, MODELS, is_meant) if use.path != entry.path]


def draft_of_removal(compiled: Compiled, entry: ModelFile, users: Sequence[Use]) -> Draft | Refusal:
    """Remove a model and every use of it."""
    files = compiled.locator.files
    rest = edited(files, pruned(files, users))
    if isinstance(rest, Refusal):
        return rest
    also = f" and {counted(len(users), 'reference')} to it" if users else ""
    return Draft(
        files={entry.path: None, **rest},
        title=f"Remove {entry.model_id}{also}",
        effects=(f"{entry.model_id} removed with its file {entry.path}", *removal_effects(users)),
    )


def draft_of_rename(tree: Tree, entry: ModelFile, new_id: str, *, keep_alias: bool) -> Draft | Refusal:
    """Rename a model, its file, and every place that names it.

    The upstream keeps getting the same name: where upstream_model is not set, it is set to the old id.
    """
    old_id, old_path = entry.model_id, entry.path
    if new_id == old_id:
        return Refusal(message=f"the id of the model is already {quote(old_id)}", help="choose another id")
    refusal = _id_refusal(new_id)
    if refusal is not None:
        return refusal
    refusal = _taken(tree, new_id)
    if refusal is not None:
        return refusal
    new_path = moved_path(old_path, old_id, new_id, {file.path for file in tree.models})
    users = uses(tree, MODELS, lambda name: name in (old_id, old_path))
    pins = _pins(entry)
    changes = renamed(users, {old_id: new_id, old_path: new_path})
    changes.setdefault(old_path, []).extend(_own(entry, new_id, pins, keep_alias=keep_alias))
    files = edited(files_of(tree), changes)
    if isinstance(files, Refusal):
        return files
    moved = {} if new_path == old_path else {new_path: old_path}
    if moved:
        text = files.pop(old_path)
        assert text is not None
        files = {new_path: _with_schema_line(text, old_path, new_path), **files, old_path: None}
    return Draft(
        files=files,
        moved=moved,
        renamed={new_id: old_id},
        title=f"Rename {old_id} to {new_id}",
        effects=(
            f"{old_id} renamed to {new_id}" + (f", in {new_path}" if moved else ""),
            *([f"{old_id} kept as an alias"] if keep_alias else []),
            *(f"upstream_model set to {old_id}" for _ in pins),
            *(f"{use.shown} updated" for use in users if use.path != old_path),
        ),
    )


def _own(entry: ModelFile, new_id: str, pins: Sequence[Change], *, keep_alias: bool) -> Iterator[Change]:
    """The changes in the model's own file."""
    yield Put(pointer=("model_id",), value=new_id)
    yield from pins
    aliases = entry.value.get("aliases")
    if isinstance(aliases, list) and new_id in aliases:
        yield Discard(pointer=("aliases",), value=new_id)
    if keep_alias:
        yield Append(pointer=("aliases",), value=entry.model_id)


def _pins(entry: ModelFile) -> list[Change]:
    """Set upstream_model to the id wherever it is not set."""
    deployments = entry.value.get("deployments")
    holders = (
        [((), entry.value)]
        if not isinstance(deployments, list)
        else [(("deployments", position), deployment) for position, deployment in enumerate(deployments)]
    )
    return [
        Put(pointer=(*pointer, "upstream_model"), value=entry.model_id)
        for pointer, holder in holders
        if isinstance(holder, dict) and "upstream_model" not in holder
    ]


def _with_schema_line(text: bytes, old_path: str, new_path: str) -> bytes:
    """Update the line for editors, which depends on the folder of the file."""
    first, end, rest = text.partition(b"\n")
    for folder in (FOLDER, "schemas"):
        old, new = schema_line(old_path, folder).encode(), schema_line(new_path, folder).encode()
        if first.rstrip(b"\r") == old:
            return new + first[len(old) :] + end + rest
    return text
