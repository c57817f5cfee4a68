"""One model on both sides, and what comparers say about it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from modelspec.change.effect import Effect, EffectPlace, Said, Subject, Words
from modelspec.change.sides import Cause, Sides, exact, place_of
from modelspec.fleet.reference import Reference
from modelspec.routing.table import Route


@dataclass(frozen=True, slots=True)
class Implied:
    """A difference that another effect has told: nothing more is to be said of it."""


IMPLIED = Implied()
Found = Effect | Implied


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A model before and after; the ids differ where it was renamed."""

    before: Route
    after: Route
    sides: Sides

    @property
    def subject(self) -> Subject:
        """The model under the id that it has now."""
        return Subject(what="model", name=self.after.model_id)

    @property
    def both_routed(self) -> bool:
        """Whether requests for it are answered on both sides."""
        return self.before.is_routed and self.after.is_routed

    def effect(
        self,
        kind: str,
        words: Words,
        before: object,
        after: object,
        *,
        causes: Cause = (),
        group: str = "",
    ) -> Effect:
        """An effect on this model, with the place of its file; of both, where it moved."""
        places: tuple[EffectPlace, ...] = (place_of(self.after, "after"),)
        if self.before.about.path != self.after.about.path:
            places = (*places, place_of(self.before, "before"))
        return self.sides.effect(
            kind, self.subject, words, before=before, after=after, places=places, causes=causes, group=group
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """The fields that one comparer answers for: where one of them differs, it says something.

    A field is named as in `Route`, or as `about.` and a field of `About`.
    """

    fields: tuple[str, ...]
    compare: Callable[[Pair], Iterator[Found]]

    def found(self, pair: Pair) -> Iterator[Effect]:
        """What the comparer says; if that is nothing, yet a field differs, the bare difference."""
        silent = True
        for found in self.compare(pair):
            silent = False
            if isinstance(found, Effect):
                yield found
        if silent:
            yield from self._unsaid(pair)

    def _unsaid(self, pair: Pair) -> Iterator[Effect]:
        before, after = (_fields(route, self.fields) for route in (pair.before, pair.after))
        for name in self.fields:
            if exact(before[name]) != exact(after[name]):
                words: Words = ("is compiled to other bytes in ", Said(name))
                yield pair.effect("written-otherwise", words, plain(before[name]), plain(after[name]))


def _fields(route: Route, names: tuple[str, ...]) -> Mapping[str, object]:
    return {
        name: getattr(route.about if name.startswith("about.") else route, name.removeprefix("about."))
        for name in names
    }


def plain(value: object) -> object:
    """A value as JSON can hold it."""
    match value:
        case Reference():
            return value.json
        case tuple() | list():
            return [plain(item) for item in value]
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case None | str() | bool() | int() | float():
            return value
        case _:
            return {name: plain(getattr(value, name)) for name in type(value).__slots__}  # type: ignore[attr-defined]


def listed(names: tuple[str, ...] | list[str]) -> Words:
    """Names with commas between them; "nothing" where there are none."""
    words: list[str | Said] = []
    for name in names:
        words += [", ", Said(name)] if words else [Said(name)]
    return tuple(words) or ("nothing",)
