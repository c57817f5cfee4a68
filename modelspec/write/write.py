"""Replacing the output folder atomically: it has the whole old tree or the whole new one."""

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from modelspec.diagnose.refusal import Refusal
from modelspec.emit.artifact import Artifact
from modelspec.write.earlier import Earlier, NothingKnown, Record, has_links
from modelspec.write.fill import Filling, UnwrittenError, fill
from modelspec.write.lock import acquire, release
from modelspec.write.manifest import ManifestOf
from modelspec.write.output import Output, locate, own, unusable_output
from modelspec.write.swap import Exchange, StagedTree, clear, exchange, flush, recover
from modelspec.write.tree import FOLDER, MANIFEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """`files` counts the manifest too, `size` is in bytes.

    `kept` names folders beside the output that could not be removed, or that contain files of others, such as one
    saved into the output while it was being replaced. `records` are those of the files by path, packed.
    """

    files: int
    size: int
    kept: tuple[str, ...]
    records: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)


def write_tree(
    output: Path,
    artifacts: Iterable[Artifact],
    *,
    manifest: ManifestOf,
    root: Path,
    wait: float = 60.0,
    swap: Exchange = exchange,
    earlier: Earlier | None = None,
    writers: int = 1,
) -> Written | Refusal:
    """Make the output folder contain exactly these artifacts.

    `manifest` makes the last artifact from the digests of the others by path. `root` is the folder of the
    configuration: the output may be in it but must not contain it. `wait` is how many seconds to wait for another build
    of the same output. `swap` exchanges two names of an open folder, or returns false if it cannot. What is known of
    an `earlier` build of this output need not be made again. `writers` are processes; with two, `artifacts` are gone
    through in both.
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
            build = _Build(
                output=place,
                parent=parent,
                artifacts=artifacts,
                manifest=manifest,
                earlier=earlier,
                writers=writers,
            )
            return _replace(build, swap)
        finally:
            release(parent, place, lock)
    finally:
        os.close(parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Build:
    """A build of an output whose parent folder is open and locked."""

    output: Output
    parent: int
    artifacts: Iterable[Artifact]
    manifest: ManifestOf
    earlier: Earlier | None
    writers: int


def _replace(build: _Build, swap: Exchange) -> Written | Refusal:
    """Clean up after killed builds, check the old tree, write the new one, swap them, remove the old one."""
    output, parent = build.output, build.parent
    try:
        kept = recover(parent, output)
        listed = own(parent, output)
        if isinstance(listed, Refusal):
            return listed
        stage = StagedTree(parent, output)
    except OSError as error:
        return unusable_output("write to", output.path, error)
    with ExitStack() as opened:
        opened.callback(os.close, stage.folder)
        try:
            old = None
            if listed:
                old = os.open(output.name, FOLDER, dir_fd=parent)
                opened.callback(os.close, old)
            outcome = _publish(stage, build, old, swap if listed else None)
        finally:
            # The next build removes or reports what cannot be removed now.
            is_gone = _is_cleared(parent, stage.name)
        if isinstance(outcome, Refusal):
            return outcome
        records = {path: Record.unpacked(packed) for path, packed in outcome.items()}
        return Written(
            files=len(records),
            size=sum(record.size for record in records.values()),
            kept=(*kept, *(() if is_gone else (stage.name,))),
            records={} if build.earlier is None else _settled(records, stage.folder),
        )


_TICK = 20_000_000
"""Nanoseconds in which the system's time of a change may stand still."""


def _settled(records: Mapping[str, Record], folder: int) -> dict[str, bytes]:
    """The records with the times at which the last link came or went.

    A file whose time is that of the last moment could change again without showing it: no time is believed of it.
    """
    settled = {path: record.settled(folder, path) for path, record in records.items()}
    last = max(record.touched for record in settled.values()) - _TICK
    return {
        path: (record._replace(touched=0) if record.touched > last else record).packed
        for path, record in settled.items()
    }


def _is_cleared(parent: int, name: str) -> bool:
    with suppress(OSError):
        return clear(parent, name)
    return False


def _publish(
    stage: StagedTree, build: _Build, old: int | None, swap: Exchange | None
) -> Mapping[str, bytes] | Refusal:
    """Fill the staged folder, then put it in place."""
    output = build.output
    filling = Filling(
        stage=stage,
        earlier=build.earlier or NothingKnown(),
        old=None if build.earlier is None else old,
        links=build.earlier is not None and has_links(stage.folder),
    )
    try:
        records = fill(filling, build.artifacts, writers=build.writers)
    except UnwrittenError as failed:
        return unusable_output("write", f"{output.path}/{failed.path}", failed.error)
    last = build.manifest({path: Record.unpacked(packed).digest.hex() for path, packed in records.items()})
    if last.path != MANIFEST:
        raise ValueError(f"invalid manifest path: {last.path!r}")
    try:
        records[MANIFEST] = stage.write(MANIFEST, last.pieces()).packed
    except OSError as error:
        return unusable_output("write", f"{output.path}/{MANIFEST}", error)
    try:
        flush(stage.folder)
        stage.put(output, swap)
        os.fsync(stage.parent)
    except OSError as error:
        return unusable_output("replace", output.path, error)
    return records
