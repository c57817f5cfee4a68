"""What a build would change in the output folder, for `build --check`."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from modelspec.diagnose.refusal import Refusal
from modelspec.emit.artifact import Artifact
from modelspec.text.source import stored
from modelspec.write.earlier import NO_KEY, Earlier, NothingKnown, Record, verified
from modelspec.write.manifest import Layout, ManifestOf
from modelspec.write.output import Output, claim, locate, unusable_output
from modelspec.write.tree import FOLDER, MANIFEST, NodeKind, walk

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
    output: Path,
    artifacts: Iterable[Artifact],
    *,
    manifest: ManifestOf,
    root: Path,
    earlier: Earlier | None = None,
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
        return _compare(place, folder, artifacts, manifest, earlier or NothingKnown())


def _compare(
    output: Output,
    folder: int | None,
    artifacts: Iterable[Artifact],
    manifest: ManifestOf,
    earlier: Earlier,
) -> list[Stale] | Refusal:
    try:
        entries = () if folder is None else walk(folder)
        present = {path: kind for path, kind in entries if kind is not NodeKind.FOLDER}
    except OSError as error:
        return unusable_output("read", output.path, error)
    found: list[Stale] = []
    layout = Layout()

    def compared(artifact: Artifact) -> bytes:
        """Note what is wrong with the file; return the digest of what it should be."""
        layout.add(artifact.path)
        kind = present.pop(artifact.path, None)
        digest, is_same = _compared(folder if kind is NodeKind.FILE else None, artifact, earlier)
        if folder is None or kind is None:
            found.append(Stale(path=artifact.path, why=Staleness.MISSING))
        elif not is_same:
            found.append(Stale(path=artifact.path, why=Staleness.DIFFERS))
        return digest

    digests = {}
    path = ""
    try:
        for artifact in artifacts:
            path = artifact.path
            digests[path] = compared(artifact).hex()
        last = manifest(digests)
        if last.path != MANIFEST:
            raise ValueError(f"invalid manifest path: {last.path!r}")
        path = MANIFEST
        compared(last)
    except _UncomparedError as failed:
        return unusable_output("read", f"{output.path}/{path}", failed.error)
    found += [Stale(path=path, why=Staleness.EXTRA) for path in present]
    return sorted(found, key=lambda stale: stale.path)


Each = Callable[[Sequence[tuple[str, bytes]], Callable[[tuple[str, bytes]], bool]], list[bool]]
"""Does a piece of work for each of many files, in their order."""


def is_intact(output: Path, records: Mapping[str, bytes], *, root: Path, each: Each) -> bool:
    """Whether the output folder holds the files of these records and no others, with every byte of them hashed."""
    place = locate(output, root=root)
    if isinstance(place, Refusal):
        return False
    with ExitStack() as opened:
        try:
            folder = os.open(f"{place.parent}/{place.name}", FOLDER)
            opened.callback(os.close, folder)
            present = {path for path, kind in walk(folder) if kind is not NodeKind.FOLDER}
        except OSError:
            return False

        def is_as_recorded(file: tuple[str, bytes]) -> bool:
            path, packed = file
            return verified(folder, path, Record.unpacked(packed)) is not None

        return present == records.keys() and all(each([*records.items()], is_as_recorded))


class _UncomparedError(Exception):
    """A file that is there cannot be read."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error


def _compared(folder: int | None, artifact: Artifact, earlier: Earlier) -> tuple[bytes, bool]:
    """The digest of an artifact, and whether the file below the folder has its bytes."""
    record, key = earlier.record(artifact.path), earlier.key(artifact)
    if folder is not None and record is not None and key == record.key != NO_KEY:
        content = verified(folder, artifact.path, record)
        if content is not None:
            return record.digest, True
    content = artifact.content
    try:
        return sha256(content).digest(), folder is not None and _is_same(folder, artifact.path, content)
    except OSError as error:
        raise _UncomparedError(error) from error


def _is_same(folder: int, path: str, content: bytes) -> bool:
    """Whether the file has these bytes; a checkout may have changed the line ends."""
    with os.fdopen(os.open(path, _FLAGS, dir_fd=folder), "rb", buffering=0) as file:
        return stored(file.read(2 * len(content) + 1)) == stored(content)
