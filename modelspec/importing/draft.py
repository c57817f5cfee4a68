"""A model on its way into a repository, and what importing gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from modelspec.document import Pointer
from modelspec.importing.note import Note, Place
from modelspec.write import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A model without its region and heads, which the fleet gives it.

    `fields` are those of a model file. `places` leads from pointers into them to where they come from; `()` is the
    model's own place. `comments` are lines without their `#`.
    """

    model_id: str
    fields: Mapping[str, object]
    places: Mapping[Pointer, Place]
    comments: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an importer found: `litellm` are settings for `target_options` of that name."""

    models: Sequence[Draft]
    notes: Sequence[Note]
    litellm: Mapping[str, object] = field(default_factory=dict)
    litellm_places: Sequence[Place] = ()


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
