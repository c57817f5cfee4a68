"""A model on its way into a repository, and what importing gives."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from modelspec.diagnose.refusal import Refusal
from modelspec.text.document import Pointer
from modelspec.text.source import Span


class NoteKind(StrEnum):
    """What a note is about, in the order of the report."""

    FAULT = "fault"
    SECRET = "secret"  # noqa: S105 - a kind of note
    SUSPICIOUS = "suspicious"
    LOST = "lost"
    CHANGED = "changed"


TITLES = {
    NoteKind.FAULT: "faults of the result",
    NoteKind.SECRET: "secrets to rotate",
    NoteKind.SUSPICIOUS: "suspicious",
    NoteKind.LOST: "not carried",
    NoteKind.CHANGED: "carried in another form",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlace:
    """Where something stands in the files that are imported."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of the report: `what` names the thing, `why` says the reason and, where there is one, what to do.

    Neither holds a secret: whoever makes a note quotes names only.
    """

    kind: NoteKind
    place: SourcePlace
    what: str
    why: str


def ordered(notes: Iterable[Note]) -> list[Note]:
    """By kind, then by place, each once."""
    kinds = list(NoteKind)
    return sorted(
        dict.fromkeys(notes), key=lambda n: (kinds.index(n.kind), n.place.path, n.place.span, n.what, n.why)
    )


_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:@/~+-]*[A-Za-z0-9])?(?:/\*)?")
_BAD_PART = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_ODD = re.compile(r"[^A-Za-z0-9._:@/~+-]+")
_EDGE = re.compile(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$")
_LONGEST = 128
_VARIABLE = re.compile(r"[^A-Z0-9]+")


def is_legal(name: str) -> bool:
    """Whether a name can be a model_id as it is."""
    return len(name) <= _LONGEST and _ID.fullmatch(name) is not None and not _BAD_PART.search(name)


def is_pattern(name: str) -> bool:
    """Whether a name stands for many."""
    return "*" in name


def legal_id(name: str) -> str:
    """The nearest legal id: letters without their marks, `-` for what an id cannot hold; empty if nothing is left."""
    if is_legal(name):
        return name
    wildcard = "/*" if name.endswith("/*") else ""
    text = unicodedata.normalize("NFKD", name.removesuffix("/*")).encode("ascii", "ignore").decode()
    parts = [_EDGE.sub("", _ODD.sub("-", part)) for part in text.split("/")]
    text = "/".join(part for part in parts if part)[: _LONGEST - len(wildcard)]
    text = _EDGE.sub("", text)
    return text + wildcard if text else ""


def variable_of(text: str, ending: str) -> str:
    """The name of an environment variable for something with a name: `GPT_4O_API_KEY`."""
    words = _VARIABLE.sub("_", text.upper()).strip("_")[:60].strip("_") or "MODEL"
    return f"{'M_' if words[0].isdigit() else ''}{words}_{ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDraft:
    """A model without its region and heads, which the fleet gives it.

    `fields` are those of a model file. `places` leads from pointers into them to where they come from; `()` is the
    model's own place. `comments` are lines without their `#`.
    """

    model_id: str
    fields: Mapping[str, object]
    places: Mapping[Pointer, SourcePlace]
    comments: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an importer found: `litellm` are settings for `target_options` of that name."""

    models: Sequence[ModelDraft]
    notes: Sequence[Note]
    litellm: Mapping[str, object] = field(default_factory=dict)
    litellm_places: Sequence[SourcePlace] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user asked for, as far as it changes what is read.

    `regions` are the codes of the fleet that models go to, `home` the region that they get. `providers` are those of
    a catalogue; none means all. `wanted` says of a model's fields whether it is to be imported. `into_existing` says
    that there is a repository with settings of its own, `for_litellm` that a LiteLLM configuration is written of it.
    `progress` is told how many of how many files are read.
    """

    home: str
    regions: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    wanted: Callable[[Mapping[str, object]], bool] | None = None
    into_existing: bool = False
    for_litellm: bool = True
    progress: Callable[[int, int], None] | None = None


class Importer(Protocol):
    """One kind of source. A new kind is a module with such an object, and its place in `IMPORTERS`."""

    @property
    def name(self) -> str:
        """The word behind `modelspec import`, and the folder in models.d of a repository that is there already."""

    def read(self, source: Path, wishes: Wishes) -> Imported | Refusal:
        """Read a source as a whole, or say why it is none. Never raises, whatever the source holds."""
