"""An account for people: what happens, tier by tier, and the file and line behind each word of it."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from modelspec.ask.account import Account, Cause, ToldHead, ToldModel, ToldTarget, ToldUnused
from modelspec.ask.places import Spot
from modelspec.report.said import painter, said
from modelspec.routing.decide import Decision, Unused, Why
from modelspec.text.quote import quote

_MOST = 6
"""Heads or causes of one kind that are told one by one; the JSON has all."""

_STYLES = {"good": "1;32", "bad": "1;31", "bold": "1", "dim": "2"}


def render(account: Account, *, colour: bool) -> Iterator[str]:
    """Line by line, each with its end."""
    for line in _lines(account, colour=colour):
        yield line.rstrip() + "\n"


def headline(decision: Decision) -> str:
    """What becomes of the request, in one sentence."""
    model = quote(decision.request.model)
    match decision.why:
        case Why.ROUTED:
            heads = _listed(decision.first)
            return f"200: {model} goes to {heads}"
        case Why.UNKNOWN:
            return f"404: no model, alias or wildcard takes the name {model}"
        case Why.DISABLED:
            return f"404: {model} is disabled"
        case Why.CLIENT_REGION:
            return f"403: {model} may not be called from {decision.request.origin}"
        case Why.NO_HEAD:
            gone = " and ".join(decision.request.down)
            return f"503: no head is left for {model}" + (f" with {gone} down" if gone else "")
        case _:  # pragma: no cover - the type checker sees that no outcome is left
            assert_never(decision.why)


def _lines(account: Account, *, colour: bool) -> Iterator[str]:
    paint = painter(_STYLES, colour=colour)
    decision = account.decision
    yield paint("good" if decision.why is Why.ROUTED else "bad", said(headline(decision)))
    if account.suggestion is not None:
        yield f"  = help: did you mean {said(quote(account.suggestion))}?"
    if account.model is not None:
        yield from _about(account.model)
    for number, tier in enumerate(account.tiers):
        yield ""
        shared = f", shared by {len(tier)} heads ({_policy(account)})" if len(tier) > 1 else ""
        yield paint("bold", f"tier {number}{shared}")
        for head in tier:
            yield from _head(head, shared=len(tier) > 1)
    if account.reach:
        yield ""
        yield paint("bold", f"reach: {', '.join(account.reach)}") + _residency(account)
        for region, causes in account.reach.items():
            yield from _causes(region, causes)
    if account.fallback_models:
        yield ""
        yield paint("bold", "fallback models, each tried as a request of its own")
        for each in account.fallback_models:
            after = "any fault" if each.condition == "any" else each.condition
            yield f"  {said(each.model_id)} after {after}{_at(each.spot)}"
    if account.unused:
        yield ""
        yield paint("bold", "heads not used")
        yield from _unused(account.unused)


def _about(model: ToldModel) -> Iterator[str]:
    route = model.route
    match model.match:
        case "id":
            yield f"  model {said(route.model_id)}, region {route.region}{_at(model.spot)}"
        case kind if model.name == route.model_id:
            yield f"  {kind} {said(model.name)}, region {route.region}{_at(model.spot)}"
        case kind:
            means = f"{said(model.name)} means {said(route.model_id)}, region {route.region}"
            yield f"  {kind} {means}{_at(model.spot)}"
    if route.status != "active":
        yield f"  status {route.status}{_at(model.status_spot)}"
        if route.about.replaced_by is not None:
            yield f"  replaced by {said(route.about.replaced_by)}"
    if route.client_regions is not None and model.client_regions_spot is not None:
        yield f"  may be called from {', '.join(route.client_regions)}{_at(model.client_regions_spot)}"


def _policy(account: Account) -> str:
    return account.model.route.policy if account.model is not None else ""


def _head(head: ToldHead, *, shared: bool) -> Iterator[str]:
    weight = f", weight {head.weight}" if shared else ""
    yield f"  {head.head.head_id} ({head.head.region}{weight}){_at(head.named)}"
    drained = ", draining: behind every active head" if head.moved_behind else ""
    if head.head.status == "draining" and not drained:
        drained = ", draining"
    yield f"    at {said(head.head.url)}{drained}{_at(head.spot)}"
    for each in head.targets:
        yield f"    {_target(each)}{_at(each.spot)}"


def _target(told: ToldTarget) -> str:
    target = told.target
    match target.endpoint:
        case str():
            where = said(target.endpoint)
        case None:
            where = "the host that its params decide"
        case reference:
            where = f"the URL in {said(reference.written)}"
    parts = [f"-> {where} ({said(target.provider)}) as {said(target.upstream_model)}"]
    parts += [f"region {target.region}"] if target.region is not None else []
    parts += [f"order {target.order}"] if target.order is not None else []
    parts += [f"weight {target.weight}"] if target.weight is not None else []
    return ", ".join(parts)


def _residency(account: Account) -> str:
    model = account.model
    if model is None or model.residency is None or model.residency_spot is None:
        return ", and no residency rule"
    kept = account.reach.keys() <= {*model.residency}
    rule = f"the residency of {model.route.region} ({', '.join(model.residency)})"
    return f", {'within' if kept else 'by a waiver beyond'} {rule}{_at(model.residency_spot)}"


def _causes(region: str, causes: Sequence[Cause]) -> Iterator[str]:
    for cause in causes[:_MOST]:
        match cause.kind:
            case "fallback_model":
                through = " > ".join(map(said, cause.via[1:]))
                what = f"fallback model {said(cause.name)}" + (f" through {through}" if through else "")
            case kind:
                what = f"{kind} {said(cause.name)}"
        yield f"  {region}: {what}{_at(cause.spot)}"
    if len(causes) > _MOST:
        yield f"  {region}: and {len(causes) - _MOST} more reasons"


def _unused(unused: Sequence[ToldUnused]) -> Iterator[str]:
    for each in unused:
        if each.why is not Unused.NOT_NAMED:
            yield f"  {each.head.head_id} ({each.head.region}): {each.why.value}{_at(each.spot)}"
    others = [each.head.head_id for each in unused if each.why is Unused.NOT_NAMED]
    if others:
        more = f" and {len(others) - _MOST} more" if len(others) > _MOST else ""
        yield f"  not named by the model's file: {', '.join(others[:_MOST])}{more}"


def _listed(names: Sequence[str]) -> str:
    return " or ".join(names) if len(names) <= _MOST else f"one of {len(names)}"


def _at(spot: Spot) -> str:
    return f"  [{said(spot.path)}:{spot.line}]"
