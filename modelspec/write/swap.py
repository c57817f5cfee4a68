"""Replacing the old tree by a finished one, and cleaning up after killed builds."""

import ctypes
import errno
import os
import re
import secrets
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256

from modelspec.write.earlier import NO_KEY, Record
from modelspec.write.lock import take
from modelspec.write.manifest import read_listing
from modelspec.write.output import Output
from modelspec.write.tree import FOLDER, remove

_LIBC = ctypes.CDLL(None, use_errno=True)
_RENAME_EXCHANGE = 2  # linux/fs.h
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


def exchange(parent: int, one: str, other: str) -> bool:
    """Swap two names in an open folder atomically; false if the system or file system cannot."""
    number = call("renameat2", parent, os.fsencode(one), parent, os.fsencode(other), _RENAME_EXCHANGE)
    if number and number not in _UNSUPPORTED:
        raise OSError(number, os.strerror(number))
    return not number


def flush(folder: int) -> None:
    """Flush the file system of an open folder to disk."""
    number = call("syncfs", folder)
    if number == errno.ENOSYS:  # pragma: no cover - Linux has it, and the tests run there
        os.sync()
    elif number:
        raise OSError(number, os.strerror(number))


def call(function: str, *arguments: int | bytes) -> int:
    """Zero, or the error number: ENOSYS if the C library has no such function."""
    if not hasattr(_LIBC, function):
        return errno.ENOSYS
    return ctypes.get_errno() if getattr(_LIBC, function)(*arguments) else 0


def die_with_parent() -> None:
    """Have the system end this process when its parent ends: what is left of a killed build then stands still."""
    call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL)


_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755


Exchange = Callable[[int, str, str], bool]

# Both are beside the output. `.new`: a tree being written or removed. `.old`: the old tree, always complete, between
# the two renames that replace an exchange.
_NEW = ".new"
_OLD = ".old"


class StagedTree:
    """A tree being written in a new folder, locked so that no other build removes it.

    The folder's name is unique: if the lock fails to separate two builds, each still swaps its own tree.

    Raises:
        OSError: the folder cannot be created.
    """

    __slots__ = ("_masked", "folder", "name", "parent")

    def __init__(self, parent: int, output: Output) -> None:
        self.parent = parent
        self.name = name = f".{output.name}.modelspec-{secrets.token_hex(4)}{_NEW}"
        os.mkdir(name, _FOLDER_MODE, dir_fd=parent)
        # A umask that restricts the folder restricts every file as well.
        self._masked = bool(_FOLDER_MODE & ~os.stat(name, dir_fd=parent).st_mode)
        if self._masked:
            os.chmod(name, _FOLDER_MODE, dir_fd=parent)
        self.folder = os.open(name, FOLDER, dir_fd=parent)
        take(self.folder)

    def write(self, path: str, pieces: Iterable[bytes], key: bytes = NO_KEY) -> Record:
        """Write a new file: three system calls for a small one, one to know it again, and one for an unusual umask.

        Raises:
            OSError: it cannot be written.
        """
        file = os.open(path, _FLAGS, _FILE_MODE, dir_fd=self.folder)
        digest = sha256()
        try:
            if self._masked:
                os.fchmod(file, _FILE_MODE)
            for piece in pieces:
                digest.update(piece)
                written = os.write(file, piece)
                while written < len(piece):
                    written += os.write(file, memoryview(piece)[written:])
            return Record.of(key, digest.digest(), os.fstat(file))
        finally:
            os.close(file)

    def make_folder(self, path: str) -> None:
        """Make a folder, unless the other process that fills this one has made it."""
        with suppress(FileExistsError):
            os.mkdir(path, _FOLDER_MODE, dir_fd=self.folder)
        if self._masked:
            os.chmod(path, _FOLDER_MODE, dir_fd=self.folder)

    def discard(self, path: str) -> None:
        """Remove a file, if it is there."""
        with suppress(FileNotFoundError):
            os.unlink(path, dir_fd=self.folder)

    def put(self, output: Output, swap: Exchange | None) -> None:
        """Give the tree the output's name; an old tree gets the staged name.

        Without `swap` there is no old tree: the rename succeeds only if the name is free or an empty folder.
        """
        if swap is None:
            _rename(self.parent, self.name, output.name)
        elif not swap(self.parent, self.name, output.name):
            aside = self.name.removesuffix(_NEW) + _OLD
            _rename(self.parent, output.name, aside)
            try:
                _rename(self.parent, self.name, output.name)
            except OSError:
                _rename(self.parent, aside, output.name)
                raise
            _rename(self.parent, aside, self.name)


def clear(parent: int, name: str) -> bool:
    """Remove a tree beside the output: the files of its manifest, or all if it has none. Whether it is gone.

    A folder without a manifest was only ever a staging folder, so everything in it is ours.
    """
    try:
        folder = os.open(name, FOLDER, dir_fd=parent)
    except FileNotFoundError:
        return True
    try:
        listed = read_listing(folder)
    finally:
        os.close(folder)
    return remove(parent, name, None if isinstance(listed, str) else listed)


def recover(parent: int, output: Output) -> list[str]:
    """Clean up after killed builds; return the folders that stay, because they contain files of others.

    If a build was killed between its two renames, the old tree gets its name back. The caller holds the lock.
    """
    pattern = re.compile(re.escape(f".{output.name}.modelspec-") + r"[0-9a-f]{8}\.(new|old)")
    with os.scandir(parent) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if pattern.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
        )
    kept = []
    for name in names:
        if name.endswith(_NEW):
            spare = name
        elif _is_missing(parent, output.name):
            _rename(parent, name, output.name)
            continue
        else:
            # An old tree with that name is complete, so it loses the name before it loses a file.
            spare = name.removesuffix(_OLD) + _NEW
            _rename(parent, name, spare)
        if _is_idle(parent, spare) and not clear(parent, spare):
            kept.append(spare)
    return kept


def _is_missing(parent: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return True
    return False


def _is_idle(parent: int, name: str) -> bool:
    """Whether no running build uses the folder."""
    folder = os.open(name, FOLDER, dir_fd=parent)
    try:
        return take(folder)
    finally:
        os.close(folder)


def _rename(parent: int, old: str, new: str) -> None:
    os.rename(old, new, src_dir_fd=parent, dst_dir_fd=parent)
