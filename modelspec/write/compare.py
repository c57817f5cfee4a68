"""What a build would change in the output folder, for `build --check`."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from modelspec.diagnose.refusal import Refusal
from modelspec.emit.artifact import Artifact
from modelspec.text.source import stored
from modelspec.write.manifest import ManifestOf, complete
from modelspec.write.output import Output, claim, locate, unusable_output
from modelspec.write.tree import FOLDER, NodeKind, walk

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Staleness(StrEnum):
    """How a file differs from what a build would write. A build removes or refuses extra files."""

    MISSING = "missing"
    DIFFERS = "differs"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """One file, by its path relative to the output folder."""

    path: str
    why: Staleness


def stale(
    output: Path, artifacts: Iterable[Artifact], *, manifest: ManifestOf, root: Path
) -> list[Stale] | Refusal:
    """List, by path, what `write_tree` with the same arguments would change; nothing is written.

    A file that modelspec did not write is listed as extra. Exceptions of `artifacts` and `manifest` propagate.
    """
    place = locate(output, root=root)
    if isinstance(place, Refusal):
        return place
    with ExitStack() as opened:
        folder = None
        try:
            parent = os.open(place.parent, FOLDER)
            opened.callback(os.close, parent)
            listed = claim(parent, place)
            if isinstance(listed, Refusal):
                return listed
            folder = os.open(place.name, FOLDER, dir_fd=parent)
            opened.callback(os.close, folder)
        except FileNotFoundError:
            pass  # every file is missing
        except OSError as error:
            return unusable_output("read", place.path, error)
        return _compare(place, folder, artifacts, manifest)


def _compare(
    output: Output, folder: int | None, artifacts: Iterable[Artifact], manifest: ManifestOf
) -> list[Stale] | Refusal:
    found = []
    try:
        entries = () if folder is None else walk(folder)
        present = {path: kind for path, kind in entries if kind is not NodeKind.FOLDER}
    except OSError as error:
        return unusable_output("read", output.path, error)
    for artifact, _ in complete(artifacts, manifest):
        kind = present.pop(artifact.path, None)
        try:
            if folder is None or kind is None:
                found.append(Stale(path=artifact.path, why=Staleness.MISSING))
            elif kind is NodeKind.OTHER or not _is_same(folder, artifact):
                found.append(Stale(path=artifact.path, why=Staleness.DIFFERS))
        except OSError as error:
            return unusable_output("read", f"{output.path}/{artifact.path}", error)
    found += [Stale(path=path, why=Staleness.EXTRA) for path in present]
    return sorted(found, key=lambda stale: stale.path)


def _is_same(folder: int, artifact: Artifact) -> bool:
    """Whether the file has these bytes; a checkout may have changed the line ends."""
    with os.fdopen(os.open(artifact.path, _FLAGS, dir_fd=folder), "rb", buffering=0) as file:
        return stored(file.read(2 * len(artifact.content) + 1)) == stored(artifact.content)
