"""`gateways/litellm/`: a LiteLLM proxy for each head that serves.

For each head there are two files: the proxy's configuration, and the environment variables that it reads
(`<head_id>.env.json`), so that a start can be refused while one is missing.
"""

from collections.abc import Iterator

from modelspec.emit.artifact import Artifact
from modelspec.gateways.gateway import GatewayOptions
from modelspec.gateways.litellm.config import config, variables
from modelspec.gateways.litellm.groups import LiteLLMGroups
from modelspec.routing.table import RoutingTable

__all__ = ["emit"]


def emit(routing: RoutingTable, options: GatewayOptions) -> Iterator[Artifact]:
    """Two artifacts a head, in the order of the heads; none for a head that is offline."""
    fleet = LiteLLMGroups(routing)
    for head in routing.heads:
        if head.status == "offline":
            continue
        served = fleet.served_by(head.head_id)
        path = f"gateways/litellm/{head.head_id}"
        yield Artifact(path=f"{path}.yaml", content=config(served, options.options))
        yield Artifact(path=f"{path}.env.json", content=variables(served))
