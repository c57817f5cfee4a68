"""The access log of the real Envoy: a JSON object for each request, and no secrets."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from envoy_edge import SECONDS, Edge, running, until
from envoy_fleet import ROOT, Fleet, small_fleet
from jsonschema import Draft202012Validator
from upstreams import Upstreams, free_port

from modelspec.gateways.log import EDGE_FIELDS

pytestmark = pytest.mark.gateway

MODELS = {
    "atlas": "aliases: [atlas-latest]",
    "router/*": "",
    "european": "access: {client_regions: [eu]}",
    "broken": "priority_head: head-us-2\nfallback_heads: [head-eu-2]",
    "fails/over": "priority_head: head-us-2\nfallback_heads: [head-eu-1]",
}
SCHEMA = Draft202012Validator(json.loads((ROOT / "schemas" / "edge-log.schema.json").read_bytes()))
JSON_TYPES = {int: "integer", str: "string"}


@dataclass
class Logged:
    """An edge, and the lines that it has written."""

    edge: Edge
    path: Path

    def lines(self, number: int) -> list[dict[str, Any]]:
        """The last lines, once there are this many since `forget`."""
        until(lambda: self.number >= number, f"logged {number} lines")
        lines = [json.loads(line) for line in self._read()]
        assert len(lines) == number
        for line in lines:
            SCHEMA.validate(line)
            assert line.keys() == EDGE_FIELDS.keys()
            for name, value in line.items():
                assert value is None or JSON_TYPES[type(value)] == EDGE_FIELDS[name], (name, value)
        return lines

    def forget(self) -> None:
        with self.path.open("wb"):
            pass

    @property
    def number(self) -> int:
        return len(self._read())

    def _read(self) -> list[bytes]:
        return self.path.read_bytes().splitlines()


@pytest.fixture(scope="module")
def heads() -> Iterator[Upstreams]:
    with Upstreams() as started:
        yield started


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, heads: Upstreams) -> Fleet:
    return small_fleet(tmp_path_factory.mktemp("logged"), heads, MODELS)


@pytest.fixture(scope="module")
def edge(fleet: Fleet) -> Iterator[Logged]:
    path = fleet.root / "edge.log"
    fleet.configure({"edge-us": "us"}, access_log={"path": str(path)})
    fleet.build()
    with running(fleet.install("edge-us"), fleet.ports) as envoy:
        yield Logged(envoy, path)


@pytest.fixture
def log(edge: Logged, heads: Upstreams) -> Logged:
    for head in heads.heads.values():
        head.fails = False
    edge.lines(edge.number)
    edge.forget()
    return edge


def test_each_request_is_a_line_with_the_fields_of_the_schema(
    log: Logged, heads: Upstreams, fleet: Fleet
) -> None:
    heads.heads["head-us-2"].fails = heads.heads["head-eu-2"].fails = True
    asked = ["atlas", "atlas-latest", "router/deep/x", "european", "unknown", "fails/over", "broken"]
    statuses = [log.edge.ask(name).status for name in asked]
    statuses.append(log.edge.send("POST", "/v1/chat/completions", b"{}").status)
    statuses.append(log.edge.send("GET", "/v1/models").status)
    assert statuses == [200, 200, 200, 403, 404, 200, 503, 400, 200]
    lines = log.lines(len(statuses))
    rows = [
        tuple(
            line[name]
            for name in (
                "gen_ai.request.model",
                "modelspec.model",
                "modelspec.head",
                "http.response.status_code",
                "modelspec.attempts",
            )
        )
        for line in lines
    ]
    assert rows == [
        ("atlas", "atlas", "head-us-1", 200, 1),
        ("atlas-latest", "atlas", "head-us-1", 200, 1),
        ("router/deep/x", "router/*", "head-us-1", 200, 1),
        ("european", "european", None, 403, 0),
        ("unknown", None, None, 404, 0),
        ("fails/over", "fails/over", "head-eu-1", 200, 2),
        ("broken", "broken", "head-eu-2", 503, 2),
        (None, None, None, 400, 0),
        (None, None, None, 200, 0),
    ]
    (commit,) = {line["modelspec.commit"] for line in lines}
    assert commit == json.loads((fleet.dist / "manifest.json").read_bytes())["source"]["sha256"]
    assert {(line["modelspec.edge"], line["modelspec.client_region"]) for line in lines} == {
        ("edge-us", "us")
    }
    assert len({line["modelspec.request_id"] for line in lines}) == len(lines)
    body = json.dumps({"messages": [], "model": "atlas"}).encode()
    assert lines[0]["http.request.body.size"] == len(body)
    assert lines[0]["http.response.body.size"] > 0
    assert 0 <= lines[0]["modelspec.first_byte_ms"] <= lines[0]["modelspec.duration_ms"]
    assert lines[4]["modelspec.first_byte_ms"] is None


HOSTILE = [
    rb'"ab\"c\\[31m\u2028\u202e"',
    rb'"a\u0000b\n\u001b[31m\r"',
    b'"\xff\xfe"',
    rb'"\ud800"',
    rb'"%REQUEST_HEADER(authorization)%"',
    '"{}"'.format("é" * 500).encode(),
    '"a{}"'.format("é" * 500).encode(),
    b'"' + b"x" * 100_000 + b'"',
    b'{"a": 1}',
    b"[1]",
    b"1e999",
    b"true",
    b'""',
    b'"\\u007f\\",\\"modelspec.key_id\\":\\"mine"',
]
"""Values of `model`, as JSON."""


def test_a_hostile_name_is_bounded_escaped_and_on_one_line(log: Logged) -> None:
    for name in HOSTILE:
        body = b'{"messages": [], "model": ' + name + b"}"
        assert log.edge.send("POST", "/v1/chat/completions", body).status in {400, 404}, name
    lines = log.lines(len(HOSTILE))
    names = [line["gen_ai.request.model"] for line in lines]
    assert names[0] == 'ab"c\\[31m\u2028\u202e'
    assert names[1] is None  # it has control characters
    assert names[4] == "%REQUEST_HEADER(authorization)%"
    assert names[5] == "é" * 64
    assert names[7] in {"x" * 128, None}
    assert names[13] is None  # it has a comma
    assert max(len(name.encode("latin-1", "replace")) for name in names if name) <= 128
    assert {line["modelspec.key_id"] for line in lines} == {None}


def test_a_line_has_no_prompt_key_cookie_query_or_address(log: Logged) -> None:
    planted = {
        "authorization": "Bearer PLANTED-key",
        "x-api-key": "PLANTED-key",
        "api-key": "PLANTED-key",
        "cookie": "session=PLANTED-cookie",
        "x-request-id": "PLANTED-id",
        "x-model": "PLANTED-header",
        "x-forwarded-for": "203.0.113.77",
        "x-real-ip": "203.0.113.77",
        "user-agent": "PLANTED-agent",
        "referer": "https://PLANTED.example.com",
        "host": "PLANTED.example.com",
    }
    for model in ("atlas", "european", "unknown", None):
        body = {"messages": [{"role": "user", "content": "PLANTED-prompt"}], "user": "PLANTED-user"}
        content = json.dumps(body if model is None else {"model": model, **body}).encode()
        log.edge.send("POST", "/v1/chat/completions?key=PLANTED-query", content, headers=planted)
    log.lines(4)
    text = log.path.read_bytes()
    assert b"PLANTED" not in text
    assert b"203.0.113" not in text
    assert b"127.0.0.1" not in text


def test_what_is_no_request_and_who_leaves_are_lines_too(log: Logged, heads: Upstreams) -> None:
    with socket.create_connection(("127.0.0.1", log.edge.port), SECONDS) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nPLANTED header\r\n\r\n")
        assert b" 400 " in plain.recv(1000)
    log.lines(1)
    before = heads.heads["head-us-1"].asked
    heads.heads["head-us-1"].holds = True
    connection = log.edge.connect()
    try:
        connection.request(
            "POST", "/v1/embeddings", b'{"model": "atlas"}', {"content-type": "application/json"}
        )
        until(lambda: heads.heads["head-us-1"].asked > before, "reached the head")
    finally:
        connection.close()
        heads.heads["head-us-1"].holds = False
    malformed, left = log.lines(2)
    assert (malformed["http.response.status_code"], malformed["modelspec.edge"]) == (400, "edge-us")
    assert (left["http.response.status_code"], left["modelspec.flags"]) == (0, "DC")
    assert (left["modelspec.model"], left["modelspec.first_byte_ms"]) == ("atlas", None)
    assert b"PLANTED" not in log.path.read_bytes()


def test_by_default_the_log_is_standard_output_even_where_that_is_a_socket(
    fleet: Fleet, edge: Logged, tmp_path: Path
) -> None:
    """As under systemd, where `/dev/stdout` cannot be opened by its name."""
    assert edge.path.exists()
    other = replace(fleet, config=tmp_path / "envoy", ports=(free_port(), free_port()))
    other.configure({"edge-us": "us"})
    other.build()
    here, there = socket.socketpair()
    here.settimeout(SECONDS)
    with here, there, running(other.install("edge-us"), other.ports, stdout=there) as envoy:
        envoy.ask("unknown", path="/v1/embeddings")
        line = b""
        while b"unknown" not in line:
            line = here.makefile("rb").readline()
    SCHEMA.validate(json.loads(line))
