"""`gateways/envoy/<edge_id>/`: an Envoy at the edge, which picks the head.

`bootstrap.json` leads to `clusters.json` and `listener.json`, the listener to `routes.json`: Envoy reads these three
again when they change. `static.json` holds the same in one file, for validation. docs/gateways.md says how they are
deployed.
"""

from collections.abc import Iterator
from hashlib import sha256

from modelspec.emit.artifact import Artifact, encode
from modelspec.gateways.envoy.api import Message, Options
from modelspec.gateways.envoy.bootstrap import bootstrap, static, watched
from modelspec.gateways.envoy.clusters import Clusters
from modelspec.gateways.envoy.layout import laid_out
from modelspec.gateways.envoy.listener import listener
from modelspec.gateways.envoy.routes import ROUTES, route_configuration
from modelspec.gateways.gateway import GatewayOptions
from modelspec.routing.table import RoutingTable

DEFAULT_EDGE = "edge"
"""The one edge of a fleet that declares none."""


def emit(routing: RoutingTable, gateway: GatewayOptions) -> Iterator[Artifact]:
    """The five files of each edge, in the order of their ids."""
    options = Options.of(gateway.options)
    regions: dict[str, str | None] = {edge.edge_id: edge.region for edge in gateway.edges}
    for edge_id, region in sorted((regions or {DEFAULT_EDGE: None}).items()):
        for name, message in _files(routing, edge_id, region, options):
            yield Artifact(path=f"gateways/envoy/{edge_id}/{name}", content=laid_out(message))


def _files(
    routing: RoutingTable, edge_id: str, region: str | None, options: Options
) -> Iterator[tuple[str, Message]]:
    known = Clusters(routing.heads, options)
    routes = route_configuration(routing, region, known, options)
    clusters = list(known.messages())
    led = {"rds": {"route_config_name": ROUTES, "config_source": watched("routes.json", options)}}
    held = {"route_config": {name: value for name, value in routes.items() if name != "@type"}}
    yield "bootstrap.json", bootstrap(edge_id, region, options)
    yield "clusters.json", discovery(clusters)
    yield "listener.json", discovery([listener(led, options)])
    yield "routes.json", discovery([routes])
    yield (
        "static.json",
        static(edge_id, region, options, clusters=clusters, listener=listener(held, options)),
    )


def discovery(resources: list[Message]) -> Message:
    """A file of resources; its version, which Envoy tells at its admin port, is their digest."""
    digest = sha256(encode(resources).encode()).hexdigest()
    return {"version_info": digest[:16], "resources": resources}
