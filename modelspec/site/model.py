"""The page of one model."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelspec.emit.artifact import Artifact
from modelspec.routing.table import Route, RoutingTable, Target
from modelspec.site.context import SiteContext
from modelspec.site.frame import Files, Link, PageFrame, Row, files_of
from modelspec.site.render import render
from modelspec.site.svg.route import DrawnHead, DrawnTier, RouteView, route_svg, spell_route
from modelspec.site.svg.route import DrawnTarget as Drawn
from modelspec.site.wording import Wording, count, endpoint, host, key, listed, setting


def route_view(route: Route, names: Wording) -> RouteView:
    """The picture of a route; a model that nothing serves stands alone."""
    first = min((_order(target) for target in route.targets), default=1)
    return RouteView(
        model=route.about.name,
        region=names.region_titles[route.region],
        tiers=tuple(
            DrawnTier(
                heads=tuple(
                    _head(head, weight, route, names, is_alone=len(tier.weights) == 1)
                    for head, weight in tier.weights.items()
                )
            )
            for tier in route.tiers
        ),
        targets=tuple(_drawn(target, names, is_later=_order(target) > first) for target in route.targets)
        if route.tiers
        else (),
    )


def _head(head: str, weight: int, route: Route, names: Wording, *, is_alone: bool) -> DrawnHead:
    status = names.statuses[head]
    local = route.local_targets.get(head)
    return DrawnHead(
        title=head,
        region=names.region_titles[names.region_of[head]],
        weight="" if is_alone else f"weight {weight}",
        note="" if status == "active" else status,
        local=None if local is None else _drawn(local, names, is_later=False),
    )


def _drawn(target: Target, names: Wording, *, is_later: bool) -> Drawn:
    return Drawn(
        title=host(target),
        region="" if target.region is None else names.region_titles[target.region],
        weight="" if target.weight is None else f"weight {target.weight}",
        note=target.provider,
        is_later=is_later,
    )


def _order(target: Target) -> int:
    return 1 if target.order is None else target.order


_CONDITIONS = {
    "any": "Whatever went wrong",
    "error": "On an error",
    "context_window": "Request too long",
    "content_policy": "Content refused",
}
_POLICIES = {"round_robin": "round robin", "least_request": "least requests", "random": "random"}
_MOST_LINKS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRow:
    """A deployment, or what a head runs itself. `endpoint` is what the copy button copies, None where it is no URL."""

    title: str
    endpoint: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """Everything about one model. `metadata` is JSON text, empty where there is none."""

    model_id: str
    name: str
    status: str
    is_local: bool
    notice: str
    replaced_by: Link | None
    json: str
    files: Files
    picture: Markup
    spelled: str
    facts: tuple[Row, ...]
    upstreams: tuple[UpstreamRow, ...]
    fallbacks: tuple[Row, ...]
    used_by: tuple[Link, ...]
    used_by_more: str
    reach: tuple[Row, ...]
    reach_words: str
    metadata: str
    tags: tuple[str, ...]


def emit_model_pages(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """One page a model, beside its JSON."""
    users = _users(routing, names)
    for route in routing.routes:
        view = _model(route, context, names, users.get(route.model_id, ()))
        yield Artifact(path=f"site/admin/models/{route.model_id}.html", content=render("model", frame, view))


def _model(route: Route, context: SiteContext, names: Wording, users: Sequence[str]) -> ModelPage:
    about = route.about
    picture = route_view(route, names)
    return ModelPage(
        model_id=route.model_id,
        name=about.name,
        status=route.status,
        is_local=route.local_inference,
        notice=_notice(route),
        replaced_by=None if about.replaced_by is None else names.model(about.replaced_by),
        json=names.links.model_json(route.model_id),
        files=files_of(context, about.path, about.line),
        picture=route_svg(picture),
        spelled=spell_route(picture),
        facts=tuple(_facts(route, names)),
        upstreams=tuple(_upstreams(route, names)),
        fallbacks=tuple(
            Row(term=_CONDITIONS[condition], values=tuple(map(names.model, ids)))
            for condition, ids in route.fallback_models.items()
        ),
        used_by=tuple(map(names.model, users[:_MOST_LINKS])),
        used_by_more=f"and {len(users) - _MOST_LINKS:,} more" if len(users) > _MOST_LINKS else "",
        reach=tuple(_reach(route, names)),
        reach_words=_reach_words(route),
        metadata=json.dumps(about.metadata, indent=2, ensure_ascii=False) if about.metadata else "",
        tags=about.tags,
    )


def _users(routing: RoutingTable, names: Wording) -> Mapping[str, list[str]]:
    """The models that fall back to a model, by its id."""
    users: dict[str, dict[str, None]] = {}
    for route in routing.routes:
        for ids in route.fallback_models.values():
            for name in ids:
                users.setdefault(names.owner(name), {})[route.model_id] = None
    return {model_id: list(found) for model_id, found in users.items()}


def _notice(route: Route) -> str:
    if route.status == "disabled":
        return "This model is disabled: requests for it answer 404."
    if not route.tiers:
        return "No head of this model is in service: requests for it fail."
    if route.status == "deprecated":
        sunset = f" and goes on {route.about.sunset}" if route.about.sunset else ""
        return f"This model is deprecated{sunset}."
    return ""


def _facts(route: Route, names: Wording) -> Iterator[Row]:
    about = route.about
    yield Row(term="Region", values=(names.region(route.region),))
    yield Row(term="Priority head", values=(names.head(about.priority_head),))
    if about.fallback_heads:
        yield Row(term="Fallback heads", values=tuple(map(names.head, about.fallback_heads)))
    if about.weights:
        weights = [
            Link(text=f"{names.head_titles[head]}: weight {weight}", href=names.links.head(head))
            for head, weight in about.weights.items()
        ]
        yield Row(term="Load balancing", values=(Link(text=_POLICIES[route.policy]), *weights))
    if route.aliases:
        yield _texts("Aliases", route.aliases)
    if route.prefixes:
        yield _texts("Matches", [f"every name that begins with {prefix}" for prefix in route.prefixes])
    yield _texts("Visibility", [route.visibility])
    if route.groups:
        yield _texts("Groups", route.groups)
    if route.client_regions is None:
        yield _texts("Clients from", ["anywhere"])
    else:
        yield Row(term="Clients from", values=tuple(map(names.region, route.client_regions)))
    limits = _limits(route.rpm, route.tpm)
    yield _texts("Limits", limits or ["none"])


def _upstreams(route: Route, names: Wording) -> Iterator[UpstreamRow]:
    for target in route.targets:
        yield _upstream(target, host(target), names)
    for head, target in route.local_targets.items():
        yield _upstream(target, f"On {names.head_titles[head]}", names)


def _upstream(target: Target, title: str, names: Wording) -> UpstreamRow:
    rows = [
        _texts("Endpoint", [endpoint(target)]),
        _texts("Provider", [target.provider]),
        _texts("Upstream model", [target.upstream_model]),
        _texts("API key", [key(target.api_key)]),
    ]
    if target.region is not None:
        rows.append(Row(term="Region", values=(names.region(target.region),)))
    if target.weight is not None:
        rows.append(_texts("Weight", [str(target.weight)]))
    if target.order is not None:
        rows.append(_texts("Order", [str(target.order)]))
    limits = _limits(target.rpm, target.tpm)
    if limits:
        rows.append(_texts("Limits", limits))
    rows.extend(_texts(name, [setting(value)]) for name, value in target.params.items())
    return UpstreamRow(
        title=title,
        endpoint=target.endpoint if isinstance(target.endpoint, str) else None,
        rows=tuple(rows),
    )


def _reach(route: Route, names: Wording) -> Iterator[Row]:
    """Each region that a request may touch, and through what."""
    heads: dict[str, list[str]] = {}
    for head in route.heads:
        heads.setdefault(names.region_of[head], []).append(head)
    upstreams = {target.region for target in route.targets}
    for code in route.reach:
        through = [*heads.get(code, ())]
        if code in upstreams:
            through.append("a deployment")
        words = listed(through) if through else "a fallback model"
        region = names.region(code)
        yield Row(term=region.text, values=(Link(text=f"through {words}", href=region.href),))


def _reach_words(route: Route) -> str:
    if not route.reach:
        return "No request for this model goes anywhere."
    return (
        f"A request for this model may touch {count(len(route.reach), 'region')}, fallback models included."
    )


def _limits(rpm: int | None, tpm: int | None) -> list[str]:
    figures = ((rpm, "request"), (tpm, "token"))
    return [f"{count(figure, unit)} a minute" for figure, unit in figures if figure is not None]


def _texts(term: str, texts: Sequence[str]) -> Row:
    return Row(term=term, values=tuple(Link(text=text) for text in texts))
