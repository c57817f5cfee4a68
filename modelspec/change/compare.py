"""Two states to their difference: a pure function, and cheap where little differs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain

from modelspec.change.effect import (
    Effect,
    EffectPlace,
    HeadLoad,
    HeadShift,
    Plan,
    PlannedState,
    Said,
    Subject,
    Words,
)
from modelspec.change.fleet import fleet_effects, renamed_heads, renamed_regions
from modelspec.change.kinds import ORDER
from modelspec.change.models import model_effects, renamed_models
from modelspec.change.sides import Cause, Sides, Table, place_of
from modelspec.routing.table import Route, RoutingTable

_DECIMALS = 3


def head_shifts(before: RoutingTable | None, after: RoutingTable | None) -> list[HeadShift]:
    """Heads in the order of the file after, then those that are gone; None on the side of a table that is missing."""
    old, new = ({} if table is None else _loads(table) for table in (before, after))
    return [
        HeadShift(head_id=head_id, before=old.get(head_id), after=new.get(head_id))
        for head_id in dict.fromkeys((*new, *old))
    ]


def _loads(table: RoutingTable) -> Mapping[str, HeadLoad]:
    """A model whose first tier has several heads counts once at each, and its share is divided by their weights."""
    first: Counter[str] = Counter()
    later: Counter[str] = Counter()
    shares: dict[str, float] = {}
    for route in table.routes:
        for number, tier in enumerate(route.tiers):
            (later if number else first).update(tier.weights.keys())
        if route.tiers:
            weights = route.tiers[0].weights
            total = sum(weights.values())
            for head, weight in weights.items():
                shares[head] = shares.get(head, 0.0) + weight / total
    return {
        head.head_id: HeadLoad(
            first=first[head.head_id],
            share=round(shares.get(head.head_id, 0.0), _DECIMALS),
            fallback=later[head.head_id],
            capacity=head.capacity,
        )
        for head in table.heads
    }


def name_effects(sides: Sides) -> Iterator[Effect]:
    """Effects on every name that either side declares, in their order; each is noted in `sides.moved_names`.

    A name that comes or goes with its model, from and to nothing, is part of that model's own effect.
    """
    for name in sorted(sides.before.names.keys() | sides.after.names.keys()):
        before, after = sides.before.find(name), sides.after.find(name)
        if before is not None and after is not None and _is_same(sides, before, after):
            continue
        effect = _effect(sides, name, before, after)
        if effect is not None:
            sides.moved_names.add(name)
            yield effect


def _is_same(sides: Sides, before: Route, after: Route) -> bool:
    return sides.models.get(before.model_id, before.model_id) == after.model_id


def _effect(sides: Sides, name: str, before: Route | None, after: Route | None) -> Effect | None:
    old = before if before is not None and before.is_routed else None
    new = after if after is not None and after.is_routed else None
    if old is not None and new is not None:
        words: Words = ("routes to ", Said(new.model_id), " instead of ", Said(old.model_id))
        return _made(sides, "name-moved", name, words, old, new)
    if old is not None and not _is_removed(sides, old):
        words = ("is no longer answered; it meant ", Said(old.model_id))
        return _made(sides, "name-lost", name, words, old, after)
    is_new_id = new is not None and new.model_id == name and name in sides.models.values()
    if new is not None and not _is_added(sides, new) and not is_new_id:
        return _made(sides, "name-added", name, ("is answered now, by ", Said(new.model_id)), before, new)
    return None


def _made(
    sides: Sides, kind: str, name: str, words: Words, before: Route | None, after: Route | None
) -> Effect:
    causes: Cause = ()
    if before is not None and _is_removed(sides, before):
        causes = (Subject(what="model", name=before.model_id),)
    elif after is not None and _is_added(sides, after):
        causes = (Subject(what="model", name=after.model_id),)
    elif before is not None and before.model_id == name and before.model_id in sides.models:
        causes = (Subject(what="model", name=sides.models[name]),)
    places: list[EffectPlace] = []
    if after is not None:
        places.append(place_of(after, "after"))
    if before is not None:
        places.append(place_of(before, "before"))
    return sides.effect(
        kind,
        Subject(what="name", name=name),
        words,
        before=None if before is None else before.model_id,
        after=None if after is None else after.model_id,
        places=tuple(places),
        causes=causes,
    )


def _is_removed(sides: Sides, route: Route) -> bool:
    return route.model_id not in sides.after.routes and route.model_id not in sides.models


def _is_added(sides: Sides, route: Route) -> bool:
    return route.model_id not in sides.before.routes and route.model_id not in sides.models.values()


def compare(before: PlannedState, after: PlannedState) -> Plan:
    """What the step from one state to the other does; nothing is left out, whatever a renderer shows of it."""
    effects: list[Effect] = []
    old, new = before.routing, after.routing
    if old is not None and new is not None and old is not new:
        effects = _effects(before, after, Table(routing=old), Table(routing=new))
    return Plan(
        before=before.title,
        after=after.title,
        compared=old is not None and new is not None,
        effects=effects,
        loads=head_shifts(old, new),
        changed=_changed(before, after),
        broken_before=before.broken,
        broken_after=after.broken,
        models_before=None if old is None else len(old.routes),
        models_after=None if new is None else len(new.routes),
    )


def _effects(before: PlannedState, after: PlannedState, old: Table, new: Table) -> list[Effect]:
    regions = renamed_regions(old, new)
    sides = Sides(
        before=old,
        after=new,
        old=before,
        new=after,
        heads=renamed_heads(old, new, regions),
        regions=regions,
        models=renamed_models(old, new),
    )
    # Names come first: what is said of them, aliases need not say again.
    names = list(name_effects(sides))
    found = chain(fleet_effects(sides), model_effects(sides), names)
    return sorted(found, key=lambda effect: (effect.rank, ORDER[effect.kind], effect.subject))


def _changed(before: PlannedState, after: PlannedState) -> list[str]:
    """Paths of files that are there on one side only, or whose content differs."""
    if before.files is after.files:
        return []
    paths = before.files.keys() | after.files.keys()
    return sorted(path for path in paths if before.files.get(path) != after.files.get(path))
