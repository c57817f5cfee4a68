"""`publish envoy --canary`: what it sends, to whom, and what it says."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_envoy import fake_envoy
from golden_cases import BASES

from modelspec import cli
from modelspec.cli import publish as command
from modelspec.diagnose.refusal import Refusal
from modelspec.gateways.envoy import canary
from modelspec.gateways.envoy.admin import Admin
from modelspec.gateways.envoy.canary import CanaryTarget, changed, mode_of
from modelspec.gateways.envoy.check import edge_files, edges_of
from modelspec.gateways.envoy.emit import discovery, laid_out
from modelspec.gateways.envoy.files import CLUSTERS, LISTENER, EdgeFiles
from modelspec.gateways.envoy.publish import publish

KEY = "sk-of-a-canary"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("built") / "dist"
    assert cli.run(["build", "--root", str(BASES / "edges"), "--output", str(output), "--quiet"]) == 0
    return output


@pytest.fixture
def files(build: Path) -> EdgeFiles:
    edges = edges_of(build)
    assert not isinstance(edges, Refusal)
    found = edge_files(build, edges, "edge-us")
    assert not isinstance(found, Refusal)
    return found


class Gate(http.server.BaseHTTPRequestHandler):
    """An edge that answers with a status, or with nothing."""

    status: int | None = 200
    head = "head-us-1"
    seen: list[tuple[str, str | None, Any]] = []  # noqa: RUF012 - of all requests

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.seen.append((self.path, self.headers["authorization"], body))
        if self.status is None:
            self.close_connection = True
            return
        self.send_response(self.status)
        if self.head:
            self.send_header("x-modelspec-head", self.head)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def gate() -> Iterator[CanaryTarget]:
    Gate.status, Gate.head = 200, "head-us-1"
    Gate.seen.clear()
    server = http.server.HTTPServer(("127.0.0.1", 0), Gate)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield CanaryTarget(host="127.0.0.1", port=server.server_port, is_tls=False)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_request_is_short_and_as_its_mode_wants_it(gate: CanaryTarget) -> None:
    for mode in canary.REQUESTS:
        assert str(gate.ask("atlas", mode, KEY, wait=5)).startswith("'atlas': 200 from head-us-1 in 0.")
    paths = [path for path, _, _ in Gate.seen]
    assert paths == [
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/rerank",
        "/v1/responses",
    ]
    assert all(body["model"] == "atlas" and len(json.dumps(body)) < 130 for _, _, body in Gate.seen)
    assert {key for _, key, _ in Gate.seen} == {f"Bearer {KEY}"}
    assert mode_of("atlas", {}) == "chat"
    assert mode_of("atlas", {"atlas": "image_generation"}) is None


def test_says_what_answered_without_its_body(gate: CanaryTarget) -> None:
    Gate.status, Gate.head = 401, ""
    answer = gate.ask("atlas", "chat", KEY, wait=5)
    assert not answer.is_good
    assert str(answer).startswith("'atlas': 401 from the edge itself in 0.")
    Gate.status = None
    answer = gate.ask("atlas", "chat", KEY, wait=5)
    assert not answer.is_good
    assert str(answer).startswith("'atlas': no answer in 0.")
    assert not CanaryTarget(host="127.0.0.1", port=1, is_tls=True).ask("atlas", "chat", KEY, wait=5).is_good


def test_a_model_is_changed_if_its_way_is(files: EdgeFiles) -> None:
    assert changed(files, files) == []
    everything = changed(None, files)
    assert sorted(everything) == ["atlas", "bison/cobra"]
    clusters = json.loads(files.content[CLUSTERS])["resources"]
    moved = json.loads(json.dumps(clusters).replace('"head-us-2.', '"head-us-9.'))
    assert moved != clusters
    after = EdgeFiles(edge_id="edge-us", content={**files.content, CLUSTERS: laid_out(discovery(moved))})
    assert changed(files, after) == ["atlas"]


def test_asks_where_the_listener_is(files: EdgeFiles) -> None:
    (listener,) = json.loads(files.content[LISTENER])["resources"]
    place = listener["address"]["socket_address"]

    def target(address: str, more: dict[str, Any]) -> CanaryTarget | Refusal:
        place["address"] = address
        chains = [{**listener["filter_chains"][0], **more}]
        content = {**files.content, LISTENER: laid_out(discovery([{**listener, "filter_chains": chains}]))}
        return CanaryTarget.in_files(EdgeFiles(edge_id="edge-us", content=content), "127.0.0.1")

    port = place["port_value"]
    assert target("0.0.0.0", {}) == CanaryTarget(host="127.0.0.1", port=port, is_tls=False)
    assert target("10.0.0.9", {}) == CanaryTarget(host="10.0.0.9", port=port, is_tls=False)
    refusal = target("0.0.0.0", {"transport_socket": {}})
    assert isinstance(refusal, Refusal)
    assert refusal.help == "pass --canary-url https://NAME:PORT"


@pytest.mark.parametrize(
    "url",
    [
        "edge:1",
        "ftp://edge",
        "https://",
        "https://u:p@edge",
        "https://edge/v1",
        "https://edge\n",
        "http://edge?x",
    ],
)
def test_a_canary_url_is_a_host_and_a_port(url: str) -> None:
    assert isinstance(CanaryTarget.of(url), Refusal)
    assert CanaryTarget.of("https://edge.example.com") == CanaryTarget(
        host="edge.example.com", port=443, is_tls=True
    )


@pytest.mark.parametrize("key", ["", "two words", "new\nline", "späť"])
def test_a_key_that_is_missing_or_no_key_is_a_usage_error_and_not_shown(
    key: str, build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELSPEC_CANARY_KEY", key)
    to = ["--admin", "http://127.0.0.1:1", "--from", str(build), "--edge", "edge-us", str(tmp_path)]
    assert cli.run(["publish", "envoy", "--canary", "1", *to]) == 2
    said = capsys.readouterr().err
    assert "needs a client key in MODELSPEC_CANARY_KEY" in said
    assert not key or key not in said
    assert list(tmp_path.iterdir()) == []


def test_a_failed_canary_is_an_error_and_the_key_is_never_printed(
    build: Path,
    files: EdgeFiles,
    gate: CanaryTarget,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MODELSPEC_CANARY_KEY", KEY)
    assert not isinstance(publish(files, tmp_path, Admin(host="127.0.0.1", port=1), wait=1), Refusal)
    for path in (tmp_path / ".modelspec").iterdir():
        path.unlink()
    clusters = json.loads((tmp_path / CLUSTERS).read_bytes())["resources"]
    older = json.dumps(clusters).replace('"head-us-2.', '"head-us-0.')
    (tmp_path / CLUSTERS).write_bytes(laid_out(discovery(json.loads(older))))
    url = f"http://127.0.0.1:{gate.port}"
    common = ["publish", "envoy", "--envoy", "/bin/true", "--from", str(build), "--edge", "edge-us"]
    Gate.status = 500
    with fake_envoy(tmp_path) as envoy:
        to = ["--admin", envoy.admin.url, str(tmp_path)]
        assert cli.run([*common, "--canary", "2", "--canary-url", url, *to]) == 1
        out, err = capsys.readouterr()
        assert "canary: asks 1 of 1 changed models" in err
        assert "canary: 'atlas': 500 from head-us-1 in " in err
        assert (
            "modelspec: the canary failed; the edge uses the new build\n  = help: bring the last good one back"
            in err
        )
        Gate.status = 200
        assert cli.run([*common, "--canary", "2", "--canary-url", url, "--quiet", *to]) == 0
        quiet = capsys.readouterr()
        assert (quiet.out, quiet.err) == ("", "")
        assert cli.run([*common, "--canary", "2", "--canary-url", url, *to]) == 0
        assert "canary: asks 0 of 0 changed models" in capsys.readouterr().err
    assert KEY not in out + err
    assert len(Gate.seen) == 2


def test_the_largest_number_is_the_same_in_the_help() -> None:
    assert command.MOST == canary.MOST
