"""`gateways/envoy/<edge_id>/`: an Envoy at the edge, which chooses the head.

`bootstrap.json` refers to `clusters.json` and `listener.json`, the listener to `routes.json`: Envoy reloads these three
when they change. `static.json` has the same in one file, for validation. docs/gateways.md describes deployment.
"""

from collections.abc import Iterator
from functools import partial
from hashlib import sha256

from modelspec.emit.artifact import Artifact, encode
from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.api import Message, Options, watched
from modelspec.gateways.envoy.authentication import Authentication
from modelspec.gateways.envoy.clusters import Clusters
from modelspec.gateways.envoy.identity import BuiltFrom, identified
from modelspec.gateways.envoy.listener import listener
from modelspec.gateways.envoy.observe import admin, metrics_listener, statistics
from modelspec.gateways.envoy.routes import ROUTES, route_configuration
from modelspec.gateways.envoy.tls import secrets
from modelspec.routing.table import RoutingTable

DEFAULT_EDGE = "edge"
"""The id of the only edge, if the fleet declares none."""


def emit(routing: RoutingTable, gateway: GatewayOptions) -> Iterator[Artifact]:
    """The files of each edge, by id; `files` lists them."""
    options = Options.of(gateway.options, gateway.targets)
    for edge_id, region in sorted((gateway.edges or {DEFAULT_EDGE: None}).items()):
        built = BuiltFrom.of(edge_id, gateway)
        clients = Authentication.of(gateway, routing, options)
        for name, message in _files(routing, built, region, options, clients):
            yield Artifact(path=f"gateways/envoy/{edge_id}/{name}", content=laid_out(message))


def _files(
    routing: RoutingTable,
    built: BuiltFrom,
    region: str | None,
    options: Options,
    clients: Authentication,
) -> Iterator[tuple[str, Message]]:
    edge_id, about = built.edge_id, built.metadata
    known = Clusters(routing.heads, options)
    routes = {**route_configuration(routing, region, known, options, about), "metadata": about}
    clusters = list(known.messages())
    rds = {"rds": {"route_config_name": ROUTES, "config_source": watched("routes.json", options)}}
    dynamic, own = {"dynamic_resources": dynamic_resources(options)}, metrics_listener(options)
    bootstrap = identified({**_process(edge_id, region, options), **own, **dynamic}, edge_id)
    yield "bootstrap.json", bootstrap
    for file, secret in secrets(options).items():
        yield file, discovery([secret])
    yield "clusters.json", discovery(clusters)
    for name, resource in (*clients.secrets(), *clients.extensions()):
        yield name, discovery([resource])
    source = partial(watched, options=options)
    access = clients.filters(region, source)
    yield "listener.json", discovery([listener(edge_id, region, rds, options, access)])
    yield "routes.json", discovery([routes])
    access = clients.filters(region, source, is_inline=True)
    resources = {
        "listeners": [plain(listener(edge_id, region, {"route_config": plain(routes)}, options, access))],
        "clusters": [plain(one) for one in clusters],
    }
    if clients.stand_ins:
        resources["secrets"] = clients.stand_ins
    for kind, more in own.get("static_resources", {}).items():
        resources[kind] += more
    process = {name: value for name, value in bootstrap.items() if name not in {**dynamic, **own}}
    yield "static.json", {**process, "static_resources": resources}


def dynamic_resources(options: Options) -> Message:
    """What the bootstrap refers to: clusters and the listener, which refers to the routes."""
    files = {"cds": "clusters.json", "lds": "listener.json"}
    return {f"{kind}_config": watched(file, options) for kind, file in files.items()}


def _process(edge_id: str, region: str | None, options: Options) -> Message:
    locality = {} if region is None else {"locality": {"region": region}}
    return {
        "node": {"id": edge_id, "cluster": "modelspec-edge", **locality},
        "admin": admin(options),
        **statistics(),
    }


def plain(resource: Message) -> Message:
    """A resource without its type, as it is inside another message."""
    return {name: value for name, value in resource.items() if name != "@type"}


def discovery(resources: list[Message]) -> Message:
    """A file of resources; the version, which Envoy reports at its admin port, is their digest."""
    digest = sha256(encode(resources).encode()).hexdigest()
    return {"version_info": digest[:16], "resources": resources}


_WIDTH = 800
"""Longer lines are split; the entry of a model takes about 300 characters."""


def laid_out(value: object) -> bytes:
    """The text of a JSON value, with a line end. What fits is on one line: a changed model is a changed line."""
    return ("".join(_parts(value)) + "\n").encode()


def _parts(value: object) -> Iterator[str]:
    # A long value would be encoded again at every level above it.
    line = encode(value) if _is_short(value) else None
    if line is not None and len(line) <= _WIDTH:
        yield line
    elif isinstance(value, dict):
        separator = "{\n"
        for name, item in value.items():
            yield f"{separator}{encode(name)}: "
            yield from _parts(item)
            separator = ",\n"
        yield "\n}"
    elif isinstance(value, list):
        separator = "[\n"
        for item in value:
            yield separator
            yield from _parts(item)
            separator = ",\n"
        yield "\n]"
    else:
        yield encode(value)


def _is_short(value: object) -> bool:
    """Whether a value may fit on a line, by the lengths of its first strings."""
    length = 0
    left = [value]
    while left and length <= _WIDTH:
        one = left.pop()
        if isinstance(one, str):
            length += len(one)
        elif isinstance(one, dict):
            length += len(one)
            left.extend(one)
            left.extend(one.values())
        elif isinstance(one, list):
            length += len(one)
            left.extend(one)
    return length <= _WIDTH
