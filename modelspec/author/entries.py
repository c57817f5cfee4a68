"""The model files of a repository that can be read, each with its id."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from modelspec.diagnose.refusal import Refusal
from modelspec.load import Reading, read
from modelspec.load.find import Tree
from modelspec.load.locate import Locator
from modelspec.load.unread import MODELS
from modelspec.report.said import without_secrets
from modelspec.schema import check
from modelspec.text.names import nearest
from modelspec.text.quote import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One model file, read; whatever else is wrong with it, it says its id.

    `value` is what the file says, `whole` that and what the defaults of its folders give; `locator` knows which line.
    """

    model_id: str
    reading: Reading
    value: Mapping[str, Any]
    whole: Mapping[str, Any]
    locator: Locator

    @property
    def path(self) -> str:
        """Of the file, from the root of the repository."""
        return self.reading.file.path


def entries_of(tree: Tree) -> list[ModelFile]:
    """Every model file that is a mapping with an id, by the ids."""
    return sorted(_entries(tree), key=lambda entry: (entry.model_id, entry.path))


def _entries(tree: Tree) -> Iterator[ModelFile]:
    locator = Locator.of(tree)
    for file in tree.models:
        reading = locator.known[file.path] = read(file)
        value = reading.value
        if reading.faults or not isinstance(value, dict):
            continue
        model_id = value.get("model_id")
        if isinstance(model_id, str) and model_id:
            whole = locator.effective(file.path) if tree.defaults else value
            yield ModelFile(model_id=model_id, reading=reading, value=value, whole=whole, locator=locator)


def find_entry(entries: Sequence[ModelFile], name: str) -> ModelFile | Refusal:
    """The one model of an id."""
    found = [entry for entry in entries if entry.model_id == name]
    if len(found) == 1:
        return found[0]
    if found:
        places = " and ".join(entry.path for entry in found[:2])
        return Refusal(
            message=f"two files declare {quote(name)}: {places}",
            help="correct one of them by hand, then go on",
        )
    owner = next((entry for entry in entries if name in _aliases(entry)), None)
    if owner is not None:
        return Refusal(
            message=f"{quote(name)} is an alias of {quote(owner.model_id)}",
            help=f"name the model by its id: {quote(owner.model_id)}",
        )
    near = nearest(name, [entry.model_id for entry in entries])
    return Refusal(
        message=f"no model has the id {quote(without_secrets(name))}",
        help=f"did you mean {quote(near)}?" if near else "`modelspec list` shows every model",
    )


def _aliases(entry: ModelFile) -> list[str]:
    aliases = entry.value.get("aliases")
    return aliases if isinstance(aliases, list) else []


_ODD_LETTERS = re.compile(r"[^A-Za-z0-9._@~+/-]")
_WILDCARD = "/*"


def paths_of(model_id: str, folder: str | None = None) -> Iterator[str]:
    """The paths that a new file may have, the best one first.

    `acme/atlas:8b` lives in `models.d/acme/atlas_8b.yaml`, or else in `models.d/acme_atlas_8b.yaml`; in a folder that
    is named, the last part of the id is enough. `folder` is relative to models.d.
    """
    wanted = _ODD_LETTERS.sub("_", model_id.removesuffix(_WILDCARD))
    is_wildcard = model_id.endswith(_WILDCARD)
    flat = wanted.replace("/", "_")
    names = [f"{wanted}/any"] if is_wildcard else [wanted]
    if folder is not None:
        names = [wanted.rpartition("/")[2]]
    for name in dict.fromkeys((*names, flat)):
        path = PurePosixPath(MODELS, folder or "", f"{name}.yaml")
        if all(map(_is_read, path.parts[1:])):
            yield str(path)


def id_refusal(model_id: str) -> Refusal | None:
    """Why a text cannot be the id of a model, in the validator's words; None where it can."""
    if without_secrets(model_id) != model_id:
        return Refusal(message="this id looks like a key", help="choose a name; revoke the key if it was one")
    faults = check({"model_id": model_id}, "model")
    fault = next((fault for fault in faults if fault.pointer == ("model_id",)), None)
    return None if fault is None else Refusal(message=fault.message, help=fault.help)


def free_path(model_id: str, taken: frozenset[str], folder: str | None = None) -> str | None:
    """The best path that no file has, upper and lower case aside; None where all are taken."""
    folded = {path.casefold() for path in taken}
    return next((path for path in paths_of(model_id, folder) if path.casefold() not in folded), None)


def moved_path(old_path: str, old_id: str, new_id: str, taken: frozenset[str]) -> str | None:
    """Where the file of a renamed model goes: beside the others as it was, or in its own folder as it was."""
    extension = PurePosixPath(old_path).suffix
    if old_path.removesuffix(extension) in {path.removesuffix(".yaml") for path in paths_of(old_id)}:
        folder = None
    else:
        inner = PurePosixPath(old_path).parent.relative_to(MODELS)
        folder = None if str(inner) == "." else str(inner)
        if folder is None:
            new_id = new_id.replace("/", "_") if not new_id.endswith(_WILDCARD) else new_id
    found = free_path(new_id, taken - {old_path}, folder)
    return None if found is None else found.removesuffix(".yaml") + extension


def _is_read(part: str) -> bool:
    """Whether the reader of models.d looks at a name."""
    return part[0] not in "._" and part[-1] != "~"
