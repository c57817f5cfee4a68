"""What the emitter of a gateway is given beside the routing table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.emit.artifact import Artifact
from modelspec.routing.table import RoutingTable


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
