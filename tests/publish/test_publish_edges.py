"""`publish envoy`: whose files, what is kept, what comes back, what is said of it. The Envoy here is a fake one."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_envoy import FakeEnvoy, fake_envoy
from golden_cases import BASES

from modelspec import cli
from modelspec.diagnose.refusal import Refusal
from modelspec.gateways.envoy import admin as admin_module
from modelspec.gateways.envoy.admin import Admin
from modelspec.gateways.envoy.check import edge_files, edges_of
from modelspec.gateways.envoy.emit import discovery, laid_out
from modelspec.gateways.envoy.files import BOOTSTRAP, CLUSTERS, LISTENER, ROUTES, EdgeFiles
from modelspec.gateways.envoy.identity import BuiltFrom
from modelspec.gateways.envoy.publish import Published, publish, roll_back
from modelspec.gateways.envoy.status import EdgeStatus, status

BUILDS = 8


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Of different commits, the odd ones with a model less."""
    root = tmp_path_factory.mktemp("fleet") / "fleet"
    shutil.copytree(BASES / "edges", root)
    made = []
    for number in range(BUILDS):
        path = root / "models.d" / "cedar.yaml"
        text = (root / "models.d" / "bison.yaml").read_text(encoding="utf-8").replace("bison", "cedar")
        path.unlink(missing_ok=True)
        if number % 2:
            path.write_text(text.replace("cedar/*", "cedar"), encoding="utf-8")
        output = root.parent / f"dist-{number}"
        arguments = [
            "build",
            "--root",
            str(root),
            "--output",
            str(output),
            "--commit",
            f"c{number}",
            "--quiet",
        ]
        assert cli.run(arguments) == 0
        made.append(output)
    return tuple(made)


def files_of(build: Path, edge_id: str = "edge-us") -> EdgeFiles:
    edges = edges_of(build)
    assert not isinstance(edges, Refusal)
    files = edge_files(build, edges, edge_id)
    assert not isinstance(files, Refusal)
    return files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    made.mkdir()
    return made


@pytest.fixture
def envoy(builds: tuple[Path, ...], folder: Path) -> Iterator[FakeEnvoy]:
    """It runs build 0."""
    assert isinstance(
        publish(files_of(builds[0]), folder, Admin(host="127.0.0.1", port=1), wait=1), Published
    )
    with fake_envoy(folder) as one:
        yield one


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".json"}


def published(build: Path, edge_id: str = "edge-us") -> dict[str, bytes]:
    files = files_of(build, edge_id)
    return {name: files.content[name] for name in (BOOTSTRAP, *files.watched)}


def given(envoy: FakeEnvoy, build: Path) -> Published:
    done = publish(files_of(build), envoy.folder, envoy.admin, wait=5)
    assert isinstance(done, Published)
    return done


def back(envoy: FakeEnvoy) -> str:
    """The commit that came back, or why none did."""
    done = roll_back(envoy.folder, envoy.admin, wait=5)
    return done.message if isinstance(done, Refusal) else done.built.commit


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".modelspec").iterdir())


def test_another_edge_is_refused_by_what_runs_and_by_the_files(
    builds: tuple[Path, ...], envoy: FakeEnvoy, tmp_path: Path
) -> None:
    before, names = content(envoy.folder), kept(envoy.folder)
    other = files_of(builds[1], "edge-eu")

    def refused(files: EdgeFiles, folder: Path, admin: Admin) -> str:
        refusal = publish(files, folder, admin, wait=1)
        assert isinstance(refusal, Refusal)
        return refusal.message

    end = "of edge 'edge-us', not 'edge-eu': nothing was written"
    assert refused(other, envoy.folder, envoy.admin) == f"'{envoy.folder}' is {end}"
    # Also if Envoy is not running, and if only the routes are left.
    assert refused(other, envoy.folder, Admin(host="127.0.0.1", port=1)) == f"'{envoy.folder}' is {end}"
    (envoy.folder / BOOTSTRAP).rename(tmp_path / "moved")
    assert refused(other, envoy.folder, envoy.admin) == f"'{envoy.folder}/routes.json' is {end}"
    (tmp_path / "moved").rename(envoy.folder / BOOTSTRAP)
    # And if the folder is right, but another edge runs.
    own = tmp_path / "own"
    shutil.copytree(builds[0] / "gateways/envoy/edge-eu", own)
    assert refused(other, own, envoy.admin) == f"the Envoy at '{envoy.admin.url}' is {end}"
    assert content(own) == content(builds[0] / "gateways/envoy/edge-eu")
    assert not (own / ".modelspec").exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refused(other, empty, envoy.admin) == f"the Envoy at '{envoy.admin.url}' is {end}"
    assert list(empty.iterdir()) == []
    assert (content(envoy.folder), kept(envoy.folder)) == (before, names)


def test_an_edge_of_an_older_version_is_known_by_its_node(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    bootstrap = json.loads((envoy.folder / BOOTSTRAP).read_bytes())
    del bootstrap["node"]["metadata"], envoy.node["metadata"]
    (envoy.folder / BOOTSTRAP).write_bytes(laid_out(bootstrap))
    (routes,) = json.loads((envoy.folder / ROUTES).read_bytes())["resources"]
    del routes["metadata"]
    (envoy.folder / ROUTES).write_bytes(laid_out(discovery([routes])))
    shutil.rmtree(envoy.folder / ".modelspec")
    old = content(envoy.folder)
    assert isinstance(publish(files_of(builds[1], "edge-eu"), envoy.folder, envoy.admin, wait=1), Refusal)
    done = given(envoy, builds[1])
    assert (done.is_running, done.needs_restart) == (True, True)
    # It ran, so it is what a rollback brings back.
    assert back(envoy) == ""
    assert content(envoy.folder) == old


def test_a_rollback_brings_back_one_build_after_the_other(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    assert back(envoy) == f"no earlier build is kept in '{envoy.folder}'"
    for build in builds[1:4]:
        given(envoy, build)
    for number in (2, 1, 0):
        assert back(envoy) == f"c{number}"
        assert content(envoy.folder) == published(builds[number])
    assert back(envoy).startswith("no earlier build is kept")
    given(envoy, builds[4])
    assert back(envoy) == "c0"


def test_keeps_a_limited_number_of_builds(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    for build in builds[1:]:
        given(envoy, build)
        given(envoy, build)  # again: it is the same
    assert kept(envoy.folder) == [f"{number:06}.json" for number in range(BUILDS - 4, BUILDS + 1)]
    assert [back(envoy) for _ in range(4)] == [f"c{number}" for number in (6, 5, 4, 3)]
    assert back(envoy).startswith("no earlier build is kept")


class _Killed(BaseException):
    """Instead of a signal, at a chosen moment."""


CALLS = ("open", "rename", "unlink", "fsync", "mkdir")


@pytest.mark.parametrize("verb", ["publish", "rollback"])
def test_whenever_it_is_killed_the_last_good_build_can_come_back(
    verb: str, builds: tuple[Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before each system call that changes something, in turn, until it gets through."""
    for moment in range(1, 200):
        folder = tmp_path / str(moment)
        folder.mkdir()
        publish(files_of(builds[0]), folder, Admin(host="127.0.0.1", port=1), wait=1)
        with fake_envoy(folder) as envoy:
            given(envoy, builds[1])
            if verb == "rollback":
                given(envoy, builds[2])
            killed = _killed_at(moment, verb, envoy, builds[2], monkeypatch)
            has_begun = any(name.endswith(".pending.json") for name in kept(folder)) or content(
                folder
            ) != published(builds[1])
            if killed and verb == "rollback":
                assert back(envoy) == "c1"  # again: it does not go further back
            elif verb == "publish" and has_begun:
                assert back(envoy) == "c1"
            assert content(folder) == published(builds[1])
        if not killed:
            assert moment > 5
            return
    pytest.fail("it never got through")


def _killed_at(
    moment: int, verb: str, envoy: FakeEnvoy, build: Path, monkeypatch: pytest.MonkeyPatch
) -> bool:
    calls = 0
    real = {name: getattr(os, name) for name in CALLS}

    def counted(name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            if name != "open" or arguments[1] & os.O_CREAT:
                calls += 1
                if calls >= moment:
                    raise _Killed
            return real[name](*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, counted(name))
        try:
            if verb == "publish":
                publish(files_of(build), envoy.folder, envoy.admin, wait=5)
            else:
                roll_back(envoy.folder, envoy.admin, wait=5)
        except _Killed:
            return True
    return False


def test_a_build_that_envoy_rejects_is_never_brought_back(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    given(envoy, builds[1])
    spoilt = files_of(builds[2])
    bad = EdgeFiles(
        edge_id="edge-us", content={**spoilt.content, LISTENER: laid_out(discovery([{"name": "x"}]))}
    )
    real = envoy.answer

    def rejecting(path: str) -> Any:
        found = real(path)
        for row in found.get("stats", ()):
            if row["name"] == "listener_manager.lds.version_text":
                row["value"] = json.loads(files_of(builds[1]).content[LISTENER])["version_info"]
            if row["name"] == "listener_manager.lds.update_rejected":
                row["value"] = int((envoy.folder / LISTENER).read_bytes() == bad.content[LISTENER])
        return found

    envoy.answer = rejecting  # type: ignore[method-assign]
    refusal = publish(bad, envoy.folder, envoy.admin, wait=1)
    assert isinstance(refusal, Refusal)
    assert refusal.message == "Envoy rejected listener.json and keeps the previous one"
    found = _status(envoy, builds[2])
    assert (found.is_unfinished, found.changed) == (True, ())
    given(envoy, builds[3])
    assert back(envoy) == "c1"


def test_what_was_changed_by_hand_and_ran_can_come_back(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    given(envoy, builds[1])
    shutil.copy(builds[2] / "gateways/envoy/edge-us/routes.json", envoy.folder / ROUTES)
    shutil.copy(builds[2] / "gateways/envoy/edge-us/clusters.json", envoy.folder / CLUSTERS)
    assert _status(envoy, builds[1]).changed == (CLUSTERS, ROUTES) or _status(envoy, builds[1]).changed == (
        ROUTES,
    )
    given(envoy, builds[3])
    assert back(envoy) == "c2"


def test_without_an_envoy_a_rollback_only_writes(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    """One that does not start any more is why it is needed. The port must be the one of its bootstrap."""
    given(envoy, builds[1])
    nobody = Admin(host="127.0.0.1", port=1)
    refusal = roll_back(envoy.folder, nobody, wait=1)
    assert isinstance(refusal, Refusal)
    assert refusal.message == "no Envoy answers at the admin interface 'http://127.0.0.1:1'"
    bootstrap = json.loads((envoy.folder / BOOTSTRAP).read_bytes())
    bootstrap["admin"]["address"]["socket_address"]["port_value"] = 1
    (envoy.folder / BOOTSTRAP).write_bytes(laid_out(bootstrap))
    done = roll_back(envoy.folder, nobody, wait=1)
    assert isinstance(done, Published)
    assert (done.is_running, done.is_first, done.built.commit) == (False, False, "c0")
    assert content(envoy.folder) == published(builds[0])


def _status(envoy: FakeEnvoy, build: Path | None = None) -> EdgeStatus:
    found = status(
        envoy.folder, envoy.admin, None, None if build is None else lambda edge: files_of(build, edge)
    )
    assert isinstance(found, EdgeStatus)
    return found


def test_a_status_says_what_runs_and_what_differs(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    found = _status(envoy, builds[0])
    assert (found.is_well, list(found.problems), found.is_stale) == (True, [], False)
    assert found.running is not None
    assert (found.running.edge_id, found.running.commit) == ("edge-us", "c0")
    assert _status(envoy).is_stale is None
    found = _status(envoy, builds[1])
    assert (found.is_well, found.is_stale, found.rollback) == (False, True, None)
    assert list(found.problems) == ["stale: the build is of commit c1; publish it"]
    again = replace(found, build=BuiltFrom(edge_id="edge-us", commit="c0", digest="f" * 64))
    assert list(again.problems) == ["stale: the build is another one of commit c0; publish it"]
    given(envoy, builds[1])
    found = _status(envoy, builds[1])
    assert found.is_well
    assert found.rollback is not None
    assert found.rollback.commit == "c0"


def test_a_status_names_a_file_that_was_changed_by_hand(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    given(envoy, builds[1])
    routes = (envoy.folder / ROUTES).read_bytes()
    (envoy.folder / ROUTES).write_bytes(routes.replace(b'"atlas"', b'"bogus"'))
    assert _status(envoy, builds[1]).changed == (ROUTES,)
    shutil.rmtree(envoy.folder / ".modelspec")  # then by its version, which is a digest
    found = _status(envoy, builds[1])
    assert found.changed == (ROUTES,)
    assert list(found.problems) == ["changed by hand: routes.json; publish again to restore what git says"]
    (envoy.folder / ROUTES).write_bytes(routes)
    envoy.node["metadata"]["modelspec"]["version"] = "other"
    found = _status(envoy, builds[1])
    assert next(iter(found.problems)) == "Envoy was started with another bootstrap.json: restart it"


def test_a_status_disturbs_no_publish(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    before = content(envoy.folder), kept(envoy.folder)
    other = os.open(envoy.folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    try:
        assert _status(envoy, builds[0]).is_well
    finally:
        os.close(other)
    assert (content(envoy.folder), kept(envoy.folder)) == before


def test_the_commands_say_what_they_did(
    builds: tuple[Path, ...], envoy: FakeEnvoy, capsys: pytest.CaptureFixture[str]
) -> None:
    to = ["--admin", envoy.admin.url, str(envoy.folder)]
    source = ["--envoy", "/bin/true", "--from", str(builds[1])]
    assert cli.run(["publish", "envoy", *source, "--edge", "edge-us", *to]) == 0
    capsys.readouterr()
    assert cli.run(["publish", "envoy", "--status", "--from", str(builds[1]), *to]) == 0
    said = f"edge edge-us runs commit c1, the build in '{builds[1]}'\n  --rollback brings back commit c0\n"
    assert capsys.readouterr() == (said, "")
    assert cli.run(["publish", "envoy", "--rollback", *to]) == 0
    assert capsys.readouterr().err.startswith("Envoy uses edge edge-us (replaced ")
    assert cli.run(["publish", "envoy", "--status", "--format", "json", "--from", str(builds[1]), *to]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["edge"], found["running"]["commit"], found["build"]["commit"]) == ("edge-us", "c0", "c1")
    assert (found["stale"], found["ok"], found["rollback"], found["changed_by_hand"]) == (
        True,
        False,
        None,
        [],
    )
    assert cli.run(["publish", "envoy", "--rollback", "--edge", "edge-eu", *to]) == 1
    assert "is of edge 'edge-us', not 'edge-eu'" in capsys.readouterr().err
    for options in (["--status", "--rollback"], ["--rollback", "--canary", "1"], ["--canary", "21"]):
        assert cli.run(["publish", "envoy", *options, *to]) == 2


def test_a_kept_build_that_was_damaged_is_refused(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    given(envoy, builds[1])
    place = envoy.folder / ".modelspec" / "000001.json"
    good = place.read_text(encoding="utf-8")
    other = good.replace('"edge": "edge-us"', '"edge": "edge-eu"')
    for bad in (
        "",
        "[]",
        "{}",
        '{"edge": 1, "files": {}}',
        good.replace("listener.json", "../x"),
        "[" * 9999,
    ):
        place.write_text(bad, encoding="utf-8")
        assert back(envoy) == f"'{place}' is not a build that modelspec kept"
    place.write_text(other, encoding="utf-8")
    assert back(envoy) == f"'{place}' is of edge 'edge-eu', not 'edge-us': nothing was written"
    place.unlink()
    place.symlink_to("/etc/passwd")
    assert back(envoy).startswith(f"cannot read '{place}'")
    assert content(envoy.folder) == published(builds[1])


def test_a_link_in_place_of_the_folder_of_kept_builds_is_refused(
    builds: tuple[Path, ...], envoy: FakeEnvoy, tmp_path: Path
) -> None:
    shutil.rmtree(envoy.folder / ".modelspec")
    (envoy.folder / ".modelspec").symlink_to(tmp_path)
    before = content(envoy.folder)
    refusal = publish(files_of(builds[1]), envoy.folder, envoy.admin, wait=1)
    assert isinstance(refusal, Refusal)
    assert refusal.message.startswith(f"cannot open '{envoy.folder}/.modelspec'")
    assert content(envoy.folder) == before


@pytest.mark.parametrize(
    "kind", ["drips its header", "drips its body", "is endless", "is an error", "is text"]
)
def test_an_admin_interface_that_is_slow_or_large_is_refused_in_time(
    kind: str, builds: tuple[Path, ...], envoy: FakeEnvoy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timeout of a socket would begin anew with each byte."""
    monkeypatch.setattr(admin_module, "_SECONDS", 0.5)
    before = content(envoy.folder)
    with Hostile(kind) as port:
        begin = time.monotonic()
        refusal = publish(files_of(builds[1]), envoy.folder, Admin(host="127.0.0.1", port=port), wait=1)
        found = status(envoy.folder, Admin(host="127.0.0.1", port=port), None, None)
        seconds = time.monotonic() - begin
    assert isinstance(refusal, Refusal)
    assert isinstance(found, Refusal)
    assert ("no Envoy answers" if "header" in kind else "is not the admin interface") in refusal.message
    assert seconds < 20
    assert content(envoy.folder) == before


class Hostile:
    """A server that never finishes an answer, or gives a wrong one."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._end = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> int:
        self._threads[0].start()
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._end.set()
        with socket.create_connection(self._socket.getsockname()):
            pass
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _accept(self) -> None:
        while not self._end.is_set():
            connection, _ = self._socket.accept()
            thread = threading.Thread(target=self._answer, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _answer(self, connection: socket.socket) -> None:
        ok = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n"
        with connection, suppress(OSError):
            connection.recv(65536)
            match self._kind:
                case "is an error":
                    connection.sendall(b"HTTP/1.1 403 X\r\ncontent-length: 2\r\n\r\n{}")
                case "is text":
                    connection.sendall(b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\nhi")
                case "is endless":
                    connection.sendall(ok)
                    while not self._end.is_set():
                        connection.sendall(b"[" * 65536)
                case _:
                    connection.sendall(b"H" if "header" in self._kind else ok)
                    while not self._end.wait(0.05):
                        connection.sendall(b"H")


def test_a_full_disk_changes_nothing(builds: tuple[Path, ...], envoy: FakeEnvoy) -> None:
    """A limit on the size of files, in a process of its own, stands for the disk."""
    before, names = content(envoy.folder), kept(envoy.folder)
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000));"
        "from modelspec import cli; from modelspec.gateways.envoy import check;"
    )
    unchecked = "check.check = lambda *_: None;"
    to = ["publish", "envoy", "--envoy", "/bin/true", "--from", str(builds[1]), "--edge", "edge-us"]
    to += ["--admin", envoy.admin.url, str(envoy.folder)]
    for script, place in (
        (limited, tempfile.gettempdir()),
        (limited + unchecked, f"{envoy.folder}/.modelspec/"),
    ):
        done = subprocess.run(
            [sys.executable, "-B", "-c", f"{script} sys.exit(cli.run(sys.argv[1:]))", *to],
            env={"TMPDIR": tempfile.gettempdir()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr.count("\n")) == (1, 2), done.stderr
        assert done.stderr.startswith(f"modelspec: cannot write '{place}")
        assert "File too large" in done.stderr
    assert content(envoy.folder) == before
    assert [name for name in kept(envoy.folder) if not name.startswith(".")] == names
    given(envoy, builds[1])
    assert not any(name.startswith(".") for name in kept(envoy.folder))


@pytest.mark.parametrize("name", [CLUSTERS, ROUTES, LISTENER, BOOTSTRAP])
def test_a_link_or_a_pipe_in_place_of_a_file_is_refused(
    name: str, builds: tuple[Path, ...], envoy: FakeEnvoy, tmp_path: Path
) -> None:
    real = tmp_path / "real"
    (envoy.folder / name).rename(real)
    texts = real.read_bytes()
    envoy.answer = lambda path: FakeEnvoy.answer(FakeEnvoy(tmp_path / "copy", envoy.node), path)  # type: ignore[method-assign]
    shutil.copytree(builds[0] / "gateways/envoy/edge-us", tmp_path / "copy")
    (envoy.folder / name).symlink_to(real)
    assert isinstance(publish(files_of(builds[1]), envoy.folder, envoy.admin, wait=1), Refusal)
    assert real.read_bytes() == texts
    (envoy.folder / name).unlink()
    os.mkfifo(envoy.folder / name)
    assert isinstance(publish(files_of(builds[1]), envoy.folder, envoy.admin, wait=1), Refusal)
