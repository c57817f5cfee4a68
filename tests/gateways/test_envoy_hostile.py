"""Envoy treats hostile ids, which no file could contain, as data, and cuts clients that never end."""

from http.client import HTTPResponse
from pathlib import Path
from select import select
from socket import create_connection

import pytest
from envoy_edge import SECONDS, Reply, running
from routing_tables import head, route, table
from small_edge import started
from upstreams import Upstreams, free_port, urls

from modelspec.gateways import GatewayOptions
from modelspec.gateways.envoy.emit import emit

pytestmark = pytest.mark.gateway

NAMES = (
    "%PROTOCOL%",
    "%",
    "%%",
    "%DYNAMIC_METADATA(modelspec:model)%",
    "${HOME}",
    "{{7*7}}",
    "{% raw %}",
    "os.environ/HOME",
    '"quoted"',
    "it's",
    "back\\slash",
    "no",
    "1e3",
    "~",
    "@type",
    "a: b",
    "a - b",
    "模型",
)


def test_hostile_ids_reach_their_head_and_nothing_else_does(tmp_path: Path) -> None:
    upstreams = Upstreams()
    try:
        for head_id in ("one", "two"):
            upstreams.add(head_id, health_path="/%7B%7B$%27")
        places = urls(upstreams, ("one", "two"))
        heads = [head(name, url=url, health="/%7B%7B$%27") for name, url in places.items()]
        routes = [route(name, {"one": 1}) for name in NAMES]
        routes += [route(f"w{name}/*", {"two": 1}) for name in NAMES]
        ports = (free_port(), free_port())
        options = {
            "address": "127.0.0.1",
            "port": ports[0],
            "admin_port": ports[1],
            "config_dir": str(tmp_path),
            "health_check_interval_ms": 100,
        }
        gateway = GatewayOptions(options=options, edges={"edge": "us"})
        for artifact in emit(table([], heads, routes), gateway):
            (tmp_path / artifact.path.rpartition("/")[2]).write_bytes(artifact.content)
        with running(tmp_path / "bootstrap.json", ports) as edge:
            for name in NAMES:
                assert edge.ask(name).head == "one", name
                assert edge.ask(f"w{name}/{name}").head == "two", name
                assert edge.ask(f"{name}x").code == (404, "model_not_found"), name
                assert edge.ask(name).json["model"] == name
            listed = [row["id"] for row in edge.send("GET", "/v1/models").json["data"]]
        assert listed == sorted(NAMES)
    finally:
        upstreams.close()


def test_a_body_that_arrives_byte_by_byte_is_cut(tmp_path: Path) -> None:
    """Each byte is a sign of life, so that only the time of the whole request ends this."""
    upstreams = Upstreams()
    try:
        for head_id in ("one", "two"):
            upstreams.add(head_id)
        shorter = {'"request_timeout": "300s"': '"request_timeout": "0.5s"'}
        with started(tmp_path, urls(upstreams, ("one", "two")), shorter) as edge:
            with create_connection(("127.0.0.1", edge.port), SECONDS) as connection:
                connection.sendall(
                    b"POST /v1/chat/completions HTTP/1.1\r\nhost: edge\r\ncontent-type: application/json\r\n"
                    b"content-length: 1000000\r\n\r\n"
                )
                for _ in range(200):
                    if select([connection], [], [], 0.1)[0]:
                        break
                    connection.sendall(b" ")
                response = HTTPResponse(connection)
                response.begin()
                reply = Reply(
                    response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
                )
            assert reply.code == (408, "request_timeout")
            assert upstreams.asked().total() == 0
    finally:
        upstreams.close()
