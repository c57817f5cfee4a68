"""Moving a running Envoy from one configuration to the next.

A new model needs its clusters before its routes, and a removed one its clusters until no route names them. So the
clusters of both configurations come first, then the routes, then the listener, and last the clusters of the new
configuration only. Each file is renamed into place, when Envoy reports that it uses the one before. Whenever this is
interrupted, the folder has a configuration that Envoy has accepted or will reject as a whole, and the next run
continues from there.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.gateways.envoy.admin import Admin, EdgeState
from modelspec.gateways.envoy.emit import discovery, laid_out
from modelspec.gateways.envoy.files import BOOTSTRAP, CLUSTERS, OPTIONAL, EdgeFiles
from modelspec.gateways.envoy.folder import WatchedFolder, locked

_PAUSE = 0.05  # seconds between two queries


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
    union = _union(folder, files.content[CLUSTERS])
    # The listener may name files that the one before did not, so Envoy reads those only now.
    optional = [name for name in files.watched if name in OPTIONAL]
    later = [name for name in files.watched if name != CLUSTERS]
    steps = [(CLUSTERS, union), *((name, files.content[name]) for name in (*later, *optional, CLUSTERS))]
    for name, content in steps:
        done = content if isinstance(content, Refusal) else _give(folder, admin, name, content, wait)
        if isinstance(done, Refusal):
            return done
        if done:
            replaced.append(name)
    for name in OPTIONAL:
        gone = folder.remove(name) if name not in files.content else None
        if gone is not None:
            return gone
    return tuple(replaced)


def _install(files: EdgeFiles, folder: WatchedFolder) -> Published | Refusal:
    """Write all files; the bootstrap comes last, because without it, the next run starts again."""
    names = (*files.watched, BOOTSTRAP)
    for name in names:
        refusal = folder.replace(name, files.content[name])
        if refusal is not None:
            return refusal
    return Published(replaced=names, is_first=True, needs_restart=False)


def _union(folder: WatchedFolder, content: bytes) -> bytes | Refusal:
    """The new clusters, and those that are only in the folder."""
    old = folder.read(CLUSTERS)
    if old is None or isinstance(old, Refusal):
        return content if old is None else old
    try:
        known = {one["name"]: one for one in json.loads(old)["resources"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return Refusal(
            message=f"{shown(folder.path / CLUSTERS)} is not a file that modelspec wrote",
            help="restore the file of the last published build",
        )
    resources = json.loads(content)["resources"]
    names = {one["name"] for one in resources}
    gone = [one for name, one in sorted(known.items()) if name not in names]
    return laid_out(discovery([*resources, *gone])) if gone else content


def _give(folder: WatchedFolder, admin: Admin, name: str, content: bytes, wait: float) -> bool | Refusal:
    """Replace a file and wait until Envoy uses it; false if Envoy already uses it.

    If Envoy rejects or ignores the file, the previous one is restored. A file that Envoy does not read yet is only
    written.
    """
    old, state = folder.read(name), admin.state()
    for answer in (old, state):
        if isinstance(answer, Refusal):
            return answer
    assert isinstance(state, EdgeState)
    version = json.loads(content)["version_info"]
    is_read = name not in OPTIONAL or name in state.versions
    if old == content and (state.versions.get(name) == version or not is_read) and not state.warming:
        return False
    refusal = folder.replace(name, content)
    if refusal is not None or not is_read:
        return refusal or True
    refusal = _used(admin, name, version, state.refused[name], wait)
    if refusal is None:
        return True
    if isinstance(old, bytes) and old != content:
        state = admin.state()
        if isinstance(state, Refusal) or state.versions.get(name) != version:
            folder.replace(name, old)
    return refusal


def _used(admin: Admin, name: str, version: str, refused: int, wait: float) -> Refusal | None:
    """Wait until Envoy uses this version and has warmed it; otherwise return why not."""
    end = time.monotonic() + wait
    while True:
        state = admin.state()
        if isinstance(state, Refusal):
            return state
        if state.versions.get(name) == version and not state.warming:
            return None
        if state.refused[name] > refused:
            return Refusal(
                message=f"Envoy rejected {name} and keeps the previous one", help="see the log of Envoy"
            )
        if time.monotonic() >= end:
            break
        time.sleep(_PAUSE)
    if state.versions.get(name) == version:
        return Refusal(
            message=f"Envoy accepted {name}, but is still warming it after {wait:g} seconds",
            help="try again to continue from here; --wait sets the time limit",
        )
    return Refusal(
        message=f"Envoy ignored {name} for {wait:g} seconds",
        help="check that it reads this folder (`config_dir` of target_options.envoy), on the same file system",
    )
