"""Who may call an edge: keys, groups and what a client may not pretend, with the real Envoy."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from envoy_access import HEADS, Guarded, bearer, client_key, files, options_of, start
from envoy_edge import SECONDS, Edge, Load, Reply, until
from routing_tables import route
from upstreams import Upstreams

from modelspec.secret.client_key import digest, new_key

pytestmark = pytest.mark.gateway

ODD = (
    "a\nb",
    '"]]--',
    "x'y",
    "\\",
    "%s",
    "\x01",
    "]=]",
    "模型",
    "granted",
    "\\65",
    "%z",
    "${HOME}",
    "{{a}}",
    "%PROTOCOL%",
    "🔑" * 32,
    "a,b",
    " ",
)
"""Groups that would be more than data, if anything read them as such."""


PLAIN, MEMBER, ODD_MEMBER, EXPIRED, REVOKED, UNKNOWN, LAST_DAY = (
    new_key(name, 5 ** (90 + number) % 2**256)
    for number, name in enumerate(("plain", "member", "odd", "expired", "revoked", "unknown", "last-day"))
)
KEYS = (
    client_key(PLAIN),
    client_key(MEMBER, ["research", "legal"]),
    client_key(ODD_MEMBER, ODD),
    client_key(EXPIRED, ["research"], "2001-06-30"),
    client_key(REVOKED, ["research"], None, "revoked"),
    client_key(LAST_DAY, ["research"], "9999-12-31"),
)
ROUTES = [
    route("open", {"head-a": 1}, visibility="public"),
    route("inner", {"head-a": 1}),
    route("secret", {"head-a": 1}, visibility="private", groups=("research",)),
    route("nobody", {"head-a": 1}, visibility="private"),
    *(
        route(f"odd-{number}", {"head-a": 1}, visibility="private", groups=(group,))
        for number, group in enumerate(ODD)
    ),
]


@pytest.fixture(scope="module")
def heads() -> Iterator[Upstreams]:
    with Upstreams(*HEADS) as started:
        yield started


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, heads: Upstreams) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    options = options_of(folder)
    with start(folder, options, files(heads, options, KEYS, ROUTES)) as edge:
        until(lambda: edge.ask("open").status == 200, "healthy")
        yield Guarded(edge, folder, options, heads, ROUTES)


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "api-key"])
def test_a_key_opens_what_its_groups_may_call(guarded: Guarded, name: str) -> None:
    def ask(model: str, key: str) -> tuple[int, str]:
        reply = guarded.ask(model, (name, f"Bearer {key}" if name == "authorization" else key))
        return (200, reply.head) if reply.status == 200 else reply.code

    refused = (403, "model_not_allowed")
    assert [ask("inner", key) for key in (PLAIN, MEMBER, LAST_DAY)] == [(200, "head-a")] * 3
    assert [ask("secret", key) for key in (MEMBER, LAST_DAY)] == [(200, "head-a")] * 2
    assert ask("secret", PLAIN) == refused
    assert ask("open", PLAIN) == (200, "head-a")
    assert [ask("nobody", key) for key in (PLAIN, MEMBER, ODD_MEMBER)] == [refused] * 3
    for key in (EXPIRED, REVOKED, UNKNOWN):
        assert [ask(model, key) for model in ("open", "inner", "secret")] == [(401, "invalid_api_key")] * 3


def test_without_a_key_only_public_models_answer(guarded: Guarded) -> None:
    assert guarded.ask("open").head == "head-a"
    for model in ("inner", "secret", "nobody", "no-such-model"):
        reply = guarded.ask(model)
        assert reply.code == (401, "missing_api_key")
        assert reply.headers["www-authenticate"] == 'Bearer realm="modelspec"'
    assert guarded.edge.send("GET", "/v1/models").status == 200


def test_the_models_are_those_that_a_client_may_call(guarded: Guarded) -> None:
    def listed(*keys: str) -> set[str]:
        reply = guarded.edge.send("GET", "/v1/models", headers=dict(map(bearer, keys)))
        return {row["id"] for row in reply.json["data"]}

    assert listed() == {"open"}
    assert listed(PLAIN) == {"open", "inner"}
    assert listed(MEMBER) == {"open", "inner", "secret"}
    odd = listed(ODD_MEMBER)
    assert odd - {f"odd-{number}" for number in range(len(ODD))} == {"open", "inner"}
    assert {f"odd-{number}" for number, group in enumerate(ODD) if group.isprintable()} <= odd
    assert guarded.edge.send("GET", "/v1/models", headers=dict([bearer(UNKNOWN)])).status == 401
    assert guarded.edge.send("GET", "/v1/models/secret").code == (404, "model_not_found")
    assert guarded.edge.send("GET", "/v1/models/secret", headers=dict([bearer(PLAIN)])).status == 404
    assert guarded.edge.send("GET", "/v1/models/secret", headers=dict([bearer(MEMBER)])).status == 200


def test_a_websocket_needs_a_key_too(guarded: Guarded) -> None:
    def status(model: str, *pairs: tuple[str, str]) -> bytes:
        lines = [
            f"GET /v1/realtime?model={model} HTTP/1.1",
            "host: a",
            "connection: upgrade",
            "upgrade: websocket",
            "sec-websocket-version: 13",
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            *(f"{name}: {value}" for name, value in pairs),
        ]
        with socket.create_connection(("127.0.0.1", guarded.edge.port), SECONDS) as client:
            client.sendall("\r\n".join([*lines, "", ""]).encode())
            return client.recv(65536)[9:12]

    assert status("inner") == status("inner", bearer(UNKNOWN)) == status("open", bearer(EXPIRED)) == b"401"
    assert status("secret", bearer(PLAIN)) == b"403"
    # The head of this test knows no WebSocket: its answer came through.
    assert status("secret", bearer(MEMBER)) == status("open") == b"404"


def test_an_expired_key_is_told_so(guarded: Guarded) -> None:
    reply = guarded.ask("inner", bearer(EXPIRED))
    assert "expired" in reply.json["error"]["message"]
    assert "expired" in reply.headers["www-authenticate"]


def test_the_head_gets_the_id_and_never_the_key(guarded: Guarded) -> None:
    smuggled = [("x-modelspec-key-id", "admin"), ("X-ModelSpec-Key-Id", "admin2")]
    others = [
        ("x-litellm-api-key", "sk-1"),
        ("x-goog-api-key", "sk-2"),
        ("ocp-apim-subscription-key", "sk-3"),
    ]
    seen = guarded.ask("inner", bearer(MEMBER), ("api-key", MEMBER), *smuggled, *others).json["headers"]
    assert seen["x-modelspec-key-id"] == "member"
    assert not {"authorization", "x-api-key", "api-key", *(name for name, _ in others)} & seen.keys()
    assert MEMBER not in json.dumps(seen)
    smuggled += [("x_modelspec_key_id", "admin"), ("X_ModelSpec-Key_Id", "admin"), ("x_api_key", "sk-4")]
    seen = guarded.ask("open", *smuggled).json["headers"]
    assert "admin" not in json.dumps(seen)
    assert "sk-4" not in json.dumps(seen)


WRONG = (
    "",
    " ",
    "Bearer",
    "Bearer ",
    "Bearer  ",
    f"Basic {MEMBER}",
    MEMBER,
    f"Bearer {MEMBER}, Bearer {MEMBER}",
    f"Bearer {MEMBER} {PLAIN}",
    f"Bearer {MEMBER}x",
    f"Bearer {MEMBER[:-1]}",
    f"Bearer {MEMBER[:-1]}{'0' if MEMBER[-1] != '0' else '1'}",
    f"Bearer {MEMBER.replace('ms_member', 'ms_plain')}",
    f"Bearer {MEMBER.upper()}",
    f"Bearer ms_{'a' * 50_000}_b_c",
    f"Bearer {digest(MEMBER)}",
    "Bearer ms_member_",
    "Bearer \xff\xfe",
    "Bearer ms_%(member)_x_y",
    "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
)


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_not_a_key_is_refused_even_for_public_models(guarded: Guarded, number: int) -> None:
    for model in ("open", "inner", "secret"):
        reply = guarded.ask(model, ("authorization", WRONG[number]))
        assert reply.status == 401, (WRONG[number][:60], reply)
        assert reply.json["error"]["type"] == "authentication_error"


def test_several_keys_are_refused_unless_they_are_one(guarded: Guarded) -> None:
    for pairs in (
        [bearer(MEMBER), bearer(MEMBER)],
        [bearer(UNKNOWN), bearer(MEMBER)],
        [bearer(PLAIN), ("x-api-key", MEMBER)],
        [("x-api-key", MEMBER), ("x-api-key", PLAIN)],
        [bearer(MEMBER), ("api-key", UNKNOWN)],
    ):
        assert guarded.ask("secret", *pairs).code == (401, "invalid_api_key"), pairs
    assert guarded.ask("secret", bearer(MEMBER), ("x-api-key", MEMBER)).head == "head-a"


def test_odd_groups_stay_data(guarded: Guarded) -> None:
    for number in range(len(ODD)):
        assert guarded.ask(f"odd-{number}", bearer(ODD_MEMBER)).head == "head-a", ODD[number]
        assert guarded.ask(f"odd-{number}", bearer(MEMBER)).status == 403
    assert guarded.ask("secret", bearer(ODD_MEMBER)).status == 403


def test_the_log_names_the_key_and_never_has_it(guarded: Guarded) -> None:
    log = guarded.folder / "edge.log"
    guarded.ask("inner", bearer(MEMBER), ("x-modelspec-key-id", "admin"))
    guarded.ask("inner", bearer(UNKNOWN), ("x-modelspec-key-id", "admin"))

    def seen() -> set[tuple[int, str | None]]:
        lines = map(json.loads, log.read_bytes().splitlines() if log.exists() else [])
        return {(line["http.response.status_code"], line["modelspec.key_id"]) for line in lines}

    until(lambda: {(200, "member"), (401, None)} <= seen(), "logged")
    assert "admin" not in {key_id for _, key_id in seen()}
    text = log.read_text()
    for key in (MEMBER, UNKNOWN, PLAIN, digest(MEMBER)):
        assert key not in text


def test_a_large_body_without_a_key_is_not_read(guarded: Guarded) -> None:
    with socket.create_connection(("127.0.0.1", guarded.edge.port), SECONDS) as client:
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
            b"content-length: 32505856\r\n\r\n"
        )
        # Answered before a byte of the body is sent.
        assert client.recv(65536).startswith(b"HTTP/1.1 401 ")
    with socket.create_connection(("127.0.0.1", guarded.edge.port), SECONDS) as client:
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        assert client.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_bodies_without_a_key_cost_no_memory(guarded: Guarded) -> None:
    def resident() -> int:
        """MiB, at most so far."""
        lines = Path(f"/proc/{guarded.edge.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024

    head = b"POST /v1/embeddings HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    body = b'{"input":[' + b"1," * (31 * 2**19) + b"1]}"
    before = resident()
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", guarded.edge.port), SECONDS) as client:
            with suppress(OSError):  # the edge stops reading
                client.sendall(head % len(body) + body)
            with suppress(OSError):
                assert client.recv(65536).startswith(b"HTTP/1.1 401 ")
    assert resident() - before < 8
    assert guarded.ask("inner", bearer(MEMBER)).head == "head-a"


def test_changed_keys_are_live_without_a_failed_request(guarded: Guarded) -> None:
    added = new_key("added", 11**80 % 2**256)
    more = (*KEYS, client_key(added, ["research"]))
    less = tuple(key for key in more if key.key_id != "plain")
    prefix = "extension_config_discovery.http_filter.modelspec.access"
    assert guarded.ask("inner", bearer(added)).status == 401
    load = Load(Asking(guarded), ["secret", "inner"], pause=0.005)
    with load.running(clients=2):
        load.more(20)
        for keys in (more, less, more, less, more):
            guarded.publish(keys)
            until(
                lambda keys=keys: guarded.edge.stat_text(f"{prefix}.version_text") == guarded.version(keys),
                "live",
            )
            until(lambda: guarded.ask("inner", bearer(added)).status == 200, "accepted")
        load.more(20)
    assert load.failed == []
    guarded.publish(less)
    until(lambda: guarded.ask("inner", bearer(PLAIN)).status == 401, "refused")
    guarded.publish(KEYS)
    until(lambda: guarded.ask("inner", bearer(added)).status == 401, "refused")
    assert guarded.ask("inner", bearer(PLAIN)).head == "head-a"
    assert guarded.edge.stat(f"{prefix}.config_fail") == 0


class Asking(Edge):
    """An edge as one client sees it, who has a key."""

    def __init__(self, guarded: Guarded) -> None:
        super().__init__(guarded.edge.port, guarded.edge.admin_port, guarded.edge.process)

    def ask(self, model: object, **given: Any) -> Reply:
        return super().ask(model, headers=dict([bearer(MEMBER)]), **given)


BROKEN: dict[str, Callable[[str], str]] = {
    "raises": lambda source: source.replace(
        "local function admit(handle)", "local function admit(handle)\n  error('x')"
    ),
    "raises outside": lambda source: source + "\nfunction envoy_on_request(handle) error('x') end",
    "does nothing": lambda source: source + "\nfunction envoy_on_request(handle) end",
    "has no function": lambda _: "local x = 1",
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_script_fails_closed(guarded: Guarded, how: str) -> None:
    resources = json.loads(files(guarded.heads, guarded.options, KEYS, ROUTES)["access.json"])
    code = resources["resources"][0]["typed_config"]["default_source_code"]
    code["inline_string"] = BROKEN[how](code["inline_string"])
    resources["version_info"] = how
    draft = guarded.folder / "draft"
    try:
        draft.write_text(json.dumps(resources))
        draft.replace(guarded.folder / "access.json")
        prefix = "extension_config_discovery.http_filter.modelspec.access"
        until(lambda: guarded.edge.stat_text(f"{prefix}.version_text") == how, "live")
        until(lambda: guarded.ask("inner", bearer(MEMBER)).status != 200, "refused")
        for model in ("open", "inner", "secret"):
            for pairs in ([], [bearer(MEMBER)], [("x-modelspec-key-id", "member")]):
                assert guarded.ask(model, *pairs).status in (401, 403)
    finally:
        guarded.publish(KEYS)
        until(lambda: guarded.ask("inner", bearer(MEMBER)).status == 200, "sound again")


@pytest.mark.parametrize("wrong", ["raises", "does nothing"])
def test_a_broken_authorization_fails_closed(tmp_path: Path, heads: Upstreams, wrong: str) -> None:
    options = options_of(tmp_path)
    content = files(heads, options, KEYS, ROUTES)
    text = content["listener.json"].decode()
    marked = 'metadata:set(ACCESS, \\"granted\\", \\"yes\\")'
    assert marked in text
    content["listener.json"] = text.replace(
        marked, "error()" if wrong == "raises" else "do return end"
    ).encode()
    with start(tmp_path, options, content) as edge:
        one = Guarded(edge, tmp_path, options, heads, ROUTES)
        assert {one.ask(model, bearer(MEMBER)).status for model in ("open", "inner", "secret")} == {403}


def test_without_public_models_no_body_is_read_without_a_key(tmp_path: Path, heads: Upstreams) -> None:
    options = options_of(tmp_path)
    content = files(heads, options, KEYS, [route("inner", {"head-a": 1})])
    with start(tmp_path, options, content) as edge:
        one = Guarded(edge, tmp_path, options, heads, ROUTES)
        until(lambda: one.ask("inner", bearer(PLAIN)).status == 200, "healthy")
        assert one.ask("inner").code == (401, "missing_api_key")
        assert edge.send("GET", "/v1/models").code == (401, "missing_api_key")
        with socket.create_connection(("127.0.0.1", edge.port), SECONDS) as client:
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_without_authentication_the_header_of_the_client_goes_to_the_head(
    tmp_path: Path, heads: Upstreams
) -> None:
    options = options_of(tmp_path)
    content = files(heads, options, None, ROUTES)
    assert "access.json" not in content
    with start(tmp_path, options, content) as edge:
        one = Guarded(edge, tmp_path, options, heads, ROUTES)
        until(lambda: one.ask("secret").status == 200, "healthy")
        assert one.ask("secret", bearer("own")).json["headers"]["authorization"] == "Bearer own"
        assert "x-modelspec-key-id" not in one.ask("inner", ("x-modelspec-key-id", "a")).json["headers"]
