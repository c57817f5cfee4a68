"""Where a new repository may be put, and why not."""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.load.unread import MODELS


def refused(folder: Path, paths: Collection[str]) -> Refusal | None:
    """Why a repository of these files cannot be put into a folder, if so.

    Raises:
        OSError: it cannot be looked at.
    """
    kind = _kind(folder)
    if kind is None:
        if _kind(folder.parent) is None:
            return Refusal(
                message=f"there is no folder {shown(str(folder.parent))} to make {shown(folder.name)} in",
                help="make it first, or choose another place",
            )
    elif stat.S_ISLNK(kind):
        return Refusal(
            message=f"{shown(str(folder))} is a symbolic link", help="name the folder that it leads to"
        )
    elif not stat.S_ISDIR(kind):
        return Refusal(
            message=f"{shown(str(folder))} is a file", help="name a folder, or one that is not there yet"
        )
    else:
        there = sorted(set(_there(folder, paths)))
        if there:
            return Refusal(
                message=f"{_are(there)} there already: {', '.join(map(shown, there))}",
                help="init overwrites nothing: choose a new folder, or move these away first",
            )
    return _nested(folder)


def _nested(folder: Path) -> Refusal | None:
    absolute = folder.resolve()
    for outer in (absolute, *absolute.parents):
        if os.path.lexists(outer / MODELS):
            return Refusal(
                message=f"{shown(str(outer))} is a configuration repository already: it has a {MODELS}/",
                help="choose a folder outside of it",
            )
    return None


def _there(folder: Path, paths: Collection[str]) -> Iterator[str]:
    """What is in the way: a file at a path, or anything but a folder on the way to it."""
    for path in paths:
        for above in reversed(PurePosixPath(path).parents[:-1]):
            kind = _kind(folder / above)
            if kind is not None and not stat.S_ISDIR(kind):
                yield str(above)
                break
        else:
            if _kind(folder / path) is not None:
                yield path


def _are(there: list[str]) -> str:
    return "this file is" if len(there) == 1 else "these files are"


def _kind(path: Path) -> int | None:
    """The mode of what is there, links not followed; nothing where nothing is."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
