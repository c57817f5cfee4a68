"""Reading files that the user names, and files that those include."""

import os
import stat
from pathlib import Path

from modelspec.load.foreign import MAX_FOREIGN_BYTES

_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_INSIDE = _OPEN | os.O_NOFOLLOW


def read_named(path: Path) -> bytes | str:
    """The bytes of a file that the user named, or why it cannot be read. Links are followed."""
    try:
        handle = os.open(path, _OPEN)
    except (OSError, ValueError) as error:
        return _why(error)
    return _content(handle)


def read_inside(folder: Path, path: str) -> bytes | str:
    """The bytes of a file that another file names, or why it is not read. No link is followed."""
    parts = path.split("/")
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path or ".." in parts or "://" in path:
        return "it is outside the folder of the imported file"
    handle = -1
    try:
        handle = os.open(folder, _OPEN | os.O_DIRECTORY)
        for part in [part for part in parts if part not in ("", ".")]:
            inner = os.open(part, _INSIDE, dir_fd=handle)
            os.close(handle)
            handle = inner
    except (OSError, ValueError) as error:
        if handle >= 0:
            os.close(handle)
        return _why(error)
    return _content(handle)


def _content(handle: int) -> bytes | str:
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return "it is not a regular file"
        with os.fdopen(os.dup(handle), "rb") as file:
            data = file.read(MAX_FOREIGN_BYTES + 1)
    except OSError as error:
        return _why(error)
    finally:
        os.close(handle)
    if len(data) > MAX_FOREIGN_BYTES:
        return f"it is larger than {MAX_FOREIGN_BYTES // 1024 // 1024} MiB"
    return data


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return "it is a symbolic link" if "symbolic" in error.strerror else error.strerror.lower()
    return "it is not a valid file name"
