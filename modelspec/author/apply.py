"""Writing a draft to disk: each file is replaced in one step, and all of them or none."""

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
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

    `folder` is an open folder; `new` is the name of a file in it with the new bytes, or None if the file is deleted;
    `kept` is a second name of the old file, or None if there was none.
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


@dataclass(frozen=True, slots=True)
class _Work:
    """The state so far: open folders by path, folders that were created, and the steps to take."""

    folders: dict[str, int]
    made: list[tuple[int, str]] = field(default_factory=list)
    steps: list[_Step] = field(default_factory=list)


def apply(root: Path, files: Mapping[str, bytes | None], before: Mapping[str, File]) -> Refusal | None:
    """Write and delete files, or leave everything as it was and return why.

    `before` is what was read: a file whose content has changed since is not replaced. All new bytes are on disk before
    the first rename, and no link below the root is followed. Only a crash between two renames leaves some files new and
    some old, each of them whole.
    """
    work = _Work({"": os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)})
    try:
        for path, data in files.items():
            _stage(work, path, data, before.get(path))
        _replace_all(work.steps)
        _clean(work.steps)
        for folder in {step.folder for step in work.steps}:
            os.fsync(folder)
    except _RefusedError as error:
        _clean(work.steps)
        for folder, name in reversed(work.made):
            with suppress(OSError):  # something else is in it by now
                os.rmdir(name, dir_fd=folder)
        return error.refusal
    finally:
        for folder in work.folders.values():
            os.close(folder)
    _drop_empty(root, [path for path, data in files.items() if data is None])
    return None


@contextmanager
def _about(path: str) -> Iterator[None]:
    """Turn an OSError about a path into a refusal."""
    try:
        yield
    except OSError as error:
        number = error.errno or errno.EIO
        refusal = Refusal(
            message=f"cannot write {shown(path)}: {os.strerror(number).lower()}; nothing was changed",
            help=_HELP.get(number, "fix this, then run the command again"),
        )
        raise _RefusedError(refusal) from error


_HELP = {
    errno.ENOSPC: "free some space, then run the command again",
    errno.EDQUOT: "free some space, then run the command again",
    errno.ELOOP: "symbolic links are not followed: replace the link with the file or folder itself",
    errno.ENOTDIR: "a file has the name of the folder: move it away",
}


def _stage(work: _Work, path: str, data: bytes | None, before: File | None) -> None:
    """Check a file, keep it under a second name, and write its new bytes beside it."""
    within, _, name = path.rpartition("/")
    folder = _folder(work, within)
    mark = f".{name[:200]}.modelspec-{os.getpid()}"
    step = _Step(
        folder,
        name,
        path,
        new=None if data is None else f"{mark}.new",
        kept=None if before is None else f"{mark}.old",
    )
    with _about(path):
        mode = _mode(step, before)
        work.steps.append(step)
        if step.new is not None and data is not None:
            _write(folder, step.new, data, mode)
        if step.kept is not None and before is not None:
            try:
                os.link(name, step.kept, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            except OSError:  # no hard links on this file system, or a file of another user
                _write(folder, step.kept, before.data, _MODE)


def _folder(work: _Work, path: str) -> int:
    """Open a folder, creating it if it is missing."""
    if path not in work.folders:
        within, _, name = path.rpartition("/")
        outer = _folder(work, within)
        with _about(path):
            with suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=outer)
                work.made.append((outer, name))
            work.folders[path] = os.open(name, _FOLDER, dir_fd=outer)
    return work.folders[path]


def _mode(step: _Step, before: File | None) -> int:
    """The mode for the new file; refused if the old one is not as it was read."""
    changed = Refusal(
        message=f"{shown(step.path)} changed while it was being edited; nothing was written",
        help="check it, then run the command again",
    )
    try:
        handle = os.open(step.name, _READ, dir_fd=step.folder)
    except FileNotFoundError:
        if before is None:
            return _MODE
        raise _RefusedError(changed) from None
    status = os.fstat(handle)
    if before is None or not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise _RefusedError(changed)
    with os.fdopen(handle, "rb") as file:
        if file.read(len(before.data) + 1) != before.data:
            raise _RefusedError(changed)
    if not status.st_mode & stat.S_IWUSR:
        advice = f"chmod u+w {step.path}, if it may be changed"
        raise _RefusedError(Refusal(message=f"{shown(step.path)} is read-only", help=advice))
    return stat.S_IMODE(status.st_mode)


def _write(folder: int, name: str, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(name, _NEW, 0o600, dir_fd=folder), "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def _replace_all(steps: Sequence[_Step]) -> None:
    done: list[_Step] = []
    try:
        for step in steps:
            done.append(step)
            with _about(step.path):
                if step.new is None:
                    os.unlink(step.name, dir_fd=step.folder)
                else:
                    os.rename(step.new, step.name, src_dir_fd=step.folder, dst_dir_fd=step.folder)
    except _RefusedError:
        for step in reversed(done):
            _put_back(step)
        raise


def _put_back(step: _Step) -> None:
    """Restore the old content of a file; to rename a hard link over another of the same file does nothing."""
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


def _clean(steps: Sequence[_Step]) -> None:
    """Remove the temporary names."""
    for step in steps:
        for name in filter(None, (step.new, step.kept)):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=step.folder)


def _drop_empty(root: Path, gone: Sequence[str]) -> None:
    """Remove folders whose last file was deleted, as git does; models.d itself stays."""
    for path in gone:
        for folder in Path(path).parents:
            if len(folder.parts) < 2:  # noqa: PLR2004 - models.d and the root
                break
            with suppress(OSError):
                (root / folder).rmdir()
