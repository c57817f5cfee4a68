"""What an importer returns: drafts of models, and a note on each value that is not imported as it is."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.model import prefix_of
from modelspec.importing.destination import ImportDestination, fits
from modelspec.load.foreign import Foreign
from modelspec.text.document import Pointer
from modelspec.text.source import Span, Spot


class NoteKind(StrEnum):
    """What a note is about, in the order of the report.

    What happens to requests, worst first; then what the source has wrong, which is so before and after.
    """

    BREAKS = "breaks"
    ELSEWHERE = "elsewhere"
    DIFFERENT = "different"
    ABSENT = "absent"
    SECRET = "secret"  # noqa: S105 - a kind of note
    SUSPICIOUS = "suspicious"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of the report: `what` names the thing, `why` gives the reason and, if there is one, an action.

    Neither holds a secret: notes quote names only.
    """

    kind: NoteKind
    spot: Spot
    what: str
    why: str


def ordered(notes: Iterable[Note]) -> list[Note]:
    """Distinct notes, by kind, then by place."""
    kinds = list(NoteKind)
    return sorted(
        dict.fromkeys(notes), key=lambda note: (kinds.index(note.kind), note.spot, note.what, note.why)
    )


class Ledger:
    """The account of an import: every value of the source is either imported or noted.

    Scalars are accounted for by their places, so a value that aliases repeat is one.
    """

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._known: set[tuple[str, Span]] = set()

    def carried(self, *nodes: Foreign | None) -> None:
        """Record that these values are in the result, completely."""
        for node in nodes:
            if node is not None:
                self._known.update((leaf.path, leaf.whole) for leaf in node.leaves())

    def note(self, kind: NoteKind, node: Foreign, what: str, why: str) -> None:
        """Note a value, which accounts for all of it."""
        self.carried(node)
        self.remark(kind, node.spot, what, why)

    def remark(self, kind: NoteKind, spot: Spot, what: str, why: str) -> None:
        """Note a place, whose value is accounted for elsewhere."""
        self.notes.append(Note(kind=kind, spot=spot, what=what, why=why))

    def unknown(self, node: Foreign, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Foreign]]:
        """The largest parts of a value that are wholly unaccounted for, with their pointers."""
        if not any((leaf.path, leaf.whole) in self._known for leaf in node.leaves()):
            if any(leaf.value is not None for leaf in node.leaves()):
                yield pointer, node
            return
        for name, entry in node.entries.items():
            yield from self.unknown(entry, (*pointer, name))
        for position, item in enumerate(node.items):
            yield from self.unknown(item, (*pointer, position))


_ODD = re.compile(r"[^A-Za-z0-9._:@/~+-]+")
_EDGE = re.compile(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$")
_LONGEST = 128
_NOT_IN_VARIABLE = re.compile(r"[^A-Z0-9]+")


def is_legal(name: str) -> bool:
    """Whether a name is a valid model_id."""
    return fits("modelId", name)


def legal_id(name: str) -> str:
    """The nearest valid id: letters without marks, `-` for invalid characters; empty if nothing is left."""
    if is_legal(name):
        return name
    wildcard = "/*" if prefix_of(name) else ""
    text = unicodedata.normalize("NFKD", name.removesuffix("/*")).encode("ascii", "ignore").decode()
    parts = [_EDGE.sub("", _ODD.sub("-", part)) for part in text.split("/")]
    text = _EDGE.sub("", "/".join(part for part in parts if part)[: _LONGEST - len(wildcard)])
    return text + wildcard if text else ""


def title_of(name: object, model_id: str) -> str:
    """The name that people see: that of the source, if it is readable."""
    is_usable = isinstance(name, str) and 0 < len(name) <= _LONGEST and name.isprintable()
    return str(name) if is_usable else model_id


def variable_of(text: str, ending: str) -> str:
    """An environment variable named after something: `GPT_4O_API_KEY`."""
    words = _NOT_IN_VARIABLE.sub("_", text.upper()).strip("_")[:60].strip("_") or "MODEL"
    return f"{'M_' if words[0].isdigit() else ''}{words}_{ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDraft:
    """A model without its region and heads, which the destination adds.

    `fields` are those of a model file. `spots` maps pointers into them to their source; `()` is the model's own
    place. `comments` are lines without their `#`. `source_name` is what clients sent before, `origins` are the places
    from which its deployments come, in their order.
    """

    model_id: str
    fields: Mapping[str, object]
    spots: Mapping[Pointer, Spot]
    comments: Sequence[str] = ()
    source_name: str = ""
    origins: Sequence[Spot] = ()


OWN_FILE = "litellm.yaml"
"""The file of a new repository with settings of LiteLLM that are not modelspec's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The result of an importer; `litellm` are settings for `target_options.litellm`, `own` those of `OWN_FILE`.

    `variables` are values, none of them secret, that must be set where the gateway runs.
    """

    models: Sequence[ModelDraft]
    notes: Sequence[Note]
    litellm: Mapping[str, object] = field(default_factory=dict)
    litellm_spots: Sequence[Spot] = ()
    own: Mapping[str, object] = field(default_factory=dict)
    own_spots: Sequence[Spot] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What the user asked for; `heads` are `ID` or `ID=URL`.

    `providers` are those of a catalogue; empty means all. `wanted` decides by the fields of a model whether it is
    imported. `endpoint` and `key`, the variable with the key, are those of a server. `progress` is called with the
    numbers of files read and of all files.
    """

    source: Path
    into: Path
    region: str | None = None
    heads: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    wanted: Callable[[Mapping[str, object]], bool] | None = None
    dry_run: bool = False
    endpoint: str | None = None
    key: str | None = None
    progress: Callable[[int, int], None] | None = None

    def wants(self, draft: ModelDraft) -> bool:
        """Whether a model is imported."""
        return self.wanted is None or self.wanted(draft.fields)


class Importer(Protocol):
    """One kind of source. A new kind is a module with such a class, and an entry in `IMPORTERS`."""

    @property
    def name(self) -> str:
        """The word after `modelspec import`, and the folder below models.d of an existing repository."""

    def read(self, request: ImportRequest, to: ImportDestination) -> Imported | Refusal:
        """Read a source as a whole, or refuse it. Never raises, whatever the source holds."""
