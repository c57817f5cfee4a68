"""What an import has to tell beside the models: the loss report."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from modelspec.source import Span


class Kind(StrEnum):
    """What a note is about, in the order of the report."""

    FAULT = "fault"
    SECRET = "secret"  # noqa: S105 - a kind of note
    SUSPICIOUS = "suspicious"
    LOST = "lost"
    CHANGED = "changed"


TITLES = {
    Kind.FAULT: "faults of the result",
    Kind.SECRET: "secrets to rotate",
    Kind.SUSPICIOUS: "suspicious",
    Kind.LOST: "not carried",
    Kind.CHANGED: "carried in another form",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in the files that are imported."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of the report: `what` names the thing, `why` says the reason and, where there is one, what to do.

    Neither holds a secret: whoever makes a note quotes names only.
    """

    kind: Kind
    place: Place
    what: str
    why: str


def ordered(notes: Iterable[Note]) -> list[Note]:
    """By kind, then by place, each once."""
    kinds = list(Kind)
    return sorted(
        dict.fromkeys(notes), key=lambda n: (kinds.index(n.kind), n.place.path, n.place.span, n.what, n.why)
    )
