"""`gateways/<target>/`: the configurations of the gateways in `targets`.

An emitter gets the routing table and the settings of its target, nothing else. What its gateway cannot express, a rule
(`MS7xx`) reports at the field that requires it, so an emitter can write everything that it gets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from modelspec.emit import Origin
from modelspec.emit.artifact import Artifact
from modelspec.fleet.client_keys import ClientKey
from modelspec.gateways import GatewayOptions, prometheus
from modelspec.gateways.envoy import emit as envoy
from modelspec.gateways.litellm import emit as litellm
from modelspec.routing.table import RoutingTable

GATEWAYS: Mapping[str, Callable[[RoutingTable, GatewayOptions], Iterator[Artifact]]] = {
    "envoy": envoy.emit,
    "litellm": litellm.emit,
    "prometheus": prometheus.emit,
}
"""By the name in `targets`, in the order of writing."""


def emit_gateways(
    routing: RoutingTable,
    targets: Sequence[str],
    options: Mapping[str, Mapping[str, object]],
    edges: Sequence[tuple[str, str]],
    origin: Origin | None = None,
    client_keys: Sequence[ClientKey] | None = None,
    key_set: str = "",
    litellm: Mapping[str, object] = MappingProxyType({}),
) -> Iterator[Artifact]:
    """Every artifact of the gateways in `targets`, in the order of `GATEWAYS`."""
    for name, emitter in GATEWAYS.items():
        if name in targets:
            gateway = GatewayOptions(
                options=options.get(name, {}),
                edges=dict(edges),
                targets=frozenset(targets),
                commit=origin.commit if origin else None,
                digest=origin.digest if origin else "",
                key_set=key_set,
                litellm=litellm,
                client_keys=None if client_keys is None else tuple(client_keys),
            )
            yield from emitter(routing, gateway)
