"""The full account of one decision: each part of it with the place that it comes from."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from modelspec.ask.places import Places
from modelspec.fleet.model import Upstream, prefix_of
from modelspec.routing.decide import Decision, Index, Unused, Why, targets_at, unused
from modelspec.routing.table import HeadEntry, Route
from modelspec.text.names import nearest
from modelspec.text.source import Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachCause:
    """One reason why a request may touch a region.

    `kind` is `head`, `deployment` or `fallback_model`, `name` the head, endpoint or model id. `via` are the models that
    lead to a fallback model, the requested model first.
    """

    kind: str
    name: str
    via: tuple[str, ...] = ()
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateHead:
    """A head that may get the request: `named` is where the model's file lists it, `spot` where it is declared.

    `moved_behind`: it is draining, and active heads are tried before it. `targets` are its upstreams, each with the
    place of its declaration.
    """

    head: HeadEntry
    weight: int
    moved_behind: bool
    named: Spot
    spot: Spot
    targets: tuple[tuple[Upstream, Spot], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedHead:
    """A head that cannot get the request: `spot` is its entry, or its status where that is the reason."""

    head: HeadEntry
    why: Unused
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweringModel:
    """The model that a request means; `spot` is where the matching name is declared."""

    route: Route
    name: str
    match: str
    spot: Spot
    status_spot: Spot
    client_regions_spot: Spot | None
    residency: tuple[str, ...] | None
    residency_spot: Spot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackModel:
    """A model that is tried after a failure; `condition` is `any`, `error`, `context_window` or `content_policy`.

    `name` is an id or an alias, as in the file.
    """

    condition: str
    name: str
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything about one request."""

    decision: Decision
    suggestion: str | None
    model: AnsweringModel | None
    tiers: tuple[tuple[CandidateHead, ...], ...]
    reach: Mapping[str, tuple[ReachCause, ...]]
    fallback_models: tuple[FallbackModel, ...]
    unused: tuple[UnusedHead, ...]


def account(index: Index, decision: Decision, places: Places) -> Account:
    """Look up everything that a decision depends on."""
    route, why = decision.route, decision.why
    return Account(
        decision=decision,
        suggestion=nearest(decision.request.model, index.names) if route is None else None,
        model=None if route is None else _model(index, decision, route, places),
        tiers=() if route is None else tuple(_tiers(index, decision, route, places)),
        reach={} if route is None or why is not Why.ROUTED else _causes(index, route, places),
        fallback_models=(
            ()
            if route is None or why not in (Why.ROUTED, Why.NO_HEAD)
            else tuple(_fallback_models(route, places))
        ),
        unused=tuple(
            UnusedHead(
                head=index.heads[head],
                why=why,
                spot=places.head(head, "status" if why is Unused.OFFLINE else None),
            )
            for head, why in unused(index, decision)
        ),
    )


def _model(index: Index, decision: Decision, route: Route, places: Places) -> AnsweringModel:
    name = decision.name
    assert name is not None
    residency = index.regions[route.region].residency
    restricted = route.client_regions is not None
    return AnsweringModel(
        route=route,
        name=name,
        match="wildcard" if prefix_of(name) is not None else "id" if name == route.model_id else "alias",
        spot=places.name(route, name),
        status_spot=places.field(route, "status"),
        client_regions_spot=places.field(route, "access", "client_regions") if restricted else None,
        residency=residency,
        residency_spot=None if residency is None else places.region(route.region, "residency"),
    )


def _tiers(
    index: Index, decision: Decision, route: Route, places: Places
) -> Iterator[tuple[CandidateHead, ...]]:
    active = any(index.heads[head].status == "active" for head in route.heads)
    for tier in decision.tiers:
        yield tuple(
            CandidateHead(
                head=index.heads[head],
                weight=weight,
                moved_behind=active and index.heads[head].status == "draining",
                named=places.head_in_model(route, head),
                spot=places.head(head),
                targets=tuple(
                    (target, places.target(route, number, head))
                    for number, target in enumerate(targets_at(decision, head))
                ),
            )
            for head, weight in tier.weights.items()
        )


def _fallback_models(route: Route, places: Places) -> Iterator[FallbackModel]:
    for condition, names in route.fallback_models.items():
        for number, name in enumerate(names):
            spot = places.fallback_model(route, condition, number)
            yield FallbackModel(condition=condition, name=name, spot=spot)


def _causes(index: Index, route: Route, places: Places) -> dict[str, tuple[ReachCause, ...]]:
    """Every region of the reach, sorted, with its causes: heads, then deployments, then fallback models."""
    found: dict[str, list[ReachCause]] = {}
    for region, cause in _own_causes(index, route, places):
        found.setdefault(region, []).append(cause)
    seen = {route.model_id}
    waiting: deque[tuple[Route, tuple[str, ...]]] = deque([(route, (route.model_id,))])
    while waiting:
        asking, via = waiting.popleft()
        for each in _fallback_models(asking, places):
            answer = index.find(each.name)
            if answer is None or not answer[0].is_routed or answer[0].model_id in seen:
                continue
            fallback = answer[0]
            seen.add(fallback.model_id)
            waiting.append((fallback, (*via, fallback.model_id)))
            cause = ReachCause(kind="fallback_model", name=fallback.model_id, via=via, spot=each.spot)
            for region in dict.fromkeys(region for region, _ in _own_causes(index, fallback, places)):
                found.setdefault(region, []).append(cause)
    return {region: tuple(found[region]) for region in sorted(found)}


def _own_causes(index: Index, route: Route, places: Places) -> Iterator[tuple[str, ReachCause]]:
    """The regions of a model's heads and deployments, without those of its fallback models."""
    for head in route.heads:
        spot = places.head_in_model(route, head)
        yield index.heads[head].region, ReachCause(kind="head", name=head, spot=spot)
    for number, target in enumerate(route.targets if route.heads else ()):
        name = target.endpoint if isinstance(target.endpoint, str) else target.provider
        for region in target.location.regions:
            spot = places.target(route, number, route.heads[0])
            yield region, ReachCause(kind="deployment", name=name, spot=spot)
