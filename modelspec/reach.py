"""Reach: the regions that a request may touch."""

from collections.abc import Sequence

from modelspec.catalog import Fleet, Model, Names, Signature


def own_reach(model: Model, fleet: Fleet) -> tuple[str, ...]:
    """The regions of a model's heads that serve, and of its deployments, sorted; its fallback models aside."""
    regions = {fleet.heads[head].region for head in model.heads if fleet.heads[head].status != "offline"}
    if not model.local_inference:
        regions.update(d.region for d in model.deployments if d.region is not None)
    return tuple(sorted(regions))


def transitive_reach(signatures: Sequence[Signature], names: Names) -> dict[str, tuple[str, ...]]:
    """The reach of every model by id, its fallback models and theirs included, sorted.

    A set of regions only grows along a reference, so each reference is followed at most once a region: long
    chains and cycles cost no more than their length times the number of regions.
    """
    reach = {signature.model_id: frozenset(signature.reach) for signature in signatures}
    dependents: dict[str, list[str]] = {}
    pending: list[str] = []
    for signature in signatures:
        for name, _ in signature.fallback_models:
            fallback = names.find(name)
            if fallback is not None:
                dependents.setdefault(fallback.model_id, []).append(signature.model_id)
                pending.append(fallback.model_id)
    while pending:
        source = pending.pop()
        for dependent in dependents.get(source, ()):
            wider = reach[dependent] | reach[source]
            if wider != reach[dependent]:
                reach[dependent] = wider
                pending.append(dependent)
    plain = {signature.model_id: signature.reach for signature in signatures}
    return {
        model_id: plain[model_id] if len(regions) == len(plain[model_id]) else tuple(sorted(regions))
        for model_id, regions in reach.items()
    }
