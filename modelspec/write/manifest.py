"""The manifest: the last artifact of a build, and the only evidence about the files of an earlier one."""

import errno
import json
import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from modelspec.emit.artifact import Artifact
from modelspec.write.tree import FOLDER, MANIFEST

_NO_NAMES = frozenset({"", ".", ".."})


def is_artifact_path(path: str) -> bool:
    """Whether a path is relative, printable ASCII, and without empty, `.` or `..` segments."""
    return path.isascii() and path.isprintable() and _NO_NAMES.isdisjoint(path.split("/"))


class Layout:
    """The paths of one tree, added one at a time; paths that differ by case only are equal."""

    __slots__ = ("_files", "_folders", "_made")

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._made: set[str] = set()

    def add(self, path: str) -> list[str]:
        """Add a file; return the folders that no earlier file needed, outermost first.

        Raises:
            ValueError: the path is invalid or taken. The rules should have prevented this.
        """
        if not is_artifact_path(path):
            raise ValueError(f"invalid artifact path: {path!r}")
        new: list[str] = []
        folder = path.rpartition("/")[0]
        while folder and folder not in self._made:
            new.insert(0, folder)
            folder = folder.rpartition("/")[0]
        folded, folders = path.lower(), {each.lower() for each in new}
        if folded in self._files or folded in self._folders or not folders.isdisjoint(self._files):
            raise ValueError(f"another artifact has the path {path!r}")
        # Reuse the object of a lower-case path: a tree has many.
        self._files.add(path if path == folded else folded)
        self._folders |= folders
        self._made.update(new)
        return new


# 300,000 files take about 40 MiB. The two limits keep a hostile manifest below 512 MiB of memory.
_MOST_BYTES = 64 * 1024 * 1024
_MOST_VALUES = 1_000_000

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_SHA256 = re.compile(r"[0-9a-f]{64}")

ManifestOf = Callable[[Mapping[str, str]], Artifact]


def read_listing(folder: int) -> frozenset[str] | str:
    """The files that the manifest in an open folder lists, including itself; or what is wrong with it.

    Anyone may have put it there, so it is validated first.

    Raises:
        OSError: it cannot be read.
    """
    content = _read(folder)
    if isinstance(content, str):
        return content
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        return "it is not JSON"
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or manifest.get("generator") != "modelspec":
        return "another program wrote it"
    if manifest.get("schema_version") != 1:
        return "another version of modelspec wrote it"
    if not all(map(_is_entry, files, files.values())):
        return "it lists files that modelspec does not write"
    return frozenset(files) | {MANIFEST}


def read_origin(output: Path) -> tuple[str | None, str | None]:
    """The commit and its date that the manifest in an output folder names; None where it names none."""
    try:
        folder = os.open(output, FOLDER)
    except (OSError, ValueError):
        return None, None
    try:
        source = json.loads(_read(folder))["source"]
        commit, date = source["commit"], source["commit_date"]
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return None, None
    finally:
        os.close(folder)
    return commit if isinstance(commit, str) else None, date if isinstance(date, str) else None


def _is_entry(path: str, digest: object) -> bool:
    return is_artifact_path(path) and isinstance(digest, str) and _SHA256.fullmatch(digest) is not None


def _read(folder: int) -> bytes | str:
    """The bytes, or what is wrong with it. A FIFO does not block the read."""
    try:
        descriptor = os.open(MANIFEST, _FLAGS, dir_fd=folder)
    except FileNotFoundError:
        return "it does not exist"
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "it is a symbolic link"
        raise
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return "it is not a file"
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES or sum(map(content.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        return "it is too large"
    return content
