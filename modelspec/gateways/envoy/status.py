"""What an edge runs, held against the files in its folder and against a build."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.refusal import Refusal
from modelspec.gateways.envoy.admin import Admin, EdgeState
from modelspec.gateways.envoy.emit import discovery
from modelspec.gateways.envoy.files import BOOTSTRAP, ROUTES, WATCHED, EdgeFiles
from modelspec.gateways.envoy.folder import opened
from modelspec.gateways.envoy.identity import BuiltFrom
from modelspec.gateways.envoy.kept import KeptBuilds, resources
from modelspec.gateways.envoy.present import PresentEdge, built_from, present_edge, started_by

Versions = dict[str, str]
"""The version of each file by name; that of the bootstrap is "" if an older modelspec wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeStatus:
    """What an edge runs, and what is wrong with it.

    `running` is what its routes were built from, as far as Envoy says it. `build` and `is_stale` are None without a
    build to compare with, `rollback` if no earlier build is kept. `changed` are the files in the folder that differ
    from what was published, `unused` those whose version is not the one that Envoy uses.
    """

    edge_id: str
    running: BuiltFrom | None
    versions: Versions
    build: BuiltFrom | None
    rollback: BuiltFrom | None
    changed: tuple[str, ...]
    unused: tuple[str, ...]
    is_unfinished: bool
    canary_failed: bool
    is_stale: bool | None

    @property
    def is_well(self) -> bool:
        """Whether the edge runs what was published, which is the build if there is one."""
        return not (self.changed or self.unused or self.is_unfinished or self.canary_failed or self.is_stale)

    @property
    def problems(self) -> Iterator[str]:
        """What is wrong, a line each, with what to do."""
        if self.changed:
            yield f"changed by hand: {', '.join(self.changed)}; publish again to restore what git says"
        if self.is_unfinished:
            yield "the last publish was not finished; run it again, or --rollback"
        if self.canary_failed:
            yield "the canary of this build failed; --rollback, or publish it again without --canary to keep it"
        reload = [name for name in self.unused if name != BOOTSTRAP]
        if reload:
            yield f"Envoy does not use what is in the folder: {', '.join(reload)}; publish again"
        if BOOTSTRAP in self.unused:
            yield f"Envoy was started with another {BOOTSTRAP}: restart it"
        if self.is_stale:
            same = self.build and self.running and self.build.commit == self.running.commit
            which = "another one " if same else ""
            yield f"stale: the build is {which}of {described(self.build)}; publish it"


def described(built: BuiltFrom | None) -> str:
    """A build in words."""
    if built is None or not built.commit:
        return "an unknown commit"
    return f"sources {built.digest[:12]}" if built.commit == built.digest else f"commit {built.commit}"


Build = Callable[[str], EdgeFiles | Refusal]
"""The files of an edge in a build, by its id."""


def status(path: Path, admin: Admin, edge_id: str | None, build: Build | None) -> EdgeStatus | Refusal:
    """The status of the edge of a folder; reads, and locks nothing, so that it disturbs no publish."""
    with opened(path) as folder:
        edge = folder if isinstance(folder, Refusal) else present_edge(edge_id, folder, admin)
        if isinstance(edge, Refusal):
            return edge
        state, running = admin.state(), admin.built_from()
        files = None if build is None else build(edge.edge_id)
        if isinstance(state, Refusal) or isinstance(running, Refusal) or isinstance(files, Refusal):
            return next(found for found in (state, running, files) if isinstance(found, Refusal))
        return _status(edge, state, running, files)


def _status(
    edge: PresentEdge, state: EdgeState, running: BuiltFrom | None, build: EdgeFiles | None
) -> EdgeStatus | Refusal:
    content: dict[str, bytes] = {}
    for name in (BOOTSTRAP, *WATCHED):
        found = edge.folder.read(name)
        if isinstance(found, Refusal):
            return found
        if found is not None:
            content[name] = found
    used = {**state.versions, BOOTSTRAP: edge.started.version if edge.started else ""}
    there = versions_of(content)
    kept = KeptBuilds.existing(edge.folder)
    builds = kept.all() if kept else []
    published = kept.read(builds[-1]) if kept and builds else None
    good = kept.last_good() if kept else None
    back = kept.read(good) if kept and good else None
    is_same = isinstance(published, EdgeFiles) and published.content == content
    is_between = isinstance(back, EdgeFiles) and back.content == content
    is_pending = not is_same and bool(builds) and (is_between or not builds[-1].is_used)
    has_failed = is_same and builds[-1].state == ".failed"
    wanted = None if build is None else versions_of(build.content)
    return EdgeStatus(
        edge_id=edge.edge_id,
        running=running or BuiltFrom(edge_id=edge.edge_id),
        versions=used,
        build=None if build is None else built_from(build.content[ROUTES]),
        rollback=built_from(back.content[ROUTES]) if isinstance(back, EdgeFiles) else None,
        changed=tuple(
            _changed(content, published if isinstance(published, EdgeFiles) and not is_pending else None)
        ),
        unused=tuple(name for name, version in there.items() if used.get(name) != version),
        is_unfinished=is_pending,
        canary_failed=has_failed,
        is_stale=None if wanted is None else any(used.get(name) != wanted[name] for name in wanted),
    )


def versions_of(content: Mapping[str, bytes]) -> Versions:
    """The version of each file; of one that modelspec did not write, a text that no version has."""
    versions = {}
    for name in (BOOTSTRAP, *WATCHED):
        if name not in content:
            continue
        if name == BOOTSTRAP:
            node = started_by(content[name])
            versions[name] = node.version if node else "?"
        else:
            read = resources(content[name])
            versions[name] = read["version_info"] if read else "?"
    return versions


def _changed(content: dict[str, bytes], published: EdgeFiles | None) -> Iterator[str]:
    """The files that differ from what was published, or, where nothing says what was, from their own version."""
    for name in (BOOTSTRAP, *WATCHED):
        if published is not None:
            if content.get(name) != published.content.get(name):
                yield name
        elif name in content and name != BOOTSTRAP:
            read = resources(content[name])
            if read is None or discovery(read["resources"]) != read:
                yield name
