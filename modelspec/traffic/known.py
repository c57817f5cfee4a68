"""What the routing table says of names in a log: where heads and upstreams are, who is asked first, what is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelspec.routing.decide import Index
from modelspec.routing.table import Route, RoutingTable


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """The names of a table. `heads` leads to regions; `upstreams` from (model, number of the deployment) to a region.

    `names` leads from all that clients may ask for, wildcards as they are declared, to models. `first` are the heads of
    a model's first tier, `homes` its region, `allowed` the regions that may serve the models of a region; None: any.
    """

    index: Index
    heads: Mapping[str, str]
    names: Mapping[str, str]
    upstreams: Mapping[tuple[str, int], str]
    first: Mapping[str, frozenset[str]]
    homes: Mapping[str, str]
    allowed: Mapping[str, frozenset[str] | None]


def known_names(table: RoutingTable) -> KnownNames:
    """Prepare a table."""
    index = Index(table)
    residency = {region.code: region.residency for region in table.regions}
    return KnownNames(
        index=index,
        heads={head.head_id: head.region for head in table.heads},
        names={name: index.names[name].model_id for name in index.names},
        upstreams={
            (route.model_id, number): region
            for route in table.routes
            for number, region in enumerate(_regions(route))
            if region
        },
        first={route.model_id: frozenset(route.tiers[0].weights) for route in table.routes if route.tiers},
        homes={route.model_id: route.region for route in table.routes},
        allowed={code: None if codes is None else frozenset(codes) for code, codes in residency.items()},
    )


def _regions(route: Route) -> list[str]:
    """The region of each of the model's own upstreams, where one alone is known."""
    return [
        target.location.regions[0] if len(target.location.regions) == 1 else "" for target in route.targets
    ]
