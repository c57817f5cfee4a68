"""What every head carries, before and after."""

from collections import Counter
from collections.abc import Mapping

from modelspec.plan.effect import HeadLoad, HeadShift
from modelspec.routing import RoutingTable

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
