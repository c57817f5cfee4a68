"""What a plan consists of: effects, each of one kind, and the load of each head."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import IntEnum

from modelspec.change.demand import Demand
from modelspec.change.replay import Replay
from modelspec.routing.table import RoutingTable


class Rank(IntEnum):
    """The worst that an effect can cost; smaller ranks are read first."""

    SERVICE = 1
    EXPOSURE = 2
    RESILIENCE = 3
    TRAFFIC = 4
    SETTINGS = 5
    NOTES = 6


RANK_TITLES: Mapping[Rank, str] = {
    Rank.SERVICE: "Lost service",
    Rank.EXPOSURE: "Where requests and keys may go, and who may call",
    Rank.RESILIENCE: "Resilience",
    Rank.TRAFFIC: "Where requests go",
    Rank.SETTINGS: "Settings",
    Rank.NOTES: "No effect on requests",
}
"""The heading of each group, in the order in which they are shown."""

_PLURALS = {
    "is": "are",
    "has": "have",
    "goes": "go",
    "reaches": "reach",
    "relaxes": "relax",
    "switches": "switch",
    "its": "their",
}


@dataclass(frozen=True, slots=True)
class EffectKind:
    """A kind of effect: its rank, and how the summary counts it.

    `one` follows "1 model", `many` follows "3 models"; `{}` in them stands for the group.
    """

    name: str
    rank: Rank
    what: str
    one: str

    @property
    def many(self) -> str:
        """`one` in the plural: its verb, which only "now" or "no longer" precede, and its pronouns."""
        words = [_PLURALS.get(word, word) for word in self.one.split(" ")]
        verb = next(number for number, word in enumerate(words) if word not in ("now", "no", "longer"))
        words[verb] = words[verb].removesuffix("s")
        return " ".join(words)


KINDS: tuple[EffectKind, ...] = (
    EffectKind("model-removed", Rank.SERVICE, "model", "is removed"),
    EffectKind("model-disabled", Rank.SERVICE, "model", "is disabled"),
    EffectKind("no-head-left", Rank.SERVICE, "model", "has no head left"),
    EffectKind("name-lost", Rank.SERVICE, "name", "is no longer answered"),
    EffectKind("region-removed", Rank.SERVICE, "region", "is removed"),
    EffectKind("head-removed", Rank.SERVICE, "head", "is removed"),
    EffectKind("head-offline", Rank.SERVICE, "head", "goes offline"),
    EffectKind("client-key-refused", Rank.SERVICE, "client key", "is refused"),
    EffectKind("authentication-ended", Rank.EXPOSURE, "file", "no longer says who may call"),
    EffectKind("tokens-changed", Rank.EXPOSURE, "setting", "trusts other tokens"),
    EffectKind("reach-beyond-residency", Rank.EXPOSURE, "model", "breaks the residency of {}"),
    EffectKind("reach-left-home", Rank.EXPOSURE, "model", "leaves {}"),
    EffectKind("reach-entered", Rank.EXPOSURE, "model", "reaches another region"),
    EffectKind("model-region-changed", Rank.EXPOSURE, "model", "changes its home region"),
    EffectKind("residency-relaxed", Rank.EXPOSURE, "region", "relaxes its residency"),
    EffectKind("upstreams-declared", Rank.EXPOSURE, "region", "declares where upstreams run"),
    EffectKind("endpoint-host-changed", Rank.EXPOSURE, "model", "calls another host"),
    EffectKind("policy-loosened", Rank.EXPOSURE, "setting", "is loosened"),
    EffectKind("waiver-added", Rank.EXPOSURE, "waiver", "is added"),
    EffectKind("client-key-added", Rank.EXPOSURE, "client key", "is added"),
    EffectKind("client-key-widened", Rank.EXPOSURE, "client key", "opens more"),
    EffectKind("key-sent", Rank.EXPOSURE, "key", "is sent to another host"),
    EffectKind("key-changed", Rank.EXPOSURE, "model", "uses another key"),
    EffectKind("access-widened", Rank.EXPOSURE, "model", "is opened to more callers"),
    EffectKind("provider-changed", Rank.EXPOSURE, "model", "changes its provider"),
    EffectKind("upstream-moved", Rank.EXPOSURE, "model", "is served elsewhere"),
    EffectKind("head-moved", Rank.EXPOSURE, "head", "moves to another region"),
    EffectKind("head-host-changed", Rank.EXPOSURE, "head", "moves to another host"),
    EffectKind("inference-host-changed", Rank.EXPOSURE, "head", "runs models at another host"),
    EffectKind("last-fallback-lost", Rank.RESILIENCE, "model", "loses its only fallback"),
    EffectKind("no-active-head", Rank.RESILIENCE, "model", "has no active head left"),
    EffectKind("single-point", Rank.RESILIENCE, "model", "now depends on one active head"),
    EffectKind("fallback-lost", Rank.RESILIENCE, "model", "loses a fallback"),
    EffectKind("head-draining", Rank.RESILIENCE, "head", "is drained"),
    EffectKind("fallback-models-changed", Rank.RESILIENCE, "model", "changes its fallback models"),
    EffectKind("first-tier-moved", Rank.TRAFFIC, "model", "moves"),
    EffectKind("name-moved", Rank.TRAFFIC, "name", "routes to another model"),
    EffectKind("model-renamed", Rank.TRAFFIC, "model", "is renamed"),
    EffectKind("model-added", Rank.TRAFFIC, "model", "is added"),
    EffectKind("model-enabled", Rank.TRAFFIC, "model", "is enabled"),
    EffectKind("served-again", Rank.TRAFFIC, "model", "is served again"),
    EffectKind("local-inference-changed", Rank.TRAFFIC, "model", "switches local inference"),
    EffectKind("upstream-model-changed", Rank.TRAFFIC, "model", "calls another upstream model"),
    EffectKind("deployment-added", Rank.TRAFFIC, "model", "gains a deployment"),
    EffectKind("deployment-removed", Rank.TRAFFIC, "model", "loses a deployment"),
    EffectKind("access-narrowed", Rank.TRAFFIC, "model", "is closed to some callers"),
    EffectKind("client-key-narrowed", Rank.TRAFFIC, "client key", "opens less"),
    EffectKind("weights-changed", Rank.TRAFFIC, "model", "splits its requests differently"),
    EffectKind("fallback-added", Rank.TRAFFIC, "model", "gains a fallback"),
    EffectKind("fallback-reordered", Rank.TRAFFIC, "model", "reorders its fallbacks"),
    EffectKind("single-point-ended", Rank.TRAFFIC, "model", "no longer depends on one active head"),
    EffectKind("reach-left", Rank.TRAFFIC, "model", "no longer reaches a region"),
    EffectKind("reach-returned-home", Rank.TRAFFIC, "model", "now stays within {}"),
    EffectKind("head-active", Rank.TRAFFIC, "head", "takes requests again"),
    EffectKind("head-renamed", Rank.TRAFFIC, "head", "is renamed"),
    EffectKind("head-added", Rank.TRAFFIC, "head", "is added"),
    EffectKind("region-renamed", Rank.TRAFFIC, "region", "changes its code"),
    EffectKind("region-added", Rank.TRAFFIC, "region", "is added"),
    EffectKind("name-added", Rank.TRAFFIC, "name", "is now answered"),
    EffectKind("endpoint-path-changed", Rank.SETTINGS, "model", "calls another path"),
    EffectKind("endpoint-implied-changed", Rank.SETTINGS, "model", "changes who chooses its path"),
    EffectKind("params-changed", Rank.SETTINGS, "model", "changes its provider settings"),
    EffectKind("request-changed", Rank.SETTINGS, "model", "changes what it adds to requests"),
    EffectKind("model-info-changed", Rank.SETTINGS, "model", "changes what gateways are told of it"),
    EffectKind("deployment-weight-changed", Rank.SETTINGS, "model", "reweights its deployments"),
    EffectKind("deployments-reordered", Rank.SETTINGS, "model", "reorders its deployments"),
    EffectKind("policy-changed", Rank.SETTINGS, "model", "changes its load balancing"),
    EffectKind("limits-changed", Rank.SETTINGS, "model", "changes its limits"),
    EffectKind("retries-changed", Rank.SETTINGS, "model", "changes when the next head is asked"),
    EffectKind("model-deprecated", Rank.SETTINGS, "model", "is deprecated"),
    EffectKind("model-undeprecated", Rank.SETTINGS, "model", "is no longer deprecated"),
    EffectKind("sunset-changed", Rank.SETTINGS, "model", "changes its sunset"),
    EffectKind("residency-tightened", Rank.SETTINGS, "region", "tightens its residency"),
    EffectKind("head-path-changed", Rank.SETTINGS, "head", "is called at another path"),
    EffectKind("inference-path-changed", Rank.SETTINGS, "head", "runs models at another path"),
    EffectKind("health-path-changed", Rank.SETTINGS, "head", "changes its health path"),
    EffectKind("capacity-changed", Rank.SETTINGS, "head", "changes its capacity"),
    EffectKind("heads-listed-changed", Rank.SETTINGS, "model", "changes its idle heads"),
    EffectKind("aliases-rewritten", Rank.SETTINGS, "model", "rewrites its aliases"),
    EffectKind("written-otherwise", Rank.SETTINGS, "model", "compiles to different bytes"),
    EffectKind("title-changed", Rank.NOTES, "model", "changes its name"),
    EffectKind("region-title-changed", Rank.NOTES, "region", "changes its name"),
    EffectKind("location-changed", Rank.NOTES, "region", "moves on the map"),
    EffectKind("tags-changed", Rank.NOTES, "model", "changes its tags"),
    EffectKind("metadata-changed", Rank.NOTES, "model", "changes its metadata"),
    EffectKind("client-key-handed-over", Rank.NOTES, "client key", "changes its owner"),
    EffectKind("file-moved", Rank.NOTES, "model", "moves to another file"),
    EffectKind("heads-reordered", Rank.NOTES, "file", "reorders the heads"),
    EffectKind("regions-reordered", Rank.NOTES, "file", "reorders the regions"),
)
"""Every kind, in the order in which a plan is read: the worst first."""

BY_NAME: Mapping[str, EffectKind] = {kind.name: kind for kind in KINDS}
ORDER: Mapping[str, int] = {kind.name: number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A value from a repository inside a sentence: each format shows it in its own safe way."""

    text: str


Words = tuple[str | Quoted, ...]
"""A sentence: our own words as they are, values from a repository as `Quoted`."""


def listed(names: Iterable[str]) -> Words:
    """Names separated by commas; "nothing" where there are none."""
    return joined(((Quoted(name),) for name in names), ", ") or ("nothing",)


def joined(parts: Iterable[Words], separator: str) -> Words:
    """The parts, separated."""
    words: list[str | Quoted] = []
    for part in parts:
        words += [separator, *part] if words else part
    return tuple(words)


def step(before: str, after: str) -> Words:
    """Like `atlas → bison`."""
    return Quoted(before), " → ", Quoted(after)


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What an effect is about.

    A `model`, a `head`, a `region`, a `name` that clients send, a `key`, a `setting`, a `waiver`, a `client key`, or a
    `file`.
    """

    what: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPlace:
    """A file and its line to look at; `line` None means the whole file. `side` is `before` or `after`."""

    path: str
    line: int | None
    side: str


@dataclass(frozen=True, slots=True)
class Effect:
    """One consequence of a change; `kind` is the name of an `EffectKind`.

    `before` and `after` are JSON values; None where the side has nothing. `words` is the sentence that follows the
    subject. `causes` names the heads, regions or models whose own effects cause this one, most important first.
    `touches` are the ids of the models that a head or a region touches, in order. `group` is what a summary
    distinguishes within one kind.
    """

    kind: str
    subject: Subject
    words: Words
    _: KW_ONLY
    before: object
    after: object
    places: tuple[EffectPlace, ...]
    causes: tuple[Subject, ...] = ()
    touches: tuple[str, ...] = ()
    group: str = ""

    @property
    def rank(self) -> Rank:
        """That of its kind."""
        return BY_NAME[self.kind].rank


def in_order(effects: Iterable[Effect]) -> list[Effect]:
    """As they are read: by rank, kind and subject."""
    return sorted(effects, key=lambda effect: (effect.rank, ORDER[effect.kind], effect.subject))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadLoad:
    """The load of a head: models whose first tier it is in, and models that fall back to it.

    `share` is the sum of its weighted shares of those first tiers, rounded to three decimals.
    """

    first: int
    share: float
    fallback: int
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadShift:
    """The load of one head on both sides; None where the head does not exist."""

    head_id: str
    before: HeadLoad | None
    after: HeadLoad | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedState:
    """One side of a plan.

    `routing` is None where the repository has errors, and `broken` then holds the paths of the files at fault.
    `files` maps the path of every file that was read to an id of its content, `meanings` some of them to what they say.
    `lines` maps heads and regions to the line where each is declared.
    """

    title: str
    routing: RoutingTable | None
    files: Mapping[str, str]
    meanings: Mapping[str, str] = field(default_factory=dict)
    broken: Sequence[str] = ()
    lines: Mapping[Subject, int]


_OF_ROUTES = frozenset({"regions.yaml", "heads.yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The difference of two states.

    `effects` are in the order in which they are read: by rank, kind and subject. `changed` are the sorted paths of the
    files that differ, `reformatted` those that say the same on both sides. `compared` is False where a side did not
    compile: then there are no effects, and `loads` are those of the side that did. This version refuses values of the
    files `refused_before`, which are left out. `waived` are the rules and guards, each with a subject, that waivers of
    this change set aside. `replay` weighs the change by `demand`; `lacks_usage` where this was asked for and there is
    no usage.
    """

    before: str
    after: str
    compared: bool
    effects: Sequence[Effect]
    loads: Sequence[HeadShift]
    changed: Sequence[str]
    reformatted: frozenset[str]
    broken_before: Sequence[str]
    broken_after: Sequence[str]
    models_before: int | None
    models_after: int | None
    refused_before: Sequence[str] = ()
    waived: Sequence[tuple[str, str]] = ()
    demand: Demand | None = None
    replay: Replay | None = None
    lacks_usage: bool = False

    @property
    def rules_changed(self) -> Sequence[str]:
        """The changed paths that routes do not depend on: policy, waivers, tests, the metadata schema."""
        return [
            path
            for path in self.changed
            if path not in _OF_ROUTES | self.reformatted and not path.startswith("models.d/")
        ]

    @property
    def formatting_only(self) -> bool:
        """Whether files differ, but only in formatting."""
        return self.compared and not self.effects and bool(self.changed) and not self.rules_changed

    @property
    def changes(self) -> bool:
        """Whether anything changes; a side that does not compile counts as a change."""
        return bool(self.effects) or not self.compared
