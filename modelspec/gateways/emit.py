"""`gateways/<target>/`: the configurations of the gateways that `targets` names.

An emitter sees the routing table and the settings of its own target, nothing else. What its gateway cannot express is
a rule (`MS7xx`) at the field that asks for it, so that an emitter meets only what it can write.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from modelspec.emit.artifact import Artifact
from modelspec.gateways import GatewayOptions, prometheus
from modelspec.gateways.envoy import emit as envoy
from modelspec.gateways.litellm import emit as litellm
from modelspec.routing.table import RoutingTable

GATEWAYS: Mapping[str, Callable[[RoutingTable, GatewayOptions], Iterator[Artifact]]] = {
    "envoy": envoy.emit,
    "litellm": litellm.emit,
    "prometheus": prometheus.emit,
}
"""By the name in `targets`, in the order in which they are written."""


def emit_gateways(
    routing: RoutingTable,
    targets: Sequence[str],
    options: Mapping[str, Mapping[str, object]],
    edges: Sequence[tuple[str, str]],
) -> Iterator[Artifact]:
    """Every artifact of the gateways that `targets` names, whatever their order there."""
    for name, emitter in GATEWAYS.items():
        if name in targets:
            yield from emitter(routing, GatewayOptions(options=options.get(name, {}), edges=dict(edges)))
