"""What became of each model of the base."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from modelspec.routing import HeadEntry, Route, RoutingTable


@dataclass(frozen=True, kw_only=True)
class Change:
    """Two routing tables, and for each route of the base the one that now answers to its id."""

    before: RoutingTable
    after: RoutingTable

    @cached_property
    def pairs(self) -> list[tuple[Route, Route | None]]:
        """In the order of the ids: a route of the base, and its successor: of the same id or with it as an alias."""
        return [(route, self._names.get(route.model_id)) for route in self.before.routes]

    def answers(self) -> Iterator[tuple[Route, Route]]:
        """Each route of the base with every route that now answers to one of its names, each once."""
        for old in self.before.routes:
            found = [self._names[name] for name in (old.model_id, *old.aliases) if name in self._names]
            yield from ((old, new) for new in {new.model_id: new for new in found}.values())

    def kept(self) -> Iterator[tuple[Route, Route]]:
        """The pairs in which there is a successor."""
        return ((old, new) for old, new in self.pairs if new is not None)

    def removed(self) -> Iterator[tuple[Route, Route | None]]:
        """Models whose id was answered, and no longer is; with the route where it is only disabled."""
        return ((old, new) for old, new in self.pairs if old.is_routed and (new is None or not new.is_routed))

    def moved(self) -> Iterator[tuple[Route, Route]]:
        """Models whose requests are under the rules of another region now."""
        return ((old, new) for old, new in self.kept() if old.region != new.region)

    def changed(self) -> Iterator[tuple[Route, Route]]:
        """Models of which anything differs that steers traffic, residency, keys or access."""
        return ((old, new) for old, new in self.kept() if self._differs(old, new))

    def _differs(self, old: Route, new: Route) -> bool:
        if old.model_id != new.model_id:
            # A new name that keeps the old one as an alias takes nothing away from those who send the old one.
            new = replace(new, model_id=old.model_id, aliases=old.aliases)
        return replace(new, about=old.about) != old or any(
            _access(self._old_heads[head]) != _access(self._new_heads[head]) for head in old.heads
        )

    @cached_property
    def _names(self) -> Mapping[str, Route]:
        """The routes after the change by id and alias: names are unique in a fleet."""
        return {name: route for route in self.after.routes for name in (route.model_id, *route.aliases)}

    @cached_property
    def _old_heads(self) -> Mapping[str, HeadEntry]:
        return {head.head_id: head for head in self.before.heads}

    @cached_property
    def _new_heads(self) -> Mapping[str, HeadEntry]:
        return {head.head_id: head for head in self.after.heads}


def _access(head: HeadEntry) -> tuple[str, str]:
    """Where requests to a head go."""
    return head.url, head.region
