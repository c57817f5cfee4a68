"""`rename`: another id for a model, with every reference to it."""

from collections.abc import Iterator
from typing import Any

from modelspec.authoring.draft import Draft, edited
from modelspec.authoring.entries import Entry
from modelspec.authoring.naming import id_refusal, moved_path
from modelspec.authoring.references import MODELS, Use, uses
from modelspec.authoring.rewording import renamed
from modelspec.edit import Append, Change, Discard, Put
from modelspec.editors import FOLDER, schema_line
from modelspec.load.find import Tree
from modelspec.quote import quote
from modelspec.refusal import Refusal


def draft_of_rename(tree: Tree, entry: Entry, new_id: str, *, keep_alias: bool) -> Draft | Refusal:
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


def _own(entry: Entry, new_id: str, *, keep_alias: bool) -> Iterator[Change]:
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
