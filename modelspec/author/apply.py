"""A draft to the disk: every file replaced in one step, and all of them or none."""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.load.find import File

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o644


@dataclass(frozen=True, slots=True)
class _Step:
    """One file that is about to change.

    `folder` is an open folder; `new` is the name of a file in it that holds the new bytes, or None where the file goes;
    `kept` is a second name of the old file, or None where there was none.
    """

    folder: int
    name: str
    path: str
    new: str | None
    kept: str | None


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def apply(root: Path, files: Mapping[str, bytes | None], before: Mapping[str, File]) -> Refusal | None:
    """Write files and take files away, or leave everything as it was and say why.

    `before` is what was read: a file that has another content by now is somebody else's work, and is not replaced. New
    bytes are on the disk before the first name changes; no link is followed below the root. Only a crash between two
    renames leaves some files new and some old: each of them whole.
    """
    made: list[tuple[int, str]] = []
    with _folders(root) as folders:
        steps: list[_Step] = []
        try:
            for path, data in files.items():
                folder = folders.open(path, made)
                steps.append(_staged(folder, path, data, before.get(path)))
            _replace_all(steps)
        except _RefusedError as error:
            _clean(steps, made)
            return error.refusal
        except OSError as error:
            _clean(steps, made)
            return _unusable(
                error, shown(error.filename if isinstance(error.filename, str) else "the repository")
            )
        _clean(steps, ())
        for folder in {step.folder for step in steps}:
            os.fsync(folder)
        _drop_empty(root, [path for path, data in files.items() if data is None])
    return None


class _Folders:
    """Open folders below a root, each by its path."""

    def __init__(self, root: int) -> None:
        self._open = {"": root}

    def open(self, path: str, made: list[tuple[int, str]]) -> int:
        """The folder of a file, made where it is missing; `made` is told."""
        folder, way = self._open[""], ""
        for part in path.split("/")[:-1]:
            way = f"{way}/{part}"
            if way not in self._open:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=folder)
                    made.append((folder, part))
                try:
                    self._open[way] = os.open(part, _FOLDER, dir_fd=folder)
                except OSError as error:
                    raise _RefusedError(_unusable(error, shown(way[1:]))) from error
            folder = self._open[way]
        return folder

    def close(self) -> None:
        """Close all of them."""
        for folder in self._open.values():
            os.close(folder)


@contextmanager
def _folders(root: Path) -> Iterator[_Folders]:
    folders = _Folders(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    try:
        yield folders
    finally:
        folders.close()


def _staged(folder: int, path: str, data: bytes | None, before: File | None) -> _Step:
    """Look at a file, keep it under a second name, and put its new bytes beside it."""
    name = path.rpartition("/")[2]
    mode = _looked_at(folder, name, path, before)
    mark = f"modelspec-{os.getpid()}"
    new = None if data is None else f".{name[:200]}.{mark}.new"
    kept = None if before is None else f".{name[:200]}.{mark}.old"
    step = _Step(folder, name, path, new, kept)
    try:
        if new is not None and data is not None:
            _write(folder, new, data, mode)
        if kept is not None and before is not None:
            _keep(folder, name, kept, before.data)
    except OSError as error:
        _clean([step], ())
        raise _RefusedError(_unusable(error, shown(path))) from error
    return step


def _keep(folder: int, name: str, kept: str, data: bytes) -> None:
    try:
        os.link(name, kept, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError:  # file systems without hard links, files of another user
        _write(folder, kept, data, _MODE)


def _looked_at(folder: int, name: str, path: str, before: File | None) -> int:
    """The mode for the new file, if the old one is as it was read."""
    try:
        handle = os.open(name, _READ, dir_fd=folder)
    except FileNotFoundError:
        if before is None:
            return _MODE
        raise _RefusedError(_changed(path)) from None
    except OSError as error:
        raise _RefusedError(_unusable(error, shown(path))) from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or before is None:
        os.close(handle)
        raise _RefusedError(_changed(path))
    with os.fdopen(handle, "rb") as file:
        if file.read(len(before.data) + 1) != before.data:
            raise _RefusedError(_changed(path))
    if not status.st_mode & stat.S_IWUSR:
        raise _RefusedError(
            Refusal(message=f"{shown(path)} is read-only", help=f"chmod u+w {path}, if it may be changed")
        )
    return stat.S_IMODE(status.st_mode)


def _write(folder: int, name: str, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(name, _NEW, 0o600, dir_fd=folder), "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def _replace_all(steps: list[_Step]) -> None:
    done: list[_Step] = []
    try:
        for step in steps:
            done.append(step)
            if step.new is None:
                os.unlink(step.name, dir_fd=step.folder)
            else:
                os.rename(step.new, step.name, src_dir_fd=step.folder, dst_dir_fd=step.folder)
    except OSError as error:
        for step in reversed(done):
            _put_back(step)
        raise _RefusedError(_unusable(error, shown(done[-1].path))) from error


def _put_back(step: _Step) -> None:
    """Give a file its old content again; renaming a name to another of the same file does nothing, as it should."""
    if step.kept is not None:
        os.rename(step.kept, step.name, src_dir_fd=step.folder, dst_dir_fd=step.folder)
    elif not _is_there(step.folder, step.new):
        os.unlink(step.name, dir_fd=step.folder)


def _is_there(folder: int, name: str | None) -> bool:
    try:
        os.stat(name or "", dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _clean(steps: list[_Step], made: "list[tuple[int, str]] | tuple[()]") -> None:
    """Take away what only the way here needed."""
    for step in steps:
        for name in (step.new, step.kept):
            if name is not None:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=step.folder)
    for folder, name in reversed(made):
        with suppress(OSError):  # somebody has put something into it
            os.rmdir(name, dir_fd=folder)


def _drop_empty(root: Path, gone: list[str]) -> None:
    """A folder whose last file went goes as well, as git has it; models.d itself stays."""
    for path in gone:
        for folder in Path(path).parents:
            if len(folder.parts) < 2:  # noqa: PLR2004 - models.d and the root
                break
            with suppress(OSError):
                (root / folder).rmdir()


def _changed(path: str) -> Refusal:
    return Refusal(
        message=f"{shown(path)} has changed while it was being edited; nothing was written",
        help="look at it, then run the command again",
    )


_HELP = {
    errno.ENOSPC: "free some space, then run the command again",
    errno.EDQUOT: "free some space, then run the command again",
    errno.ELOOP: "a symbolic link is never followed: put the file or folder itself in its place",
    errno.ENOTDIR: "something that is no folder has its name: move it away",
}


def _unusable(error: OSError, what: str) -> Refusal:
    number = error.errno or errno.EIO
    return Refusal(
        message=f"cannot write {what}: {os.strerror(number).lower()}; nothing was changed",
        help=_HELP.get(number, "put it right, then run the command again"),
    )
