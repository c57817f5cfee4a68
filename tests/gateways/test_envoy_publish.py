"""`modelspec publish envoy` with a running Envoy: under load, killed, rejected, misled."""

import hashlib
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from envoy_edge import SECONDS, Edge, Load, Reply, program, running, until
from envoy_fleet import FILES, PROGRAM, Fleet, modelspec, small_fleet, write_model
from upstreams import Upstreams, free_port

from modelspec.diagnose.refusal import Refusal
from modelspec.gateways.envoy.admin import Admin
from modelspec.gateways.envoy.check import check, edge_files, edges_of
from modelspec.gateways.envoy.emit import discovery, laid_out
from modelspec.gateways.envoy.files import EdgeFiles
from modelspec.gateways.envoy.publish import Published, publish

pytestmark = pytest.mark.gateway

RELOADS = 20
EDGE = "gateways/envoy/edge-us"


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with Upstreams() as heads:
        yield heads


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, upstreams: Upstreams) -> Fleet:
    """Three builds: each adds a model with its own chain and removes the one that the previous build added."""
    made = small_fleet(tmp_path_factory.mktemp("publish"), upstreams, {"atlas": "", "bison": BISON})
    made.configure({"edge-us": "us"})
    for number, chain in enumerate(CHAINS):
        write_model(made, f"new-{number}", chain)
        done = modelspec("build", "--root", made.root, "--commit", f"commit-{number}")
        assert done.returncode == 0, done.stdout + done.stderr
        shutil.copytree(made.dist, made.root / f"dist-{number}")
        (made.root / "models.d" / f"new-{number}.yaml").unlink()
    return made


BISON = "priority_head: head-us-2\nfallback_heads: [head-eu-2]"
CHAINS = (
    "priority_head: head-us-1\nfallback_heads: [head-us-2]",
    "priority_head: head-eu-1\nfallback_heads: [head-us-2, head-us-1]",
    "priority_head: head-eu-2\nload_balancing: {policy: least_request, weights: {head-eu-2: 1, head-us-1: 1}}",
)


@pytest.fixture
def edge(fleet: Fleet) -> Iterator[Edge]:
    """An Envoy that runs build 0 from a new folder."""
    shutil.rmtree(fleet.config, ignore_errors=True)
    fleet.config.mkdir()
    installed = publish(_files(fleet, 0), fleet.config, Admin(host="127.0.0.1", port=1), wait=1)
    assert isinstance(installed, Published)
    assert installed.replaced == ("clusters.json", "routes.json", "listener.json", "bootstrap.json")
    assert (installed.is_first, installed.is_running, installed.needs_restart) == (True, False, False)
    with running(fleet.config / "bootstrap.json", fleet.ports) as envoy:
        yield envoy


def _files(fleet: Fleet, name: int | str) -> EdgeFiles:
    build = fleet.root / f"dist-{name}"
    edges = edges_of(build)
    assert not isinstance(edges, Refusal)
    files = edge_files(build, edges, None)
    assert not isinstance(files, Refusal)
    return files


def _arguments(fleet: Fleet, edge: Edge, build: str, *more: str) -> tuple[str, ...]:
    source = str(fleet.root / build)
    return ("publish", "envoy", "--from", source, "--admin", edge.admin, *more, str(fleet.config))


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".json"}


def test_twenty_reloads_under_load_fail_no_request_for_models_that_stay_or_are_new(
    fleet: Fleet, edge: Edge
) -> None:
    load = Load(edge, ["atlas", "bison"], pause=0.005)
    with load.running(2):
        for number in range(1, RELOADS + 1):
            done = modelspec(*_arguments(fleet, edge, f"dist-{number % 3}"))
            assert done.returncode == 0, done.stderr
            new = [edge.ask(f"new-{number % 3}").status for _ in range(10)]
            assert new == [200] * 10
            assert edge.ask(f"new-{(number - 1) % 3}").code == (404, "model_not_found")
    assert load.failed == []
    assert load.sent > 100
    assert edge.stat("cluster_manager.cds.update_rejected") == 0
    assert _content(fleet.config)["clusters.json"] == _files(fleet, RELOADS % 3).content["clusters.json"]


def test_rollbacks_under_load_fail_no_request_for_models_that_stay(fleet: Fleet, edge: Edge) -> None:
    """There and back, one build after the other, and further back than one."""
    back = ("publish", "envoy", "--rollback", "--admin", edge.admin, str(fleet.config))
    load = Load(edge, ["atlas", "bison"], pause=0.005)
    with load.running(2):
        for _ in range(2):
            for number in (1, 2):
                assert modelspec(*_arguments(fleet, edge, f"dist-{number}")).returncode == 0
            for number in (1, 0):
                done = modelspec(*back)
                assert done.returncode == 0, done.stderr
                assert [edge.ask(f"new-{number}").status for _ in range(5)] == [200] * 5
                assert edge.ask(f"new-{number + 1}").code == (404, "model_not_found")
                assert _content(fleet.config) == {name: _files(fleet, number).content[name] for name in FILES}
    assert load.failed == []
    assert load.sent > 100
    nothing = modelspec(*back)
    assert nothing.returncode == 1
    assert nothing.stderr.startswith(f"modelspec: no earlier build is kept in '{fleet.config}'")


def test_the_files_of_another_edge_are_refused_by_what_runs(fleet: Fleet, edge: Edge, tmp_path: Path) -> None:
    fleet.configure({"edge-us": "us", "edge-eu": "eu"})
    try:
        fleet.build()
    finally:
        fleet.configure({"edge-us": "us"})
    before = _content(fleet.config)
    source = ("publish", "envoy", "--from", fleet.dist, "--admin", edge.admin, "--edge", "edge-eu")
    own = tmp_path / "own"
    own.mkdir()
    for folder, place in ((fleet.config, str(fleet.config)), (own, f"the Envoy at '{edge.admin}'")):
        done = modelspec(*source, folder)
        assert done.returncode == 1
        assert place in done.stderr
        assert "is of edge 'edge-us', not 'edge-eu': nothing was written" in done.stderr
    assert _content(fleet.config) == before
    assert list(own.iterdir()) == []
    assert edge.ask("atlas").head == "head-us-1"


def test_a_status_says_which_commit_runs_and_what_was_changed(fleet: Fleet, edge: Edge) -> None:
    def status(build: str) -> Any:
        done = modelspec(*_arguments(fleet, edge, build, "--status", "--format", "json"))
        assert done.returncode == (0 if json.loads(done.stdout)["ok"] else 1), done.stderr
        return json.loads(done.stdout)

    found = status("dist-0")
    assert (found["edge"], found["ok"], found["stale"]) == ("edge-us", True, False)
    assert found["running"]["commit"] == "commit-0"
    assert (status("dist-1")["stale"], status("dist-1")["build"]["commit"]) == (True, "commit-1")
    routes = fleet.config / "routes.json"
    content = routes.read_bytes()
    moved = json.loads(content.replace(b'"new-0"', b'"new-9"'))
    draft = routes.with_name("draft")
    draft.write_bytes(laid_out(discovery(moved["resources"])))
    draft.rename(routes)
    until(lambda: edge.ask("new-9").status == 200, "changed by hand")
    found = status("dist-0")
    assert (found["changed_by_hand"], found["stale"], found["ok"]) == (["routes.json"], True, False)
    assert modelspec(*_arguments(fleet, edge, "dist-0")).returncode == 0
    assert status("dist-0")["ok"]
    # Renamed by nobody, so Envoy does not know of it.
    routes.write_bytes(laid_out(discovery(moved["resources"])))
    assert status("dist-0")["not_used"] == ["routes.json"]


def test_a_canary_asks_changed_models_and_says_what_answered(
    fleet: Fleet, edge: Edge, upstreams: Upstreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSPEC_CANARY_KEY", "sk-of-a-canary")
    good = modelspec(*_arguments(fleet, edge, "dist-1", "--canary", "3"))
    assert good.returncode == 0, good.stderr
    assert "canary: asks 1 of 1 changed models, one short request each\n" in good.stderr
    assert re.search(r"\ncanary: 'new-1': 200 from head-eu-1 in [0-9.]+ s\n", good.stderr)
    for head in upstreams.heads.values():
        head.fails = True
    try:
        bad = modelspec(*_arguments(fleet, edge, "dist-2", "--canary", "3"))
    finally:
        for head in upstreams.heads.values():
            head.fails = False
    assert bad.returncode == 1
    assert re.search(r"\ncanary: 'new-2': 503 from ", bad.stderr)
    assert "the canary failed; the edge uses the new build" in bad.stderr
    assert "sk-of-a-canary" not in good.stderr + bad.stderr
    until(lambda: edge.ask("new-2").status == 200, "recovered")
    # The build whose canary failed is not one that comes back.
    found = modelspec(*_arguments(fleet, edge, "dist-2", "--status"))
    assert (found.returncode, "the canary of this build failed" in found.stdout) == (1, True)
    assert modelspec(*_arguments(fleet, edge, "dist-0")).returncode == 0
    assert modelspec("publish", "envoy", "--rollback", "--admin", edge.admin, fleet.config).returncode == 0
    assert edge.ask("new-1").status == 200


def test_a_file_that_only_some_builds_have_comes_and_goes_under_load(fleet: Fleet, edge: Edge) -> None:
    """keys.yaml, which becomes a file of its own, with a client that sends its key all the time."""
    new = modelspec("key", "new", "--root", fleet.root, "--owner", "team")
    assert new.returncode == 0, new.stderr
    try:
        fleet.build()
    finally:
        shutil.move(fleet.dist, fleet.root / "dist-keys")
        (fleet.root / "keys.yaml").unlink()
    assert "access.json" in _files(fleet, "keys").content
    keyed = KeyedEdge(edge.port, edge.admin_port, edge.process)
    keyed.key = new.stdout.strip()
    load = Load(keyed, ["atlas", "bison"], pause=0.005)
    with load.running(2):
        for _ in range(2):
            done = modelspec(*_arguments(fleet, edge, "dist-keys"))
            assert done.returncode == 0, done.stderr
            assert edge.ask("atlas").status == 401
            assert keyed.ask("atlas").status == 200
            done = modelspec(*_arguments(fleet, edge, "dist-0"))
            assert done.returncode == 0, done.stderr
            assert not (fleet.config / "access.json").exists()
            assert edge.ask("atlas").status == 200
        assert modelspec(*_arguments(fleet, edge, "dist-keys")).returncode == 0
        assert (
            modelspec("publish", "envoy", "--rollback", "--admin", edge.admin, fleet.config).returncode == 0
        )
        assert edge.ask("atlas").status == 200
    assert load.failed == []


class KeyedEdge(Edge):
    """The same, for a client with a key."""

    key: str

    def send(self, method: str, path: str, body: bytes | None = None, **more: Any) -> Reply:
        headers = {**(more.pop("headers", None) or {}), "authorization": f"Bearer {self.key}"}
        return super().send(method, path, body, headers=headers, **more)


def test_a_second_run_has_nothing_to_do(fleet: Fleet, edge: Edge) -> None:
    first = modelspec(*_arguments(fleet, edge, "dist-1"))
    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr == "Envoy uses edge edge-us (replaced clusters.json, routes.json, clusters.json)\n"
    second = modelspec(*_arguments(fleet, edge, "dist-1"))
    assert second.stderr == "Envoy uses edge edge-us (nothing to do)\n"
    assert modelspec(*_arguments(fleet, edge, "dist-1", "--quiet")).stderr == ""


@pytest.mark.parametrize("name", ["clusters.json", "routes.json"])
def test_a_killed_publish_is_completed_by_the_next(fleet: Fleet, edge: Edge, name: str) -> None:
    """Killed as soon as the file of a step is in place."""
    before = _content(fleet.config)
    process = subprocess.Popen([PROGRAM, *_arguments(fleet, edge, "dist-1")], stderr=subprocess.DEVNULL)
    until(lambda: _content(fleet.config)[name] != before[name] or process.poll() is not None, "replaced")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(SECONDS)
    (fleet.config / ".routes.json.modelspec").write_bytes(b'{"half')
    assert edge.ask("atlas").status == 200
    done = modelspec(*_arguments(fleet, edge, "dist-1"))
    assert done.returncode == 0, done.stderr
    assert edge.ask("new-1").head == "head-eu-1"
    assert _content(fleet.config) == {name: _files(fleet, 1).content[name] for name in FILES}


def test_applies_a_changed_listener_and_reports_a_changed_bootstrap(fleet: Fleet, edge: Edge) -> None:
    fleet.configure({"edge-us": "us"}, max_body_bytes=1024, admin_address="::1")
    try:
        fleet.build()
    finally:
        fleet.configure({"edge-us": "us"})
    done = modelspec(*_arguments(fleet, edge, "dist"))
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("; bootstrap.json has changed too: restart Envoy\n")
    assert "listener.json" in done.stderr
    until(lambda: edge.ask("x" * 200_000).status == 413, "taken the new listener")


def test_restores_the_file_that_envoy_rejects(fleet: Fleet, edge: Edge) -> None:
    before = _content(fleet.config)
    for name, spoil in (("clusters.json", "lb_policy"), ("routes.json", "virtual_hosts")):
        content = json.loads(_files(fleet, 1).content[name])
        content["resources"][0][spoil] = "NONSENSE"
        spoilt = {**_files(fleet, 1).content, name: laid_out(discovery(content["resources"]))}
        refusal = publish(
            EdgeFiles(edge_id="edge-us", content=spoilt), fleet.config, _admin(edge), wait=SECONDS
        )
        assert isinstance(refusal, Refusal)
        assert refusal.message == f"Envoy rejected {name} and keeps the previous one"
        assert _content(fleet.config)[name] == before[name] or name == "routes.json"
        assert _content(fleet.config)["routes.json"] == before["routes.json"]
        assert edge.ask("atlas").status == 200


def test_waits_a_limited_time_for_a_head_that_never_answers(fleet: Fleet, edge: Edge) -> None:
    """A new cluster is warm when its first health check has finished, here after a second."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        files = _files(fleet, 1)
        text = files.content["clusters.json"].decode()
        content = json.loads(text.replace('"timeout": "2s"', '"timeout": "1s"'))
        new = json.loads(
            json.dumps(content["resources"][0]).replace(content["resources"][0]["name"], "silent")
        )
        (place,) = new["load_assignment"]["endpoints"]
        address = place["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
        address["port_value"] = silent.getsockname()[1]
        clusters = laid_out(discovery([*content["resources"], new]))
        slow = EdgeFiles(edge_id="edge-us", content={**files.content, "clusters.json": clusters})
        refusal = publish(slow, fleet.config, _admin(edge), wait=0.2)
        assert isinstance(refusal, Refusal)
        assert refusal.message == "Envoy accepted clusters.json, but is still warming it after 0.2 seconds"
        assert edge.ask("atlas").status == 200
        assert edge.ask("new-1").status == 404
        done = publish(slow, fleet.config, _admin(edge), wait=SECONDS)
        assert isinstance(done, Published)
        assert edge.ask("new-1").status == 200


def test_reports_an_envoy_that_reads_another_folder(fleet: Fleet, edge: Edge, tmp_path: Path) -> None:
    shutil.copytree(fleet.config, tmp_path / "other")
    arguments = _arguments(fleet, edge, "dist-1", "--wait", "0.5")
    done = modelspec(*arguments[:-1], tmp_path / "other")
    assert done.returncode == 1
    assert "Envoy ignored clusters.json for 0.5 seconds" in done.stderr
    assert _content(tmp_path / "other") == _content(fleet.config)


def _admin(edge: Edge) -> Admin:
    return Admin(host="127.0.0.1", port=edge.admin_port)


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """Redirects every request."""

    asked: list[str] = []  # noqa: RUF012 - of all requests

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(302)
        self.send_header("location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def test_an_unreachable_or_foreign_admin_interface_changes_nothing(fleet: Fleet, tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    for name in FILES:
        shutil.copy(fleet.root / "dist-0" / EDGE / name, folder / name)
    before = _content(folder)
    source = ("publish", "envoy", "--from", fleet.root / "dist-1", "--admin")
    silent = modelspec(*source, f"http://127.0.0.1:{free_port()}", folder)
    assert (silent.returncode, silent.stdout) == (1, "")
    assert "modelspec: no Envoy answers at the admin interface 'http://127.0.0.1:" in silent.stderr
    server = http.server.HTTPServer(("127.0.0.1", 0), _Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        stranger = modelspec(*source, f"http://127.0.0.1:{server.server_port}", folder)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert stranger.returncode == 1
    assert "is not the admin interface of an Envoy that runs an edge" in stranger.stderr
    assert set(_Elsewhere.asked) == {"/server_info"}
    assert _content(folder) == before


def _spoilt(build: Path, name: str, content: bytes, *, with_digest: bool) -> None:
    (build / EDGE / name).write_bytes(content)
    if with_digest:
        manifest = json.loads((build / "manifest.json").read_bytes())
        manifest["files"][f"{EDGE}/{name}"] = hashlib.sha256(content).hexdigest()
        (build / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _pollute(value: Any) -> Any:
    """The same with an unknown field, in the first mapping that contains no other."""
    if isinstance(value, list):
        return [_pollute(value[0]), *value[1:]]
    deeper = [name for name, item in value.items() if item and isinstance(item, dict | list)]
    if not deeper or (isinstance(value[deeper[0]], list) and isinstance(value[deeper[0]][0], str)):
        return {**value, "no_such_field": 1}
    return {**value, deeper[0]: _pollute(value[deeper[0]])}


def _fault(build: Path) -> str:
    edges = edges_of(build)
    assert not isinstance(edges, Refusal)
    files = edge_files(build, edges, None)
    fault = files if isinstance(files, Refusal) else check(files, program())
    return "" if fault is None else fault.message


@pytest.mark.parametrize("name", [*FILES, "static.json"])
def test_validation_reports_a_corruption_of_any_file(fleet: Fleet, tmp_path: Path, name: str) -> None:
    """By its digest; if the manifest was changed as well, by the static file or by Envoy."""
    build = tmp_path / "dist"
    shutil.copytree(fleet.root / "dist-0", build)
    content = (build / EDGE / name).read_bytes()
    assert _fault(build) == ""
    for spoilt in (b"", b"[]", content[:-10], b"\xff", laid_out(_pollute(json.loads(content)))):
        _spoilt(build, name, spoilt, with_digest=False)
        assert "its digest differs" in _fault(build)
        _spoilt(build, name, spoilt, with_digest=True)
        assert _fault(build).startswith("edge edge-us: ")


def test_envoy_rejects_unknown_fields(fleet: Fleet, tmp_path: Path) -> None:
    build = tmp_path / "dist"
    shutil.copytree(fleet.root / "dist-0", build)
    for name in ("static.json", "clusters.json"):
        content = json.loads((build / EDGE / name).read_bytes())
        resources = (
            content["resources"] if name == "clusters.json" else content["static_resources"]["clusters"]
        )
        resources[0]["no_such_field"] = 1
        if name == "clusters.json":
            content = discovery(resources)
        _spoilt(build, name, laid_out(content), with_digest=True)
    found = modelspec("publish", "envoy", "--check", "--from", build)
    assert found.returncode == 1
    assert "modelspec: edge edge-us: Envoy rejects static.json: " in found.stderr
    assert "no_such_field" in found.stderr
