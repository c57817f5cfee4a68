"""The model files of a repository that can be read, each with its id."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelspec.load import Reading, read
from modelspec.load.find import Tree
from modelspec.locate import Locator
from modelspec.nearest import nearest
from modelspec.quote import quote
from modelspec.refusal import Refusal
from modelspec.report.said import without_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
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


def entries_of(tree: Tree) -> list[Entry]:
    """Every model file that is a mapping with an id, by the ids."""
    return sorted(_entries(tree), key=lambda entry: (entry.model_id, entry.path))


def _entries(tree: Tree) -> Iterator[Entry]:
    locator = Locator.of(tree)
    for file in tree.models:
        reading = locator.known[file.path] = read(file)
        value = reading.value
        if reading.faults or not isinstance(value, dict):
            continue
        model_id = value.get("model_id")
        if isinstance(model_id, str) and model_id:
            whole = locator.effective(file.path) if tree.defaults else value
            yield Entry(model_id=model_id, reading=reading, value=value, whole=whole, locator=locator)


def find_entry(entries: Sequence[Entry], name: str) -> Entry | Refusal:
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


def _aliases(entry: Entry) -> list[str]:
    aliases = entry.value.get("aliases")
    return aliases if isinstance(aliases, list) else []
