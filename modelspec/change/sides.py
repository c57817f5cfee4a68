"""Both sides of a change: names matched across them, and one model on both with what its comparers find."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property

from modelspec.change.effect import Effect, EffectPlace, PlannedState, Quoted, Subject, Words
from modelspec.fleet.model import Upstream
from modelspec.fleet.reference import Reference
from modelspec.routing.decide import Index
from modelspec.routing.table import HeadEntry, Route

Cause = tuple[Subject, ...]


def exact(value: object) -> str:
    """Equal only where the compiled bytes are: `1`, `1.0` and `True` differ, and so do mappings in another order."""
    return repr(value)


def plain(value: object) -> object:
    """The value as JSON."""
    match value:
        case Reference():
            return value.normal_json
        case tuple() | list():
            return [plain(item) for item in value]
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case None | str() | bool() | int() | float():
            return value
        case _:
            return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.compare}  # type: ignore[arg-type]


def answering(index: Index, name: str) -> Route | None:
    """The model that a request for `name` is routed to."""
    found = index.find(name)
    return None if found is None else found[0]


def region_title(index: Index, code: str) -> str:
    """As people see it: "Europe (eu)"."""
    region = index.regions.get(code)
    return code if region is None else f"{region.name} ({code})"


def targets_of(route: Route) -> tuple[Upstream, ...]:
    """Its upstreams: its deployments, or those of its heads."""
    return route.targets or tuple(route.local_targets.values())


def place_of(route: Route, side: str) -> EffectPlace:
    """Where a model is declared."""
    return EffectPlace(path=route.about.path, line=route.about.line, side=side)


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Both tables, and what was renamed between them.

    `heads`, `regions` and `models` map old ids to new ones; they hold nothing that was not renamed.
    """

    before: Index
    after: Index
    old: PlannedState
    new: PlannedState
    heads: Mapping[str, str]
    regions: Mapping[str, str]
    models: Mapping[str, str]
    moved_names: set[str] = field(default_factory=set)
    roots: dict[str, Cause] = field(default_factory=dict)

    @cached_property
    def removed_heads(self) -> frozenset[str]:
        """Heads that are gone, and not renamed."""
        return frozenset(self.before.heads.keys() - self.after.heads.keys() - self.heads.keys())

    @cached_property
    def added_heads(self) -> frozenset[str]:
        """Heads that are new, and not renamed."""
        return frozenset(self.after.heads.keys() - self.before.heads.keys() - set(self.heads.values()))

    @cached_property
    def kept_heads(self) -> Mapping[str, tuple[HeadEntry, HeadEntry]]:
        """Heads of both sides, by their new ids."""
        pairs = ((self.heads.get(name, name), head) for name, head in self.before.heads.items())
        return {name: (head, self.after.heads[name]) for name, head in pairs if name in self.after.heads}

    @cached_property
    def restated(self) -> frozenset[str]:
        """Heads of both sides whose status differs, by their new ids."""
        return frozenset(name for name, (old, new) in self.kept_heads.items() if old.status != new.status)

    @cached_property
    def relocated(self) -> frozenset[str]:
        """Heads of both sides that are in another region now, by their new ids."""
        return frozenset(
            name for name, (old, new) in self.kept_heads.items() if self.region(old.region) != new.region
        )

    @cached_property
    def steering(self) -> frozenset[str]:
        """Heads whose change may affect models with unchanged routes."""
        return self.restated | self.relocated

    def region(self, code: str) -> str:
        """The current code of a region."""
        return self.regions.get(code, code)

    def model(self, model_id: str) -> str:
        """The current id of a model."""
        return self.models.get(model_id, model_id)


@dataclass(frozen=True, slots=True)
class Implied:
    """A difference that another effect reports."""


IMPLIED = Implied()
Found = Effect | Implied


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A model before and after; the ids differ where it was renamed."""

    before: Route
    after: Route
    sides: Sides

    @property
    def both_routed(self) -> bool:
        """Whether requests for it are answered on both sides."""
        return self.before.is_routed and self.after.is_routed

    def effect(
        self, kind: str, words: Words, before: object, after: object, *, causes: Cause = (), group: str = ""
    ) -> Effect:
        """An effect on this model under its current id, with the place of its file, or of both where it moved."""
        subject = Subject("model", self.after.model_id)
        places: tuple[EffectPlace, ...] = (place_of(self.after, "after"),)
        if self.before.about.path != self.after.about.path:
            places = (*places, place_of(self.before, "before"))
        return Effect(
            kind,
            subject,
            words,
            before=plain(before),
            after=plain(after),
            places=places,
            causes=causes,
            group=group,
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """The fields that one comparer is responsible for: where one of them differs, it finds something.

    A field is named as in `Route`, or as `about.` and a field of `About`.
    """

    fields: tuple[str, ...]
    compare: Callable[[Pair], Iterator[Found]]

    def found(self, pair: Pair) -> Iterator[Effect]:
        """What the comparer finds; the bare difference where it finds nothing although a field differs."""
        found = list(self.compare(pair))
        yield from (one for one in found if isinstance(one, Effect))
        for name in () if found else self.fields:
            before, after = (_field(route, name) for route in (pair.before, pair.after))
            if exact(before) != exact(after):
                words: Words = ("compiles to different bytes in ", Quoted(name))
                yield pair.effect("written-otherwise", words, before, after)


def _field(route: Route, name: str) -> object:
    return getattr(route.about if name.startswith("about.") else route, name.removeprefix("about."))
