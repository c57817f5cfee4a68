"""The answer of `route`: text for people, with the file and line of every part, and JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import assert_never

from modelspec.ask.account import Account, AnsweringModel, CandidateHead, ReachCause, UnusedHead
from modelspec.emit.artifact import plain
from modelspec.fleet.model import Upstream
from modelspec.gateways.litellm.names import first_request
from modelspec.report.printable import as_written, concealed, painter, printable
from modelspec.routing.decide import Decision, Unused, Why
from modelspec.text.quote import quote, some
from modelspec.text.source import Spot

_MOST = 6
"""Heads or causes of one kind that the text lists; the JSON has all of them."""

_STYLES = {"good": "1;32", "bad": "1;31", "bold": "1"}


def account_text(account: Account, *, colour: bool) -> Iterator[str]:
    """Lines, each with a newline."""
    for line in _lines(account, colour=colour):
        yield line.rstrip() + "\n"


def headline(decision: Decision) -> str:
    """The outcome of the request, in one sentence."""
    model = quote(decision.request.model)
    match decision.why:
        case Why.ROUTED:
            heads = decision.first
            shown = " or ".join(heads) if len(heads) <= _MOST else f"one of {len(heads)} heads"
            return f"200: {model} is routed to {shown}"
        case Why.UNKNOWN:
            return f"404: no model, alias or wildcard matches {model}"
        case Why.DISABLED:
            return f"404: {model} is disabled"
        case Why.CLIENT_REGION:
            return f"403: {model} may not be called from {decision.request.origin}"
        case Why.NO_HEAD:
            gone = " and ".join(decision.request.down)
            return f"503: no head is left for {model}" + (f" with {gone} down" if gone else "")
        case _:  # pragma: no cover - the type checker sees that no case is missing
            assert_never(decision.why)


def _lines(account: Account, *, colour: bool) -> Iterator[str]:
    paint = painter(_STYLES, colour=colour)
    decision, model = account.decision, account.model
    yield paint("good" if decision.why is Why.ROUTED else "bad", printable(headline(decision)))
    if account.suggestion is not None:
        yield f"  = help: did you mean {printable(quote(account.suggestion))}?"
    if model is not None:
        yield from _about(model)
    for number, tier in enumerate(account.tiers):
        is_shared = len(tier) > 1
        policy = model.route.policy if model is not None else ""
        shared = f", shared by {len(tier)} heads ({policy})" if is_shared else ""
        yield from ("", paint("bold", f"tier {number}{shared}"))
        for head in tier:
            yield from _head(head, is_shared=is_shared)
    if account.reach and model is not None:
        yield from ("", paint("bold", f"reach: {', '.join(account.reach)}") + _residency(account, model))
        for region, causes in account.reach.items():
            yield from _causes(region, causes)
    if account.fallback_models:
        yield from ("", paint("bold", "fallback models, each tried as a separate request"))
        for each in account.fallback_models:
            after = "any failure" if each.condition == "any" else each.condition
            yield f"  {printable(each.name)} after {after}{_at(each.spot)}"
    if account.unused:
        yield from ("", paint("bold", "heads not used"))
        yield from _unused(account.unused)


def _about(model: AnsweringModel) -> Iterator[str]:
    route = model.route
    kind = "model" if model.match == "id" else model.match
    means = "" if model.name == route.model_id else f" means {printable(route.model_id)}"
    yield f"  {kind} {printable(model.name)}{means}, region {route.region}{_at(model.spot)}"
    if route.status != "active":
        yield f"  status {route.status}{_at(model.status_spot)}"
        if route.about.replaced_by is not None:
            yield f"  replaced by {printable(route.about.replaced_by)}"
    if route.client_regions is not None and model.client_regions_spot is not None:
        yield f"  may be called from {', '.join(route.client_regions)}{_at(model.client_regions_spot)}"


def _head(candidate: CandidateHead, *, is_shared: bool) -> Iterator[str]:
    head = candidate.head
    weight = f", weight {candidate.weight}" if is_shared else ""
    yield f"  {head.head_id} ({head.region}{weight}){_at(candidate.named)}"
    drained = ", draining" if head.status == "draining" else ""
    behind = ": tried after every active head" if candidate.moved_behind else ""
    yield f"    at {printable(head.url)}{drained}{behind}{_at(candidate.spot)}"
    for target, spot in candidate.targets:
        yield f"    {_target(target)}{_at(spot)}"
        yield f"       first request: {_first(target)}"


def _target(target: Upstream) -> str:
    match target.endpoint:
        case str():
            where = printable(target.endpoint)
        case None:
            where = "the host selected by its params"
        case reference:
            where = f"the URL in {printable(reference.written)}"
    parts = [f"-> {where} ({printable(target.provider)}) as {printable(target.upstream_model)}"]
    named = ("region", target.region), ("order", target.order), ("weight", target.weight)
    runs = printable(target.location.words)
    return ", ".join([*parts, *(f"{name} {value}" for name, value in named if value is not None), runs])


def _first(target: Upstream) -> str:
    request = first_request(target)
    url = "built by LiteLLM" if request.url is None else printable(request.url)
    if request.verifies is not None:
        return f"{url}, TLS verifies {printable(request.verifies)}"
    return f"{url}, without TLS" if request.is_plain else url


def _residency(account: Account, model: AnsweringModel) -> str:
    if model.residency is None or model.residency_spot is None:
        return " (no residency rule)"
    kept = account.reach.keys() <= {*model.residency}
    rule = f"the residency of {model.route.region} ({', '.join(model.residency)})"
    return f", {'within' if kept else 'beyond, by a waiver,'} {rule}{_at(model.residency_spot)}"


def _causes(region: str, causes: Sequence[ReachCause]) -> Iterator[str]:
    for cause in causes[:_MOST]:
        through = " > ".join(map(printable, cause.via[1:]))
        what = f"{cause.kind.replace('_', ' ')} {printable(cause.name)}" + (
            f" through {through}" if through else ""
        )
        yield f"  {region}: {what}{_at(cause.spot)}"
    if len(causes) > _MOST:
        yield f"  {region}: and {len(causes) - _MOST} more reasons"


def _unused(unused: Sequence[UnusedHead]) -> Iterator[str]:
    for each in unused:
        if each.why is not Unused.NOT_NAMED:
            yield f"  {each.head.head_id} ({each.head.region}): {each.why.value}{_at(each.spot)}"
    others = [each.head.head_id for each in unused if each.why is Unused.NOT_NAMED]
    if others:
        yield f"  not listed in the model's file: {some(others, _MOST)}"


def _at(spot: Spot) -> str:
    return f"  [{printable(spot.path)}:{spot.line}]"


SCHEMA_VERSION = 1
"""Incremented when a change may break a reader; a new field does not."""


def account_json(account: Account) -> str:
    """The object of `schemas/decision.schema.json`, in ASCII; the same account gives the same bytes."""
    decision, request = account.decision, account.decision.request
    fields = {
        "schema_version": SCHEMA_VERSION,
        "request": {"model": as_written(request.model), "from": request.origin, "down": request.down},
        "status": decision.status,
        "reason": decision.why.value,
        "suggestion": account.suggestion,
        "model": None if account.model is None else _model_json(account.model),
        "tiers": [{"heads": list(map(_head_json, tier))} for tier in account.tiers],
        "reach": [
            {"region": region, "causes": list(map(_cause_json, causes))}
            for region, causes in account.reach.items()
        ],
        "fallback_models": [
            {"condition": each.condition, "model_id": each.name, "source": spot_json(each.spot)}
            for each in account.fallback_models
        ],
        "unused_heads": [
            {
                "head_id": each.head.head_id,
                "region": each.head.region,
                "reason": each.why.value,
                "source": spot_json(each.spot),
            }
            for each in account.unused
        ],
    }
    return json.dumps(concealed(json.loads(json.dumps(fields, default=plain))), indent=1) + "\n"


def _model_json(model: AnsweringModel) -> dict[str, object]:
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
        "source": spot_json(model.spot),
    }


def _head_json(candidate: CandidateHead) -> dict[str, object]:
    return {
        "head_id": candidate.head.head_id,
        "region": candidate.head.region,
        "url": candidate.head.url,
        "status": candidate.head.status,
        "moved_behind": candidate.moved_behind,
        "weight": candidate.weight,
        "source": spot_json(candidate.named),
        "declared": spot_json(candidate.spot),
        "targets": [
            {
                "endpoint": target.endpoint,
                "provider": target.provider,
                "upstream_model": target.upstream_model,
                "region": target.region,
                "location": asdict(target.location),
                "weight": target.weight,
                "order": target.order,
                "first_request": _first_json(target),
                "source": spot_json(spot),
            }
            for target, spot in candidate.targets
        ],
    }


def _first_json(target: Upstream) -> dict[str, object]:
    request = first_request(target)
    return {"url": request.url, "verifies": request.verifies}


def _cause_json(cause: ReachCause) -> dict[str, object]:
    return {"kind": cause.kind, "name": cause.name, "via": cause.via, "source": spot_json(cause.spot)}


def spot_json(spot: Spot) -> dict[str, object]:
    """A place, as in the JSON of every answer."""
    return {"path": spot.path, "line": spot.line}
