"""Moving a running Envoy from one configuration to the next, or back.

A new model needs its clusters before its routes, and a removed one its clusters until no route names them. So the
clusters of both configurations come first, then the routes, then the listener, and last the clusters of the new
configuration only. Each file is renamed into place, when Envoy reports that it uses the one before. Whenever this is
interrupted, the folder has a configuration that Envoy has accepted or will reject as a whole, and the next run
continues from there.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.gateways.envoy.admin import Admin
from modelspec.gateways.envoy.emit import discovery, laid_out
from modelspec.gateways.envoy.files import BOOTSTRAP, CLUSTERS, OPTIONAL, ROUTES, EdgeFiles
from modelspec.gateways.envoy.folder import WatchedFolder, locked
from modelspec.gateways.envoy.identity import BuiltFrom
from modelspec.gateways.envoy.kept import KeptBuilds, resources
from modelspec.gateways.envoy.present import (
    PresentEdge,
    built_from,
    files_in,
    other_edge,
    present_edge,
    started_by,
)
from modelspec.gateways.envoy.tls import unreadable

_PAUSE = 0.05  # seconds between two queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The replaced files in order, and what is left to do.

    `is_running` is false if Envoy must be started, `needs_restart` true if it runs and reads its bootstrap only then.
    `proved` is false if Envoy uses the build and the proof of the caller failed.
    """

    built: BuiltFrom
    replaced: tuple[str, ...]
    is_first: bool
    is_running: bool
    needs_restart: bool
    proved: bool = True


Proof = Callable[[EdgeFiles | None, EdgeFiles], bool]
"""Whether an edge works after it was moved from one build, if it is known, to another."""


def publish(
    files: EdgeFiles, path: Path, admin: Admin, *, wait: float, proof: Proof | None = None
) -> Published | Refusal:
    """Copy the files of an edge to the folder at `path`, and wait up to `wait` seconds for Envoy to use each.

    If no Envoy runs there, the files are only written. The build is kept on the machine for `roll_back`, unless its
    `proof` fails.
    """
    with locked(path) as folder:
        edge = folder if isinstance(folder, Refusal) else present_edge(files.edge_id, folder, admin)
        if isinstance(edge, Refusal):
            return edge
        kept = KeptBuilds.of(edge.folder)
        if isinstance(kept, Refusal):
            return kept
        build = _keep_what_runs(kept, edge) or kept.begin(files)
        if isinstance(build, Refusal):
            return build
        good = build if build.is_used else kept.last_good()
        done = _move(files, edge, wait)
        if isinstance(done, Refusal):
            return done
        if proof is not None and done.is_running:
            before = None if good is None else kept.read(good)
            if not proof(None if isinstance(before, Refusal) else before, files):
                return kept.fail(build) or replace(done, proved=False)
        return kept.finish(build) or done


def roll_back(path: Path, admin: Admin, edge_id: str | None = None, *, wait: float) -> Published | Refusal:
    """Bring back the last good build that this machine keeps, in the same steps."""
    with locked(path) as folder:
        edge = folder if isinstance(folder, Refusal) else present_edge(edge_id, folder, admin)
        if isinstance(edge, Refusal):
            return edge
        kept = KeptBuilds.of(edge.folder)
        if isinstance(kept, Refusal):
            return kept
        build = kept.last_good()
        if build is None:
            return Refusal(
                message=f"no earlier build is kept in {shown(path)}",
                help="publish the build of the commit that worked: build it again, or take its artifact",
            )
        files = kept.read(build)
        if isinstance(files, EdgeFiles) and files.edge_id != edge.edge_id:
            files = other_edge(shown(kept.folder.path / build.name), files.edge_id, edge.edge_id)
        done = files if isinstance(files, Refusal) else _move(files, edge, wait)
        return done if isinstance(done, Refusal) else kept.finish(build) or done


def _keep_what_runs(kept: KeptBuilds, edge: PresentEdge) -> Refusal | None:
    """Keep what was changed by hand or published by an older version, if Envoy uses it: it may be the last good one."""
    if edge.started is None:
        return None
    files, newest = files_in(edge), next(iter(kept.all()[-1:]), None)
    if not isinstance(files, EdgeFiles):
        return files
    if newest is not None:
        is_same = kept.is_same(newest, files)
        if is_same == newest.is_used or newest.state == ".failed":
            return None  # kept already, or a mixture that a killed publish left
    state = edge.admin.state()
    if isinstance(state, Refusal):
        return state
    versions = {name: resources(files.content[name]) for name in files.watched}
    if state.warming or any(
        not read or state.versions.get(name) != read["version_info"] for name, read in versions.items()
    ):
        return None
    build = kept.begin(files)
    return build if isinstance(build, Refusal) else kept.finish(build)


def _move(files: EdgeFiles, edge: PresentEdge, wait: float) -> Published | Refusal:
    """Give all files to the edge; the bootstrap comes last, because without it, the next run starts again."""
    folder = edge.folder
    admin = None if edge.started is None else edge.admin
    replaced = (admin and unreadable(files.content)) or _roll(files, folder, admin, wait)
    if isinstance(replaced, Refusal):
        return replaced
    new = files.content[BOOTSTRAP]
    if edge.bootstrap != new:
        refusal = folder.replace(BOOTSTRAP, new)
        if refusal is not None:
            return refusal
        replaced = (*replaced, *(() if admin else (BOOTSTRAP,)))
    node = started_by(new)
    is_old = edge.started is not None and (
        edge.started.version != node.version if node and edge.started.version else edge.bootstrap != new
    )
    return Published(
        built=built_from(files.content[ROUTES]) or BuiltFrom(edge_id=files.edge_id),
        replaced=replaced,
        is_first=edge.bootstrap is None and edge.started is None,
        is_running=edge.started is not None,
        needs_restart=is_old,
    )


def _roll(
    files: EdgeFiles, folder: WatchedFolder, admin: Admin | None, wait: float
) -> tuple[str, ...] | Refusal:
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


def _union(folder: WatchedFolder, content: bytes) -> bytes | Refusal:
    """The new clusters, and those that are only in the folder."""
    old = folder.read(CLUSTERS)
    if old is None or isinstance(old, Refusal):
        return content if old is None else old
    read = resources(old)
    if read is None:
        return Refusal(
            message=f"{shown(folder.path / CLUSTERS)} is not a file that modelspec wrote",
            help="restore the file of the last published build",
        )
    known = {one["name"]: one for one in read["resources"]}
    new = json.loads(content)["resources"]
    names = {one["name"] for one in new}
    gone = [one for name, one in sorted(known.items()) if name not in names]
    return laid_out(discovery([*new, *gone])) if gone else content


def _give(
    folder: WatchedFolder, admin: Admin | None, name: str, content: bytes, wait: float
) -> bool | Refusal:
    """Replace a file and wait until Envoy uses it; false if Envoy already uses it.

    If Envoy rejects or ignores the file, the previous one is restored. A file that Envoy does not read yet is only
    written, as is every file if Envoy is not running.
    """
    old, state = folder.read(name), None if admin is None else admin.state()
    if isinstance(old, Refusal) or isinstance(state, Refusal):
        return old if isinstance(old, Refusal) else state if isinstance(state, Refusal) else False
    version = json.loads(content)["version_info"]
    if state is None or (name in OPTIONAL and name not in state.versions):
        return old != content and (folder.replace(name, content) or True)
    assert admin is not None
    if old == content and state.versions.get(name) == version and not state.warming:
        return False
    refusal = folder.replace(name, content)
    if refusal is not None:
        return refusal
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
