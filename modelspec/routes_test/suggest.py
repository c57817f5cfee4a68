"""The cases that are missing: pasted into routes.test.yaml they pass, and every item is exercised.

They state what happens today. Whoever pastes them decides whether that is what was promised.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from modelspec.decide import Decision, Index, Request, decide
from modelspec.routes_test.coverage import Coverage, Item, Kind, denied_regions, exercised_by
from modelspec.routing import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A case that is missing: what it is called, the request, and what becomes of it today."""

    name: str
    decision: Decision


def suggestions(index: Index, coverage: Coverage) -> Iterator[Suggestion]:
    """As few cases as exercise every missing item, in the order of the models."""
    exercised = set(coverage.exercised)
    for item in coverage.missing:
        if item in exercised or item.kind is Kind.HEAD:
            continue  # a head takes a request in some tier, and each tier is an item
        suggestion = _suggestion(index, item)
        exercised.update(exercised_by(suggestion.decision))
        yield suggestion


def _suggestion(index: Index, item: Item) -> Suggestion:
    route = index.routes[item.model_id]
    match item.kind, item.detail:
        case Kind.FAILURE, "403":
            origin = denied_regions(index, route)[0]
            request = Request(model=_primary(index, route), origin=origin)
            return _asked(index, f"{route.model_id} may not be called from {origin}", request)
        case Kind.FAILURE, _:
            request = Request(model=_primary(index, route), down=route.heads)
            return _asked(index, f"{route.model_id} has no other head", request)
        case Kind.NAME, name:
            asked = _asked(index, "", Request(model=_sample(index, name)))
            return Suggestion(name=f"{name} is served", decision=asked.decision)
        case Kind.TIER, number:
            gone = tuple(head for tier in route.tiers[: int(number)] for head in tier.weights)
            request = Request(model=_primary(index, route), down=gone)
            asked = _asked(index, "", request)
            says = "goes to" if not gone else "fails over to"
            return Suggestion(
                name=f"{route.model_id} {says} {asked.decision.first[0]}", decision=asked.decision
            )
        case _:
            return _model(index, route)


def _model(index: Index, route: Route) -> Suggestion:
    asked = _asked(index, "", Request(model=_primary(index, route)))
    first = asked.decision.first
    says = f"goes to {first[0]}" if first else f"is answered with {asked.decision.status}"
    return Suggestion(name=f"{route.model_id} {says}", decision=asked.decision)


def _asked(index: Index, name: str, request: Request) -> Suggestion:
    return Suggestion(name=name, decision=decide(index, request))


def _primary(index: Index, route: Route) -> str:
    """A name that means the model and is not taken by another: its id, or one that its wildcard takes."""
    return _sample(index, route.model_id)


def _sample(index: Index, name: str) -> str:
    """The name itself, or of a wildcard a name that no exact one and no longer prefix takes."""
    if not name.endswith("/*"):
        return name
    tries = (f"{name[:-1]}any{number or ''}" for number in count())
    return next(one for one in tries if (found := index.find(one)) is not None and found[1] == name)
