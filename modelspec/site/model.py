"""The page of one model."""

import json
from collections.abc import Iterator, Mapping

from modelspec.emit.artifact import Artifact
from modelspec.fleet.model import Upstream
from modelspec.routing.table import Route, RoutingTable
from modelspec.site import SiteContext
from modelspec.site.forges import links_for
from modelspec.site.frame import PageFrame, page
from modelspec.site.svg.route import DrawnNode, RouteView, route_svg, spell_route
from modelspec.site.wording import Link, Row, Wording, count, endpoint, host, key, listed, setting


def route_view(route: Route, names: Wording) -> RouteView:
    """The picture of a route; a model without heads is drawn alone."""
    first = min((_order(target) for target in route.targets), default=1)
    targets = route.targets if route.tiers else ()
    return RouteView(
        model=route.about.name,
        region=names.region_titles[route.region],
        tiers=tuple(
            tuple(
                _head(head, "" if len(tier.weights) == 1 else f"weight {weight}", route, names)
                for head, weight in tier.weights.items()
            )
            for tier in route.tiers
        ),
        targets=tuple(_drawn(target, names, is_later=_order(target) > first) for target in targets),
    )


def _head(head: str, weight: str, route: Route, names: Wording) -> DrawnNode:
    entry = names.index.heads[head]
    local = route.local_targets.get(head)
    return DrawnNode(
        title=head,
        region=names.region_titles[entry.region],
        weight=weight,
        note="" if entry.status == "active" else entry.status,
        local=None if local is None else _drawn(local, names),
    )


def _drawn(target: Upstream, names: Wording, *, is_later: bool = False) -> DrawnNode:
    return DrawnNode(
        title=host(target),
        region="" if target.region is None else names.region_titles[target.region],
        weight="" if target.weight is None else f"weight {target.weight}",
        note=target.provider,
        is_later=is_later,
    )


def _order(target: Upstream) -> int:
    return 1 if target.order is None else target.order


_CONDITIONS = {
    "any": "On any failure",
    "error": "On an error",
    "context_window": "Request too long",
    "content_policy": "Content refused",
}
_POLICIES = {"round_robin": "round robin", "least_request": "least requests", "random": "random"}
_MOST_LINKS = 50


def emit_model_pages(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """One page per model, next to its JSON."""
    users = _users(routing, names)
    for route in routing.routes:
        about = route.about
        picture = route_view(route, names)
        used_by = users.get(route.model_id, [])
        yield page(
            f"models/{route.model_id}.html",
            "model",
            frame,
            route=route,
            notice=_notice(route),
            replaced_by=None if about.replaced_by is None else names.model(about.replaced_by),
            json=names.links.model(route.model_id, "json"),
            forge=links_for(context.repository, about.path, about.line),
            picture=route_svg(picture),
            spelled=spell_route(picture),
            facts=list(_facts(route, names)),
            upstreams=list(_upstreams(route, names)),
            fallbacks=[
                Row.of(_CONDITIONS[condition], *map(names.model, ids))
                for condition, ids in route.fallback_models.items()
            ],
            used_by=[names.model(user) for user in used_by[:_MOST_LINKS]],
            used_by_more=f"and {len(used_by) - _MOST_LINKS:,} more" if len(used_by) > _MOST_LINKS else "",
            reach=list(_reach(route, names)),
            reach_words=_reach_words(route),
            metadata=json.dumps(about.metadata, indent=2, ensure_ascii=False) if about.metadata else "",
        )


def _users(routing: RoutingTable, names: Wording) -> Mapping[str, list[str]]:
    """The models that fall back to a model, by the id of the latter."""
    users: dict[str, dict[str, None]] = {}
    for route in routing.routes:
        for ids in route.fallback_models.values():
            for name in ids:
                users.setdefault(names.meant(name), {})[route.model_id] = None
    return {model_id: list(found) for model_id, found in users.items()}


def _notice(route: Route) -> str:
    if route.status == "disabled":
        return "This model is disabled: requests for it get 404."
    if not route.tiers:
        return "No head of this model is in service: requests for it fail."
    if route.status == "deprecated":
        sunset = f" and will be removed on {route.about.sunset}" if route.about.sunset else ""
        return f"This model is deprecated{sunset}."
    return ""


def _facts(route: Route, names: Wording) -> Iterator[Row]:
    about = route.about
    yield Row.of("Region", names.region(route.region))
    yield Row.of("Priority head", names.head(about.priority_head))
    if about.fallback_heads:
        yield Row.of("Fallback heads", *map(names.head, about.fallback_heads))
    if about.weights:
        weights = [
            Link(text=f"{names.head_titles[head]}: weight {weight}", href=names.links.head(head))
            for head, weight in about.weights.items()
        ]
        yield Row.of("Load balancing", _POLICIES[route.policy], *weights)
    if route.aliases:
        yield Row.of("Aliases", *route.aliases)
    if route.prefixes:
        yield Row.of("Matches", *(f"every name that begins with {prefix}" for prefix in route.prefixes))
    yield Row.of("Visibility", route.visibility)
    if route.groups:
        yield Row.of("Groups", *route.groups)
    clients = ["anywhere"] if route.client_regions is None else map(names.region, route.client_regions)
    yield Row.of("Clients from", *clients)
    yield Row.of("Limits", *(_limits(route) or ["none"]))
    yield from _retries(route)


def _retries(route: Route) -> Iterator[Row]:
    """When the edge asks the next head, as far as the model says."""
    if route.first_byte_seconds is not None:
        yield Row.of("First byte", f"within {count(route.first_byte_seconds, 'second')}")
    if route.retry_on is not None:
        yield Row.of(
            "Retry on", *(map(str, route.retry_on) if route.retry_on else ["no further status code"])
        )
    if route.hedge:
        yield Row.of("Hedge", "a second head is asked when the first is late")


def _upstreams(route: Route, names: Wording) -> Iterator[tuple[str, str | None, list[Row]]]:
    """Title, URL for the copy button and rows of each deployment, or of the target of each head."""
    titled = [(host(target), target) for target in route.targets]
    titled += [(f"On {names.head_titles[head]}", target) for head, target in route.local_targets.items()]
    for title, target in titled:
        url = target.endpoint if isinstance(target.endpoint, str) else None
        yield title, url, list(_upstream(target, names))


def _upstream(target: Upstream, names: Wording) -> Iterator[Row]:
    yield Row.of("Endpoint", endpoint(target))
    yield Row.of("Provider", target.provider)
    yield Row.of("Upstream model", target.upstream_model)
    yield Row.of("API key", key(target.api_key))
    if target.region is not None:
        yield Row.of("Region", names.region(target.region))
    yield Row.of("Location", target.location.words)
    for term, value in (("Weight", target.weight), ("Order", target.order)):
        if value is not None:
            yield Row.of(term, str(value))
    limits = _limits(target)
    if limits:
        yield Row.of("Limits", *limits)
    yield from (Row.of(name, setting(value)) for name, value in target.params.items())
    yield from (Row.of(f"Adds {name}", setting(value)) for name, value in target.request.items())
    yield from (Row.of(name, setting(value)) for name, value in target.model_info.items())


def _reach(route: Route, names: Wording) -> Iterator[Row]:
    """Each region that a request may reach, and through what."""
    heads: dict[str, list[str]] = {}
    for head in route.heads:
        heads.setdefault(names.index.heads[head].region, []).append(head)
    upstreams = {code for target in route.targets for code in target.location.regions}
    for code in route.reach:
        through = [*heads.get(code, ())]
        if code in upstreams:
            through.append("a deployment")
        words = listed(through) if through else "a fallback model"
        region = names.region(code)
        yield Row.of(region.text, Link(text=f"through {words}", href=region.href))


def _reach_words(route: Route) -> str:
    if not route.reach:
        return "Requests for this model are not sent anywhere."
    return (
        f"Requests for this model may reach {count(len(route.reach), 'region')}, including fallback models."
    )


def _limits(of: Route | Upstream) -> list[str]:
    figures = ((of.rpm, "request"), (of.tpm, "token"))
    return [f"{count(figure, unit)} a minute" for figure, unit in figures if figure is not None]
