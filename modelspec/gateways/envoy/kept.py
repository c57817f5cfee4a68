"""Builds that this machine keeps, so that the last good one can come back without the repository or a network.

Each is one file in `.modelspec/`, a folder beside the files that Envoy watches. A build is written as `N.pending.json`
before its first file is given to Envoy, and becomes `N.json` when Envoy uses all of it. So whenever a publisher is
killed, the newest file says which build was wanted, and the newest `N.json` before it is the last good one. One whose
canary failed is `N.failed.json`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.gateways.envoy.files import BOOTSTRAP, CLUSTERS, LISTENER, ROUTES, WATCHED, EdgeFiles
from modelspec.gateways.envoy.folder import WatchedFolder

FOLDER = ".modelspec"
_MOST = 5
"""Used builds that are kept, the current one included."""
_NAME = re.compile(r"([0-9]{6,12})(|\.pending|\.failed)\.json")
_NEEDED = {BOOTSTRAP, CLUSTERS, ROUTES, LISTENER}
_ALLOWED = {BOOTSTRAP, *WATCHED}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBuild:
    """One of them; `state` is "", ".pending" or ".failed"."""

    number: int
    state: str

    @property
    def name(self) -> str:
        """That of its file."""
        return f"{self.number:06}{self.state}.json"

    @property
    def is_used(self) -> bool:
        """Whether Envoy has used all of it, and nothing speaks against it."""
        return self.state == ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBuilds:
    """All of them, in the folder of an edge that is locked."""

    folder: WatchedFolder

    @classmethod
    def of(cls, folder: WatchedFolder) -> Self | Refusal:
        """Those of an edge."""
        inner = folder.inner(FOLDER)
        return inner if isinstance(inner, Refusal) else cls(folder=inner)

    @classmethod
    def existing(cls, folder: WatchedFolder) -> Self | None:
        """The same, to be read; None if there are none."""
        inner = folder.inner(FOLDER, create=False)
        return None if isinstance(inner, Refusal) else cls(folder=inner)

    def all(self) -> list[KeptBuild]:
        """From the oldest to the newest."""
        found = (_NAME.fullmatch(name) for name in self.folder.names())
        builds = [KeptBuild(number=int(one[1]), state=one[2]) for one in found if one]
        return sorted(builds, key=lambda one: (one.number, one.name))

    def last_good(self) -> KeptBuild | None:
        """The newest used one before the one that was published last."""
        return next((one for one in reversed(self.all()[:-1]) if one.is_used), None)

    def read(self, build: KeptBuild) -> EdgeFiles | Refusal:
        """The files of one."""
        content = self.folder.read(build.name)
        if isinstance(content, Refusal):
            return content
        files = _files(content or b"")
        return files or Refusal(
            message=f"{shown(self.folder.path / build.name)} is not a build that modelspec kept",
            help="remove the file, or publish a build",
        )

    def begin(self, files: EdgeFiles) -> KeptBuild | Refusal:
        """Keep a build that is about to be published; the one that is kept already if it is the newest."""
        builds = self.all()
        newest_used = next((one for one in reversed(builds) if one.is_used), None)
        for one in dict.fromkeys((*builds[-1:], newest_used)):
            if one is not None and self.is_same(one, files):
                return one
        new = KeptBuild(number=builds[-1].number + 1 if builds else 1, state=".pending")
        return self.folder.replace(new.name, _text(files)) or new

    def is_same(self, build: KeptBuild, files: EdgeFiles) -> bool:
        """Whether a build has the same files as another."""
        return self.folder.read(build.name) == _text(files)

    def fail(self, build: KeptBuild) -> Refusal | None:
        """Envoy uses a build, but its canary failed: it is not to come back."""
        return self.folder.rename(build.name, replace(build, state=".failed").name)

    def finish(self, build: KeptBuild) -> Refusal | None:
        """Envoy uses all of a build: it is the current one. Forget those that never were, and the oldest."""
        used = replace(build, state="")
        refusal = None if build.is_used else self.folder.rename(build.name, used.name)
        if refusal is not None:
            return refusal
        others = [one for one in self.all() if one != used]
        older = [one for one in others if one.is_used and one.number < used.number]
        for name in self.folder.names():
            if name.startswith("."):  # left by a killed publisher
                self.folder.remove(name)
        return self._forget([one for one in others if one not in older[-(_MOST - 1) :]])

    def _forget(self, builds: list[KeptBuild]) -> Refusal | None:
        """From the oldest to the newest: until the last is gone, it is still what was published last."""
        for build in builds:
            refusal = self.folder.remove(build.name)
            if refusal is not None:
                return refusal
        return None


def _text(files: EdgeFiles) -> bytes:
    """The file of a build; the same build has the same bytes."""
    text = {name: files.content[name].decode() for name in (BOOTSTRAP, *files.watched)}
    return json.dumps({"modelspec": 1, "edge": files.edge_id, "files": text}).encode()


def _files(content: bytes) -> EdgeFiles | None:
    """The files of a kept build; None if they do not have the form that modelspec writes."""
    try:
        read = json.loads(content)
        edge_id, files = read["edge"], {name: text.encode() for name, text in read["files"].items()}
        is_whole = files.keys() >= _NEEDED and files.keys() <= _ALLOWED and isinstance(edge_id, str)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not is_whole or not all(resources(files[name]) for name in files if name != BOOTSTRAP):
        return None
    return EdgeFiles(edge_id=edge_id, content=files)


def resources(content: bytes) -> Mapping[str, Any] | None:
    """A file that Envoy watches: its version and its resources; None if modelspec did not write it."""
    try:
        read = json.loads(content)
        names = [one["name"] for one in read["resources"]]
        version = read["version_info"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_right = isinstance(version, str) and all(isinstance(name, str) for name in names)
    return read if is_right and isinstance(read, dict) else None
