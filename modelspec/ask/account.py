"""A decision, told in full: each part of it with the place that it comes from."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from modelspec.ask.places import Places, Spot
from modelspec.routing.decide import Decision, Index, Unused, Why, targets_at, unused
from modelspec.routing.table import HeadEntry, Route, Target
from modelspec.text.names import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason why a region may be touched.

    `kind` is `head`, `deployment` or `fallback_model`, `name` the head, endpoint or model id. `via` are the models that
    lead to a fallback model, the asked one first.
    """

    kind: str
    name: str
    via: tuple[str, ...]
    spot: Spot


def causes(index: Index, route: Route, places: Places) -> dict[str, tuple[Cause, ...]]:
    """Every region of the reach, sorted, with its causes: heads, then deployments, then fallback models."""
    found: dict[str, list[Cause]] = {}
    for region, cause in _own(index, route, places):
        found.setdefault(region, []).append(cause)
    seen = {route.model_id}
    waiting: deque[tuple[Route, tuple[str, ...]]] = deque([(route, (route.model_id,))])
    while waiting:
        asking, via = waiting.popleft()
        for fallback, spot in _fallbacks(index, asking, places):
            if fallback.model_id in seen:
                continue
            seen.add(fallback.model_id)
            waiting.append((fallback, (*via, fallback.model_id)))
            cause = Cause(kind="fallback_model", name=fallback.model_id, via=via, spot=spot)
            for region in dict.fromkeys(_regions(index, fallback)):
                found.setdefault(region, []).append(cause)
    return {region: tuple(found[region]) for region in sorted(found)}


def _own(index: Index, route: Route, places: Places) -> list[tuple[str, Cause]]:
    own = [
        (
            index.heads[head].region,
            Cause(kind="head", name=head, via=(), spot=places.head_in_model(route, head)),
        )
        for head in route.heads
    ]
    for number, target in enumerate(route.targets):
        if target.region is not None:
            name = target.endpoint if isinstance(target.endpoint, str) else target.provider
            spot = places.target(route, number, route.heads[0])
            own.append((target.region, Cause(kind="deployment", name=name, via=(), spot=spot)))
    return own


def _regions(index: Index, route: Route) -> list[str]:
    """The regions of the heads that serve a model and of its deployments; its fallback models aside."""
    heads = [index.heads[head].region for head in route.heads]
    return heads + [target.region for target in route.targets if target.region is not None and heads]


def _fallbacks(index: Index, route: Route, places: Places) -> list[tuple[Route, Spot]]:
    fallbacks = []
    for condition, names in route.fallback_models.items():
        for number, name in enumerate(names):
            found = index.find(name)
            if found is not None and found[0].is_routed:
                fallbacks.append((found[0], places.fallback_model(route, condition, number)))
    return fallbacks


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTarget:
    """An upstream of a head, and where it is declared."""

    target: Target
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldHead:
    """A head that is asked: `named` is where the model's file names it, `spot` where it is declared.

    `moved_behind`: it is draining, and active heads are tried before it.
    """

    head: HeadEntry
    weight: int
    moved_behind: bool
    named: Spot
    spot: Spot
    targets: tuple[ToldTarget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldUnused:
    """A head that is not asked: `spot` is what says so, its entry or the line of its status."""

    head: HeadEntry
    why: Unused
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldModel:
    """The model that took the request; `spot` is where the name stands that took it."""

    route: Route
    name: str
    match: str
    spot: Spot
    status_spot: Spot
    client_regions_spot: Spot | None
    residency: tuple[str, ...] | None
    residency_spot: Spot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFallback:
    """A model that is tried after a fault; `condition` is `any`, `error`, `context_window` or `content_policy`."""

    condition: str
    model_id: str
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All there is to say about one request."""

    decision: Decision
    suggestion: str | None
    model: ToldModel | None
    tiers: tuple[tuple[ToldHead, ...], ...]
    reach: Mapping[str, tuple[Cause, ...]]
    fallback_models: tuple[ToldFallback, ...]
    unused: tuple[ToldUnused, ...]


def account(index: Index, decision: Decision, places: Places) -> Account:
    """Look up everything that a decision rests on."""
    route = decision.route
    routed = route is not None and decision.why is Why.ROUTED
    heard = route is not None and decision.why in (Why.ROUTED, Why.NO_HEAD)
    return Account(
        decision=decision,
        suggestion=nearest(decision.request.model, index.names) if route is None else None,
        model=None if route is None else _model(index, decision, route, places),
        tiers=tuple(_tiers(index, decision, route, places)) if route is not None else (),
        reach=causes(index, route, places) if routed and route is not None else {},
        fallback_models=tuple(_told_fallbacks(route, places)) if heard and route is not None else (),
        unused=tuple(
            ToldUnused(
                head=index.heads[head],
                why=why,
                spot=places.head(head, "status" if why is Unused.OFFLINE else None),
            )
            for head, why in unused(index, decision)
        ),
    )


def _model(index: Index, decision: Decision, route: Route, places: Places) -> ToldModel:
    name = decision.name
    assert name is not None
    match = "wildcard" if name.endswith("/*") else "id" if name == route.model_id else "alias"
    residency = index.regions[route.region].residency
    return ToldModel(
        route=route,
        name=name,
        match=match,
        spot=places.name(route, name),
        status_spot=places.field(route, "status"),
        client_regions_spot=(
            None if route.client_regions is None else places.field(route, "access", "client_regions")
        ),
        residency=residency,
        residency_spot=None if residency is None else places.region(route.region, "residency"),
    )


def _tiers(index: Index, decision: Decision, route: Route, places: Places) -> Iterator[tuple[ToldHead, ...]]:
    active = any(index.heads[head].status == "active" for head in route.heads)
    for tier in decision.tiers:
        yield tuple(
            ToldHead(
                head=index.heads[head],
                weight=weight,
                moved_behind=active and index.heads[head].status == "draining",
                named=places.head_in_model(route, head),
                spot=places.head(head),
                targets=tuple(
                    ToldTarget(target=target, spot=places.target(route, number, head))
                    for number, target in enumerate(targets_at(decision, head))
                ),
            )
            for head, weight in tier.weights.items()
        )


def _told_fallbacks(route: Route, places: Places) -> Iterator[ToldFallback]:
    for condition, names in route.fallback_models.items():
        for number, name in enumerate(names):
            yield ToldFallback(
                condition=condition, model_id=name, spot=places.fallback_model(route, condition, number)
            )
