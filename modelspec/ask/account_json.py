"""An account for programs: one JSON object, described by `schemas/decision.schema.json`."""

import json

from modelspec.ask.account import Account, Cause, ToldHead, ToldModel
from modelspec.ask.places import Spot
from modelspec.emit.artifact import plain

SCHEMA_VERSION = 1
"""Counts changes that a reader could stumble over; a new field is none."""


def render(account: Account) -> str:
    """The object, in ASCII; the same account gives the same bytes."""
    decision = account.decision
    request = decision.request
    return (
        json.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                "request": {"model": _name(request.model), "from": request.origin, "down": request.down},
                "status": decision.status,
                "reason": decision.why.value,
                "suggestion": account.suggestion,
                "model": None if account.model is None else _model(account.model),
                "tiers": [{"heads": [_head(head) for head in tier]} for tier in account.tiers],
                "reach": [
                    {"region": region, "causes": [_cause(cause) for cause in causes]}
                    for region, causes in account.reach.items()
                ],
                "fallback_models": [
                    {"condition": each.condition, "model_id": each.model_id, "source": _spot(each.spot)}
                    for each in account.fallback_models
                ],
                "unused_heads": [
                    {
                        "head_id": each.head.head_id,
                        "region": each.head.region,
                        "reason": each.why.value,
                        "source": _spot(each.spot),
                    }
                    for each in account.unused
                ],
            },
            indent=1,
            default=plain,
        )
        + "\n"
    )


def _model(model: ToldModel) -> dict[str, object]:
    route = model.route
    return {
        "model_id": route.model_id,
        "matched": model.name,
        "match": model.match,
        "status": route.status,
        "region": route.region,
        "residency": model.residency,
        "policy": route.policy,
        "client_regions": route.client_regions,
        "source": _spot(model.spot),
    }


def _head(head: ToldHead) -> dict[str, object]:
    return {
        "head_id": head.head.head_id,
        "region": head.head.region,
        "url": head.head.url,
        "status": head.head.status,
        "moved_behind": head.moved_behind,
        "weight": head.weight,
        "source": _spot(head.named),
        "declared": _spot(head.spot),
        "targets": [
            {
                "endpoint": each.target.endpoint,
                "provider": each.target.provider,
                "upstream_model": each.target.upstream_model,
                "region": each.target.region,
                "weight": each.target.weight,
                "order": each.target.order,
                "source": _spot(each.spot),
            }
            for each in head.targets
        ],
    }


def _cause(cause: Cause) -> dict[str, object]:
    return {"kind": cause.kind, "name": cause.name, "via": cause.via, "source": _spot(cause.spot)}


def _name(text: str) -> str:
    """As it is; JSON readers choke only on what no UTF-8 can be, which a command line may hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _spot(spot: Spot) -> dict[str, object]:
    return {"path": spot.path, "line": spot.line}
