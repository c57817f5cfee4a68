"""`rename`: another id for a model, with every reference to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelspec.author.draft import Draft, edited
from modelspec.author.edit import Append, Change, Discard, Put, Unset, block, changed
from modelspec.author.edit.change import found, same
from modelspec.author.entries import ModelFile, free_path, id_refusal, moved_path
from modelspec.author.fields import field_order
from modelspec.author.references import MODELS, Use, fates, pruned, renamed, uses
from modelspec.author.schemas import FOLDER, schema_line
from modelspec.author.values import counted, shown
from modelspec.diagnose.refusal import Refusal
from modelspec.load import read
from modelspec.load.find import File, Tree
from modelspec.load.unread import MAX_BYTES
from modelspec.pipeline import Compiled
from modelspec.report.said import said
from modelspec.text.quote import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new model shall say: plain values by their fields; `folder` is one below models.d, or None."""

    model_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    folder: str | None = None


def draft_of_new(tree: Tree, wanted: Wanted) -> Draft | Refusal:
    """A file with the fields in the order of the schema, with the schema line where editors have schemas."""
    refusal = id_refusal(wanted.model_id)
    if refusal is not None:
        return refusal
    paths = frozenset(file.path for file in tree.models)
    path = free_path(wanted.model_id, paths, wanted.folder)
    if path is None:
        return Refusal(
            message=f"every file name that fits {quote(wanted.model_id)} is taken",
            help="name another folder with --folder, or rename the other file",
        )
    values = {"model_id": wanted.model_id, **wanted.values}
    lines = [
        *_schema_line(tree, path),
        *(line for name in field_order() if name in values for line in block(name, values[name])),
    ]
    text = "".join(f"{line}\n" for line in lines)
    return Draft(
        files={path: text.encode(errors="replace")},
        title=f"Add {wanted.model_id}",
        effects=(f"{wanted.model_id} is new, in {path}",),
    )


def _schema_line(tree: Tree, path: str) -> Iterator[str]:
    if (tree.root / FOLDER / "model.schema.json").is_file():
        yield schema_line(path)


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
            told = _effect(change, value, after)
            effects.extend(f"{entry.model_id}: {words}" for words in told)
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
        return Refusal(
            message=f"the text is larger than {MAX_BYTES // 1024} KiB", help="keep large documents elsewhere"
        )
    files: dict[str, bytes | None] = {} if text == entry.reading.file.data else {entry.path: text}
    return Draft(files=files, title=f"Edit {entry.model_id}", effects=(f"{entry.model_id}: edited by hand",))


def _is_there(value: object, change: Change) -> bool:
    """Whether a list holds already what would be appended to it."""
    if not isinstance(change, Append):
        return False
    listed = found(value, change.pointer)
    return isinstance(listed, list) and any(same(item, change.value) for item in listed)


def _misplaced(entry: ModelFile, change: Change) -> Refusal:
    way = ".".join(map(str, change.pointer))
    return Refusal(
        message=f"{entry.path}: {quote(way)} has no place there: something on the way is no mapping or list",
        help=f"`modelspec show {entry.model_id}` shows what is there",
    )


def _effect(change: Change, before: object, after: object) -> Iterator[str]:
    way = ".".join(map(str, change.pointer))
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
    ways = ", ".join(dict.fromkeys(".".join(map(str, change.pointer)) for change in changes))
    what = entries[0].model_id if len(entries) == 1 else counted(len(entries), "model")
    verb = "Unset" if all(isinstance(change, Unset) for change in changes) else "Set"
    if all(isinstance(change, Append) for change in changes):
        verb = "Add to"
    elif all(isinstance(change, Discard) for change in changes):
        verb = "Take from"
    elif all(isinstance(change, Put) for change in changes) and len(changes) == 1:
        return f"Set {ways} of {what} to {shown(changes[0].value)}"  # type: ignore[union-attr]
    return f"{verb} {ways} of {what}"


def users_of_model(compiled: Compiled, entry: ModelFile) -> list[Use]:
    """Who names a model, by its id, by an alias or by a name below its wildcard; its own file aside."""
    names = compiled.catalog.names

    def is_meant(name: str) -> bool:
        found = names.find(name)
        return name in (entry.model_id, entry.path) or (found is not None and found.path == entry.path)

    return [use for use in uses(compiled.tree, MODELS, is_meant) if use.path != entry.path]


def draft_of_removal(compiled: Compiled, entry: ModelFile, users: Sequence[Use]) -> Draft | Refusal:
    """Without the model, and without every use of it."""
    files = compiled.locator.files
    rest = edited(files, pruned(files, users))
    if isinstance(rest, Refusal):
        return rest
    title = f"Remove {entry.model_id}"
    if users:
        title += f" and {counted(len(users), 'reference')} to it"
    return Draft(
        files={entry.path: None, **rest},
        title=title,
        effects=(f"{entry.model_id} goes, with {entry.path}", *fates(users)),
    )


def still_used(what: str, name: str, users: Sequence[Use]) -> Refusal:
    """Why something is not removed yet."""
    return Refusal(
        message=f"{what} {quote(name)} is still named in {counted(len(users), 'place')}",
        help="correct these places first, or let --cascade clean them up as well",
    )


def draft_of_rename(tree: Tree, entry: ModelFile, new_id: str, *, keep_alias: bool) -> Draft | Refusal:
    """The model under its new id, in a file that is named for it, and every place that named it.

    What the upstream is asked for stays: where the file left it to the id, the old id is written out.
    """
    old_id, old_path = entry.model_id, entry.path
    if new_id == old_id:
        return Refusal(message=f"{quote(old_id)} has this id already", help="name another one")
    refusal = id_refusal(new_id)
    if refusal is not None:
        return refusal
    new_path = moved_path(old_path, old_id, new_id, frozenset(file.path for file in tree.models))
    if new_path is None:
        return Refusal(
            message=f"every file name that fits {quote(new_id)} is taken",
            help="rename or move the other file first",
        )
    users = uses(tree, MODELS, lambda name: name in (old_id, old_path))
    changes = renamed(_with_places(users, old_path), {old_id: new_id, old_path: new_path})
    changes.setdefault(old_path, []).extend(_own(entry, new_id, keep_alias=keep_alias))
    files = edited({**tree.fixed, **{file.path: file for file in tree.models}}, changes)
    if isinstance(files, Refusal):
        return files
    moved: dict[str, str] = {}
    if new_path != old_path:
        text = files.pop(old_path)
        assert text is not None
        files = {new_path: _with_schema_line(text, old_path, new_path), **files, old_path: None}
        moved = {new_path: old_path}
    others = [use for use in users if use.path != old_path]
    return Draft(
        files=files,
        moved=moved,
        renamed={new_id: old_id},
        title=f"Rename {old_id} to {new_id}",
        effects=(
            f"{old_id} is now {new_id}" + (f", in {new_path}" if moved else ""),
            *([f"{old_id} stays as an alias of it"] if keep_alias else []),
            *(f"upstream_model {old_id} is written out" for _ in _pins(entry.value, old_id)),
            *(f"{use.shown} follows" for use in others),
        ),
    )


def _with_places(users: list[Use], own_path: str) -> list[Use]:
    """Without what the model's own file says of itself, which is changed by itself."""
    return [use for use in users if use.path != own_path or use.pointer[0] != "model_id"]


def _own(entry: ModelFile, new_id: str, *, keep_alias: bool) -> Iterator[Change]:
    old_id = entry.model_id
    yield Put(pointer=("model_id",), value=new_id)
    yield from _pins(entry.value, old_id)
    aliases = entry.value.get("aliases")
    if isinstance(aliases, list) and new_id in aliases:
        yield Discard(pointer=("aliases",), value=new_id)
    if keep_alias:
        yield Append(pointer=("aliases",), value=old_id)


def _pins(value: Any, old_id: str) -> Iterator[Change]:  # noqa: ANN401 - a plain document
    deployments = value.get("deployments")
    if not isinstance(deployments, list):
        if "upstream_model" not in value:
            yield Put(pointer=("upstream_model",), value=old_id)
        return
    for position, deployment in enumerate(deployments):
        if isinstance(deployment, dict) and "upstream_model" not in deployment:
            yield Put(pointer=("deployments", position, "upstream_model"), value=old_id)


def _with_schema_line(text: bytes, old_path: str, new_path: str) -> bytes:
    """The line for editors leads to the schema by the folder of the file."""
    for folder in (FOLDER, "schemas"):
        old, new = schema_line(old_path, folder).encode(), schema_line(new_path, folder).encode()
        first, end, rest = text.partition(b"\n")
        if first.rstrip(b"\r") == old:
            return new + first[len(old) :] + end + rest
    return text


_MOST = 50
"""Effects that are listed; of a larger change, the diff has the rest."""


def message_of(draft: Draft, title: str | None = None, effect: str = "") -> str:
    """A title, what the change does to the routes, and one line for each edit; `title` is the user's own."""
    effects = [f"- {said(effect)}" for effect in draft.effects[:_MOST]]
    if len(draft.effects) > _MOST:
        effects.append(f"- and {len(draft.effects) - _MOST} more")
    first = said(draft.title) if title is None else title.strip()
    told = [effect, ""] if effect else []
    return "\n".join((first, "", *told, *effects)) + "\n"
