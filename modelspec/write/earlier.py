"""What is known of the files of an earlier build: whether they are as they were, and what need not be made again."""

import os
import stat
import struct
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from modelspec.emit.artifact import Artifact, Rows

_PACKED = struct.Struct("<20s32sQQqq")
NO_KEY = bytes(20)
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MODE = stat.S_IFREG | 0o644


class Record(NamedTuple):
    """A file of a build: the key of its artifact, the sha256 of its content, and by what it is recognised on disk.

    Of the times, in nanoseconds, a program can set `written`, and only the system `touched`, at every change.
    """

    key: bytes
    digest: bytes
    inode: int
    size: int
    written: int
    touched: int

    @classmethod
    def of(cls, key: bytes, digest: bytes, file: os.stat_result) -> Self:
        """The record of a file with this content."""
        return cls(key, digest, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns)

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """The record of `packed`.

        Raises:
            struct.error: it is not one.
        """
        return cls(*_PACKED.unpack(packed))

    @property
    def packed(self) -> bytes:
        """`SIZE` bytes: a large fleet has hundreds of thousands of records."""
        return _PACKED.pack(*self)

    def is_of(self, file: os.stat_result) -> bool:
        """Whether a file is the recorded one, and nobody has written to it since."""
        return (file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns) == self[2:]

    def settled(self, folder: int, path: str) -> Self:
        """With the time of the last link or unlink of the file, if it is still the same one."""
        try:
            file = os.stat(path, dir_fd=folder, follow_symlinks=False)
        except OSError:
            return self
        is_same = (file.st_ino, file.st_size, file.st_mtime_ns) == self[2:5]
        return self._replace(touched=file.st_ctime_ns) if is_same else self


SIZE = _PACKED.size
"""Bytes of a packed record."""


class Earlier(Protocol):
    """What is known of earlier builds. Nothing of it shows in a file: what is not known is made again."""

    def key(self, artifact: Artifact) -> bytes:
        """What the content follows from, as a digest of 20 bytes; NO_KEY where that is anything."""

    def record(self, path: str) -> Record | None:
        """The record of a file of the earlier build."""

    def rows(self, rows: Rows, old: bytes) -> Mapping[str, bytes]:
        """Of the file as it was, the rows of the models that have not changed, by their ids."""


class NothingKnown:
    """No earlier build: everything is made."""

    def key(self, _artifact: Artifact) -> bytes:
        """No key."""
        return NO_KEY

    def record(self, _path: str) -> Record | None:
        """No record."""
        return None

    def rows(self, _rows: Rows, _old: bytes) -> Mapping[str, bytes]:
        """No rows."""
        return {}


def is_ours(file: os.stat_result) -> bool:
    """Whether a file is as a build leaves it: regular, of this user, with the usual mode."""
    return file.st_mode == _MODE and file.st_uid == os.geteuid()


def content_of(folder: int, path: str, size: int) -> bytes | None:
    """The bytes of a file of `size` bytes below an open folder; None if it is another one, or cannot be read."""
    try:
        file = os.open(path, _FLAGS, dir_fd=folder)
    except OSError:
        return None
    try:
        here = os.fstat(file)
        if not stat.S_ISREG(here.st_mode) or here.st_size != size:
            return None
        pieces = []
        while piece := os.read(file, 1 << 20):
            pieces.append(piece)
    except OSError:
        return None
    finally:
        os.close(file)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def verified(folder: int, path: str, record: Record) -> bytes | None:
    """The bytes of a file that has the recorded content, all of them hashed; None if it has another one."""
    content = content_of(folder, path, record.size)
    return content if content is not None and sha256(content).digest() == record.digest else None


def has_links(folder: int) -> bool:
    """Whether files below an open folder are worth linking: on an overlay, that would copy those of a lower layer."""
    device = os.fstat(folder).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = Path("/proc/self/mountinfo").read_bytes().decode(errors="replace").splitlines()
    except OSError:  # pragma: no cover - there are no overlays where there is no such list
        return True
    return not any(
        fields[2] == number and " - overlay " in line for line in mounts if (fields := line.split())[2:]
    )
