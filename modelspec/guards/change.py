"""What became of each model of the base."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter

from modelspec.routing import HeadEntry, Route, RoutingTable

_STEERS = [field.name for field in fields(Route) if field.name != "about"]
_steering = attrgetter(*_STEERS)
_steering_but_names = attrgetter(*(name for name in _STEERS if name not in ("model_id", "aliases")))


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
        """Each route of the base with every route that now answers some of its requests, each pair once.

        Requests go over where a name is removed and another model has it, or a wildcard covers it; and where a new
        name is cut out of what a wildcard of the base answered.
        """
        found: dict[tuple[str, str], tuple[Route, Route]] = {}
        for old in self.before.routes:
            for name in (old.model_id, *old.aliases):
                new = _answering(self._names, name)
                if new is not None:
                    found[old.model_id, new.model_id] = old, new
        for name, new in self._names.items():
            before = _answering(self._old_names, name)
            if before is not None:
                found[before.model_id, new.model_id] = before, new
        yield from found.values()

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
        # A new name that keeps the old one as an alias takes nothing away from those who send the old one.
        steering = _steering if old.model_id == new.model_id else _steering_but_names
        return steering(old) != steering(new) or any(
            _access(self._old_heads[head]) != _access(self._new_heads[head]) for head in old.heads
        )

    @cached_property
    def _names(self) -> Mapping[str, Route]:
        return _by_name(self.after)

    @cached_property
    def _old_names(self) -> Mapping[str, Route]:
        return _by_name(self.before)

    @cached_property
    def _old_heads(self) -> Mapping[str, HeadEntry]:
        return {head.head_id: head for head in self.before.heads}

    @cached_property
    def _new_heads(self) -> Mapping[str, HeadEntry]:
        return {head.head_id: head for head in self.after.heads}


def _access(head: HeadEntry) -> tuple[str, str]:
    """Where requests to a head go."""
    return head.url, head.region


def _by_name(table: RoutingTable) -> Mapping[str, Route]:
    """The routes by id and alias, which are unique in a fleet."""
    return {name: route for route in table.routes for name in (route.model_id, *route.aliases)}


def _answering(names: Mapping[str, Route], name: str) -> Route | None:
    """The route that a request for `name` takes: an exact name wins over the longest wildcard."""
    found = names.get(name)
    end = len(name)
    while found is None and (end := name.rfind("/", 0, end)) >= 0:
        found = names.get(f"{name[:end]}/*")
    return found
