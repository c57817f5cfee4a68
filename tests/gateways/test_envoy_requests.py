"""What may be asked of an edge, with the real Envoy: paths, methods, where the model is, and what large bodies cost."""

import json
import subprocess
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from socket import create_connection
from typing import Any

import pytest
from envoy_edge import SECONDS, Edge, Reply
from small_edge import started
from upstreams import Upstreams, urls

from modelspec.gateways.envoy.requests import WAYS

pytestmark = pytest.mark.gateway

LIMIT = 16 * 1024 * 1024
CHAT = "/v1/chat/completions"
HEADS = ("one", "two")
ATLAS = b'{"model": "atlas"}'


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with Upstreams(*HEADS) as heads:
        yield heads


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, upstreams: Upstreams) -> Iterator[Edge]:
    with started(tmp_path_factory.mktemp("edge"), urls(upstreams, HEADS)) as envoy:
        yield envoy


@pytest.fixture(autouse=True)
def _forgotten(upstreams: Upstreams) -> None:
    upstreams.forget()


def raw(edge: Edge, *lines: str, body: bytes = b"") -> Reply:
    """The answer to a request as it is written: clients of Python would change it."""
    text = "\r\n".join([*lines, "host: edge", f"content-length: {len(body)}", "", ""])
    with create_connection(("127.0.0.1", edge.port), SECONDS) as connection:
        connection.sendall(text.encode("latin-1") + body)
        response = HTTPResponse(connection)
        response.begin()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


# Paths and methods


@pytest.mark.parametrize("path", [path for way in WAYS if way.kind == "json" for path in way.paths])
def test_each_path_of_the_clients_reaches_a_head_as_it_is(edge: Edge, path: str) -> None:
    reply = edge.send("POST", f"{path}?api-version=1", ATLAS)
    assert (reply.head, reply.json["path"], reply.json["model"]) == ("one", f"{path}?api-version=1", "atlas")


def test_a_path_of_the_options_reaches_a_head(edge: Edge) -> None:
    assert edge.send("POST", "/v1/ocr", ATLAS).json["path"] == "/v1/ocr"
    assert edge.send("POST", "/v1/ocr2", ATLAS).code == (404, "path_not_found")


HIDDEN = (
    "/key/generate",
    "//key/generate",
    "/v1/../key/generate",
    "/v1/chat/completions/../../../key/generate",
    "/v1/%2e%2e/key/generate",
    "/v1/.%2E/key/generate",
    "/v1/..%2fkey%2fgenerate",
    "/v1%2f..%2fkey/generate",
    "/v1/models/../../key/generate",
    "/%6bey/generate",
    "/key%2fgenerate",
    "/key/generate?x=/v1/chat/completions",
    "/key/generate#/v1/chat/completions",
    "/\\key\\generate",
    "/v1/chat/completions;/../../key/generate",
    "/v1/chat/completions/",
    "/V1/chat/completions",
    "/v1/chat/completions%00",
    "/v1/chat/completions%2f",
    "/v1/chat%2Fcompletions",
    "/v1/chat/completionsx",
    "/openai/deployments/atlas/chat/completions",
    "/engines/atlas/chat/completions",
    "/model/new",
    "/health",
    "/metrics",
    "/",
    "*",
)


@pytest.mark.parametrize("path", HIDDEN)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_no_other_path_reaches_a_head(edge: Edge, upstreams: Upstreams, path: str, method: str) -> None:
    reply = raw(edge, f"{method} {path} HTTP/1.1", "content-type: application/json", body=ATLAS)
    assert reply.status in {400, 404}, reply
    if reply.status == 404:
        assert reply.json["error"]["code"] in {"path_not_found", "model_not_found"}
    assert upstreams.asked().total() == 0


def test_a_path_with_a_host_is_the_path(edge: Edge, upstreams: Upstreams) -> None:
    reply = raw(edge, "POST http://head/key/generate HTTP/1.1", "content-type: application/json", body=ATLAS)
    assert reply.code == (404, "path_not_found")
    assert upstreams.asked().total() == 0


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", CHAT, "POST"),
        ("GET", "/v1/messages?beta=true", "POST"),
        ("PUT", "/v1/audio/transcriptions", "POST"),
        ("OPTIONS", CHAT, "POST"),
        ("HEAD", CHAT, "POST"),
        ("POST", "/v1/models", "GET"),
        ("DELETE", "/v1/models/atlas", "GET"),
        ("POST", "/v1/realtime", "GET"),
        ("PUT", "/v1/files/file-1", "GET, POST, DELETE"),
    ],
)
def test_another_method_is_405_and_says_which_is_allowed(
    edge: Edge, upstreams: Upstreams, method: str, path: str, allow: str
) -> None:
    reply = edge.send(method, path, headers={"origin": "https://page.example.com"})
    assert (reply.status, reply.headers["allow"]) == (405, allow)
    assert "access-control-allow-origin" not in reply.headers
    if method != "HEAD":
        assert reply.code == (405, "method_not_allowed")
    assert upstreams.asked().total() == 0


def test_a_path_is_refused_before_its_body_arrives(edge: Edge) -> None:
    """No byte of a body of 10 GB is sent."""
    with create_connection(("127.0.0.1", edge.port), SECONDS) as connection:
        connection.sendall(
            b"POST /key/generate HTTP/1.1\r\nhost: edge\r\ncontent-length: 10000000000\r\n\r\n"
        )
        response = HTTPResponse(connection)
        response.begin()
        assert response.status == 404


def test_the_health_of_the_edge_is_its_own(edge: Edge, upstreams: Upstreams) -> None:
    assert edge.send("GET", "/healthz").status == 200
    assert upstreams.asked().total() == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/responses/resp_1"),
        ("DELETE", "/v1/responses/resp_1"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("GET", "/responses/resp_1/input_items?limit=2"),
        ("GET", "/v1/files"),
        ("POST", "/v1/files"),
        ("GET", "/v1/files/file-1/content"),
        ("GET", "/v1/batches/batch_1"),
        ("POST", "/v1/batches"),
        ("POST", "/v1/messages/batches"),
    ],
)
def test_what_a_head_keeps_is_refused_with_the_reason(
    edge: Edge, upstreams: Upstreams, method: str, path: str
) -> None:
    reply = edge.send(method, path, ATLAS)
    assert reply.code == (400, "model_unknown")
    assert "at which head" in reply.json["error"]["message"]
    assert upstreams.asked().total() == 0


# Bodies


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "model_required"),
        (b"{}", "model_required"),
        (b'{"messages": [{"model": "atlas"}]}', "model_required"),
        (b"[]", "invalid_json"),
        (b'["model", "atlas"]', "invalid_json"),
        (b'"atlas"', "invalid_json"),
        (b"null", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        (b'\xef\xbb\xbf{"model": "atlas"}', "invalid_json"),
        ('{"model": "atlas"}'.encode("utf-16-le"), "invalid_json"),
        (b'{"model": "atlas"', "invalid_json"),
        (b'{"model": "atlas"}}', "invalid_json"),
        (b'{"model": "atlas"}{"model": "bison"}', "invalid_json"),
        (b'{"model": "atlas",}', "invalid_json"),
        (b"{'model': 'atlas'}", "invalid_json"),
        (b'{"a": 1 /* */, "model": "atlas"}', "invalid_json"),
        (b'{"a": [}], "model": "atlas"}', "invalid_json"),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b', "model": "atlas"}', "invalid_json"),
        (b"{" + b'"a": 1,' * 2000 + b'"model": "atlas"}', "invalid_json"),
        (b'{"model": "atlas", "model": "bison"}', "model_ambiguous"),
        (b'{"model": "atlas", "mod\\u0065l": "bison"}', "model_ambiguous"),
        (b'{"model": "atlas", "model": "atlas"}', "model_ambiguous"),
        (b'{"model": "atlas", "Model": "bison"}', "model_ambiguous"),
        (b'{"model": "atlas", "fallbacks": ["bison"]}', "model_ambiguous"),
        (b'{"model": "atlas", "user_config": {}}', "model_ambiguous"),
        (b'{"model": "atlas", "specific_deployment": true}', "model_ambiguous"),
        (b'{"model": "atlas", "extra_body": {"model": "bison"}}', "model_ambiguous"),
        (b'{"model": null}', "model_invalid"),
        (b'{"model": 7}', "model_invalid"),
        (b'{"model": ["atlas"]}', "model_invalid"),
        (b'{"model": ""}', "model_invalid"),
        (b'{"model": "-models"}', "model_invalid"),
        (b'{"model": "open/x,secret"}', "model_invalid"),
        (b'{"model": "open/secret#1"}', "model_invalid"),
        (b'{"model": "open/\\ud800"}', "model_invalid"),
        (b'{"model": "open/\xff"}', "model_invalid"),
        (b'{"model": "open/' + b"x" * 5000 + b'"}', "model_invalid"),
    ],
)
def test_a_body_is_refused_with_its_true_reason(
    edge: Edge, upstreams: Upstreams, body: bytes, code: str
) -> None:
    assert edge.send("POST", CHAT, body, headers={"x-model": "atlas"}).code == (400, code)
    assert upstreams.asked().total() == 0


@pytest.mark.parametrize(
    "body",
    [
        b' \r\n\t{ "a" : {"model": "bison", "x": "\\"model\\": \\\\"} , "mod\\u0065l" : "\\u0061tlas" } \n',
        b'{"x": "\\ud83d\\ude00\xe2\x98\x83", "model": "atlas", "y": [1.5e-3, true, false, null, {}, []]}',
        b'{"x": "' + b"y" * 200_000 + b'", "model": "atlas", "z": "' + b"y" * 200_000 + b'"}',
        b'{"model": "atlas"' + b" " * 200_000 + b"}",
    ],
)
def test_the_name_is_found_wherever_it_stands_at_the_top(edge: Edge, body: bytes) -> None:
    reply = edge.send("POST", CHAT, body)
    assert (reply.head, reply.json["model"], reply.json["bytes"]) == ("one", "atlas", len(body))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/vnd.api+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json, multipart/form-data; boundary=x", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_a_head_is_told_to_read_what_the_edge_read(edge: Edge, kind: str, status: int) -> None:
    reply = edge.send("POST", CHAT, ATLAS, headers={"content-type": kind})
    assert reply.status == status
    if status == 200:
        assert reply.json["headers"]["content-type"] == "application/json"
    else:
        assert reply.code == (415, "unsupported_media_type")


def test_a_compressed_body_is_refused(edge: Edge) -> None:
    reply = edge.send("POST", CHAT, ATLAS, headers={"content-encoding": "gzip"})
    assert reply.code == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "query", ["model=bison", "a=b&model=bison", "mod%65l=bison", "MODEL=bison", "a;model=x", "model"]
)
def test_a_second_name_in_the_query_is_refused(edge: Edge, upstreams: Upstreams, query: str) -> None:
    """LiteLLM takes `model` of the query before that of the body."""
    reply = edge.send("POST", f"{CHAT}?{query}", ATLAS)
    assert reply.code[0] == 400
    assert reply.code[1] in {"model_ambiguous", "model_invalid"}
    assert upstreams.asked().total() == 0


def test_a_body_without_a_length_is_read(edge: Edge) -> None:
    connection = edge.connect()
    try:
        headers = {"content-type": "application/json"}
        connection.request(
            "POST", CHAT, iter([b'{"mod', b'el": "at', b'las"}']), headers, encode_chunked=True
        )
        assert json.loads(connection.getresponse().read())["model"] == "atlas"
    finally:
        connection.close()


# Forms

DISPOSITION = 'Content-Disposition: form-data; name="{}"'


def form(*parts: tuple[str, bytes], boundary: str = "b-1") -> bytes:
    """A form of parts, each with its headers and content."""
    texts = [
        f"--{boundary}\r\n{headers}\r\n\r\n".encode("latin-1") + body + b"\r\n" for headers, body in parts
    ]
    return b"".join(texts) + f"--{boundary}--\r\n".encode()


MODEL = (DISPOSITION.format("model"), b"atlas")
FILE = (
    DISPOSITION.format("file") + '; filename="a.mp3"\r\nContent-Type: audio/mpeg',
    b'\x00\xff\r\nContent-Disposition: form-data; name="model"\r\n\r\nbison\r\n--b-2\r\n' + b"\r\n" * 50_000,
)


def send_form(edge: Edge, body: bytes, kind: str = "multipart/form-data; boundary=b-1", **more: Any) -> Reply:
    return edge.send("POST", "/v1/audio/transcriptions", body, headers={"content-type": kind}, **more)


@pytest.mark.parametrize("path", [path for way in WAYS if way.kind == "form" for path in way.paths])
@pytest.mark.parametrize("parts", [(MODEL, FILE), (FILE, MODEL)])
def test_a_form_is_routed_by_its_field(edge: Edge, path: str, parts: tuple[tuple[str, bytes], ...]) -> None:
    body = form(*parts)
    reply = edge.send("POST", path, body, headers={"content-type": "multipart/form-data; boundary=b-1"})
    assert (reply.head, reply.json["bytes"]) == ("one", len(body))
    assert reply.json["headers"]["content-type"] == 'multipart/form-data; boundary="b-1"'


@pytest.mark.parametrize(
    "kind",
    [
        'multipart/form-data; boundary="b-1"',
        "Multipart/Form-Data;boundary=b-1;charset=UTF-8",
        "multipart/form-data; charset=utf-8; boundary=b-1",
    ],
)
def test_content_types_of_forms(edge: Edge, kind: str) -> None:
    assert send_form(edge, form(MODEL), kind).head == "one"


def test_a_form_of_another_program(edge: Edge) -> None:
    """As .NET writes it, without quotes."""
    assert send_form(edge, form(("Content-Disposition: form-data; name=model", b"atlas"), FILE)).head == "one"
    assert edge.send("POST", "/v1/images/edits", ATLAS).head == "one"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((FILE,), "model_required"),
        ((MODEL, MODEL), "model_ambiguous"),
        ((MODEL, (DISPOSITION.format("model"), b"bison")), "model_ambiguous"),
        ((MODEL, (DISPOSITION.format("Model"), b"bison")), "model_ambiguous"),
        ((MODEL, (DISPOSITION.format("fallbacks"), b"bison")), "model_ambiguous"),
        (((DISPOSITION.format("model") + '; filename="m"', b"atlas"),), "model_invalid"),
        (((MODEL[0] + "\r\nContent-Transfer-Encoding: base64", b"YXRsYXM="),), "model_invalid"),
        (((DISPOSITION.format("model"), b""),), "model_invalid"),
        (((DISPOSITION.format("model"), b"x" * 5000),), "model_invalid"),
        ((MODEL, ("Content-Type: text/plain", b"x")), "invalid_form"),
        ((MODEL, (DISPOSITION.format("x") + "\r\n" + DISPOSITION.format("model"), b"bison")), "invalid_form"),
        ((MODEL, (DISPOSITION.format("x") + '; name="model"', b"bison")), "invalid_form"),
        ((MODEL, (DISPOSITION.format("x") + "; name*=utf-8''model", b"bison")), "invalid_form"),
        ((MODEL, (DISPOSITION.format('x\\"; name="model'), b"bison")), "invalid_form"),
        ((MODEL, (DISPOSITION.format("x") + '\r\n ; name="model"', b"bison")), "invalid_form"),
        ((MODEL, (DISPOSITION.format("x") + '; filename="\\"; name="model"', b"bison")), "invalid_form"),
        ((MODEL, ("X: " + "y" * 9000 + "\r\n" + DISPOSITION.format("x"), b"x")), "invalid_form"),
    ],
)
def test_a_hostile_form_is_refused(
    edge: Edge, upstreams: Upstreams, parts: tuple[tuple[str, bytes], ...], code: str
) -> None:
    assert send_form(edge, form(*parts)).code == (400, code)
    assert upstreams.asked().total() == 0


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", form(MODEL)),
        ("multipart/form-data; boundary=", form(MODEL, boundary="")),
        ("multipart/form-data; boundary=b-2; boundary=b-1", form(MODEL)),
        ("multipart/form-data; boundary=b-1; charset=utf-16", form(MODEL)),
        ("multipart/form-data; boundary=b-1; x=y", form(MODEL)),
        ("multipart/form-data; boundary*=b-1", form(MODEL)),
        (f"multipart/form-data; boundary={'b' * 71}", form(MODEL, boundary="b" * 71)),
        ("multipart/form-data; boundary=b-1", b"preamble\r\n" + form(MODEL)),
        ("multipart/form-data; boundary=b-1", form(MODEL) + form((MODEL[0], b"bison"))),
        ("multipart/form-data; boundary=b-1", form(MODEL).removesuffix(b"--\r\n")),
        ("multipart/form-data; boundary=b-1", form(MODEL).replace(b"\r\n", b"\n")),
        ("multipart/form-data; boundary=b-1", form(MODEL).replace(b"atlas\r\n--b-1", b"atlas\r\n--b-1 ")),
        ("multipart/form-data; boundary=b-1", b"--b-1--\r\n"),
    ],
)
def test_a_hostile_boundary_is_refused(edge: Edge, upstreams: Upstreams, kind: str, body: bytes) -> None:
    assert send_form(edge, body, kind).code == (400, "invalid_form")
    assert upstreams.asked().total() == 0


# Upgrades


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (CHAT, (400, "upgrade_not_offered")),
        ("/v1/realtime", (400, "model_required")),
        ("/v1/realtime?model=", (400, "model_invalid")),
        ("/v1/realtime?model=unknown", (404, "model_not_found")),
        ("/v1/realtime?model=atlas&model=bison", (400, "model_ambiguous")),
        ("/v1/realtime?model=atlas&mod%65l=bison", (400, "model_ambiguous")),
        ("/v1/models", (400, "upgrade_not_offered")),
    ],
)
def test_an_upgrade_is_refused_with_its_reason(
    edge: Edge, upstreams: Upstreams, path: str, code: tuple[int, str]
) -> None:
    method = "POST" if path == CHAT else "GET"
    reply = raw(edge, f"{method} {path} HTTP/1.1", "connection: upgrade", "upgrade: websocket")
    assert reply.code == code
    assert upstreams.asked().total() == 0


@pytest.mark.parametrize("kinds", [("h2",), ("foo",), ("websocket", "foo"), ("CONNECT",)])
def test_another_upgrade_is_refused_with_its_reason(
    edge: Edge, upstreams: Upstreams, kinds: tuple[str, ...]
) -> None:
    lines = ["connection: upgrade", *(f"upgrade: {kind}" for kind in kinds)]
    reply = raw(edge, "GET /v1/realtime?model=atlas HTTP/1.1", *lines)
    assert reply.code == (400, "upgrade_not_offered")
    assert upstreams.asked().total() == 0


def test_realtime_without_an_upgrade_says_what_is_missing(edge: Edge) -> None:
    assert edge.send("GET", "/v1/realtime?model=atlas").code == (426, "upgrade_required")


# Failing closed


@pytest.mark.parametrize(
    "broken",
    [
        {"local function model_of(handle)": "local function model_of(handle) error(1)"},
        {"local ok, refusal = pcall(read, handle)": "local ok, refusal = error(1)"},
    ],
)
def test_a_script_that_fails_refuses(tmp_path: Path, upstreams: Upstreams, broken: dict[str, str]) -> None:
    with started(tmp_path, urls(upstreams, HEADS), broken) as edge:
        reply = edge.ask("atlas", headers={"x-model": "atlas"})
        assert reply.code == (500, "edge_error")
    assert upstreams.asked().total() == 0


# Cost


def _memory(process: subprocess.Popen[bytes], field: str) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(field))) * 1024


COSTLY = {
    "numbers": (b"1,", b"1"),
    "objects": (b'{"a":1},', b"1"),
    "one text": (b'"' + b"x" * (LIMIT - 1000) + b'",', b"1"),
}


def test_a_large_body_costs_three_times_its_limit_at_most(tmp_path: Path, upstreams: Upstreams) -> None:
    with started(tmp_path, urls(upstreams, HEADS)) as edge:
        base = _memory(edge.process, "VmRSS")
        for name, (piece, last) in COSTLY.items():
            count = (LIMIT - 200) // len(piece)
            body = b'{"input":[' + piece * count + last + b'],"model":"atlas"}'
            reply = edge.send("POST", CHAT, body)
            assert (reply.head, reply.json["bytes"]) == ("one", len(body)), name
            assert _memory(edge.process, "VmHWM") - base <= 3 * LIMIT, name
        more = b'{"input":[' + b"1," * (LIMIT // 2) + b'1],"model":"atlas"}'
        assert edge.send("POST", CHAT, more).code == (413, "request_too_large")
        assert _memory(edge.process, "VmHWM") - base <= 3 * LIMIT


def test_a_large_body_is_sent_again_to_the_next_head(tmp_path: Path) -> None:
    heads = Upstreams()
    try:
        for head_id in HEADS:
            heads.add(head_id)
        heads.heads["one"].fails = True
        with started(tmp_path, urls(heads, HEADS)) as edge:
            body = b'{"input":"' + b"x" * (LIMIT - 100) + b'","model":"atlas"}'
            assert edge.send("POST", CHAT, body).status == 503
            both = edge.send("POST", CHAT, body.replace(b"atlas", b"bison"))
            assert (both.head, both.json["bytes"]) == ("two", len(body))
    finally:
        heads.close()
