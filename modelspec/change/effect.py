"""What a plan is made of: effects, each of one kind, and what every head has to carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from modelspec.routing.table import RoutingTable


class Rank(IntEnum):
    """What an effect costs at worst; the smaller, the earlier it is read."""

    SERVICE = 1
    EXPOSURE = 2
    RESILIENCE = 3
    TRAFFIC = 4
    SETTINGS = 5
    NOTES = 6


RANK_TITLES: Mapping[Rank, str] = {
    Rank.SERVICE: "Service that is lost",
    Rank.EXPOSURE: "Where requests and keys may go, and who may call",
    Rank.RESILIENCE: "What is left when a head fails",
    Rank.TRAFFIC: "Where requests go",
    Rank.SETTINGS: "Settings",
    Rank.NOTES: "Nothing that a request notices",
}
"""The heading of each group, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value from a repository inside a sentence: each format shows it in its own safe way."""

    text: str


Words = tuple[str | Said, ...]
"""A sentence: our own words as they are, what a repository says as `Said`."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """What an effect is about: a `model`, a `head`, a `region`, a `name` that clients send, or a `file`."""

    what: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPlace:
    """A file and its line to look at; `line` None means the whole file. `side` is `before` or `after`."""

    path: str
    line: int | None
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One consequence of a change.

    `kind` is one of `modelspec.plan.kinds.KINDS`. `before` and `after` are what JSON can hold; None where the side
    has nothing to say. `words` is the sentence behind the subject. `causes` names the heads, regions or
    models whose own effects bring this one about, most important first. `touches` are the ids of the models that a head
    or a region touches, in their order. `group` is what a summary tells apart inside of one kind.
    """

    kind: str
    rank: Rank
    subject: Subject
    words: Words
    before: object
    after: object
    places: tuple[EffectPlace, ...]
    causes: tuple[Subject, ...] = ()
    touches: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadLoad:
    """What a head carries: models whose first tier it is in, and models that fall back to it.

    `share` is the sum of its shares of those first tiers by weight, rounded to three decimals.
    """

    first: int
    share: float
    fallback: int
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadShift:
    """The load of one head on both sides; None where the head is not there."""

    head_id: str
    before: HeadLoad | None
    after: HeadLoad | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedState:
    """One side of a plan.

    `routing` is None where the repository has errors, and `broken` then holds the paths of the files at fault.
    `files` leads from the path of every file that was read to an id of its content. `lines` leads from heads and
    regions to the line where each is declared.
    """

    title: str
    routing: RoutingTable | None
    files: Mapping[str, str]
    broken: tuple[str, ...] = ()
    lines: Mapping[Subject, int]


_OF_ROUTES = frozenset({"regions.yaml", "heads.yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The difference of two states.

    `effects` stand in the order in which they are read: by rank, kind and subject. `changed` are the paths of the files
    that differ, sorted. `compared` is False where a side did not compile: then there are no effects, and `loads` are
    those of the side that did.
    """

    before: str
    after: str
    compared: bool
    effects: Sequence[Effect]
    loads: Sequence[HeadShift]
    changed: Sequence[str]
    broken_before: Sequence[str]
    broken_after: Sequence[str]
    models_before: int | None
    models_after: int | None

    @property
    def rules_changed(self) -> Sequence[str]:
        """Of the paths that differ, those that no route is made of: policy, waivers, tests, the metadata schema."""
        return [path for path in self.changed if path not in _OF_ROUTES and not path.startswith("models.d/")]

    @property
    def formatting_only(self) -> bool:
        """Whether files differ, yet only in what no compiler looks at."""
        return self.compared and not self.effects and bool(self.changed) and not self.rules_changed

    @property
    def changes(self) -> bool:
        """Whether anything changes; a side that does not compile counts as a change."""
        return bool(self.effects) or not self.compared
