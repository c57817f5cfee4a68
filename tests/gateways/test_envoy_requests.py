"""What may be asked of an edge, with the real Envoy: paths, methods, where the model is, and what large bodies cost."""

from collections.abc import Iterator
from http.client import HTTPResponse
from socket import create_connection

import pytest
from envoy_edge import SECONDS, Edge, Reply, running
from routing_tables import head, route, table
from upstreams import Upstreams, free_port, urls

from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.emit import emit

pytestmark = pytest.mark.gateway

LIMIT = 4 * 1024 * 1024
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    heads = Upstreams()
    try:
        for head_id in ("one", "two"):
            heads.add(head_id)
        yield heads
    finally:
        heads.close()


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, upstreams: Upstreams) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    places = urls(upstreams, ("one", "two"))
    routes = [
        route("atlas", {"one": 1}, aliases=("atlas-latest",)),
        route("acme/Big:7b+x", {"one": 1}),
        route("bison", {"two": 1}, visibility="public"),
        route("secret", {"two": 1}, visibility="private"),
        route("down", status="disabled"),
        route("open/*", {"two": 1}),
    ]
    ports = (free_port(), free_port())
    options = {
        "address": "127.0.0.1",
        "port": ports[0],
        "admin_port": ports[1],
        "config_dir": str(folder),
        "health_check_interval_ms": 500,
        "max_body_bytes": LIMIT,
        "paths": ["/v1/ocr"],
    }
    gateway = GatewayOptions(options=options, edges={})
    for artifact in emit(table([], [head(name, url=url) for name, url in places.items()], routes), gateway):
        (folder / artifact.path.rpartition("/")[2]).write_bytes(artifact.content)
    with running(folder / "bootstrap.json", ports) as envoy:
        yield envoy


def raw(edge: Edge, text: str) -> Reply:
    """The answer to a request as it is written: clients of Python would change its path."""
    with create_connection(("127.0.0.1", edge.port), SECONDS) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode("latin-1"))
        response = HTTPResponse(connection)
        response.begin()
        return Reply(response.status, dict(response.getheaders()), response.read())
