"""Folders on disk, by descriptors: what was looked at is what is read, whatever is renamed meanwhile."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Protocol, Self

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.load.unread import MAX_BYTES, irregular, link, no_folder, too_large, unreadable


class FileKind(Enum):
    """What stands behind a name."""

    FILE = auto()
    FOLDER = auto()
    LINK = auto()
    OTHER = auto()


class Folder(Protocol):
    """An open folder. `path` is always the whole path from the root, for diagnostics; no link is ever followed."""

    def entries(self) -> Iterator[tuple[str, FileKind]]:
        """The names in it, in no order, bytes that are not UTF-8 as lone surrogates."""

    def folder(self, name: str, path: str) -> Self | Diagnostic | None:
        """Open a folder in it; None where nothing has the name."""

    def file(self, name: str, path: str) -> bytes | Diagnostic | None:
        """The bytes of a regular file in it, at most MAX_BYTES; None where nothing has the name."""

    def close(self) -> None:
        """Let go of it; what was opened in it stays open."""


_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OPEN_FOLDER = _OPEN | os.O_DIRECTORY


@dataclass(frozen=True, slots=True)
class DiskFolder:
    """An open folder of the disk."""

    descriptor: int

    @classmethod
    def at(cls, root: Path) -> "DiskFolder":
        """Open a root, which may be a link.

        Raises:
            OSError: it cannot be opened.
        """
        return cls(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))

    def entries(self) -> Iterator[tuple[str, FileKind]]:
        """The names in it."""
        with os.scandir(self.descriptor) as entries:
            for entry in entries:
                yield entry.name, _kind(entry)

    def folder(self, name: str, path: str) -> "DiskFolder | Diagnostic | None":
        """Open a folder in it."""
        try:
            return DiskFolder(os.open(name, _OPEN_FOLDER, dir_fd=self.descriptor))
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.ENOTDIR:
                return _not_opened(path, error)
            status = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
            return link(path) if stat.S_ISLNK(status.st_mode) else no_folder(path)

    def file(self, name: str, path: str) -> bytes | Diagnostic | None:
        """Read a regular file in it."""
        try:
            handle = os.open(name, _OPEN, dir_fd=self.descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            return _not_opened(path, error)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return irregular(path)
            data = _content(handle, status.st_size)
        except OSError as error:
            return _not_opened(path, error)
        finally:
            os.close(handle)
        return data if len(data) <= MAX_BYTES else too_large(path)

    def close(self) -> None:
        """Close its descriptor."""
        os.close(self.descriptor)


_PLAIN_INDEX = b"DIRC\0\0\0\2"


def may_be_sparse(root: Path) -> bool:
    """Whether the repository around a root may have files that git was told not to check out.

    Only an index of a version above 2 can say so, of which the first bytes are read: git need not be asked.
    """
    for folder in (root.resolve(), *root.resolve().parents):
        try:
            store = folder / ".git"
            if store.is_file():
                store = folder / store.read_text("utf-8", "surrogateescape").removeprefix("gitdir:").strip()
            elif not store.is_dir():
                continue
            with (store / "index").open("rb") as index:
                return index.read(len(_PLAIN_INDEX)) != _PLAIN_INDEX
        except OSError:
            return False
    return False


def _kind(entry: "os.DirEntry[str]") -> FileKind:
    if entry.is_dir(follow_symlinks=False):
        return FileKind.FOLDER
    if entry.is_file(follow_symlinks=False):
        return FileKind.FILE
    return FileKind.LINK if entry.is_symlink() else FileKind.OTHER


def _content(handle: int, size: int) -> bytes:
    """The bytes of a file, at most MAX_BYTES + 1 of them.

    No more is asked for than is there: a large buffer that is cut down later stays a mapping of its own, and a
    process may not have a hundred thousand of them.
    """
    data = os.read(handle, min(size, MAX_BYTES) + 1)
    while size < len(data) <= MAX_BYTES:
        # It has grown since it was looked at, or lies about its size as files of /proc do.
        size = len(data)
        data += os.read(handle, MAX_BYTES + 1 - size)
    return data


def _not_opened(path: str, error: OSError) -> Diagnostic:
    if error.errno == errno.ELOOP:
        return link(path)
    return unreadable(path, (error.strerror or "unknown reason").lower())
