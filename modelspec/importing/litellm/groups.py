"""The deployments under one `model_name` as one model."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

from modelspec.importing.draft import NoteKind, SourcePlace
from modelspec.importing.ledger import Ledger
from modelspec.importing.litellm.upstream import ImportedUpstream
from modelspec.text.document import Pointer
from modelspec.text.quote import quote

_HEAVIEST = 1000
_ORDERED = (
    "endpoint",
    "provider",
    "upstream_model",
    "api_key",
    "params",
    "region",
    "weight",
    "order",
    "rpm",
    "tpm",
)
_FLAT = frozenset(_ORDERED[:5])
_METRICS = ("weight", "rpm", "tpm")


def deployments(
    upstreams: Sequence[ImportedUpstream], model_id: str, home: str, ledger: Ledger
) -> tuple[dict[str, object], dict[Pointer, SourcePlace]]:
    """The fields of a model that say where it is served: flat for a single plain one, else `deployments`."""
    items = [dict(upstream.fields) for upstream in upstreams]
    _raise_orders(items)
    _weigh(items, upstreams, model_id, ledger)
    for item in items:
        if item.get("provider") == "openai":
            del item["provider"]
        if item.get("upstream_model") == model_id and not model_id.endswith("/*"):
            del item["upstream_model"]
    only = items[0]
    if len(items) == 1 and only.get("region") in (None, home):
        only.pop("region", None)
        if only.pop("weight", None) is not None or only.pop("order", None) is not None:
            ledger.remark_node(
                NoteKind.CHANGED,
                upstreams[0].node,
                f"the model {quote(model_id)}",
                "weight or order of its only deployment: left out",
            )
    places: dict[Pointer, SourcePlace] = {}
    fields: dict[str, object]
    if len(items) == 1 and only.keys() <= _FLAT:
        fields = _in_order(only)
        _place(places, (), upstreams[0])
        if upstreams[0].is_local:
            fields["local_inference"] = True
        return fields, places
    for position, upstream in enumerate(upstreams):
        _place(places, ("deployments", position), upstream)
    if any(upstream.is_local for upstream in upstreams):
        first = next(upstream for upstream in upstreams if upstream.is_local)
        ledger.remark_node(
            NoteKind.CHANGED,
            first.node,
            f"the model {quote(model_id)}",
            "it has a private endpoint among others: deployments are not marked as local_inference",
        )
    return {"deployments": [_in_order(item) or {"provider": "openai"} for item in items]}, places


def _place(places: dict[Pointer, SourcePlace], pointer: Pointer, upstream: ImportedUpstream) -> None:
    for name, place in upstream.places.items():
        places[(*pointer, *name.split("/", 1))] = place


def _in_order(item: Mapping[str, object]) -> dict[str, object]:
    return {name: item[name] for name in _ORDERED if name in item}


def _weigh(
    items: Sequence[dict[str, object]], upstreams: Sequence[ImportedUpstream], model_id: str, ledger: Ledger
) -> None:
    """Weights as whole numbers, and an `order` for those that LiteLLM only calls when the others fail.

    LiteLLM takes weights from `weight`, else `rpm`, else `tpm`; a deployment without the number that others have
    weighs nothing.
    """
    weights = [upstream.weight for upstream in upstreams]
    if any(weights):
        if max(weight or 0 for weight in weights) > _HEAVIEST:
            ledger.remark_node(
                NoteKind.CHANGED,
                upstreams[0].node,
                f"the model {quote(model_id)}",
                f"its weights are brought into 1 to {_HEAVIEST}, nearly in their proportion",
            )
        for item, weight in zip(items, _whole(weights), strict=True):
            if weight:
                item["weight"] = weight
    ranks = [(_order(item), _is_idle(item, items)) for item in items]
    if not any(idle for _, idle in ranks):
        return
    places = {rank: place for place, rank in enumerate(sorted(set(ranks)), 1)}
    for item, rank in zip(items, ranks, strict=True):
        item["order"] = places[rank]
    first = next(upstream for upstream, (_, idle) in zip(upstreams, ranks, strict=True) if idle)
    ledger.remark_node(
        NoteKind.CHANGED,
        first.node,
        f"the model {quote(model_id)}",
        "a deployment without the weight, rpm or tpm that others have is only called when those fail: "
        "it has a later order now",
    )


def _order(item: Mapping[str, object]) -> int:
    order = item.get("order")
    return order if isinstance(order, int) else 1


def _is_idle(item: Mapping[str, object], items: Sequence[Mapping[str, object]]) -> bool:
    """Whether LiteLLM passes over a deployment while others of its order answer."""
    peers = [peer for peer in items if _order(peer) == _order(item)]
    metric = next((name for name in _METRICS if any(name in peer for peer in peers)), None)
    return metric is not None and metric not in item


def _whole(weights: Sequence[float | None]) -> list[int]:
    """Weights in the same proportion from 1 to 1000; 0 stays 0."""
    exact = [Fraction(str(weight or 0)).limit_denominator(_HEAVIEST) for weight in weights]
    scale = lcm(*(weight.denominator for weight in exact))
    numbers = [int(weight * scale) for weight in exact]
    if any(weight and weight < 1 for weight in exact):
        common = gcd(*numbers)
        numbers = [number // common for number in numbers]
    largest = max(numbers)
    if largest > _HEAVIEST:
        numbers = [max(1, round(number * _HEAVIEST / largest)) if number else 0 for number in numbers]
    return numbers


def _raise_orders(items: Sequence[dict[str, object]]) -> None:
    """LiteLLM's orders may begin at 0, ours begin at 1."""
    orders = [order for item in items if isinstance(order := item.get("order"), int)]
    if 0 in orders:
        for item in items:
            if isinstance(order := item.get("order"), int):
                item["order"] = order + 1
