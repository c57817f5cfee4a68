"""Two routing tables, indexed: who is who on the other side, and what a name means on each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from modelspec.change.effect import Effect, EffectPlace, PlannedState, Subject, Words
from modelspec.change.kinds import BY_NAME
from modelspec.routing.table import HeadEntry, RegionEntry, Route, RoutingTable

Cause = tuple[Subject, ...]


def exact(value: object) -> str:
    """Equal only where the compiled bytes are: `1`, `1.0` and `True` differ, and so do the orders of a mapping."""
    return repr(value)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A routing table by its names."""

    routing: RoutingTable

    @cached_property
    def routes(self) -> Mapping[str, Route]:
        """By model id."""
        return {route.model_id: route for route in self.routing.routes}

    @cached_property
    def heads(self) -> Mapping[str, HeadEntry]:
        """By head id."""
        return {head.head_id: head for head in self.routing.heads}

    @cached_property
    def regions(self) -> Mapping[str, RegionEntry]:
        """By code."""
        return {region.code: region for region in self.routing.regions}

    @cached_property
    def names(self) -> Mapping[str, Route]:
        """Every id, alias and wildcard as written, and the model that declares it."""
        return {name: route for route in self.routing.routes for name in (route.model_id, *route.aliases)}

    def find(self, name: str) -> Route | None:
        """The model that a request for `name` means; of a wildcard, the one that takes what it names."""
        found = self.names.get(name)
        end = len(name.removesuffix("/*"))
        while found is None and (end := name.rfind("/", 0, end)) >= 0:
            found = self.names.get(f"{name[:end]}/*")
        return found

    def region_title(self, code: str) -> str:
        """As shown to people: "Europe (eu)"."""
        region = self.regions.get(code)
        return code if region is None else f"{region.name} ({code})"


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Both tables, and what has another name on the other side.

    `heads`, `regions` and `models` lead from an id before to the id after, for what was renamed only.
    """

    before: Table
    after: Table
    old: PlannedState
    new: PlannedState
    heads: Mapping[str, str]
    regions: Mapping[str, str]
    models: Mapping[str, str]
    moved_names: set[str] = field(default_factory=set)
    roots: dict[str, Cause] = field(default_factory=dict)

    @cached_property
    def removed_heads(self) -> frozenset[str]:
        """Heads that are gone, under whatever name."""
        return frozenset(self.before.heads.keys() - self.after.heads.keys() - self.heads.keys())

    @cached_property
    def added_heads(self) -> frozenset[str]:
        """Heads that are new, and no old ones under another name."""
        return frozenset(self.after.heads.keys() - self.before.heads.keys() - set(self.heads.values()))

    @cached_property
    def kept_heads(self) -> Mapping[str, tuple[HeadEntry, HeadEntry]]:
        """Heads of both sides by their ids after."""
        pairs = ((self.heads.get(name, name), head) for name, head in self.before.heads.items())
        return {name: (head, self.after.heads[name]) for name, head in pairs if name in self.after.heads}

    @cached_property
    def restated(self) -> frozenset[str]:
        """Heads of both sides whose status differs, by their ids after."""
        return frozenset(name for name, (old, new) in self.kept_heads.items() if old.status != new.status)

    @cached_property
    def relocated(self) -> frozenset[str]:
        """Heads of both sides that lie in another region now, by their ids after."""
        return frozenset(
            name
            for name, (old, new) in self.kept_heads.items()
            if self.regions.get(old.region, old.region) != new.region
        )

    @cached_property
    def steering(self) -> frozenset[str]:
        """Heads of which a change may show at models whose own routes stay the same."""
        return self.restated | self.relocated

    def effect(  # noqa: PLR0913 - what an effect consists of
        self,
        kind: str,
        subject: Subject,
        words: Words,
        *,
        before: object,
        after: object,
        places: tuple[EffectPlace, ...],
        causes: Cause = (),
        touches: tuple[str, ...] = (),
        group: str = "",
    ) -> Effect:
        """An effect with the rank of its kind."""
        return Effect(
            kind=kind,
            rank=BY_NAME[kind].rank,
            subject=subject,
            words=words,
            before=before,
            after=after,
            places=places,
            causes=causes,
            touches=touches,
            group=group,
        )

    def fleet_place(self, subject: Subject, file: str, *, old: bool) -> EffectPlace:
        """Where a head or a region is declared."""
        state, side = (self.old, "before") if old else (self.new, "after")
        return EffectPlace(path=file, line=state.lines.get(subject), side=side)


def place_of(route: Route, side: str) -> EffectPlace:
    """Where a model is declared."""
    return EffectPlace(path=route.about.path, line=route.about.line, side=side)
