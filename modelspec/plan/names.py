"""Names that clients send: which model each means on both sides, wildcards included."""

from collections.abc import Iterator

from modelspec.plan.effect import Effect, Place, Said, Subject, Words
from modelspec.plan.sides import Cause, Sides, place_of
from modelspec.routing import Route


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
    places: list[Place] = []
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
