"""Suggested cases as YAML that can be pasted into routes.test.yaml."""

import json
import re
from collections.abc import Iterable, Iterator

from modelspec.decide import Index, Why
from modelspec.routes_test.cases import FILE
from modelspec.routes_test.suggest import Suggestion
from modelspec.routing import Tier

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*", re.ASCII)
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
"""What some reader of YAML takes for something other than text."""

OPENING = f"""\
# yaml-language-server: $schema=schemas/routes.test.schema.json
#
# Unit tests of the routing, run by `modelspec test`. These state what happens today: keep what you promise.
# Save them as {FILE} at the top of the repository.

tests:
"""


def render(index: Index, suggestions: Iterable[Suggestion], *, indent: int) -> Iterator[str]:
    """One piece an item of the list `tests`, an empty line before it; `indent` is how far the dashes stand in."""
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
    """Plain where every reader of YAML sees text in it, else in double quotes as JSON has them."""
    plain = _PLAIN.fullmatch(text) and text.casefold() not in _WORDS
    return text if plain else json.dumps(text)
