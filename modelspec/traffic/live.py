"""The folder of live files: where it is, how a file in it is replaced, and how one is read back."""

import os
import stat
from contextlib import suppress
from pathlib import Path, PurePosixPath

from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.pipeline import Compiled
from modelspec.write.lock import take

STATUS_FILE = "status.json"
USAGE_FILE = "usage.json"
LIVE_FILES = (STATUS_FILE, USAGE_FILE)
"""All that is served of the folder."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a live file that are read: a year of the largest fleet has a tenth of it."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def live_folder(compiled: Compiled) -> Path | Refusal:
    """The folder that `live` names, never inside the output folder nor outside of the repository."""
    settings = compiled.setup.settings
    live, output = PurePosixPath(settings.live), PurePosixPath(settings.output)
    root = compiled.tree.root.resolve()
    real = (root / live).resolve()
    if live.is_relative_to(output) or output.is_relative_to(live) or live.parts[:1] == ("models.d",):
        return Refusal(
            message=f"the live folder {shown(settings.live)} and the folders of sources and output overlap",
            help="set `live` in modelspec.yaml to a folder of its own, such as modelspec-live",
        )
    if not real.is_relative_to(root) or ".git" in real.relative_to(root).parts:
        return Refusal(
            message=f"the live folder {shown(settings.live)} is outside the repository or in its git folder",
            help="set `live` in modelspec.yaml to a folder of the repository, or pass any folder with --live",
        )
    return real


def replace_file(folder: Path, name: str, content: bytes) -> Refusal | None:
    """Replace a live file as a whole, or leave it as it was and say why."""
    path, new = folder / name, folder / f".{name}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - pathlib opens no descriptors
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        return unusable("write", path, error, "free some space, or name a writable folder with --live")
    return None


def read_file(folder: Path, name: str) -> bytes | Refusal | None:
    """The content of a live file, None where there is none; links and what is too large are refused."""
    path = folder / name
    try:
        descriptor = os.open(path, _READ)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - pathlib opens no descriptors
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST:
                return file.read(LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        return unusable("read", path, error, "remove it, or make it readable")
    return Refusal(message=f"{shown(path)} is not a regular file of a size to read", help="remove it")


def set_aside(folder: Path, name: str, stamp: str) -> Path | Refusal:
    """Keep a live file that cannot be used under another name, with `stamp` in it."""
    path, kept = folder / name, folder / f"{name}.kept-{stamp}"
    try:
        path.replace(kept)
    except OSError as error:
        return unusable("rename", path, error, "move it out of the way")
    return kept


def hold(folder: Path, name: str) -> int | Refusal:
    """Keep other processes from writing a live file, until the returned descriptor is closed."""
    path = folder / f".{name}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        return unusable("lock", path, error, "free some space, or name a writable folder with --live")
    if take(descriptor):
        return descriptor
    os.close(descriptor)
    return Refusal(
        message=f"another process is writing {shown(folder / name)}",
        help="stop it first, or name another folder with --live",
    )
