"""`routing/regions/<code>.json`: what one region offers."""

from collections.abc import Iterator

from modelspec.emit.artifact import Artifact
from modelspec.emit.entry import SCHEMA_VERSION, head_entry, region_entry
from modelspec.emit.text import document, encode
from modelspec.routing import RoutingTable


def emit(routing: RoutingTable) -> Iterator[Artifact]:
    """One artifact a region.

    `models` are those that belong to it, with the heads that serve them; `denied` the ids of models that are routed but
    answer 403 to clients of this region. Clients of a region may call every other model.
    """
    models: dict[str, list[str]] = {region.code: [] for region in routing.regions}
    limited = [r for r in routing.routes if r.client_regions is not None and r.is_routed]
    for route in routing.routes:
        models[route.region].append(
            encode(
                {
                    "model_id": route.model_id,
                    "name": route.about.name,
                    "status": route.status,
                    "heads": route.heads,
                    "reach": route.reach,
                }
            )
        )
    for region in routing.regions:
        denied = [encode(r.model_id) for r in limited if region.code not in (r.client_regions or ())]
        yield Artifact(
            path=f"routing/regions/{region.code}.json",
            content=document(
                [SCHEMA_VERSION, ("region", region_entry(region))],
                [
                    ("heads", [head_entry(head) for head in routing.heads if head.region == region.code]),
                    ("models", models[region.code]),
                    ("denied", denied),
                ],
            ),
        )
