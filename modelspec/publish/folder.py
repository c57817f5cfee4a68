"""The folder that Envoy reads: files are replaced by rename, by one publisher at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelspec.publish.refusal import Refusal, shown, unusable

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LARGEST = 512 * 1024 * 1024
_ACTION = "name a folder that you may write to, the `config_dir` of the edge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """An open and locked folder."""

    path: Path
    descriptor: int

    def read(self, name: str) -> bytes | Refusal | None:
        """The content of a file; None where there is none."""
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self.descriptor)
            with os.fdopen(descriptor, "rb") as file:
                return file.read(_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            return unusable("read", self.path / name, error, _ACTION)

    def replace(self, name: str, content: bytes) -> Refusal | None:
        """Put a file in the place of another, whole, on the disk, in one step: that step is what Envoy watches for."""
        draft = f".{name}.modelspec"
        try:
            self._remove(draft)
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

    def _remove(self, name: str) -> None:
        """Clear away what a killed publisher left."""
        try:
            os.unlink(name, dir_fd=self.descriptor)
        except FileNotFoundError:
            return


@contextmanager
def locked(path: Path) -> Iterator[Folder | Refusal]:
    """The folder for one publisher: another one at the same time is refused."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError as error:
        yield unusable("open", path, error, _ACTION)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield Refusal(
            message=f"another publish to {shown(path)} is at work", help="wait for it to end, then try again"
        )
    else:
        yield Folder(path=path, descriptor=descriptor)
    finally:
        os.close(descriptor)
