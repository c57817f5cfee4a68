"""What `status` asks: every head and every upstream of a routing table, each once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from modelspec.fleet.reference import Reference
from modelspec.routing.table import HeadEntry, Route, RoutingTable
from modelspec.url import judge, normal_url, parts
from modelspec.url.address import AddressKind
from modelspec.url.host import standing

HEAD = "head"
UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A head or an upstream.

    `key` is the id of the head, or the upstream as `upstream_key` gives it. `url` is what is asked, None where nothing
    is, which `skipped` explains. `is_private`: the URL is in a variable, and nothing of it is shown.
    `is_counted`: it is meant to answer; an offline head is probed and not counted.
    """

    kind: str
    key: str
    url: str | None
    skipped: str = ""
    is_private: bool = False
    is_counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """The outcome of one probe: `is_up` is None where nothing is known.

    `reason` says why it is not up, and holds nothing of an answer. `code` is the HTTP status. `latency_ms` runs from
    the start of the connection to the headers of the answer; `certificate_expires` is that of the TLS certificate.
    """

    is_up: bool | None
    reason: str = ""
    code: int | None = None
    latency_ms: int | None = None
    certificate_expires: datetime | None = None


def upstream_key(endpoint: str | Reference | None) -> str | None:
    """The one spelling of an upstream: its URL, or `env:NAME`; None where an SDK knows the address."""
    if isinstance(endpoint, Reference):
        return str(endpoint)
    return None if endpoint is None else normal_url(endpoint).rstrip("/")


def subjects_of(table: RoutingTable, environment: Mapping[str, str]) -> tuple[Watched, ...]:
    """Heads in the order of the table, then upstreams of routed models by key.

    A URL in a variable is taken from `environment`, which is that of this process and need not be the gateway's.
    """
    local = {head.head_id: _is_loopback(head.url) for head in table.heads}
    endpoints: dict[str, str | Reference] = {}
    remote: set[str] = set()
    for route in table.routes:
        for head, endpoint in _endpoints(route):
            key = upstream_key(endpoint)
            if key is not None and endpoint is not None:
                endpoints.setdefault(key, endpoint)
                if not (local[head] if head else all(local[one] for one in route.heads)):
                    remote.add(key)
    return (
        *map(_head, table.heads),
        *(
            _upstream(key, endpoint, environment, is_remote=key in remote)
            for key, endpoint in sorted(endpoints.items())
        ),
    )


def _endpoints(route: Route) -> Iterator[tuple[str, str | Reference | None]]:
    """The endpoints of a route, each with the head that it belongs to, if it is one head's own."""
    if route.tiers:
        yield from (("", target.endpoint) for target in route.targets)
        yield from ((head, target.endpoint) for head, target in route.local_targets.items())


def _head(head: HeadEntry) -> Watched:
    url = head.url.rstrip("/") + head.health_path
    return Watched(kind=HEAD, key=head.head_id, url=url, is_counted=head.status != "offline")


def _upstream(
    key: str, endpoint: str | Reference, environment: Mapping[str, str], *, is_remote: bool
) -> Watched:
    if isinstance(endpoint, str):
        if is_remote and _is_loopback(endpoint):
            return Watched(kind=UPSTREAM, key=key, url=None, skipped="on the machine of the head")
        return Watched(kind=UPSTREAM, key=key, url=key)
    url = environment.get(endpoint.written, "")
    skipped = ""
    if not url:
        skipped = "the variable is not set here"
    elif judge(url, local=not is_remote):
        skipped = "the variable holds no URL that validate would accept"
    return Watched(kind=UPSTREAM, key=key, url=None if skipped else url, skipped=skipped, is_private=True)


def _is_loopback(url: str) -> bool:
    found = parts(url)
    place = standing(found.host) if found else None
    return place is not None and place.kind is AddressKind.LOOPBACK
