"""The snapshot: `site/admin/models.json`, what `GET /admin/models` answers, and one JSON a model."""

from collections.abc import Iterator

from modelspec.emit.artifact import Artifact, Sheet, document, encode
from modelspec.emit.tables import (
    SCHEMA_VERSION,
    access_row,
    head_entry,
    limits_row,
    region_entry,
    target_row,
    tier_rows,
)
from modelspec.routing.table import Route, RoutingTable


def emit_snapshot(routing: RoutingTable) -> Iterator[Artifact]:
    """One artifact a model, then the snapshot of them all.

    Models stand in the order of their ids, regions and heads in the order of their files.
    """
    snapshot = Sheet()
    snapshot.value(*SCHEMA_VERSION)
    snapshot.begin("models")
    for route in routing.routes:
        row = _model(route)
        snapshot.add(row)
        page = document([SCHEMA_VERSION, ("model", row)], [])
        yield Artifact(path=f"site/admin/models/{route.model_id}.json", content=page)
    snapshot.end()
    for name, entries in (
        ("regions", map(region_entry, routing.regions)),
        ("heads", map(head_entry, routing.heads)),
    ):
        snapshot.begin(name)
        for entry in entries:
            snapshot.add(entry)
        snapshot.end()
    yield Artifact(path="site/admin/models.json", content=snapshot.close())


def _model(route: Route) -> str:
    """One model under the names of its file, with what follows from it: `tiers`, `reach` and the `source`.

    The five fields of an upstream are those of the first deployment; `deployments` lists every one. Where the heads
    run the model themselves it is empty, and `local_targets` says where on each head.
    """
    about = route.about
    first = route.targets[0] if route.targets else route.local_targets[about.priority_head]
    return encode(
        {
            "model_id": route.model_id,
            "name": about.name,
            "region": route.region,
            "priority_head": about.priority_head,
            "fallback_heads": about.fallback_heads,
            "load_balancing": {"policy": route.policy, "weights": about.weights},
            "endpoint": first.endpoint,
            "provider": first.provider,
            "upstream_model": first.upstream_model,
            "api_key": first.api_key,
            "params": first.params,
            "deployments": [target_row(target) for target in route.targets],
            "local_inference": route.local_inference,
            "local_targets": {head: target_row(target) for head, target in route.local_targets.items()},
            "fallback_models": route.fallback_models,
            "aliases": route.aliases,
            "limits": limits_row(route),
            "access": access_row(route),
            "status": route.status,
            "sunset": about.sunset,
            "replaced_by": about.replaced_by,
            "tags": about.tags,
            "metadata": about.metadata,
            "tiers": tier_rows(route),
            "reach": route.reach,
            "source": {"path": about.path, "line": about.line},
        }
    )
