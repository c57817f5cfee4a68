"""Finding and reading the files of a repository: nothing but regular files, none of them followed or too large."""

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from modelspec.diagnostic import Diagnostic, Severity
from modelspec.source import START

MAX_BYTES = 256 * 1024
"""The most that one file may hold (SPEC, "How YAML is read")."""

MAX_FOLDERS = 32
"""The deepest that folders of models.d may be nested."""

MODELS = "models.d"
REQUIRED = ("regions.yaml", "heads.yaml")
OPTIONAL = ("modelspec.yaml", "routes.test.yaml", "waivers.yaml")

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OPEN_FOLDER = _OPEN | os.O_DIRECTORY


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was read: its path relative to the root and its bytes, at most MAX_BYTES + 1 of them."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Every file of a repository.

    `fixed` holds the files with fixed names; `models` are in the order of their paths; `faults` are the files
    that could not be read, and `unread` their paths.
    """

    root: Path
    fixed: dict[str, File]
    models: list[File]
    faults: list[Diagnostic]
    unread: list[str] = field(default_factory=list)


def read_tree(root: Path) -> Tree:
    """Read the repository at `root`.

    Raises:
        OSError: the root itself cannot be opened.
    """
    faults: list[Diagnostic] = []
    fixed: dict[str, File] = {}
    models: list[File] = []
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in (*REQUIRED, *OPTIONAL):
            file = _read(folder, name, name, faults)
            if file is not None:
                fixed[name] = file
            elif name in REQUIRED and not any(fault.path == name for fault in faults):
                faults.append(_missing(name, os.listdir(folder)))  # noqa: PTH208 - a descriptor
        _read_models(folder, models, faults)
    finally:
        os.close(folder)
    models.sort(key=lambda file: file.path)
    unread = [fault.path for fault in faults]
    if not models and not any(path.startswith(MODELS) for path in unread):
        faults.append(_empty())
    return Tree(root=root, fixed=fixed, models=models, faults=faults, unread=unread)


def read_file(root: Path, path: str) -> File | Diagnostic | None:
    """Read one file below the root without following a link on the way; None where there is none."""
    faults: list[Diagnostic] = []
    *folders, name = path.split("/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            inner = _open_folder(folder, part, path, faults)
            if inner is None:
                return faults[0] if faults else None
            os.close(folder)
            folder = inner
        file = _read(folder, name, path, faults)
    finally:
        os.close(folder)
    return faults[0] if faults else file


def _read_models(root: int, models: list[File], faults: list[Diagnostic]) -> None:
    top = _open_folder(root, MODELS, MODELS, faults)
    pending = [] if top is None else [(top, MODELS, 1)]
    while pending:
        folder, path, depth = pending.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] in "._" or name[-1] == "~":
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        inner = _open_inner(folder, name, f"{path}/{name}", depth, faults)
                        if inner is not None:
                            pending.append((inner, f"{path}/{name}", depth + 1))
                    else:
                        _read_entry(folder, entry, f"{path}/{name}", models, faults)
        finally:
            os.close(folder)


def _open_inner(folder: int, name: str, path: str, depth: int, faults: list[Diagnostic]) -> int | None:
    if depth == MAX_FOLDERS:
        faults.append(_unreadable(path, f"folders are nested deeper than {MAX_FOLDERS}"))
        return None
    return _open_folder(folder, name, path, faults) if _is_clean(path, faults) else None


def _read_entry(
    folder: int, entry: "os.DirEntry[str]", path: str, models: list[File], faults: list[Diagnostic]
) -> None:
    name = entry.name
    if not entry.is_file(follow_symlinks=False):
        if _is_clean(path, faults):
            faults.append(_irregular(path, entry.is_symlink()))
    elif name.endswith((".yaml", ".yml")):
        file = _read(folder, name, path, faults)
        if file is not None:
            models.append(file)
    elif name.lower().endswith((".yaml", ".yml", ".json")) and _is_clean(path, faults):
        faults.append(_not_a_model(path))


def _read(folder: int, name: str, path: str, faults: list[Diagnostic]) -> File | None:
    if not _is_clean(path, faults):
        return None
    try:
        handle = os.open(name, _OPEN, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        faults.append(_not_opened(path, error))
        return None
    try:
        status = os.fstat(handle)
        is_file = stat.S_ISREG(status.st_mode)
        data = _content(handle, status.st_size) if is_file else b""
    except OSError as error:
        faults.append(_not_opened(path, error))
        return None
    finally:
        os.close(handle)
    if is_file and len(data) <= MAX_BYTES:
        return File(path, data)
    faults.append(_too_large(path) if is_file else _irregular(path, link=False))
    return None


def _content(handle: int, size: int) -> bytes:
    """The bytes of a file, at most MAX_BYTES + 1 of them.

    No more is asked for than is there: a large buffer that is cut down later stays a mapping of its own, and a
    process may not have a hundred thousand of them.
    """
    data = os.read(handle, min(size, MAX_BYTES) + 1)
    while size < len(data) <= MAX_BYTES:
        # It has grown since it was looked at, or lies about its size as files of /proc do.
        size = len(data)
        data += os.read(handle, MAX_BYTES + 1 - size)
    return data


def _open_folder(folder: int, name: str, path: str, faults: list[Diagnostic]) -> int | None:
    try:
        return os.open(name, _OPEN_FOLDER, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ENOTDIR:
            link = stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
            faults.append(_irregular(path, link) if link else _unreadable(path, "it is not a folder"))
        else:
            faults.append(_not_opened(path, error))
        return None


def _is_clean(path: str, faults: list[Diagnostic]) -> bool:
    if path.isascii() and path.isprintable():
        return True
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        faults.append(_odd_name(shown, "is not UTF-8"))
        return False
    if path.isprintable():
        return True
    faults.append(_odd_name(path, "holds a control or invisible character"))
    return False


def _fault(code: str, path: str, message: str, help_: str) -> Diagnostic:
    return Diagnostic(
        code=code,
        severity=Severity.ERROR,
        message=message,
        path=path,
        span=START,
        help=help_,
        subject=path,
    )


def _unreadable(path: str, why: str) -> Diagnostic:
    return _fault("MS001", path, f"cannot read this file: {why}", "make it a readable regular file")


def _not_opened(path: str, error: OSError) -> Diagnostic:
    if error.errno == errno.ELOOP:
        return _irregular(path, link=True)
    return _unreadable(path, (error.strerror or "unknown reason").lower())


def _irregular(path: str, link: bool) -> Diagnostic:  # noqa: FBT001 - two kinds of one fault
    if link:
        return _fault(
            "MS002",
            path,
            "this is a symbolic link; links are not followed",
            "put the file itself in its place",
        )
    return _unreadable(path, "it is not a regular file")


def _too_large(path: str) -> Diagnostic:
    return _fault(
        "MS003",
        path,
        f"this file is larger than {MAX_BYTES // 1024} KiB",
        "keep one model a file and large documents elsewhere",
    )


def _odd_name(path: str, why: str) -> Diagnostic:
    return _fault("MS024", path, f"the name of this file {why}", "rename it with plain letters")


def _not_a_model(path: str) -> Diagnostic:
    return _fault(
        "MS025",
        path,
        "this file is not read: the name of a model file ends in .yaml or .yml",
        "rename it, or begin its name with _ to leave it out on purpose",
    )


def _missing(name: str, present: list[str]) -> Diagnostic:
    near = next((other for other in sorted(present) if other.lower() in (name, name[:-5] + ".yml")), None)
    return _fault(
        "MS022",
        name,
        f"{name} is missing",
        f"rename {near} to {name}" if near else f"create {name} at the top of the repository",
    )


def _empty() -> Diagnostic:
    return _fault(
        "MS023",
        MODELS,
        "models.d holds no model; a build of it would drop every route",
        "add a model, or disable the last one instead of removing it",
    )
