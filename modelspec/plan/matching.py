"""Which upstream before is which one after: they have no names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelspec.plan.sides import exact
from modelspec.routing import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Positions in both lists: pairs in the order of the first list, and those without a partner."""

    pairs: Sequence[tuple[int, int]]
    added: Sequence[int]
    removed: Sequence[int]


_LIKENESSES: tuple[Callable[[Target], object], ...] = (
    lambda target: target,
    lambda target: (target.endpoint, target.provider, target.upstream_model, target.api_key, target.region),
    lambda target: (target.endpoint, target.provider, target.upstream_model),
    lambda target: (target.endpoint, target.provider),
    lambda target: (target.provider, target.upstream_model, target.region, target.order),
)
"""What makes two upstreams the same, from all of it to the least."""


def match(old: Sequence[Target], new: Sequence[Target]) -> Matched:
    """Pair what is alike, the most alike first; a last single one on each side is the same one."""
    pairs: dict[int, int] = {}
    rest_old, rest_new = list(range(len(old))), list(range(len(new)))
    for likeness in _LIKENESSES:
        waiting: dict[str, list[int]] = {}
        for number in reversed(rest_new):
            waiting.setdefault(exact(likeness(new[number])), []).append(number)
        for number in rest_old:
            same = waiting.get(exact(likeness(old[number])))
            if same:
                pairs[number] = same.pop()
        taken = set(pairs.values())
        rest_old = [number for number in rest_old if number not in pairs]
        rest_new = [number for number in rest_new if number not in taken]
    if len(rest_old) == len(rest_new) == 1:
        pairs[rest_old.pop()] = rest_new.pop()
    return Matched(pairs=sorted(pairs.items()), added=rest_new, removed=rest_old)
