"""Where the keys of a model go: each reference with the hosts that receive what it stands for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from modelspec.fleet.location import runs_on_heads
from modelspec.fleet.model import Fleet, KeyRule, Model, Upstream
from modelspec.fleet.providers import LITELLM_HOSTS, REGION, REGION_PARAMS, endpoint_of
from modelspec.fleet.reference import Reference, objection
from modelspec.secret import telling_key
from modelspec.text.document import Pointer
from modelspec.text.names import is_match
from modelspec.url import LONGEST, host_of, judged

_WEB = re.compile(r"https?:", re.IGNORECASE)
_REGIONS = {name for params in REGION_PARAMS.values() for name in params}


Whatever = TypeVar("Whatever")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDestination:
    """A URL that receives a key.

    `host` is None where the gateway's environment decides it, or a provider's region; `pointer` is None where the file
    does not write the URL out.
    """

    host: str | None
    pointer: Pointer | None


def key_references(deployment: Upstream) -> Iterator[tuple[Reference, Pointer]]:
    """The references whose values are sent upstream: the API key, then those among the params."""
    if deployment.api_key is not None:
        yield deployment.api_key, (*deployment.pointer, "api_key")
    for name, value in deployment.params.items():
        if isinstance(value, Reference):
            yield value, (*deployment.pointer, "params", name)


def destinations(deployment: Upstream, model: Model, fleet: Fleet) -> Iterator[KeyDestination]:
    """Every URL that a gateway may send the keys of a deployment to, params that lead elsewhere included."""
    pointer = (*deployment.pointer, "endpoint")
    if isinstance(deployment.endpoint, str):
        yield KeyDestination(host=_host(deployment.endpoint) or _meant(deployment.endpoint), pointer=pointer)
    elif isinstance(deployment.endpoint, Reference):
        yield KeyDestination(host=None, pointer=pointer)
    elif runs_on_heads(model):
        for head_id in model.heads:
            head = fleet.heads.get(head_id)
            if head is not None and head.inference_url is not None:
                yield KeyDestination(host=_host(head.inference_url), pointer=None)
    else:
        yield from _implied(deployment.provider, fleet)
    for name, value in deployment.params.items():
        if isinstance(value, str) and _WEB.match(value):
            yield KeyDestination(host=_host(value), pointer=(*deployment.pointer, "params", name))
        elif name in _REGIONS and isinstance(value, str) and not REGION.fullmatch(value):
            yield KeyDestination(host=None, pointer=(*deployment.pointer, "params", name))


def _implied(provider: str, fleet: Fleet) -> Iterator[KeyDestination]:
    public = endpoint_of(provider)
    yield KeyDestination(host=None if public is None else _host(public), pointer=None)
    if "litellm" in fleet.targets:
        for host in LITELLM_HOSTS.get(provider, ()):
            yield KeyDestination(host=host, pointer=None)


def key_hosts(model: Model) -> Iterator[tuple[str, str, Pointer]]:
    """Each reference of a model, as `kind:name`, with a host that receives what it stands for and its pointer.

    Hosts that the environment or a head decides are left out: they are the organisation's. So are URLs with a fault
    of their own, which is already reported.
    """
    if runs_on_heads(model):
        return
    for deployment in model.deployments:
        endpoint = deployment.endpoint or endpoint_of(deployment.provider)
        if not isinstance(endpoint, str) or judged(endpoint, False):
            continue
        host = _host(endpoint)
        if host is None:
            continue
        for reference, pointer in key_references(deployment):
            yield str(reference), host, pointer


def without_refused(model: Model, folders: tuple[str, ...]) -> Model:
    """The model with a name of no meaning in place of each that may be a key itself: of MS503 and MS504."""

    def is_refused(value: object) -> bool:
        found = objection(value, folders) if isinstance(value, Reference) else None
        return found is not None and found.is_private and found.code != "MS517"

    if not any(
        is_refused(one.api_key) or is_refused(one.endpoint) or any(map(is_refused, one.params.values()))
        for one in model.deployments
    ):
        return model

    def kept(value: Whatever) -> Whatever | Reference:
        if not is_refused(value):
            return value
        return Reference(kind=value.kind, normal="***", written="***")  # type: ignore[attr-defined]

    deployments = tuple(
        replace(
            one,
            endpoint=kept(one.endpoint),
            api_key=kept(one.api_key),
            params={name: kept(value) for name, value in one.params.items()} if one.params else one.params,
        )
        for one in model.deployments
    )
    return replace(model, deployments=deployments)


def is_place_of_key(pointer: Pointer) -> bool:
    """Whether a field holds what is meant to be secret, by its name; a region may stand in a variable as well."""
    return pointer[-1] == "api_key" or telling_key(str(pointer[-1]))


def allowed_hosts(key: Reference, policy: tuple[KeyRule, ...]) -> tuple[str, ...] | None:
    """The host patterns of every entry that names a key; None where none does, so that it may go anywhere."""
    named = [entry for entry in policy if entry.names(str(key))]
    return tuple(host for entry in named for host in entry.hosts) if named else None


def may_go_to(host: str | None, allowed: tuple[str, ...]) -> bool:
    """Whether a host is among the patterns; an unknown one is not."""
    return host is not None and any(is_match(pattern, host) for pattern in allowed)


_SLIP = re.compile(r"(?:https?:/{0,3})?([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})(?:/[\w./-]*)?", re.ASCII)


def _meant(url: str) -> str | None:
    """The host of a URL whose scheme or slashes are wrong, which is a fault of its own."""
    slip = _SLIP.fullmatch(url) if len(url) <= LONGEST else None
    return None if slip is None else slip[1]


def _host(url: str) -> str | None:
    return _short_host(url) if len(url) <= LONGEST else host_of(url)


_short_host = lru_cache(maxsize=1024)(host_of)
"""A fleet has few endpoints; only short ones are kept, so that a pull request cannot fill the memory."""
