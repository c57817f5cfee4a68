"""The missing cases: added to routes.test.yaml, they pass and exercise every item.

They record what happens today; whoever adds them decides whether that is what should happen.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count

from modelspec.ask.cases import FILE
from modelspec.ask.coverage import Coverage, CoverageKind, Item, denied_regions, exercised_by
from modelspec.fleet.model import prefix_of
from modelspec.load.limits import MAX_NODES
from modelspec.load.locate import Locator
from modelspec.load.unread import MAX_BYTES
from modelspec.routing.decide import Decision, Index, Request, Why, decide
from modelspec.routing.table import Tier
from modelspec.text.document import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A missing case: its name, its request and the current outcome."""

    name: str
    decision: Decision


def suggestions(index: Index, coverage: Coverage) -> Iterator[Suggestion]:
    """Cases that exercise every missing item, as few as possible, in the order of the models."""
    exercised = set(coverage.exercised)
    for item in coverage.missing:
        if item in exercised or item.kind is CoverageKind.HEAD:
            continue  # every head is in some tier, and every tier is an item
        suggestion = _suggestion(index, item)
        exercised.update(exercised_by(suggestion.decision))
        yield suggestion


def _suggestion(index: Index, item: Item) -> Suggestion:
    route = index.routes[item.model_id]
    request = Request(model=_sample(index, route.model_id))
    match item.kind, item.detail:
        case CoverageKind.FAILURE, "403":
            origin = denied_regions(index, route)[0]
            request = replace(request, origin=origin)
            does = f"may not be called from {origin}"
        case CoverageKind.FAILURE, _:
            request = replace(request, down=route.heads)
            does = "has no other head"
        case CoverageKind.NAME, name:
            decision = decide(index, Request(model=_sample(index, name)))
            return Suggestion(name=f"{name} is served", decision=decision)
        case CoverageKind.TIER, number if number != "0":
            gone = tuple(head for tier in route.tiers[: int(number)] for head in tier.weights)
            request = replace(request, down=gone)
            does = f"fails over to {decide(index, request).first[0]}"
        case _:
            asked = decide(index, request)
            does = f"is routed to {asked.first[0]}" if asked.first else f"is answered with {asked.status}"
    return Suggestion(name=f"{route.model_id} {does}", decision=decide(index, request))


def _sample(index: Index, name: str) -> str:
    """The name itself or, for a wildcard, a name that only this wildcard matches."""
    prefix = prefix_of(name)
    if prefix is None:
        return name
    tries = (f"{prefix}any{number or ''}" for number in count())
    return next(one for one in tries if (found := index.find(one)) is not None and found[1] == name)


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*", re.ASCII)
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
"""Words that some readers of YAML do not take for text."""

OPENING = f"""\
# yaml-language-server: $schema=schemas/routes.test.schema.json
#
# Routing tests, run by `modelspec test`. These record what happens today: keep those that you promise.
# Save this as {FILE} at the top of the repository.

tests:
"""


def suggestions_yaml(index: Index, suggestions: Iterable[Suggestion], *, indent: int) -> Iterator[str]:
    """One piece per item of the list `tests`, preceded by an empty line; `indent` is the column of the dashes."""
    for suggestion in suggestions:
        yield "\n" + "".join(f"{' ' * indent}{line}\n" for line in _item(index, suggestion))


def _item(index: Index, suggestion: Suggestion) -> Iterator[str]:
    request = suggestion.decision.request
    yield f"- name: {_scalar(suggestion.name)}"
    yield f"  model: {_scalar(request.model)}"
    if request.origin is not None:
        yield f"  from: {_scalar(request.origin)}"
    if request.down:
        yield f"  down: [{_list(request.down)}]"
    yield f"  expect: {{{_expectation(index, suggestion)}}}"


def _expectation(index: Index, suggestion: Suggestion) -> str:
    decision = suggestion.decision
    if decision.route is None or decision.why is not Why.ROUTED:
        return f"status: {decision.status}"
    if decision.request.down or decision.name != decision.route.model_id:
        return f"head: {_scalar(decision.first[0])}"
    tiers = ", ".join(map(_tier, decision.tiers))
    residency = index.regions[decision.route.region].residency
    if residency is None:
        return f"tiers: [{tiers}]"
    within = residency if {*decision.reach} <= {*residency} else decision.reach
    return f"tiers: [{tiers}], reach_within: [{_list(within)}]"


def _tier(tier: Tier) -> str:
    heads = _list(tier.weights)
    return f"[{heads}]" if len(tier.weights) > 1 else heads


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(_scalar, names))


def _scalar(text: str) -> str:
    """Plain if every reader of YAML takes it for text, else as a JSON string."""
    plain = _PLAIN.fullmatch(text) and text.casefold() not in _WORDS
    return text if plain else json.dumps(text)


_DASH = re.compile(r"( *)-(?: .*)?")


def dash_column(locator: Locator) -> int | None:
    """How far the dashes of the list `tests` are indented; None if it is a flow sequence."""
    source = locator.source(FILE)
    if source is None:
        return None
    span = locator.span(Place(path=FILE, pointer=("tests", 0)))
    before = source.lines[span.line - 1][: span.column - 1]
    above = reversed(source.lines[: span.line - 1])
    telling = (line for line in (before, *above) if line.strip() and not line.lstrip().startswith("#"))
    dash = _DASH.fullmatch(next(telling, ""))
    return None if dash is None else len(dash[1])


def fitting(pieces: Iterable[str], locator: Locator) -> tuple[list[str], int]:
    """The pieces that fit into the file, and how many do not: a file that is too large is not read."""
    reading = locator.reading(FILE)
    size = 1024 if reading is None else len(reading.file.data) + 1
    nodes = 3 if reading is None else _nodes(reading.value)
    kept: list[str] = []
    left_out = 0
    for piece in pieces:
        size += len(piece.encode())
        nodes += sum(map(piece.count, ":,[{")) * 2 + 2
        if left_out or size > MAX_BYTES or nodes > MAX_NODES:
            left_out += 1
        else:
            kept.append(piece)
    return kept, left_out


def _nodes(value: object) -> int:
    match value:
        case dict():
            return 1 + sum(1 + _nodes(inner) for inner in value.values())
        case list():
            return 1 + sum(map(_nodes, value))
        case _:
            return 1
