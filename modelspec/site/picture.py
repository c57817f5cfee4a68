"""A route as its picture shows it."""

from modelspec.routing import Route, Target
from modelspec.site.svg.way import Head, RouteView, Tier
from modelspec.site.svg.way import Target as Drawn
from modelspec.site.wording import Names, host


def route_view(route: Route, names: Names) -> RouteView:
    """The picture of a route; a model that nothing serves stands alone."""
    first = min((_order(target) for target in route.targets), default=1)
    return RouteView(
        model=route.about.name,
        region=names.region_titles[route.region],
        tiers=tuple(
            Tier(
                heads=tuple(
                    _head(head, weight, route, names, is_alone=len(tier.weights) == 1)
                    for head, weight in tier.weights.items()
                )
            )
            for tier in route.tiers
        ),
        targets=tuple(_drawn(target, names, is_later=_order(target) > first) for target in route.targets)
        if route.tiers
        else (),
    )


def _head(head: str, weight: int, route: Route, names: Names, *, is_alone: bool) -> Head:
    status = names.statuses[head]
    local = route.local_targets.get(head)
    return Head(
        title=head,
        region=names.region_titles[names.region_of[head]],
        weight="" if is_alone else f"weight {weight}",
        note="" if status == "active" else status,
        local=None if local is None else _drawn(local, names, is_later=False),
    )


def _drawn(target: Target, names: Names, *, is_later: bool) -> Drawn:
    return Drawn(
        title=host(target),
        region="" if target.region is None else names.region_titles[target.region],
        weight="" if target.weight is None else f"weight {target.weight}",
        note=target.provider,
        is_later=is_later,
    )


def _order(target: Target) -> int:
    return 1 if target.order is None else target.order
