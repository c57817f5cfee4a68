"""Drafts of a model: a new one, one that is edited, renamed or removed, with every reference to it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from modelspec.author.change import Append, Change, Discard, Put, Unset, changed, found, same
from modelspec.author.draft import Draft, edited, too_large
from modelspec.author.entries import ModelFile
from modelspec.author.fields import dotted, field_order
from modelspec.author.references import MODELS, Use, fates, files_of, pruned, renamed, uses
from modelspec.author.schemas import FOLDER, schema_line
from modelspec.author.style import block
from modelspec.author.values import counted, shown
from modelspec.diagnose.refusal import Refusal
from modelspec.load import read
from modelspec.load.find import File, Tree
from modelspec.load.unread import MAX_BYTES
from modelspec.load.unread import MODELS as FOLDER_OF_MODELS
from modelspec.pipeline import Compiled
from modelspec.report.said import without_secrets
from modelspec.schema import check
from modelspec.text.quote import quote

_ODD_LETTERS = re.compile(r"[^A-Za-z0-9._@~+/-]")
_WILDCARD = "/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new model shall say: plain values by their fields; `folder` is one below models.d, or None."""

    model_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    folder: str | None = None


def draft_of_new(tree: Tree, wanted: Wanted) -> Draft | Refusal:
    """A file with the fields in the order of the schema, with the schema line where editors have schemas."""
    refusal = _id_refusal(wanted.model_id)
    if refusal is not None:
        return refusal
    path = free_path(wanted.model_id, {file.path for file in tree.models}, wanted.folder)
    if path is None:
        return _taken(wanted.model_id, "name another folder with --folder, or rename the other file")
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
        effects=(f"{wanted.model_id} is new, in {path}",),
    )


def _id_refusal(model_id: str) -> Refusal | None:
    """Why a text cannot be the id of a model, in the validator's words; None where it can."""
    if without_secrets(model_id) != model_id:
        return Refusal(message="this id looks like a key", help="choose a name; revoke the key if it was one")
    faults = check({"model_id": model_id}, "model")
    fault = next((fault for fault in faults if fault.pointer == ("model_id",)), None)
    return None if fault is None else Refusal(message=fault.message, help=fault.help)


def _taken(model_id: str, advice: str) -> Refusal:
    return Refusal(message=f"every file name that fits {quote(model_id)} is taken", help=advice)


def free_path(model_id: str, taken: AbstractSet[str], folder: str | None = None) -> str | None:
    """The best path for a new file that no file has, upper and lower case aside; None where all are taken.

    `acme/atlas:8b` lives in `models.d/acme/atlas_8b.yaml`, or else in `models.d/acme_atlas_8b.yaml`; in a folder that
    is named, the last part of the id is enough. `folder` is relative to models.d.
    """
    folded = {path.casefold() for path in taken}
    return next((path for path in _paths_of(model_id, folder) if path.casefold() not in folded), None)


def _paths_of(model_id: str, folder: str | None = None) -> Iterator[str]:
    """The paths that a new file may have, the best one first."""
    wanted = _ODD_LETTERS.sub("_", model_id.removesuffix(_WILDCARD))
    best = f"{wanted}/any" if model_id.endswith(_WILDCARD) else wanted
    if folder is not None:
        best = wanted.rpartition("/")[2]
    for name in dict.fromkeys((best, wanted.replace("/", "_"))):
        path = PurePosixPath(FOLDER_OF_MODELS, folder or "", f"{name}.yaml")
        if all(map(is_read, path.parts[1:])):
            yield str(path)


def is_read(part: str) -> bool:
    """Whether a file or folder below models.d is looked at, by its name."""
    return part[:1] not in ("", ".", "_") and part[-1] != "~"


def moved_path(old_path: str, old_id: str, new_id: str, taken: AbstractSet[str]) -> str | None:
    """Where the file of a renamed model goes: beside the others as it was, or in its own folder as it was."""
    stem, suffix = old_path.rpartition(".")[::2]
    folder = None
    if f"{stem}.yaml" not in _paths_of(old_id):
        inner = PurePosixPath(old_path).parent.relative_to(FOLDER_OF_MODELS)
        folder = None if str(inner) == "." else str(inner)
        if folder is None and not new_id.endswith(_WILDCARD):
            new_id = new_id.replace("/", "_")
    path = free_path(new_id, taken - {old_path}, folder)
    return None if path is None else f"{path.removesuffix('.yaml')}.{suffix}"


def draft_of_edit(entries: Sequence[ModelFile], changes: Sequence[Change]) -> Draft | Refusal:
    """The files of some models with the changes in them."""
    asked: dict[str, list[Change]] = {}
    effects: list[str] = []
    for entry in entries:
        asked[entry.path] = []
        value: object = entry.value
        for change in changes:
            if _is_there(value, change):
                continue
            try:
                after = changed(value, change)
            except KeyError:
                return _misplaced(entry, change)
            effects.extend(f"{entry.model_id}: {words}" for words in _effect(change, value, after))
            asked[entry.path].append(change)
            value = after
    files = edited({entry.path: entry.reading.file for entry in entries}, asked)
    if isinstance(files, Refusal):
        return files
    return Draft(files=files, title=_title(entries, changes), effects=tuple(effects))


def draft_of_text(entry: ModelFile, text: bytes) -> Draft | Refusal:
    """The file of a model with another content, as an editor left it."""
    value = read(File(entry.path, text)).value
    if isinstance(value, dict) and value.get("model_id", entry.model_id) != entry.model_id:
        return Refusal(
            message=f"the id of {quote(entry.model_id)} was changed",
            help="`modelspec rename` changes an id, with every reference to it",
        )
    if len(text) > MAX_BYTES:
        return too_large("the text is")
    files: dict[str, bytes | None] = {} if text == entry.reading.file.data else {entry.path: text}
    return Draft(files=files, title=f"Edit {entry.model_id}", effects=(f"{entry.model_id}: edited by hand",))


def _is_there(value: object, change: Change) -> bool:
    """Whether a list holds already what would be appended to it."""
    if not isinstance(change, Append):
        return False
    listed = found(value, change.pointer)
    return isinstance(listed, list) and any(same(item, change.value) for item in listed)


def _misplaced(entry: ModelFile, change: Change) -> Refusal:
    way = quote(dotted(change.pointer))
    return Refusal(
        message=f"{entry.path}: {way} has no place there: something on the way is no mapping or list",
        help=f"`modelspec show {entry.model_id}` shows what is there",
    )


def _effect(change: Change, before: object, after: object) -> Iterator[str]:
    way = dotted(change.pointer)
    old, new = found(before, change.pointer), found(after, change.pointer)
    if same(old, new):
        return
    if old is None:
        yield f"{way} {shown(new)} is new"
    elif new is None:
        yield f"{way} {shown(old)} goes"
    else:
        yield f"{way} {shown(old)} → {shown(new)}"


def _title(entries: Sequence[ModelFile], changes: Sequence[Change]) -> str:
    what = entries[0].model_id if len(entries) == 1 else counted(len(entries), "model")
    named = f"{', '.join(dict.fromkeys(dotted(change.pointer) for change in changes))} of {what}"
    if len(changes) == 1 and isinstance(changes[0], Put):
        return f"Set {named} to {shown(changes[0].value)}"
    verbs = {Unset: "Unset", Append: "Add to", Discard: "Take from"}
    (kind, *others) = {type(change) for change in changes}
    return f"{'Set' if others else verbs.get(kind, 'Set')} {named}"


def users_of_model(compiled: Compiled, entry: ModelFile) -> list[Use]:
    """Who names a model, by its id, by an alias or by a name below its wildcard; its own file aside."""
    names = compiled.catalog.names

    def is_meant(name: str) -> bool:
        owner = names.find(name)
        return name in (entry.model_id, entry.path) or (owner is not None and owner.path == entry.path)

    return [use for use in uses(compiled.tree, MODELS, is_meant) if use.path != entry.path]


def draft_of_removal(compiled: Compiled, entry: ModelFile, users: Sequence[Use]) -> Draft | Refusal:
    """Without the model, and without every use of it."""
    files = compiled.locator.files
    rest = edited(files, pruned(files, users))
    if isinstance(rest, Refusal):
        return rest
    also = f" and {counted(len(users), 'reference')} to it" if users else ""
    return Draft(
        files={entry.path: None, **rest},
        title=f"Remove {entry.model_id}{also}",
        effects=(f"{entry.model_id} goes, with {entry.path}", *fates(users)),
    )


def draft_of_rename(tree: Tree, entry: ModelFile, new_id: str, *, keep_alias: bool) -> Draft | Refusal:
    """The model under its new id, in a file that is named for it, and every place that named it.

    What the upstream is asked for stays: where the file left it to the id, the old id is written out.
    """
    old_id, old_path = entry.model_id, entry.path
    if new_id == old_id:
        return Refusal(message=f"{quote(old_id)} has this id already", help="name another one")
    refusal = _id_refusal(new_id)
    if refusal is not None:
        return refusal
    new_path = moved_path(old_path, old_id, new_id, {file.path for file in tree.models})
    if new_path is None:
        return _taken(new_id, "rename or move the other file first")
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
            f"{old_id} is now {new_id}" + (f", in {new_path}" if moved else ""),
            *([f"{old_id} stays as an alias of it"] if keep_alias else []),
            *(f"upstream_model {old_id} is written out" for _ in pins),
            *(f"{use.shown} follows" for use in users if use.path != old_path),
        ),
    )


def _own(entry: ModelFile, new_id: str, pins: Sequence[Change], *, keep_alias: bool) -> Iterator[Change]:
    """What changes in the model's own file."""
    yield Put(pointer=("model_id",), value=new_id)
    yield from pins
    aliases = entry.value.get("aliases")
    if isinstance(aliases, list) and new_id in aliases:
        yield Discard(pointer=("aliases",), value=new_id)
    if keep_alias:
        yield Append(pointer=("aliases",), value=entry.model_id)


def _pins(entry: ModelFile) -> list[Change]:
    """The id of a model written out as the name that its upstreams know, where none is written."""
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
    """The line for editors leads to the schema by the folder of the file."""
    first, end, rest = text.partition(b"\n")
    for folder in (FOLDER, "schemas"):
        old, new = schema_line(old_path, folder).encode(), schema_line(new_path, folder).encode()
        if first.rstrip(b"\r") == old:
            return new + first[len(old) :] + end + rest
    return text
