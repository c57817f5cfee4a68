"""Walking and removing a tree through a folder descriptor, without following symbolic links."""

import os
from collections.abc import Container, Iterator
from contextlib import suppress
from enum import Enum, auto

MANIFEST = "manifest.json"
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class NodeKind(Enum):
    """The type of a folder entry; symbolic links are not followed."""

    FILE = auto()
    FOLDER = auto()
    OTHER = auto()


def walk(folder: int) -> Iterator[tuple[str, NodeKind]]:
    """Every entry below an open folder, with its path; a folder comes before its content."""
    waiting = [""]
    while waiting:
        below = waiting.pop()
        here = os.open(below or ".", FOLDER, dir_fd=folder)
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    path = f"{below}/{entry.name}" if below else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(path)
                        yield path, NodeKind.FOLDER
                    else:
                        yield path, NodeKind.FILE if entry.is_file(follow_symlinks=False) else NodeKind.OTHER
        finally:
            os.close(here)


def remove(parent: int, name: str, listed: Container[str] | None) -> bool:
    """Remove the listed files of a folder (`None`: all) and empty folders. Whether nothing is left.

    The manifest is removed last, so that an interrupted removal can be resumed.
    """
    folder = os.open(name, FOLDER, dir_fd=parent)
    try:
        folders = []
        kept = False
        # A list: file systems differ in what a scan yields while entries are removed.
        for path, kind in list(walk(folder)):
            if kind is NodeKind.FOLDER:
                folders.append(path)
            elif listed is None or path in listed:
                if path != MANIFEST:
                    os.unlink(path, dir_fd=folder)
            else:
                kept = True
        for path in reversed(folders):
            with suppress(OSError):  # it contains kept files, otherwise the last rmdir fails too
                os.rmdir(path, dir_fd=folder)
        if kept:
            return False
        with suppress(FileNotFoundError):
            os.unlink(MANIFEST, dir_fd=folder)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=parent)
    return True
