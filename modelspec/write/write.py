"""The build to disk: the whole old tree or the whole new one, whatever happens in between."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.refusal import Refusal
from modelspec.emit.artifact import Artifact
from modelspec.write.lock import acquire, release
from modelspec.write.manifest import ManifestOf, complete
from modelspec.write.output import Output, locate, own, unusable_output
from modelspec.write.swap import Exchange, StagedTree, clear, exchange, flush, recover
from modelspec.write.tree import FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """`files` counts the manifest too, `size` is in bytes.

    `kept` names folders beside the output that could not be removed, or hold files that modelspec did not
    write, such as one that was saved into the output while it was replaced.
    """

    files: int
    size: int
    kept: tuple[str, ...]


def write_tree(
    output: Path,
    artifacts: Iterable[Artifact],
    *,
    manifest: ManifestOf,
    root: Path,
    wait: float = 60.0,
    swap: Exchange = exchange,
) -> Written | Refusal:
    """Make the output folder hold these artifacts and nothing else.

    `manifest` makes the last artifact from path → sha256 of all others. `root` is the configuration's folder:
    the output may be in it but must not hold it. `wait` bounds, in seconds, how long another build of the
    same output is waited for. `swap` exchanges two names of an open folder, or says that it cannot.
    What `artifacts` or `manifest` raise comes out as it is, and leaves the output as it was.
    """
    place = locate(output, root=root)
    if isinstance(place, Refusal):
        return place
    try:
        Path(place.parent).mkdir(parents=True, exist_ok=True)
        parent = os.open(place.parent, FOLDER)
    except OSError as error:
        return unusable_output("write to", place.path, error)
    try:
        lock = acquire(parent, place, wait)
        if isinstance(lock, Refusal):
            return lock
        try:
            return _replace(place, parent, complete(artifacts, manifest), swap)
        finally:
            release(parent, place, lock)
    finally:
        os.close(parent)


def _replace(
    output: Output, parent: int, files: Iterable[tuple[Artifact, list[str]]], swap: Exchange
) -> Written | Refusal:
    """Clear up after the dead, make sure of the old tree, make the new one, swap them, remove the old one."""
    try:
        kept = recover(parent, output)
        listed = own(parent, output)
        if isinstance(listed, Refusal):
            return listed
        stage = StagedTree(parent, output)
    except OSError as error:
        return unusable_output("write to", output.path, error)
    try:
        refusal = _publish(stage, output, files, swap if listed else None)
    finally:
        os.close(stage.folder)
        # What cannot be removed now stays for the next build to remove, or to complain about.
        gone = False
        with suppress(OSError):
            gone = clear(parent, stage.name)
    if refusal is not None:
        return refusal
    return Written(files=stage.files, size=stage.size, kept=(*kept, *(() if gone else (stage.name,))))


def _publish(
    stage: StagedTree, output: Output, files: Iterable[tuple[Artifact, list[str]]], swap: Exchange | None
) -> Refusal | None:
    """Fill the staged folder, then put it in place."""
    for artifact, folders in files:
        try:
            stage.add(artifact, folders)
        except OSError as error:
            return unusable_output("write", f"{output.path}/{artifact.path}", error)
    try:
        flush(stage.folder)
        stage.put(output, swap)
        os.fsync(stage.parent)
    except OSError as error:
        return unusable_output("replace", output.path, error)
    return None
