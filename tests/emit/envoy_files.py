"""The files of an Envoy edge, read as Envoy would read them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.emit import emit
from modelspec.routing.table import RoutingTable

LAST_RESORT = " (last resort)"
EDGES: Mapping[str, str | None] = {"edge-us": "us", "edge-eu": "eu"}


def emitted(
    routing: RoutingTable,
    options: Mapping[str, object] | None = None,
    edges: Mapping[str, str | None] = EDGES,
    targets: Sequence[str] = ("envoy",),
    commit: str | None = None,
) -> dict[str, bytes]:
    gateway = GatewayOptions(
        options=options or {}, edges=edges, targets=frozenset(targets), commit=commit, digest="d1"
    )
    return {artifact.path: artifact.content for artifact in emit(routing, gateway)}


@dataclass(frozen=True)
class Files:
    """The files of one edge."""

    bootstrap: Any
    clusters: dict[str, Any]
    listener: Any
    routes: Any
    static: Any

    @property
    def matcher(self) -> Any:
        return self.routes["virtual_hosts"][0]["matcher"]

    @property
    def exact(self) -> dict[str, Any]:
        entries = self.matcher["matcher_tree"]["exact_match_map"]["map"]
        return {name: answer(action) for name, action in entries.items() if name not in {"-", "-models"}}

    @property
    def prefixes(self) -> dict[str, Any]:
        otherwise = self.matcher["on_no_match"].get("matcher")
        if otherwise is None:
            return {}
        entries = otherwise["matcher_tree"]["prefix_match_map"]["map"]
        return {name: answer(action) for name, action in entries.items()}

    @property
    def models(self) -> list[str]:
        action = self.matcher["matcher_tree"]["exact_match_map"]["map"]["-models"]["action"]
        text = action["typed_config"]["metadata"]["filter_metadata"]["modelspec.models"]["names"]
        rows = [line.split("\t") for line in text.strip("\n").split("\n") if line]
        listed = ("public", "internal")
        return [
            name for name, model, access, _ in rows if name == model and access in listed and "*" not in name
        ]


def answer(action: Any) -> dict[str, int] | int:
    """The clusters of an entry with their weights, or the status of a response of the edge."""
    route = action["action"]["typed_config"]
    if "direct_response" in route:
        status: int = route["direct_response"]["status"]
        return status
    if "cluster" in route["route"]:
        name = route["route"]["cluster"]
        return {name if " > " in name else name.removesuffix(LAST_RESORT): 1}
    return {one["name"]: one["weight"] for one in route["route"]["weighted_clusters"]["clusters"]}


def files_of(outputs: Mapping[str, bytes], edge_id: str = "edge-us") -> Files:
    read = {
        name: json.loads(outputs[f"gateways/envoy/{edge_id}/{name}.json"])
        for name in ("bootstrap", "clusters", "listener", "routes", "static")
    }
    (listener,) = read["listener"]["resources"]
    (routes,) = read["routes"]["resources"]
    clusters = read["clusters"]["resources"]
    names = [one["name"] for one in clusters]
    assert len(set(names)) == len(names)
    return Files(read["bootstrap"], dict(zip(names, clusters, strict=True)), listener, routes, read["static"])


def members(cluster: Any) -> list[str]:
    """The members of an aggregate cluster, which it repeats as a last resort; none of other clusters."""
    kind = cluster.get("cluster_type")
    listed = list(kind["typed_config"]["clusters"]) if kind else []
    half = len(listed) // 2
    assert listed[half:] == [f"{name}{LAST_RESORT}" for name in listed[:half]]
    return listed[:half]


def hosts(cluster: Any) -> Iterator[tuple[str, int]]:
    """The heads of a cluster, with their weights."""
    for place in cluster.get("load_assignment", {}).get("endpoints", ()):
        (endpoint,) = place["lb_endpoints"]
        yield place["locality"]["zone"], endpoint["load_balancing_weight"]
