"""The difference of two states: a pure function, and cheap where little differs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain

from modelspec.change.effect import (
    Effect,
    HeadLoad,
    HeadShift,
    Plan,
    PlannedState,
    Quoted,
    Subject,
    Words,
    in_order,
)
from modelspec.change.fleet import fleet_effects, renamed_heads, renamed_regions
from modelspec.change.guard_hosts import key_effects
from modelspec.change.models import model_effects, renamed_models, unchecked_callers
from modelspec.change.sides import Cause, Sides, answering, place_of
from modelspec.routing.decide import Index
from modelspec.routing.table import Route, RoutingTable

_DECIMALS = 3


def compare(before: PlannedState, after: PlannedState) -> Plan:
    """Every effect of the step from one state to the other, whether or not a format shows it."""
    effects: list[Effect] = []
    old, new = before.routing, after.routing
    if old is not None and new is not None and old is not new:
        effects = _effects(before, after, Index(old), Index(new))
    return Plan(
        before=before.title,
        after=after.title,
        compared=old is not None and new is not None,
        effects=effects,
        loads=_head_shifts(old, new),
        changed=_changed(before, after),
        reformatted=frozenset(
            path for path, meaning in before.meanings.items() if after.meanings.get(path) == meaning
        ),
        broken_before=before.broken,
        broken_after=after.broken,
        models_before=None if old is None else len(old.routes),
        models_after=None if new is None else len(new.routes),
    )


def _effects(before: PlannedState, after: PlannedState, old: Index, new: Index) -> list[Effect]:
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
    # Names come first: aliases do not repeat what is reported of them.
    names = list(_name_effects(sides))
    found = chain(
        fleet_effects(sides), model_effects(sides), unchecked_callers(sides), names, key_effects(sides)
    )
    return in_order(found)


def _changed(before: PlannedState, after: PlannedState) -> list[str]:
    """Paths of files that exist on one side only or differ in content."""
    if before.files is after.files:
        return []
    paths = before.files.keys() | after.files.keys()
    return sorted(path for path in paths if before.files.get(path) != after.files.get(path))


def _head_shifts(before: RoutingTable | None, after: RoutingTable | None) -> list[HeadShift]:
    """Heads in the order of the new file, then removed ones; None on the side of a missing table."""
    old, new = ({} if table is None else _loads(table) for table in (before, after))
    return [
        HeadShift(head_id=head_id, before=old.get(head_id), after=new.get(head_id))
        for head_id in dict.fromkeys((*new, *old))
    ]


def _loads(table: RoutingTable) -> Mapping[str, HeadLoad]:
    """A model whose first tier has several heads counts once for each; its share is divided by weight."""
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


def _name_effects(sides: Sides) -> Iterator[Effect]:
    """Effects on the names of either side, in order; each name is added to `sides.moved_names`.

    A name that is added or removed with its model is part of the model's own effect.
    """
    for name in sorted({*sides.before.names, *sides.after.names}):
        before, after = answering(sides.before, name), answering(sides.after, name)
        if before is not None and after is not None and sides.model(before.model_id) == after.model_id:
            continue
        found = _judged(sides, name, before, after)
        if found is not None:
            sides.moved_names.add(name)
            places = [
                place_of(route, side) for route, side in ((after, "after"), (before, "before")) if route
            ]
            yield Effect(
                found[0],
                Subject("name", name),
                found[1],
                before=None if before is None else before.model_id,
                after=None if after is None else after.model_id,
                places=tuple(places),
                causes=_causes(sides, name, before, after),
            )


def _judged(sides: Sides, name: str, before: Route | None, after: Route | None) -> tuple[str, Words] | None:
    old = before if before is not None and before.is_routed else None
    new = after if after is not None and after.is_routed else None
    if old is not None and new is not None:
        return "name-moved", ("routes to ", Quoted(new.model_id), " instead of ", Quoted(old.model_id))
    if old is not None and not _is_removed(sides, old):
        return "name-lost", ("is no longer answered; it routed to ", Quoted(old.model_id))
    is_new_id = new is not None and new.model_id == name and name in sides.models.values()
    if new is not None and not _is_added(sides, new) and not is_new_id:
        return "name-added", ("is now answered by ", Quoted(new.model_id))
    return None


def _causes(sides: Sides, name: str, before: Route | None, after: Route | None) -> Cause:
    if before is not None and _is_removed(sides, before):
        model_id = before.model_id
    elif after is not None and _is_added(sides, after):
        model_id = after.model_id
    elif before is not None and before.model_id == name and name in sides.models:
        model_id = sides.models[name]
    else:
        return ()
    return (Subject("model", model_id),)


def _is_removed(sides: Sides, route: Route) -> bool:
    return route.model_id not in sides.after.routes and route.model_id not in sides.models


def _is_added(sides: Sides, route: Route) -> bool:
    return route.model_id not in sides.before.routes and route.model_id not in sides.models.values()
