"""The page of one model."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from modelspec.emit.artifact import Artifact, encode
from modelspec.fleet.model import Upstream
from modelspec.fleet.reference import Reference
from modelspec.routing.table import Route, RoutingTable
from modelspec.site import SiteContext
from modelspec.site.forges import links_for
from modelspec.site.frame import PageFrame, Shell
from modelspec.site.route import CONDITIONS, RouteDrawing
from modelspec.site.wording import Link, Row, Wording, count, endpoint, host, listed, owner_of, setting

_POLICIES = {"round_robin": "round robin", "least_request": "least requests", "random": "random"}
_MOST_LINKS = 50


def emit_model_pages(
    routing: RoutingTable, context: SiteContext, frame: PageFrame, names: Wording
) -> Iterator[Artifact]:
    """One page per model, next to its JSON.

    A page depends on its own route; on the titles of the regions, and the region and status of the heads that it
    names; on its region's rule and what is not proved of it; on the ids, status and reach of its fallback models; and
    on the ids of the models that fall back to it.
    """
    users = _users(routing, names)
    drawing = RouteDrawing(names)
    shell = Shell("model", frame)
    for route in routing.routes:
        used_by = users.get(route.model_id, [])
        yield shell.page(
            f"models/{route.model_id}.html",
            partial(_view, route, used_by, context, names, drawing),
            made_of=(*names.related(route), "used by", *used_by),
        )


def _view(
    route: Route, used_by: Sequence[str], context: SiteContext, names: Wording, drawing: RouteDrawing
) -> Mapping[str, object]:
    """What the template gets of a model, and of those that fall back to it."""
    about = route.about
    links = names.links
    return {
        "title": about.name,
        "of": route.model_id,
        "route": route,
        "notice": _notice(route),
        "replaced_by": None if about.replaced_by is None else names.model(about.replaced_by),
        "json": links.model(route.model_id, "json"),
        "form": links.edit(route.model_id),
        "forge": links_for(context.repository, about.path, about.line),
        "command": f"modelspec edit {shlex.quote(route.model_id)}",
        "drawing": drawing.draw(route),
        "facts": list(_facts(route, names)),
        "upstreams": list(_upstreams(route, names)),
        "used_by": [names.model(user) for user in used_by[:_MOST_LINKS]],
        "used_by_more": _more(used_by, links.models_where(q=f"fallback_model:{route.model_id}")),
        "rule": _rule(route, names),
        "reach": list(_reach(route, names, context.unproved.get(route.model_id, ()))),
        "metadata": [_metadatum(name, value, names) for name, value in about.metadata.items()],
    }


def _more(used_by: Sequence[str], href: str) -> Link | None:
    """A link to the rest of a long list."""
    rest = len(used_by) - _MOST_LINKS
    return Link(text=f"and {rest:,} more", href=href) if rest > 0 else None


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
    owner = owner_of(route)
    if owner is not None:
        yield Row.of("Owner", names.owner(owner))
    yield Row.of("Region", names.region(route.region))
    yield Row.of("Priority head", names.head(about.priority_head))
    if about.fallback_heads:
        yield Row.of("Fallback heads", *map(names.head, about.fallback_heads))
    if about.weights:
        weights = [
            names.head(head)._replace(text=f"{names.head_titles[head]}: weight {weight}")
            for head, weight in about.weights.items()
        ]
        yield Row.of("Load balancing", _POLICIES[route.policy], *weights)
    for condition, models in route.fallback_models.items():
        yield Row.of(f"{CONDITIONS[condition]}, another model", *map(names.model, models))
    if route.aliases:
        yield Row.of("Aliases", *route.aliases)
    if route.prefixes:
        yield Row.of("Matches", *map(_matches, route.prefixes))
    yield Row.of("Visibility", route.visibility)
    if route.groups:
        yield Row.of("Groups", *route.groups)
    clients = ["anywhere"] if route.client_regions is None else map(names.region, route.client_regions)
    yield Row.of("Clients from", *clients)
    yield Row.of("Limits", *(_limits(route) or ["none"]))
    yield from _retries(route)


def _matches(prefix: str) -> str:
    return f"every name that begins with {prefix}" if prefix else "every name that no other model has"


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
    titled += [(f"on {names.head_titles[head]}", target) for head, target in route.local_targets.items()]
    for title, target in titled:
        url = target.endpoint if isinstance(target.endpoint, str) else None
        yield title, url, list(_upstream(target, names))


def _upstream(target: Upstream, names: Wording) -> Iterator[Row]:
    yield Row.of("Endpoint", endpoint(target))
    yield Row.of("Provider", target.provider)
    yield Row.of("Upstream model", target.upstream_model)
    yield Row.of("API key", "none" if target.api_key is None else names.key(target.api_key))
    if target.region is not None:
        yield Row.of("Region", names.region(target.region))
    yield Row.of("Location", target.location.words)
    for term, value in (("Weight", target.weight), ("Order", target.order)):
        if value is not None:
            yield Row.of(term, str(value))
    limits = _limits(target)
    if limits:
        yield Row.of("Limits", *limits)
    for name, param in target.params.items():
        yield Row.of(name, names.key(param) if isinstance(param, Reference) else setting(param))
    yield from (Row.of(f"Adds {name}", setting(value)) for name, value in target.request.items())
    yield from (Row.of(name, setting(value)) for name, value in target.model_info.items())


def _rule(route: Route, names: Wording) -> str:
    if not route.reach:
        return "Requests for this model are not sent anywhere."
    included = ", fallback models included" if route.fallback_models else ""
    return f"{names.rule(route.region)} They may reach {count(len(route.reach), 'region')}{included}."


def _reach(route: Route, names: Wording, unproved: Sequence[str]) -> Iterator[Row]:
    """Each region that a request may reach, and why; then the upstreams of which no declaration says where they run.

    `unproved` is what may be outside of the rule.
    """
    rule = names.index.regions[route.region].residency
    heads: dict[str, list[str]] = {}
    for head in route.heads:
        heads.setdefault(names.index.heads[head].region, []).append(head)
    for code in route.reach:
        reasons: list[str | Link] = []
        if here := heads.get(code):
            reasons.append(
                f"{listed(here)} {_lie(len(here), is_allowed=None if rule is None else code in rule)} here"
            )
        reasons += [
            f"{host(target)} runs here, known by {target.location.known_by}"
            for target in route.targets
            if code in target.location.regions
        ]
        reasons += [
            names.model(name)._replace(text=f"through the fallback model {name}")
            for name, fallback in _fallbacks(route, names)
            if code in fallback.reach
        ]
        yield Row.of(names.region(code), *dict.fromkeys(reasons))
    if route.reach:
        for target in route.targets:
            if not target.location.regions and rule is not None and not unproved:
                yield Row.of(host(target), f"keeps the rule because it {target.location.words}")
    if unproved:
        yield Row.of(
            "Not proved",
            *unproved,
            "Nothing declares where it runs: set upstream_region, or name it under upstreams of a region.",
        )


def _lie(heads: int, *, is_allowed: bool | None) -> str:
    """Like "keeps the rule because it lies"."""
    if is_allowed is None:
        return "lies" if heads == 1 else "lie"
    verb = ("keeps the rule" if is_allowed else "is outside the rule", "it lies")
    plural = ("keep the rule" if is_allowed else "are outside the rule", "they lie")
    return " because ".join(verb if heads == 1 else plural)


def _fallbacks(route: Route, names: Wording) -> Iterator[tuple[str, Route]]:
    for name in dict.fromkeys(name for models in route.fallback_models.values() for name in models):
        yield name, names.index.routes[names.meant(name)]


def _metadatum(name: str, value: object, names: Wording) -> Row:
    """A row of the metadata: texts, numbers and lists of them as they are, what is nested as JSON."""
    if isinstance(value, list) and value and not any(isinstance(one, dict | list) for one in value):
        return Row.of(name, *(_plain(one) for one in value))
    if name in ("owner", "team") and isinstance(value, str) and value.strip():
        return Row.of(name, names.owner(value))
    return Row.of(name, _plain(value))


def _plain(value: object) -> Link:
    if isinstance(value, dict | list):
        return Link(text=encode(value), is_code=True)
    return Link(text=value if isinstance(value, str) else encode(value))


def _limits(of: Route | Upstream) -> list[str]:
    figures = ((of.rpm, "request"), (of.tpm, "token"))
    return [f"{count(figure, unit)} a minute" for figure, unit in figures if figure is not None]
