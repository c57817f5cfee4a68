"""`gateways/<target>/`: the configurations of the gateways that `targets` names.

An emitter sees the routing table and the settings of its own target, nothing else. What its gateway cannot express is
a rule (`MS7xx`) at the field that asks for it, so that an emitter meets only what it can write.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.emit.artifact import Artifact
from modelspec.routing import RoutingTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An edge gateway in front of the heads, and the region that it runs in."""

    edge_id: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """What modelspec.yaml says of one target: its `target_options`, and the edges of the fleet."""

    options: Mapping[str, object]
    edges: Sequence[Edge]


GatewayEmitter = Callable[[RoutingTable, GatewayOptions], Iterator[Artifact]]

GATEWAYS: Mapping[str, GatewayEmitter] = {}
"""By the name in `targets`, in the order in which they are written."""


def emit_gateways(
    routing: RoutingTable,
    targets: Sequence[str],
    options: Mapping[str, Mapping[str, object]],
    edges: Sequence[tuple[str, str]],
) -> Iterator[Artifact]:
    """Every artifact of the gateways that `targets` names, whatever their order there."""
    known_edges = [Edge(edge_id=edge_id, region=region) for edge_id, region in edges]
    for name, emitter in GATEWAYS.items():
        if name in targets:
            yield from emitter(routing, GatewayOptions(options=options.get(name, {}), edges=known_edges))
