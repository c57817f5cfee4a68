"""The entries of one `model_name` as the fields of one model: its deployments, access and metadata."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

from modelspec.author.fields import field_at
from modelspec.fleet.model import prefix_of
from modelspec.importing.destination import ImportDestination
from modelspec.importing.draft import Ledger, NoteKind
from modelspec.importing.litellm.upstream import ImportedUpstream
from modelspec.importing.litellm.values import Values, is_secret, is_told, is_visible
from modelspec.load.foreign import Foreign
from modelspec.secret import is_harmless, is_plain_key, telling_key
from modelspec.secret.view import NAMING, VALUED
from modelspec.text.document import Pointer
from modelspec.text.quote import quote
from modelspec.text.source import Spot
from modelspec.url import Code, judge

_HEAVIEST = 1000
_FLAT = frozenset({"endpoint", "provider", "upstream_model", "api_key", "params", "request", "model_info"})
_METRICS = ("weight", "rpm", "tpm")


def deployments(
    upstreams: Sequence[ImportedUpstream],
    model_id: str,
    to: ImportDestination,
    values: Values,
    ledger: Ledger,
) -> tuple[dict[str, object], dict[Pointer, Spot]]:
    """The fields of a model for its deployments: flat for a single plain one, else `deployments`."""
    home = to.region
    items = [dict(upstream.fields) for upstream in upstreams]
    what = f"the model {quote(model_id)}"
    _raise_orders(items)
    _weigh(items, upstreams, what, ledger)
    for item in items:
        if item.get("provider") == "openai" and "endpoint" in item:
            del item["provider"]
        if item.get("upstream_model") == model_id and not prefix_of(model_id):
            del item["upstream_model"]
    only = items[0]
    if len(items) == 1 and only.get("region") in (None, home):
        only.pop("region", None)
        if only.pop("weight", None) is not None or only.pop("order", None) is not None:
            why = "weight or order of its only deployment: left out"
            ledger.remark(NoteKind.CHANGED, upstreams[0].node.spot, what, why)
    if len(items) == 1 and only.keys() <= _FLAT:
        local = {"local_inference": True} if upstreams[0].is_local else {}
        return {**_in_order(only), **local}, _spots((), upstreams[0])
    spots: dict[Pointer, Spot] = {}
    for position, upstream in enumerate(upstreams):
        spots.update(_spots(("deployments", position), upstream))
    if not (to.urls and all(map(_is_loopback, to.urls.values()))):
        _move_loopback(items, upstreams, model_id, values)
    return {"deployments": [_in_order(item) for item in items]}, spots


def _move_loopback(
    items: Sequence[dict[str, object]], upstreams: Sequence[ImportedUpstream], owner: str, values: Values
) -> None:
    """Servers beside a head: which one of several is meant there, only its operator knows."""
    for item, upstream in zip(items, upstreams, strict=True):
        endpoint = item.get("endpoint")
        if isinstance(endpoint, str) and _is_loopback(endpoint):
            item["endpoint"] = values.move(upstream.node, "api_base", endpoint, owner)


def _is_loopback(url: str) -> bool:
    return any(fault.code is Code.LOOPBACK for fault in judge(url, local=False))


def _spots(pointer: Pointer, upstream: ImportedUpstream) -> dict[Pointer, Spot]:
    return {(*pointer, *name.split("/", 1)): spot for name, spot in upstream.spots.items()}


def _in_order(item: Mapping[str, object]) -> dict[str, object]:
    deployment = field_at(("deployments", 0))
    assert isinstance(deployment, Mapping)
    return {name: item[name] for name in deployment["properties"] if name in item}


def _weigh(
    items: Sequence[dict[str, object]], upstreams: Sequence[ImportedUpstream], what: str, ledger: Ledger
) -> None:
    """Set whole weights, and an `order` for deployments that LiteLLM only calls when the others fail.

    LiteLLM takes weights from `weight`, else `rpm`, else `tpm`; a deployment without the number that others have
    has no weight.
    """
    weights = [upstream.weight for upstream in upstreams]
    if any(weights):
        if max(weight or 0 for weight in weights) > _HEAVIEST:
            why = f"its weights are scaled to 1 to {_HEAVIEST}, roughly in proportion"
            ledger.remark(NoteKind.CHANGED, upstreams[0].node.spot, what, why)
        for item, weight in zip(items, _whole(weights), strict=True):
            if weight:
                item["weight"] = weight
    ranks = [(_order(item), _is_idle(item, items)) for item in items]
    first_idle = next((number for number, (_, idle) in enumerate(ranks) if idle), None)
    if first_idle is None:
        return
    orders = {rank: order for order, rank in enumerate(sorted(set(ranks)), 1)}
    for item, rank in zip(items, ranks, strict=True):
        item["order"] = orders[rank]
    why = (
        "a deployment without the weight, rpm or tpm that others have is only called when those fail: "
        "it now has a later order"
    )
    ledger.remark(NoteKind.CHANGED, upstreams[first_idle].node.spot, what, why)


def _order(item: Mapping[str, object]) -> int:
    order = item.get("order")
    return order if isinstance(order, int) else 1


def _is_idle(item: Mapping[str, object], items: Sequence[Mapping[str, object]]) -> bool:
    """Whether LiteLLM skips a deployment while others of its order answer."""
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
    """Shift orders that begin at 0 in LiteLLM to begin at 1; deployments without one are called last."""
    orders = [order for item in items if isinstance(order := item.get("order"), int)]
    shift = int(0 in orders)
    for item in items if orders else ():
        order = item.get("order")
        item["order"] = (order if isinstance(order, int) else max(orders) + 1) + shift


_OPEN = ("public", "internal")
"""Access groups that mean a visibility, as in configurations that modelspec writes."""


def info_of(
    entries: Sequence[Foreign], model_id: str, ledger: Ledger, spots: dict[Pointer, Spot]
) -> dict[str, dict[str, object]]:
    """`access` and `metadata` of a model from the `model_info` of its entries; the first of several values wins."""
    groups: list[str] = []
    metadata: dict[str, object] = {}
    for entry in entries:
        info = entry.entries.get("model_info")
        secret = frozenset() if info is None else frozenset(secret_places(info))
        for key, node in ({} if info is None else info.entries).items():
            what = f"model_info.{key} of {quote(model_id)}"
            if key == "access_groups":
                groups += _groups(node, model_id, ledger)
                spots.setdefault(("access",), node.spot)
            elif key == "id":
                ledger.note(NoteKind.DIFFERENT, node, what, "LiteLLM's own deployment id")
            elif not is_told(key, node):
                value = _plain(node, key, what, ledger, secret)
                spots.setdefault(("metadata", key), node.spot)
                if value is not _NOTHING and metadata.setdefault(key, value) != value:
                    why = "an earlier deployment of the model has another value"
                    ledger.note(NoteKind.DIFFERENT, node, what, why)
    access: dict[str, object] = {}
    if "public" in groups:
        access["visibility"] = "public"
    kept = [group for group in dict.fromkeys(groups) if group not in _OPEN]
    if kept:
        access["groups"] = kept
    found = {"access": access, "metadata": metadata}
    return {name: value for name, value in found.items() if value}


def record_of(rests: Sequence[Mapping[str, object]]) -> object | None:
    """The record of settings without effect: one mapping, or one per deployment where they differ."""
    if not any(rests):
        return None
    first, *others = map(dict, rests)
    return first if all(rest == first for rest in others) else [first, *others]


def _groups(node: Foreign, model_id: str, ledger: Ledger) -> list[str]:
    found = []
    for item in node.items or (node,):
        text = item.value
        if isinstance(text, str) and text and is_visible(text) and not is_secret("group", text):
            ledger.carried(item)
            found.append(text)
        elif text is not None:
            ledger.note(NoteKind.DIFFERENT, item, f"access_groups of {quote(model_id)}", "not a group name")
    return found


_NOTHING = object()


def secret_places(node: Foreign, *, inside: bool = False) -> Iterator[int]:
    """The identities of what stands below a telling key, or beside the name of a secret; aliases share theirs."""
    if inside:
        yield id(node)
    names = [entry.value for name, entry in node.entries.items() if name.casefold() in NAMING]
    named = any(isinstance(name, str) and telling_key(name) for name in names)
    for name, entry in node.entries.items():
        tells = inside or telling_key(name) or (named and name.casefold() in VALUED)
        yield from secret_places(entry, inside=tells)
    for item in node.items:
        yield from secret_places(item, inside=inside)


def _plain(node: Foreign, key: str, what: str, ledger: Ledger, secret: Collection[int]) -> object:
    """A plain value without what is in a `secret` place; `_NOTHING` where nothing is left."""
    inside = id(node) in secret
    if node.entries:
        kept = {name: entry for name, entry in node.entries.items() if not inside or is_plain_key(name)}
        if len(kept) < len(node.entries):
            ledger.note(
                NoteKind.SECRET, node, what, "a key of it may be a secret: rotate it; that key is left out"
            )
        inner = {name: _plain(entry, name, what, ledger, secret) for name, entry in kept.items()}
        return {name: value for name, value in inner.items() if value is not _NOTHING} or _NOTHING
    if node.items:
        items = [_plain(item, key, what, ledger, secret) for item in node.items]
        return [value for value in items if value is not _NOTHING] or _NOTHING
    value = node.value
    if not isinstance(value, str | int | float):
        return _NOTHING
    if isinstance(value, str) and value.startswith("os.environ/"):
        kind, why = NoteKind.DIFFERENT, "metadata is published as is, so it cannot refer to variables"
    elif is_secret(key, value) or is_secret("key", key) or (inside and not is_harmless(str(value))):
        kind = NoteKind.SECRET
        why = "a secret, or named like one: rotate it; metadata is published, so it is left out"
    elif isinstance(value, str) and not is_visible(value):
        kind, why = NoteKind.DIFFERENT, "it contains invisible characters"
    else:
        ledger.carried(node)
        return value
    ledger.note(kind, node, what, why)
    return _NOTHING
