"""The page of one model."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelspec.emit.artifact import Artifact
from modelspec.routing import Route, RoutingTable, Target
from modelspec.site.context import SiteContext
from modelspec.site.picture import route_view
from modelspec.site.render import render
from modelspec.site.sources import files_of
from modelspec.site.svg.route import route_svg
from modelspec.site.svg.spelling import spell_route
from modelspec.site.view import Files, Frame, Link, Row
from modelspec.site.wording import Names, count, endpoint, host, key, listed, setting

_CONDITIONS = {
    "any": "Whatever went wrong",
    "error": "On an error",
    "context_window": "Request too long",
    "content_policy": "Content refused",
}
_POLICIES = {"round_robin": "round robin", "least_request": "least requests", "random": "random"}
_MOST_LINKS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A deployment, or what a head runs itself. `endpoint` is what the copy button copies, None where it is no URL."""

    title: str
    endpoint: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
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
    upstreams: tuple[Upstream, ...]
    fallbacks: tuple[Row, ...]
    used_by: tuple[Link, ...]
    used_by_more: str
    reach: tuple[Row, ...]
    reach_words: str
    metadata: str
    tags: tuple[str, ...]


def emit_model_pages(
    routing: RoutingTable, context: SiteContext, frame: Frame, names: Names
) -> Iterator[Artifact]:
    """One page a model, beside its JSON."""
    users = _users(routing, names)
    for route in routing.routes:
        view = _model(route, context, names, users.get(route.model_id, ()))
        yield Artifact(path=f"site/admin/models/{route.model_id}.html", content=render("model", frame, view))


def _model(route: Route, context: SiteContext, names: Names, users: Sequence[str]) -> Model:
    about = route.about
    picture = route_view(route, names)
    return Model(
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


def _users(routing: RoutingTable, names: Names) -> Mapping[str, list[str]]:
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


def _facts(route: Route, names: Names) -> Iterator[Row]:
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


def _upstreams(route: Route, names: Names) -> Iterator[Upstream]:
    for target in route.targets:
        yield _upstream(target, host(target), names)
    for head, target in route.local_targets.items():
        yield _upstream(target, f"On {names.head_titles[head]}", names)


def _upstream(target: Target, title: str, names: Names) -> Upstream:
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
    return Upstream(
        title=title,
        endpoint=target.endpoint if isinstance(target.endpoint, str) else None,
        rows=tuple(rows),
    )


def _reach(route: Route, names: Names) -> Iterator[Row]:
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
