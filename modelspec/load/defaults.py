"""Values that folders give, laid under those of a model: what merges, what replaces, and whose a value is."""

from collections.abc import Mapping
from dataclasses import dataclass

Pointer = tuple[str | int, ...]

WHOLE = ("endpoint", "api_key")
"""Fields that may be mappings and are one value all the same: `{env: A}` over `{file: /x}` are not two keys."""

WHOLE_ITEMS = ("params", "request")
"""Mappings of which each item is such a value."""

UPSTREAM = (
    "endpoint",
    "provider",
    "upstream_model",
    "api_key",
    "params",
    "request",
    "model_info",
    "upstream_region",
)
"""The fields that `deployments` stands in place of: the nearer of the two replaces the other."""

NOT_DEFAULTED = ("model_id", "name", "aliases")
"""The fields that belong to one model."""

DEFAULTED_AND_REQUIRED = ("region", "priority_head")
"""The required fields of a model that a folder may give."""

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What all folders around a model give to it: `value` merged, and how many `nodes` it has.

    `withheld` are fields with an unknown value, since a file that may give them has a fault: that
    they are missing from a model is not reported.
    """

    value: Values
    nodes: int
    withheld: frozenset[str]


def merged(outer: Values, inner: Values) -> dict[str, object]:
    """The fields of `inner` laid over those of `outer`: mappings merge key by key, all else replaces.

    Neither is changed, and the result shares what it does not merge with both. The keys of `outer` come first.
    """
    if "deployments" in inner:
        outer = {field: value for field, value in outer.items() if field not in UPSTREAM}
    if "deployments" in outer and not inner.keys().isdisjoint(UPSTREAM):
        outer = {field: value for field, value in outer.items() if field != "deployments"}
    return _merged(outer, inner, ())


def followed(value: object, pointer: Pointer) -> tuple[int, bool]:
    """How many steps of a pointer lead into what one file says, and whether it hides there what farther ones say."""
    first = pointer[0]
    hides = isinstance(value, dict) and (
        "deployments" in value
        if first in UPSTREAM
        else first == "deployments" and not value.keys().isdisjoint(UPSTREAM)
    )
    node = value
    for depth, step in enumerate(pointer):
        hides = hides or not _merges(node, pointer[:depth])
        match node, step:
            case dict(), _ if step in node:
                node = node[step]
            case list(), int() if step < len(node):
                node = node[step]
            case _:
                return depth, hides
    return len(pointer), True


def nodes_of(value: object) -> int:
    """How many scalars, mappings and lists a value is made of, keys among them, as reading counts them."""
    count = 0
    pending = [value]
    while pending:
        node = pending.pop()
        count += 1
        if isinstance(node, dict):
            count += len(node)
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return count


def _merged(outer: Values, inner: Values, pointer: Pointer) -> dict[str, object]:
    result = dict(outer)
    for key, item in inner.items():
        below = result.get(key)
        here = (*pointer, key)
        both = isinstance(item, dict) and isinstance(below, dict) and _merges(item, here)
        result[key] = _merged(below, item, here) if both else item  # type: ignore[arg-type]
    return result


def _merges(node: object, pointer: Pointer) -> bool:
    """Whether a mapping that stands at a pointer lets through what farther mappings hold there."""
    if not isinstance(node, dict):
        return False
    is_whole = pointer[:1] and (pointer[0] in WHOLE or (pointer[0] in WHOLE_ITEMS and len(pointer) > 1))
    return not is_whole
