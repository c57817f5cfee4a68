"""Moving a running Envoy from one configuration to the next.

A new model needs its clusters before its routes, and a removed one its clusters until no route names them. So the
clusters of both configurations come first, then the routes, then the listener, and last the clusters of the new
configuration only. Each file is renamed into place, when Envoy reports that it uses the one before. Whenever this is
interrupted, the folder has a configuration that Envoy has accepted or will reject as a whole, and the next run
continues from there.
"""

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self
from urllib.parse import quote as escaped

from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.gateways.envoy.check import BOOTSTRAP, WATCHED, EdgeFiles
from modelspec.gateways.envoy.emit import discovery, laid_out
from modelspec.text.quote import quote
from modelspec.url import parts

_SECONDS = 5.0
_LARGEST_STATE = 1024 * 1024
_STATISTICS = {
    "clusters.json": "cluster_manager.cds",
    "routes.json": "http.edge.rds.models",
    "listener.json": "listener_manager.lds",
}
_WARMING = ("cluster_manager.warming_clusters", "listener_manager.total_listeners_warming")
_ASKED = (
    f"^({'|'.join(map(re.escape, _STATISTICS.values()))})[.](version_text|update_rejected|update_failure)$"
)
_FILTER = f"{_ASKED}|^({'|'.join(map(re.escape, _WARMING))})$"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeState:
    """The state of Envoy: the version of each file, how often it rejected one, and what is still warming."""

    versions: dict[str, str]
    refused: dict[str, int]
    warming: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """The admin interface of one Envoy, queried without proxies or redirects."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self | Refusal:
        """The interface at a URL such as http://127.0.0.1:9901."""
        wrong = Refusal(
            message=f"--admin {quote(url)} is not the URL of an admin interface",
            help="write http://HOST:PORT, such as http://127.0.0.1:9901",
        )
        found = parts(url)
        if found is None or found.scheme != "http" or not found.hostname or not url.isprintable():
            return wrong
        if found.number is None or found.userinfo or found.query or found.fragment or found.path.strip("/"):
            return wrong
        return cls(host=found.hostname, port=found.number)

    def state(self) -> EdgeState | Refusal:
        """Query the state once."""
        connection = HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            connection.request("GET", f"/stats?format=json&filter={escaped(_FILTER, safe='')}")
            response = connection.getresponse()
            content = response.read(_LARGEST_STATE)
        except (OSError, HTTPException, ValueError):
            return Refusal(
                message=f"no Envoy answers at the admin interface {quote(self._name)}",
                help="start Envoy, or correct --admin; the port is `admin_port` in target_options.envoy",
            )
        finally:
            connection.close()
        return _state(content) or Refusal(
            message=f"{quote(self._name)} is not the admin interface of an Envoy that runs an edge",
            help="use the admin port of the Envoy that reads this folder",
        )

    @property
    def _name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def _state(content: bytes) -> EdgeState | None:
    """The state from a response; None if it is not from an Envoy with clusters in a file."""
    try:
        rows = {row["name"]: row["value"] for row in json.loads(content)["stats"] if "name" in row}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    numbers = {name: value for name, value in rows.items() if isinstance(value, int)}
    if _WARMING[0] not in numbers or f"{_STATISTICS['clusters.json']}.version_text" not in rows:
        return None
    return EdgeState(
        versions={file: str(rows.get(f"{prefix}.version_text", "")) for file, prefix in _STATISTICS.items()},
        refused={
            file: numbers.get(f"{prefix}.update_rejected", 0) + numbers.get(f"{prefix}.update_failure", 0)
            for file, prefix in _STATISTICS.items()
        },
        warming=sum(numbers.get(name, 0) for name in _WARMING),
    )


_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LARGEST = 512 * 1024 * 1024
_ACTION = "use a folder that you can write to: the `config_dir` of the edge"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFolder:
    """An open and locked folder."""

    path: Path
    descriptor: int

    def read(self, name: str) -> bytes | Refusal | None:
        """The content of a file; None if it does not exist."""
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self.descriptor)
            with os.fdopen(descriptor, "rb") as file:
                return file.read(_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            return unusable("read", self.path / name, error, _ACTION)

    def replace(self, name: str, content: bytes) -> Refusal | None:
        """Replace a file atomically and durably, by the rename that Envoy watches for."""
        draft = f".{name}.modelspec"
        try:
            with suppress(FileNotFoundError):  # left by a killed publisher
                os.unlink(draft, dir_fd=self.descriptor)
            descriptor = os.open(draft, _WRITE, 0o644, dir_fd=self.descriptor)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.rename(draft, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
            os.fsync(self.descriptor)
        except OSError as error:
            return unusable("write", self.path / name, error, _ACTION)
        return None


@contextmanager
def locked(path: Path) -> Iterator[WatchedFolder | Refusal]:
    """The folder, locked for one publisher at a time."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError as error:
        yield unusable("open", path, error, _ACTION)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield Refusal(
            message=f"another publish to {shown(path)} is running",
            help="wait for it to finish, then try again",
        )
    else:
        yield WatchedFolder(path=path, descriptor=descriptor)
    finally:
        os.close(descriptor)


_PAUSE = 0.05  # seconds between two queries
_CLUSTERS, _ROUTES, _LISTENER = WATCHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The replaced files in order, and whether Envoy must be started or restarted."""

    replaced: tuple[str, ...]
    is_first: bool
    needs_restart: bool


def publish(files: EdgeFiles, path: Path, admin: Admin, *, wait: float) -> Published | Refusal:
    """Copy the files of an edge to the folder at `path`, and wait up to `wait` seconds for Envoy to use each.

    In a folder without a bootstrap, the files are only written: no Envoy can have been started from it.
    """
    with locked(path) as folder:
        if isinstance(folder, Refusal):
            return folder
        bootstrap = folder.read(BOOTSTRAP)
        if isinstance(bootstrap, Refusal):
            return bootstrap
        if bootstrap is None:
            return _install(files, folder)
        replaced = _roll(files, folder, admin, wait)
        if isinstance(replaced, Refusal):
            return replaced
        is_new = bootstrap != files.content[BOOTSTRAP]
        refusal = folder.replace(BOOTSTRAP, files.content[BOOTSTRAP]) if is_new else None
        return refusal or Published(replaced=replaced, is_first=False, needs_restart=is_new)


def _roll(files: EdgeFiles, folder: WatchedFolder, admin: Admin, wait: float) -> tuple[str, ...] | Refusal:
    """Replace the files step by step; return the replaced ones."""
    replaced: list[str] = []
    union = _union(folder, files.content[_CLUSTERS])
    steps = [(_CLUSTERS, union), *((name, files.content[name]) for name in (_ROUTES, _LISTENER, _CLUSTERS))]
    for name, content in steps:
        done = content if isinstance(content, Refusal) else _give(folder, admin, name, content, wait)
        if isinstance(done, Refusal):
            return done
        if done:
            replaced.append(name)
    return tuple(replaced)


def _install(files: EdgeFiles, folder: WatchedFolder) -> Published | Refusal:
    """Write all files; the bootstrap comes last, because without it, the next run starts again."""
    names = (*WATCHED, BOOTSTRAP)
    for name in names:
        refusal = folder.replace(name, files.content[name])
        if refusal is not None:
            return refusal
    return Published(replaced=names, is_first=True, needs_restart=False)


def _union(folder: WatchedFolder, content: bytes) -> bytes | Refusal:
    """The new clusters, and those that are only in the folder."""
    old = folder.read(_CLUSTERS)
    if old is None or isinstance(old, Refusal):
        return content if old is None else old
    try:
        known = {one["name"]: one for one in json.loads(old)["resources"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return Refusal(
            message=f"{shown(folder.path / _CLUSTERS)} is not a file that modelspec wrote",
            help="restore the file of the last published build",
        )
    resources = json.loads(content)["resources"]
    names = {one["name"] for one in resources}
    gone = [one for name, one in sorted(known.items()) if name not in names]
    return laid_out(discovery([*resources, *gone])) if gone else content


def _give(folder: WatchedFolder, admin: Admin, name: str, content: bytes, wait: float) -> bool | Refusal:
    """Replace a file and wait until Envoy uses it; false if Envoy already uses it.

    If Envoy rejects or ignores the file, the previous one is restored.
    """
    old, state = folder.read(name), admin.state()
    for answer in (old, state):
        if isinstance(answer, Refusal):
            return answer
    assert isinstance(state, EdgeState)
    version = json.loads(content)["version_info"]
    if old == content and state.versions[name] == version and not state.warming:
        return False
    refusal = folder.replace(name, content)
    if refusal is not None:
        return refusal
    refusal = _used(admin, name, version, state.refused[name], wait)
    if refusal is None:
        return True
    if isinstance(old, bytes) and old != content:
        state = admin.state()
        if isinstance(state, Refusal) or state.versions[name] != version:
            folder.replace(name, old)
    return refusal


def _used(admin: Admin, name: str, version: str, refused: int, wait: float) -> Refusal | None:
    """Wait until Envoy uses this version and has warmed it; otherwise return why not."""
    end = time.monotonic() + wait
    while True:
        state = admin.state()
        if isinstance(state, Refusal):
            return state
        if state.versions[name] == version and not state.warming:
            return None
        if state.refused[name] > refused:
            return Refusal(
                message=f"Envoy rejected {name} and keeps the previous one", help="see the log of Envoy"
            )
        if time.monotonic() >= end:
            break
        time.sleep(_PAUSE)
    if state.versions[name] == version:
        return Refusal(
            message=f"Envoy accepted {name}, but is still warming it after {wait:g} seconds",
            help="try again to continue from here; --wait sets the time limit",
        )
    return Refusal(
        message=f"Envoy ignored {name} for {wait:g} seconds",
        help="check that it reads this folder (`config_dir` of target_options.envoy), on the same file system",
    )
