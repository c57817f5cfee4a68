"""The folder that an Envoy watches, on this machine."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown, unusable

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LARGEST = 512 * 1024 * 1024
_ACTION = "use a folder that you can write to: the `config_dir` of the edge"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFolder:
    """An open folder; `opened` closes it, and folders inside."""

    path: Path
    descriptor: int
    opened: ExitStack

    def read(self, name: str) -> bytes | Refusal | None:
        """The content of a file; None if it does not exist."""
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self.descriptor)
            with os.fdopen(descriptor, "rb") as file:
                if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                    return Refusal(message=f"{shown(self.path / name)} is not a regular file", help=_ACTION)
                return file.read(_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            return unusable("read", self.path / name, error, _ACTION)

    def replace(self, name: str, content: bytes) -> Refusal | None:
        """Replace a file atomically and durably, by the rename that Envoy watches for."""
        draft = f".{name}.modelspec"
        try:
            with suppress(FileNotFoundError):  # left by a killed publisher
                os.unlink(draft, dir_fd=self.descriptor)
            descriptor = os.open(draft, _WRITE, 0o644, dir_fd=self.descriptor)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.rename(draft, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
            os.fsync(self.descriptor)
        except OSError as error:
            return unusable("write", self.path / name, error, _ACTION)
        return None

    def inner(self, name: str, *, create: bool = True) -> "WatchedFolder | Refusal":
        """A folder inside, which Envoy does not watch; created if it does not exist, unless it is only read."""
        try:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(name, 0o755, dir_fd=self.descriptor)
            descriptor = os.open(name, _OPEN | os.O_NOFOLLOW, dir_fd=self.descriptor)
        except OSError as error:
            return unusable("open", self.path / name, error, _ACTION)
        self.opened.callback(os.close, descriptor)
        return WatchedFolder(path=self.path / name, descriptor=descriptor, opened=self.opened)

    def names(self) -> list[str]:
        """The names of all files, in order."""
        return sorted(os.listdir(self.descriptor))  # noqa: PTH208 - by a descriptor, not a path

    def rename(self, name: str, new: str) -> Refusal | None:
        """Rename a file durably."""
        try:
            os.rename(name, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
            os.fsync(self.descriptor)
        except OSError as error:
            return unusable("rename", self.path / name, error, _ACTION)
        return None

    def remove(self, name: str) -> Refusal | None:
        """Remove a file, if it is there."""
        try:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self.descriptor)
        except OSError as error:
            return unusable("remove", self.path / name, error, _ACTION)
        return None


@contextmanager
def opened(path: Path) -> Iterator[WatchedFolder | Refusal]:
    """The folder, to be read."""
    with ExitStack() as stack:
        try:
            descriptor = os.open(path, _OPEN)
        except OSError as error:
            yield unusable("open", path, error, _ACTION)
            return
        stack.callback(os.close, descriptor)
        yield WatchedFolder(path=path, descriptor=descriptor, opened=stack)


@contextmanager
def locked(path: Path) -> Iterator[WatchedFolder | Refusal]:
    """The folder, locked for one publisher at a time."""
    with opened(path) as folder:
        if isinstance(folder, Refusal):
            yield folder
            return
        try:
            fcntl.flock(folder.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield Refusal(
                message=f"another publish to {shown(path)} is running",
                help="wait for it to finish, then try again",
            )
            return
        yield folder
