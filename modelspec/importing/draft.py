"""What an importer gives: models on their way into a repository, and a note on each value that does not come along."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from modelspec.diagnose.refusal import Refusal
from modelspec.importing.destination import ImportDestination, fits
from modelspec.load.foreign import Foreign
from modelspec.text.document import Pointer
from modelspec.text.source import Span, Spot


class NoteKind(StrEnum):
    """What a note is about, in the order of the report."""

    FAULT = "fault"
    SECRET = "secret"  # noqa: S105 - a kind of note
    SUSPICIOUS = "suspicious"
    LOST = "lost"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of the report: `what` names the thing, `why` says the reason and, where there is one, what to do.

    Neither holds a secret: whoever makes a note quotes names only.
    """

    kind: NoteKind
    spot: Spot
    what: str
    why: str


def ordered(notes: Iterable[Note]) -> list[Note]:
    """By kind, then by place, each once."""
    kinds = list(NoteKind)
    return sorted(
        dict.fromkeys(notes), key=lambda note: (kinds.index(note.kind), note.spot, note.what, note.why)
    )


class Ledger:
    """The account of an import: each value of the source is carried or noted, none is forgotten.

    It knows by their places which scalars are accounted for; what aliases repeat is one.
    """

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._known: set[tuple[str, Span]] = set()

    def carried(self, *nodes: Foreign | None) -> None:
        """These stand in the result, whole."""
        for node in nodes:
            if node is not None:
                self._known.update((leaf.path, leaf.whole) for leaf in node.leaves())

    def note(self, kind: NoteKind, node: Foreign, what: str, why: str) -> None:
        """Note a value, which accounts for all of it."""
        self.carried(node)
        self.remark(kind, node.spot, what, why)

    def remark(self, kind: NoteKind, spot: Spot, what: str, why: str) -> None:
        """Note a place; what stands there is accounted for elsewhere."""
        self.notes.append(Note(kind=kind, spot=spot, what=what, why=why))

    def unknown(
        self, node: Foreign, pointer: tuple[str, ...] = ()
    ) -> Iterator[tuple[tuple[str, ...], Foreign]]:
        """The largest parts of a value of which nothing is accounted for, with the way to them."""
        if not any((leaf.path, leaf.whole) in self._known for leaf in node.leaves()):
            if any(leaf.value is not None for leaf in node.leaves()):
                yield pointer, node
            return
        for name, entry in node.entries.items():
            yield from self.unknown(entry, (*pointer, name))
        for position, item in enumerate(node.items):
            yield from self.unknown(item, (*pointer, str(position)))


_ODD = re.compile(r"[^A-Za-z0-9._:@/~+-]+")
_EDGE = re.compile(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$")
_LONGEST = 128
_NOT_IN_VARIABLE = re.compile(r"[^A-Z0-9]+")


def is_legal(name: str) -> bool:
    """Whether a name can be a model_id as it is."""
    return fits("modelId", name)


def legal_id(name: str) -> str:
    """The nearest legal id: letters without their marks, `-` for what an id cannot hold; empty if nothing is left."""
    if is_legal(name):
        return name
    wildcard = "/*" if name.endswith("/*") else ""
    text = unicodedata.normalize("NFKD", name.removesuffix("/*")).encode("ascii", "ignore").decode()
    parts = [_EDGE.sub("", _ODD.sub("-", part)) for part in text.split("/")]
    text = _EDGE.sub("", "/".join(part for part in parts if part)[: _LONGEST - len(wildcard)])
    return text + wildcard if text else ""


def title_of(name: object, model_id: str) -> str:
    """The name that people see: the one of the source, unless nobody could read it."""
    is_usable = isinstance(name, str) and 0 < len(name) <= _LONGEST and name.isprintable()
    return str(name) if is_usable else model_id


def variable_of(text: str, ending: str) -> str:
    """The name of an environment variable for something with a name: `GPT_4O_API_KEY`."""
    words = _NOT_IN_VARIABLE.sub("_", text.upper()).strip("_")[:60].strip("_") or "MODEL"
    return f"{'M_' if words[0].isdigit() else ''}{words}_{ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDraft:
    """A model without its region and heads, which the fleet gives it.

    `fields` are those of a model file. `spots` leads from pointers into them to where they come from; `()` is the
    model's own place. `comments` are lines without their `#`.
    """

    model_id: str
    fields: Mapping[str, object]
    spots: Mapping[Pointer, Spot]
    comments: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an importer found: `litellm` are settings for `target_options` of that name."""

    models: Sequence[ModelDraft]
    notes: Sequence[Note]
    litellm: Mapping[str, object] = field(default_factory=dict)
    litellm_spots: Sequence[Spot] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What the user asked for; `heads` are `ID` or `ID=URL`.

    `providers` are those of a catalogue; none means all. `wanted` decides by the fields of a model whether it is
    imported. `progress` is called with how many of how many files are read.
    """

    source: Path
    into: Path
    region: str | None = None
    heads: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    wanted: Callable[[Mapping[str, object]], bool] | None = None
    dry_run: bool = False
    progress: Callable[[int, int], None] | None = None

    def wants(self, draft: ModelDraft) -> bool:
        """Whether a model is imported."""
        return self.wanted is None or self.wanted(draft.fields)


class Importer(Protocol):
    """One kind of source. A new kind is a module with such an object, and its place in `IMPORTERS`."""

    @property
    def name(self) -> str:
        """The word behind `modelspec import`, and the folder in models.d of a repository that is there already."""

    def read(self, request: ImportRequest, to: ImportDestination) -> Imported | Refusal:
        """Read a source as a whole, or say why it cannot be read. Never raises, whatever the source holds."""
