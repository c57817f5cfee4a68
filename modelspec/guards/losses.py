"""Guards against what is left with nothing: a region without a model, a head without a model."""

from collections.abc import Iterator

from modelspec.catalog import Fleet
from modelspec.guards.breach import Breach
from modelspec.quote import quote
from modelspec.routing import RoutingTable


def regions_without_models(before: RoutingTable, after: RoutingTable, fleet: Fleet) -> Iterator[Breach]:
    """Regions in which the base serves a model and the change serves none, in the order of their codes."""
    for code in sorted(_served_regions(before) - _served_regions(after)):
        region = fleet.regions.get(code)
        yield Breach(
            subject=code,
            message=f"no model of region {quote(code)} is served any more",
            label="left without a model",
            help="leave a model in it",
            place=None if region is None else region.place,
        )


def heads_without_models(before: RoutingTable, after: RoutingTable, fleet: Fleet) -> Iterator[Breach]:
    """Heads that serve a model in the base and none after the change, in the order of their ids."""
    for head_id in sorted(_serving_heads(before) - _serving_heads(after)):
        head = fleet.heads.get(head_id)
        yield Breach(
            subject=head_id,
            message=f"head {quote(head_id)} serves no model any more",
            label="left without a model",
            help="leave a model on it",
            place=None if head is None else head.place,
        )


def _served_regions(table: RoutingTable) -> set[str]:
    return {route.region for route in table.routes if route.tiers}


def _serving_heads(table: RoutingTable) -> set[str]:
    return {head for route in table.routes for head in route.heads}
