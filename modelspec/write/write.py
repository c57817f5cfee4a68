"""Replacing the output folder atomically: it has the whole old tree or the whole new one."""

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

    `kept` names folders beside the output that could not be removed, or that contain files of others, such as one
    saved into the output while it was being replaced.
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
    """Make the output folder contain exactly these artifacts.

    `manifest` makes the last artifact from the digests of the others by path. `root` is the folder of the
    configuration: the output may be in it but must not contain it. `wait` is how many seconds to wait for another build
    of the same output. `swap` exchanges two names of an open folder, or returns false if it cannot.
    Exceptions of `artifacts` and `manifest` propagate, and the output stays as it was.
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
    """Clean up after killed builds, check the old tree, write the new one, swap them, remove the old one."""
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
        # The next build removes or reports what cannot be removed now.
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
