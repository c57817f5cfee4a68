"""The values that count for a model: what its file says, and the defaults of what it does not."""

from collections.abc import Mapping
from typing import Any

from modelspec.authoring.entries import Entry
from modelspec.providers import endpoint_of

_UPSTREAM = ("provider", "upstream_model", "endpoint")


def effective(entry: Entry) -> dict[str, Any]:
    """The plain value of a model with all defaults filled in, of folders and of fields; the given one stays as it is.

    Where a field holds something that it may not, the value is passed on as it is.
    """
    value = dict(entry.whole)
    value.setdefault("fallback_heads", [])
    _inside(value, "load_balancing", {"policy": "round_robin"})
    value.setdefault("local_inference", False)
    _inside(value, "access", {"visibility": "internal"})
    value.setdefault("status", "active")
    value.setdefault("aliases", [])
    value.setdefault("tags", [])
    deployments = value.get("deployments")
    if isinstance(deployments, list):
        value["deployments"] = [
            _upstream(dict(item), entry.model_id) if isinstance(item, dict) else item for item in deployments
        ]
        return value
    return _upstream(value, entry.model_id)


def _upstream(value: dict[str, Any], model_id: str) -> dict[str, Any]:
    value.setdefault("provider", "openai")
    value.setdefault("upstream_model", model_id)
    if (
        "endpoint" not in value
        and value.get("local_inference") is not True
        and isinstance(value["provider"], str)
    ):
        public = endpoint_of(value["provider"])
        if public is not None:
            value["endpoint"] = public
    return value


def _inside(value: dict[str, Any], field: str, defaults: Mapping[str, Any]) -> None:
    held = value.get(field, {})
    if isinstance(held, dict):
        value[field] = {**defaults, **held}


def heads_of(value: Mapping[str, Any]) -> list[str]:
    """Every head that a model names for traffic, in the order of the tiers."""
    balancing = value.get("load_balancing")
    weights = balancing.get("weights") if isinstance(balancing, dict) else None
    named = [value.get("priority_head"), *(weights if isinstance(weights, dict) else ())]
    fallback = value.get("fallback_heads")
    named.extend(fallback if isinstance(fallback, list) else ())
    return list(dict.fromkeys(head for head in named if isinstance(head, str)))
