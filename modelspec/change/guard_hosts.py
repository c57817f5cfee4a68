"""The guard of hosts: no key, and no request of a model with a key, to a host that did not receive it before."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from modelspec.change.effect import Effect, Quoted, Subject, Words, listed
from modelspec.change.guard_counts import Breach, Change
from modelspec.change.sides import Sides, place_of, targets_of
from modelspec.fleet.model import Fleet, Head, Model, Upstream
from modelspec.fleet.providers import ADDRESS_PARAM
from modelspec.fleet.reference import Reference
from modelspec.routing.table import Route
from modelspec.text.document import Place, Pointer
from modelspec.text.quote import quote
from modelspec.url import host_of

_REGION_NAME = re.compile(r"(?:^|_)(?:region|region_name|location)$")
"""Params from which a provider derives its host: `aws_region_name`, `vertex_location`."""


def new_hosts(change: Change, models: Sequence[Model], fleet: Fleet) -> Iterator[Breach]:
    """Each model with a host that is new to it or to one of its keys, by id and host.

    `models` and `fleet` are those of the state after the change, and know where a host is declared.
    """
    olds: dict[str, list[Route]] = {}
    for old, new in change.answers():
        olds.setdefault(new.model_id, []).append(old)
    by_id = {model.model_id: model for model in models}
    # A route that is the same object in both tables, and answers for no other, has no new host.
    others = [route for route in change.after.routes if not _is_kept(route, olds.get(route.model_id, ()))]
    hosts_of_keys = _hosts_of_keys(change.before.routes, others)
    for route in others:
        common = _common_hosts(route, olds.get(route.model_id, ()))
        found: dict[str, Breach] = {}
        for target, deployment, head_id in _sources(route, by_id[route.model_id]):
            keys = [key for key in _keys(target) if key in hosts_of_keys]
            for host, pointer in hosts(target).items():
                strange = next((key for key in keys if host not in hosts_of_keys[key]), None)
                if strange is not None or (common is not None and host not in common):
                    place = _place(route, deployment, pointer, fleet.heads.get(head_id))
                    found.setdefault(host, _breach(route, host, strange, place))
        for host in sorted(found):
            yield found[host]


def hosts(target: Upstream) -> dict[str, Pointer]:
    """Every host that a target may send to, and where its deployment declares it.

    A host held by a variable is `env:NAME`, one that a provider derives from a region is `bedrock:eu-west-1`.
    """
    found: dict[str, Pointer] = {}
    for name, value in target.params.items():
        is_address = ADDRESS_PARAM.search(name) is not None
        if isinstance(value, Reference) and is_address:
            found[str(value)] = ("params", name)
        elif isinstance(value, str) and (is_address or "://" in value):
            found[_host(value)] = ("params", name)
    if target.endpoint is None:
        regions = [str(value) for name, value in sorted(target.params.items()) if _REGION_NAME.search(name)]
        found[":".join([target.provider, *regions])] = ("provider",)
    elif isinstance(target.endpoint, str):
        found[_host(target.endpoint)] = ("endpoint",)
    else:
        found[str(target.endpoint)] = ("endpoint",)
    return found


_MOST_PLACES = 3


def key_effects(sides: Sides) -> Iterator[Effect]:
    """Each key and each host to which only the state after the change sends it."""
    known = {route.model_id: route for route in sides.before.table.routes}
    others = [route for route in sides.after.table.routes if known.get(route.model_id) is not route]
    hosts_of_keys = _hosts_of_keys(known.values(), others)
    new: dict[tuple[str, str], list[Route]] = {}
    for route in others:
        pairs = {
            (key, host) for target in targets_of(route) for key in _keys(target) for host in hosts(target)
        }
        for key, host in pairs:
            if host not in hosts_of_keys.get(key, ()):
                new.setdefault((key, host), []).append(route)
    for (key, host), routes in sorted(new.items(), key=lambda pair: pair[0]):
        before = sorted(hosts_of_keys.get(key, ()))
        earlier: Words = (
            ("; the base sends it to ", *listed(before)) if before else ("; no model of the base has it",)
        )
        yield Effect(
            "key-sent",
            Subject("key", key),
            ("is sent to ", Quoted(host), *earlier),
            before=before,
            after=host,
            places=tuple(place_of(route, "after") for route in routes[:_MOST_PLACES]),
            touches=tuple(sorted(route.model_id for route in routes)),
        )


def _common_hosts(route: Route, olds: Sequence[Route]) -> set[str] | None:
    """The hosts that all models had whose names this one answers to; None where none of them has a key."""
    if not olds or not any(_keys(target) for one in (route, *olds) for target in targets_of(one)):
        return None
    return set.intersection(*({host for target in targets_of(old) for host in hosts(target)} for old in olds))


def _sources(route: Route, model: Model) -> Iterator[tuple[Upstream, Upstream, str]]:
    """Each target, its deployment, and the head that runs it, if any."""
    if route.local_inference:
        for head_id, target in route.local_targets.items():
            yield target, model.deployments[0], head_id
    else:
        for target, deployment in zip(route.targets, model.deployments, strict=True):
            yield target, deployment, ""


def _place(route: Route, deployment: Upstream, pointer: Pointer, head: Head | None) -> Place:
    """Where the host is declared; an endpoint that the deployment omits is its provider's, or its head's."""
    if pointer == ("endpoint",) and deployment.endpoint is None:
        if head is not None:
            return Place(path=head.place.path, pointer=(*head.place.pointer, "inference_url"))
        pointer = ("provider",)
    return Place(path=route.about.path, pointer=(*deployment.pointer, *pointer))


def _breach(route: Route, host: str, key: str | None, place: Place) -> Breach:
    if key is None:
        what = f"sends requests to {quote(host)}, where the base does not send them"
    else:
        what = f"sends the key {quote(key)} to {quote(host)}, where no model of the base sends it"
    return Breach(
        subject=f"{route.model_id} {host}",
        message=f"model {quote(route.model_id)} {what}",
        label="new host",
        help="check who owns the host",
        place=place,
    )


def _is_kept(route: Route, olds: Sequence[Route]) -> bool:
    return len(olds) == 1 and olds[0] is route


def _hosts_of_keys(routes: Iterable[Route], asking: Iterable[Route]) -> dict[str, set[str]]:
    """Where `routes` send each key that the `asking` routes use."""
    asked = {key for route in asking for target in targets_of(route) for key in _keys(target)}
    known: dict[str, set[str]] = {}
    if not asked:
        return known
    for route in routes:
        for target in targets_of(route):
            for key in asked.intersection(_keys(target)):
                known.setdefault(key, set()).update(hosts(target))
    return known


def _keys(target: Upstream) -> list[str]:
    """The references whose values a target sends: its key, and references in `params`."""
    references = [target.api_key, *target.params.values()]
    return [str(value) for value in references if isinstance(value, Reference)]


@lru_cache(maxsize=4096)  # models of one provider share it, and each is looked up three times
def _host(url: str) -> str:
    """The host in its normal form; the text itself where it is not a URL."""
    return host_of(url) or url
