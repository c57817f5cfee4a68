"""Finding and reading the files of a repository: nothing but regular files, none of them followed or too large."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from modelspec.diagnostic import Diagnostic
from modelspec.load import unread
from modelspec.load.disk import DiskFolder
from modelspec.load.folder import Folder, Kind
from modelspec.load.unread import MAX_BYTES, MODELS

MAX_FOLDERS = 32
"""The deepest that folders of models.d may be nested."""

REQUIRED = ("regions.yaml", "heads.yaml")
OPTIONAL = ("modelspec.yaml", "routes.test.yaml", "waivers.yaml")

Read = Callable[[str], "File | Diagnostic | None"]
"""Reads one file by its path from the root; None where there is none."""

__all__ = [
    "MAX_BYTES",
    "MODELS",
    "OPTIONAL",
    "REQUIRED",
    "File",
    "Read",
    "Tree",
    "find_file",
    "find_tree",
    "read_file",
    "read_tree",
]


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was read: its path relative to the root and its bytes, at most MAX_BYTES of them."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Every file of a repository in one state.

    `fixed` holds the files with fixed names; `models` are in the order of their paths; `faults` are the files
    that could not be read, and `unread` their paths. `other` reads one more file of the same state by its path.
    """

    root: Path
    fixed: dict[str, File]
    models: list[File]
    faults: list[Diagnostic]
    other: Read
    unread: list[str] = field(default_factory=list)


def read_tree(root: Path) -> Tree:
    """Read the repository at `root` as it is on disk.

    Raises:
        OSError: the root itself cannot be opened.
    """
    top = DiskFolder.at(root)
    try:
        return find_tree(top, root, lambda path: read_file(root, path))
    finally:
        top.close()


def read_file(root: Path, path: str) -> File | Diagnostic | None:
    """Read one file below the root without following a link on the way; None where there is none."""
    top = DiskFolder.at(root)
    try:
        return find_file(top, path)
    finally:
        top.close()


def find_tree(top: Folder, root: Path, other: Read) -> Tree:
    """Find every file below an open folder, wherever it is; `root` and `other` are as in the Tree."""
    faults: list[Diagnostic] = []
    fixed: dict[str, File] = {}
    for name in (*REQUIRED, *OPTIONAL):
        data = _read(top, name, name)
        if isinstance(data, bytes):
            fixed[name] = File(name, data)
        elif data is not None:
            faults.append(data)
        elif name in REQUIRED:
            faults.append(unread.missing(name, (other_name for other_name, _ in top.entries())))
    models = sorted(_models(top, faults), key=lambda file: file.path)
    paths = [fault.path for fault in faults]
    if not models and not any(path.startswith(MODELS) for path in paths):
        faults.append(unread.empty())
    return Tree(root=root, fixed=fixed, models=models, faults=faults, unread=paths, other=other)


def find_file(top: Folder, path: str) -> File | Diagnostic | None:
    """Read one file below an open folder; None where there is none."""
    *folders, name = path.split("/")
    folder = top
    for part in folders:
        inner = folder.folder(part, path)
        if folder is not top:
            folder.close()
        if inner is None or isinstance(inner, Diagnostic):
            return inner
        folder = inner
    try:
        data = _read(folder, name, path)
    finally:
        if folder is not top:
            folder.close()
    return File(path, data) if isinstance(data, bytes) else data


def _read(folder: Folder, name: str, path: str) -> bytes | Diagnostic | None:
    return unread.odd_name(path) or folder.file(name, path)


def _models(top: Folder, faults: list[Diagnostic]) -> Iterator[File]:
    opened = top.folder(MODELS, MODELS)
    if isinstance(opened, Diagnostic):
        faults.append(opened)
    pending = [] if opened is None or isinstance(opened, Diagnostic) else [(opened, MODELS, 1)]
    while pending:
        folder, within, depth = pending.pop()
        try:
            for name, kind in folder.entries():
                if name[0] in "._" or name[-1] == "~":
                    continue
                path = f"{within}/{name}"
                if kind is Kind.FOLDER:
                    inner = _inner(folder, name, path, depth)
                    if isinstance(inner, Diagnostic):
                        faults.append(inner)
                    elif inner is not None:
                        pending.append((inner, path, depth + 1))
                    continue
                data = _model(folder, name, path, kind)
                if isinstance(data, bytes):
                    yield File(path, data)
                elif data is not None:
                    faults.append(data)
        finally:
            folder.close()


def _inner(folder: Folder, name: str, path: str, depth: int) -> Folder | Diagnostic | None:
    if depth == MAX_FOLDERS:
        return unread.unreadable(path, f"folders are nested deeper than {MAX_FOLDERS}")
    return unread.odd_name(path) or folder.folder(name, path)


def _model(folder: Folder, name: str, path: str, kind: Kind) -> bytes | Diagnostic | None:
    """The bytes of a model file; nothing where a file of this name is none and nobody could think so."""
    if kind is not Kind.FILE:
        return unread.odd_name(path) or (unread.link(path) if kind is Kind.LINK else unread.irregular(path))
    if name.endswith((".yaml", ".yml")):
        return _read(folder, name, path)
    if name.lower().endswith((".yaml", ".yml", ".json")):
        return unread.odd_name(path) or unread.not_a_model(path)
    return None
