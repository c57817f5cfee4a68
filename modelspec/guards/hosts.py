"""The guard of keys: no key, and no request beside a key, to a host that did not get it before."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from modelspec.catalog import Model, Place
from modelspec.document import Pointer
from modelspec.guards.breach import Breach
from modelspec.guards.change import Change
from modelspec.quote import quote
from modelspec.routing import Route, Target
from modelspec.url import host_of

_ADDRESS_NAME = re.compile(r"(?:^|_)(?:url|base|endpoint|host)$")
"""Params that hold addresses: `api_base`, `base_url`, `aws_bedrock_runtime_endpoint`."""
_REGION_NAME = re.compile(r"(?:^|_)(?:region|region_name|location)$")
"""Params by which a provider finds its host: `aws_region_name`, `vertex_location`."""


def new_hosts(change: Change, models: Sequence[Model]) -> Iterator[Breach]:
    """Each model and host that is new to it or to one of its keys, in the order of the ids, then of the hosts.

    `models` are those of the state after the change: they know where in a file a host is named.
    """
    hosts_of_keys = _hosts_of_keys(change.before.routes)
    before = {new.model_id: old for old, new in change.kept()}
    by_id = {model.model_id: model for model in models}
    for route in change.after.routes:
        old = before.get(route.model_id)
        known = None if old is None else {host for target in _targets(old) for host in hosts(target)}
        had_key = old is not None and any(_keys(target) for target in _targets(old))
        has_key = any(_keys(target) for target in _targets(route))
        found: dict[str, Breach] = {}
        for position, target in enumerate(_targets(route)):
            keys = [key for key in _keys(target) if key in hosts_of_keys]
            for host, pointer in hosts(target).items():
                is_new = known is not None and host not in known and (had_key or has_key)
                strange = next((key for key in keys if host not in hosts_of_keys[key]), None)
                if is_new or strange is not None:
                    model = by_id[route.model_id]
                    deployment = model.deployments[0 if route.local_inference else position]
                    found.setdefault(host, _breach(route, host, strange, (*deployment.pointer, *pointer)))
        for host in sorted(found):
            yield found[host]


def hosts(target: Target) -> dict[str, Pointer]:
    """Every host that a target may send to, and where its deployment names it.

    A host that a variable holds is `env:NAME`, one that a provider finds by a region `bedrock:eu-west-1`.
    """
    found: dict[str, Pointer] = {}
    for name, value in target.params.items():
        is_address = _ADDRESS_NAME.search(name) is not None
        if isinstance(value, Mapping) and is_address:
            found[_reference(value)] = ("params", name)
        elif isinstance(value, str) and (is_address or "://" in value):
            found[_host(value)] = ("params", name)
    if target.endpoint is None:
        regions = [
            _reference(value) if isinstance(value, Mapping) else str(value)
            for name, value in sorted(target.params.items())
            if _REGION_NAME.search(name)
        ]
        found[":".join([target.provider, *regions])] = ("provider",)
    elif isinstance(target.endpoint, str):
        found[_host(target.endpoint)] = ("endpoint",)
    else:
        found[_reference(target.endpoint)] = ("endpoint",)
    return found


def _breach(route: Route, host: str, key: str | None, pointer: Pointer) -> Breach:
    what = "its requests" if key is None else f"the key {quote(key)}"
    return Breach(
        subject=f"{route.model_id} {host}",
        message=f"model {quote(route.model_id)} sends {what} to {quote(host)}, where the base does not send them"
        if key is None
        else f"model {quote(route.model_id)} sends {what} to {quote(host)}, where no model of the base sends it",
        label="another host",
        help="check who owns the host",
        place=Place(path=route.about.path, pointer=pointer),
    )


def _hosts_of_keys(routes: Iterable[Route]) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for route in routes:
        for target in _targets(route):
            for key in _keys(target):
                known.setdefault(key, set()).update(hosts(target))
    return known


def _targets(route: Route) -> Sequence[Target]:
    return tuple(route.local_targets.values()) if route.local_inference else route.targets


def _keys(target: Target) -> list[str]:
    """The references whose values a target sends or uses: its key, and what `params` take from elsewhere."""
    references = [target.api_key, *target.params.values()]
    return [_reference(value) for value in references if isinstance(value, Mapping)]


def _reference(reference: Mapping[str, object]) -> str:
    """`env:NAME`, `file:/path`, `vault:path#key` or `kubernetes:{"key": …, "secret": …}`."""
    ((kind, target),) = reference.items()
    return f"{kind}:{target if isinstance(target, str) else json.dumps(target, sort_keys=True)}"


def _host(url: str) -> str:
    """The host in one spelling; of what is no URL, the text itself."""
    return host_of(url) or url
