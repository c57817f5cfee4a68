"""Filling a staged folder: a file that is as it was is linked from the old tree, every other one is made and written.

Where it is worth it, a second process takes turns with this one; both go through all artifacts, and make their own.
"""

import os
import signal
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import NoReturn

from modelspec.emit.artifact import Artifact
from modelspec.write.earlier import NO_KEY, SIZE, Earlier, Record, is_ours, verified
from modelspec.write.manifest import Layout
from modelspec.write.swap import StagedTree, die_with_parent
from modelspec.write.tree import MANIFEST

_MOST_SPLICED = 64 << 20
"""Bytes of a file of rows that is read to take over rows."""
_TURN = 64
"""Artifacts that a process makes before it looks for more."""
_TURNS = 16_000
"""Turns that two processes share, which fit into a pipe as numbers; the first takes all later ones."""
_NUMBER = struct.Struct("<I")


@dataclass(slots=True, kw_only=True)
class Filling:
    """How files come into a staged folder: `old` is the tree of an earlier build, open, or None."""

    stage: StagedTree
    earlier: Earlier
    old: int | None
    links: bool
    is_again: bool = False

    def place(self, artifact: Artifact) -> Record:
        """Make the file, or link it.

        Raises:
            OSError: it cannot be written.
        """
        if self.is_again:
            self.stage.discard(artifact.path)
        key = self.earlier.key(artifact)
        known = None if self.old is None else self.earlier.record(artifact.path)
        if known is not None and key != NO_KEY and key == known.key:
            taken = self._take(artifact.path, known)
            if taken is not None:
                return taken
        if artifact.rows is not None:
            rows = artifact.rows.pieces(self._old_rows(artifact, known))
            return self.stage.write(artifact.path, rows, key)
        content = artifact.content
        if known is not None and sha256(content).digest() == known.digest:
            taken = self._take(artifact.path, known._replace(key=key))
            if taken is not None:
                return taken
        return self.stage.write(artifact.path, (content,), key)

    def _take(self, path: str, known: Record) -> Record | None:
        """Link the old file if it has the recorded content, or write that again; None if it has not."""
        assert self.old is not None
        try:
            file = os.stat(path, dir_fd=self.old, follow_symlinks=False)
        except OSError:
            return None
        content = None
        if not known.is_of(file):
            content = verified(self.old, path, known)
            if content is None:
                return None
        if self.links and is_ours(file):
            # Too many links, or a file system without any: then it is written.
            with suppress(OSError):
                os.link(path, path, src_dir_fd=self.old, dst_dir_fd=self.stage.folder, follow_symlinks=False)
                return known if content is None else Record.of(known.key, known.digest, file)
        content = content or verified(self.old, path, known)
        return None if content is None else self.stage.write(path, (content,), known.key)

    def _old_rows(self, artifact: Artifact, known: Record | None) -> Mapping[str, bytes]:
        """The rows of the old file that need not be made again."""
        if known is None or known.size > _MOST_SPLICED or artifact.rows is None or self.old is None:
            return {}
        content = verified(self.old, artifact.path, known)
        return {} if content is None else self.earlier.rows(artifact.rows, content)


class UnwrittenError(Exception):
    """A file could not be written."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(path)
        self.path = path
        self.error = error


Records = dict[str, bytes]
"""The packed record of each file by its path, in the order of the artifacts; empty while another process makes it."""


def fill(filling: Filling, artifacts: Iterable[Artifact], *, writers: int = 1) -> Records:
    """Put every artifact into the staged folder.

    Raises:
        UnwrittenError: a file could not be written.
        ValueError: the path of an artifact is invalid or taken.
    """
    # A fork is what makes it cheap, and only Linux programs are known to survive one whatever they have loaded.
    if writers < 2 or sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:  # noqa: PLR2004
        return _made(filling, artifacts, lambda _turn: True)
    turns, shared = _pipe_of_turns()
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if not child:
        _serve(filling, artifacts, _SharedTurns(turns, shared, takes_rest=False), writing, parent)
    os.close(writing)
    sent = b""
    try:
        with os.fdopen(reading, "rb") as stream:
            records = _made(filling, artifacts, _SharedTurns(turns, shared, takes_rest=True))
            sent = stream.read()
    finally:
        os.close(turns)
        if not sent:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    paths = list(records)
    for number, packed in _SENT.iter_unpack(sent):
        records[paths[number]] = packed
    if all(records.values()):
        return records
    # The child failed where this process would fail too, and report why.
    return _made(replace(filling, is_again=True), artifacts, lambda _turn: True, records)


_SENT = struct.Struct(f"<I{SIZE}s")


def _made(
    filling: Filling,
    artifacts: Iterable[Artifact],
    is_mine: Callable[[int], bool],
    records: Records | None = None,
) -> Records:
    """Place the artifacts of those turns that are this process's, and that have no record yet."""
    layout = Layout()
    layout.add(MANIFEST)  # which is written last
    found: Records = {} if records is None else records
    for number, artifact in enumerate(artifacts):
        path = artifact.path
        folders = layout.add(path)
        try:
            for folder in folders:
                filling.stage.make_folder(folder)
        except OSError as error:
            raise UnwrittenError(path, error) from error
        if found.setdefault(path, b"") or not is_mine(number // _TURN):
            continue
        try:
            found[path] = filling.place(artifact).packed
        except OSError as error:
            raise UnwrittenError(path, error) from error
    return found


class _SharedTurns:
    """The turns of one of two processes, which both read the numbers of turns from one pipe, each number once."""

    def __init__(self, pipe: int, shared: int, *, takes_rest: bool) -> None:
        self._pipe = pipe
        self._shared = shared
        self._takes_rest = takes_rest
        self._mine = -1

    def __call__(self, turn: int) -> bool:
        """Whether it is this process's turn; turns come in their order."""
        if turn >= self._shared:
            return self._takes_rest
        while self._mine < turn:
            number = os.read(self._pipe, _NUMBER.size)
            self._mine = _NUMBER.unpack(number)[0] if number else self._shared
        return self._mine == turn


def _pipe_of_turns() -> tuple[int, int]:
    """A pipe with the numbers of turns, at its end after them, and how many there are."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)  # a pipe may be smaller than usual
    numbers = b"".join(map(_NUMBER.pack, range(_TURNS)))
    written = os.write(writing, numbers) // _NUMBER.size
    os.close(writing)
    return reading, written


def _serve(
    filling: Filling, artifacts: Iterable[Artifact], claim: _SharedTurns, writing: int, parent: int
) -> NoReturn:
    """Do the child's part and end, without the clean-up that is the parent's."""
    status = 1
    try:
        die_with_parent()
        if os.getppid() == parent:
            made = enumerate(_made(filling, artifacts, claim).values())
            sent = b"".join(_SENT.pack(number, packed) for number, packed in made if packed)
            with os.fdopen(writing, "wb") as stream:
                stream.write(sent)
            status = 0
    finally:
        os._exit(status)
