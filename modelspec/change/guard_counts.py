"""The guards that count: how many models a change touches, and which regions and heads it leaves without one."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter

from modelspec.change.replay import Replay
from modelspec.change.sides import answering
from modelspec.fleet.model import Fleet, Head, Region
from modelspec.fleet.settings import Threshold
from modelspec.routing.decide import Index
from modelspec.routing.table import Route, RoutingTable
from modelspec.text.document import Place
from modelspec.text.quote import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One violation of a guard. `subject` is what a waiver names; `message` stands alone.

    `place` None means the guard's own line in modelspec.yaml.
    """

    subject: str
    message: str
    label: str
    help: str
    place: Place | None


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
        """Each route of the base, by id, and its successor: the route that has the id as its own or as an alias."""
        names = {name: route for route in self.after.routes for name in (route.model_id, *route.aliases)}
        return [(route, names.get(route.model_id)) for route in self.before.routes]

    def answers(self) -> Iterator[tuple[Route, Route]]:
        """Each route of the base with every route that now answers some of its requests, each pair once.

        Another route answers where it takes over a removed name, by its own name or a wildcard, and where its new
        name was covered by a wildcard of the base.
        """
        before, after = Index(self.before), Index(self.after)
        found: dict[tuple[str, str], tuple[Route, Route]] = {}
        for name in (*before.names, *after.names):
            old, new = answering(before, name), answering(after, name)
            if old is not None and new is not None:
                found[old.model_id, new.model_id] = old, new
        yield from found.values()

    def kept(self) -> Iterator[tuple[Route, Route]]:
        """The pairs that have a successor."""
        return ((old, new) for old, new in self.pairs if new is not None)

    def removed(self) -> Iterator[tuple[Route, Route | None]]:
        """Models whose id was answered and no longer is, with the successor where it is only disabled."""
        return ((old, new) for old, new in self.pairs if old.is_routed and (new is None or not new.is_routed))

    def moved(self) -> Iterator[tuple[Route, Route]]:
        """Models whose requests are now subject to the rules of another region."""
        codes = self.codes
        return ((old, new) for old, new in self.kept() if old.region != new.region and old.region in codes)

    @cached_property
    def codes(self) -> frozenset[str]:
        """The regions of the base. A model may name another one where this version refuses its region."""
        return frozenset(region.code for region in self.before.regions)

    def changed(self) -> Iterator[tuple[Route, Route]]:
        """Models that differ in traffic, residency, keys or access."""
        return ((old, new) for old, new in self.kept() if self._differs(old, new))

    def _differs(self, old: Route, new: Route) -> bool:
        # A route that both states share is the same object.
        if old is not new:
            # A rename that keeps the old name as an alias breaks no client.
            steering = _steering if old.model_id == new.model_id else _steering_but_names
            if steering(old) != steering(new):
                return True
        return bool(self._elsewhere) and not self._elsewhere.isdisjoint(old.heads)

    @cached_property
    def _elsewhere(self) -> frozenset[str]:
        """Heads of both states whose URL or region differs."""
        before, after = (
            {head.head_id: (head.url, head.region) for head in table.heads}
            for table in (self.before, self.after)
        )
        return frozenset(name for name in before.keys() & after.keys() if before[name] != after[name])


MOST = 20
"""Models that are listed, each with its waiver; a larger change should be split rather than waived."""

_WORDS = {
    "max_changed": ("changes", "affect", Change.changed, "model_id"),
    "max_removed": ("is removed", "remove", Change.removed, "status"),
    "max_moved": ("moves to another region", "move", Change.moved, "region"),
}


def count_models(
    guard: str, change: Change, threshold: Threshold, waived: Collection[str]
) -> tuple[set[str], list[Breach]]:
    """The ids of all models that count, and a breach for each without a waiver where these are too many."""
    does, verb, counted, field = _WORDS[guard]
    pairs = list(counted(change))
    models = len(change.before.routes)
    left = [(old, new) for old, new in pairs if old.model_id not in waived]
    found: list[Breach] = []
    if len(left) > threshold.allowed(models):
        limit = f"the limit is {threshold.said(models)}"
        found.extend(_listed(left, does, limit, field))
        if len(left) > MOST:
            found.append(
                Breach(
                    subject="",
                    message=f"this change {verb}s {len(left):,} models; {limit}; {len(left) - MOST:,} are not listed",
                    label="broken",
                    help="split the change; the models that are not listed need the same entry in waivers.yaml",
                    place=None,
                )
            )
    return {old.model_id for old, _ in pairs}, found


def count_requests(
    replay: Replay, threshold: Threshold, change: Change, waived: Collection[str]
) -> tuple[set[str], list[Breach]]:
    """The ids of all models whose requests move, and a breach for the largest where too many requests do."""
    left = {model: moved for model, moved in replay.models.items() if model not in waived}
    moved = sum(left.values())
    found: list[Breach] = []
    if moved * 100 > threshold.percent * replay.requests:
        routes = {route.model_id: route for route in change.after.routes}
        share = f"{moved / replay.requests:.3%} of all requests; the limit is {threshold.percent}%"
        for model, count in [*left.items()][:MOST]:
            route = routes.get(model)
            found.append(
                Breach(
                    subject=model,
                    message=f"{count:,.0f} requests {replay.unit} of model {quote(model)} move, and with them {share}",
                    label="broken" if route is None else "moves",
                    help="split the change",
                    place=None if route is None else Place(path=route.about.path, pointer=("model_id",)),
                )
            )
    return set(replay.models), found


def _listed(left: list[tuple[Route, Route | None]], does: str, limit: str, field: str) -> Iterator[Breach]:
    for old, new in left[:MOST]:
        what = "is disabled" if new is not None and field == "status" else does
        yield Breach(
            subject=old.model_id,
            message=f"model {quote(old.model_id)} {what}, one of {len(left):,} in this change; {limit}",
            label="broken" if new is None else what.removeprefix("is "),
            help="split the change",
            place=None if new is None else Place(path=new.about.path, pointer=(field,)),
        )


def regions_without_models(change: Change, fleet: Fleet) -> Iterator[Breach]:
    """Regions in which the base serves a model and the change serves none, by code."""
    before, after = (
        {route.region for route in table.routes if route.tiers} for table in (change.before, change.after)
    )
    for code in sorted((before & change.codes) - after):
        message = f"region {quote(code)} no longer has a served model"
        yield _empty(code, message, "keep a model in it", fleet.regions.get(code))


def heads_without_models(change: Change, fleet: Fleet) -> Iterator[Breach]:
    """Heads that serve a model in the base and none after the change, by id."""
    before, after = (
        {head for route in table.routes for head in route.heads} for table in (change.before, change.after)
    )
    for head_id in sorted(before - after):
        message = f"head {quote(head_id)} no longer serves any model"
        yield _empty(head_id, message, "keep a model on it", fleet.heads.get(head_id))


def _empty(subject: str, message: str, help_: str, declared: Region | Head | None) -> Breach:
    return Breach(
        subject=subject,
        message=message,
        label="left without a model",
        help=help_,
        place=None if declared is None else declared.place,
    )
