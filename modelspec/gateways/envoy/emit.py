"""`gateways/envoy/<edge_id>/`: an Envoy at the edge, which picks the head.

`bootstrap.json` leads to `clusters.json` and `listener.json`, the listener to `routes.json`: Envoy reads these three
again when they change. `static.json` holds the same in one file, for validation. docs/gateways.md says how they are
deployed.
"""

from collections.abc import Iterator
from hashlib import sha256

from modelspec.emit.artifact import Artifact, encode
from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.api import Message, Options
from modelspec.gateways.envoy.clusters import Clusters
from modelspec.gateways.envoy.listener import listener
from modelspec.gateways.envoy.routes import ROUTES, route_configuration
from modelspec.routing.table import RoutingTable

DEFAULT_EDGE = "edge"
"""The one edge of a fleet that declares none."""


def emit(routing: RoutingTable, gateway: GatewayOptions) -> Iterator[Artifact]:
    """The five files of each edge, in the order of their ids."""
    options = Options.of(gateway.options)
    for edge_id, region in sorted((gateway.edges or {DEFAULT_EDGE: None}).items()):
        for name, message in _files(routing, edge_id, region, options):
            yield Artifact(path=f"gateways/envoy/{edge_id}/{name}", content=laid_out(message))


def _files(
    routing: RoutingTable, edge_id: str, region: str | None, options: Options
) -> Iterator[tuple[str, Message]]:
    known = Clusters(routing.heads, options)
    routes = route_configuration(routing, region, known, options)
    clusters = list(known.messages())
    led = {"rds": {"route_config_name": ROUTES, "config_source": watched("routes.json", options)}}
    process = _process(edge_id, region, options)
    yield "bootstrap.json", {**process, "dynamic_resources": led_to(options)}
    yield "clusters.json", discovery(clusters)
    yield "listener.json", discovery([listener(led, options)])
    yield "routes.json", discovery([routes])
    resources = {
        "listeners": [plain(listener({"route_config": plain(routes)}, options))],
        "clusters": [plain(one) for one in clusters],
    }
    yield "static.json", {**process, "static_resources": resources}


def led_to(options: Options) -> Message:
    """What the bootstrap leads to: clusters and listener in files; routes are led to by the listener."""
    files = {"cds": "clusters.json", "lds": "listener.json"}
    return {f"{kind}_config": watched(file, options) for kind, file in files.items()}


def watched(file: str, options: Options) -> Message:
    """A source of configuration: a file, read again when any file is moved into its folder."""
    source = {
        "path": f"{options.config_dir}/{file}",
        "watched_directory": {"path": options.config_dir},
    }
    return {"resource_api_version": "V3", "path_config_source": source}


def _process(edge_id: str, region: str | None, options: Options) -> Message:
    locality = {} if region is None else {"locality": {"region": region}}
    return {
        "node": {"id": edge_id, "cluster": "modelspec-edge", **locality},
        "admin": {
            "address": {
                "socket_address": {"address": options.admin_address, "port_value": options.admin_port}
            }
        },
    }


def plain(resource: Message) -> Message:
    """A resource without what it says that it is, as it stands inside of another message."""
    return {name: value for name, value in resource.items() if name != "@type"}


def discovery(resources: list[Message]) -> Message:
    """A file of resources; its version, which Envoy tells at its admin port, is their digest."""
    digest = sha256(encode(resources).encode()).hexdigest()
    return {"version_info": digest[:16], "resources": resources}


_WIDTH = 800
"""The longest line that is not taken apart; the entry of a model takes about 300 characters."""


def laid_out(value: object) -> bytes:
    """The text of a JSON value, an end of line behind it."""
    return ("".join(_parts(value)) + "\n").encode()


def _parts(value: object) -> Iterator[str]:
    # A long value would be encoded once for every level above it.
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
    """Whether a value may fit on a line, told from the lengths of its first texts."""
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
