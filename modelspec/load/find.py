"""Finding and reading the files of a repository: nothing but regular files, none of them followed or too large."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from pathlib import Path

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.load import unread
from modelspec.load.disk import DiskFolder, FileKind, Folder
from modelspec.load.unread import MAX_BYTES, MODELS
from modelspec.text.names import one_name

MAX_FOLDERS = 32
"""The deepest that folders of models.d may be nested."""

DEFAULTS = "_defaults.yaml"
"""The file of a folder below models.d that gives values to the models below it."""

REQUIRED = ("regions.yaml", "heads.yaml")
OPTIONAL = ("modelspec.yaml", "routes.test.yaml", "waivers.yaml", "keys.yaml")

_NEARLY_DEFAULTS = frozenset({DEFAULTS, "_defaults.yml", "_defaults.json"})
"""In upper or lower case: a file with such a name is meant to be read."""

_LIKE_YAML = re.compile(r"\.ya?ml\b|\.(?:yam|ymal|yalm|yml1|json5?|jsonc)$")
"""In a name that is not that of a model: `atlas.yaml.txt`, `atlas.yaml copy`, `atlas.ymal`."""
_LIKE_DEFAULTS = re.compile(r"_?_defaults?\.(?:ya?ml|json)(?:\.\w+)?")
_LIKE_MODELS = frozenset({"models", "model", "model.d", "modelsd", "models.d.yaml", "models-d", "models_d"})
_MODEL_ID = re.compile(rb"(?m)^model_id[ ]*:")
_KNOWN = (*REQUIRED, *OPTIONAL, MODELS)
_BEGINNINGS = tuple(
    f"{name.removesuffix('.yaml')}.{suffix}"
    for name in (*REQUIRED, *OPTIONAL)
    for suffix in ("yaml.", "json")
)
_MOST_NOTES, _MOST_ENTRIES, _MOST_DEEP = 50, 200, 4
"""Such files that are named; entries of a folder, and folders in folders, that are looked at for them."""

Read = Callable[[str], "File | Diagnostic | None"]
"""Reads one file by its path from the root; None where there is none."""

__all__ = [
    "DEFAULTS",
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
    that could not be read, and `unread` their paths; `notes` are files that look like configuration and are not read.
    `defaults` holds the defaults file of each folder that has one,
    None where it could not be read. `other` reads one more file of the same state by its path.
    """

    root: Path
    fixed: dict[str, File]
    models: list[File]
    faults: list[Diagnostic]
    other: Read
    unread: list[str] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    defaults: dict[str, File | None] = field(default_factory=dict)

    @property
    def files(self) -> list[File]:
        """Every file that was read."""
        return [*self.fixed.values(), *filter(None, self.defaults.values()), *self.models]

    def layers(self, path: str) -> tuple[tuple[str, File | None], ...]:
        """The folders whose defaults a model takes, the outermost first, each with its defaults file."""
        if not self.defaults:
            return ()
        return tuple(
            (folder, self.defaults[folder])
            for folder in reversed(folders_of(path))
            if folder in self.defaults
        )


def folders_of(path: str) -> list[str]:
    """The folders around a file, the nearest first: of `models.d/chat/atlas.yaml`, `models.d/chat` and `models.d`."""
    folders = []
    while path := path.rpartition("/")[0]:
        folders.append(path)
    return folders


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
    beside = dict(top.entries())
    for name in (*REQUIRED, *OPTIONAL):
        data = _read(top, name, name)
        if isinstance(data, bytes):
            fixed[name] = File(name, data)
        elif data is not None:
            faults.append(data)
        elif name in REQUIRED:
            faults.append(unread.missing(name, beside))
    walk = _Walk(faults=faults)
    _walk(top, walk)
    _look_beside(top, beside, fixed, walk)
    models = sorted(walk.models, key=lambda file: file.path)
    paths = [fault.path for fault in faults]
    if not models and not any(path.startswith(MODELS) for path in paths):
        faults.append(unread.empty(beside))
    return Tree(
        root=root,
        fixed=fixed,
        models=models,
        faults=faults,
        unread=paths,
        notes=walk.notes,
        other=other,
        defaults=dict(sorted(walk.defaults.items())),
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """What has been found below models.d so far."""

    faults: list[Diagnostic]
    notes: list[Diagnostic] = field(default_factory=list)
    models: list[File] = field(default_factory=list)
    defaults: dict[str, File | None] = field(default_factory=dict)

    def take_model(self, folder: Folder, name: str, path: str, kind: FileKind) -> None:
        data = _model(folder, name, path, kind)
        if isinstance(data, bytes):
            self.models.append(File(path, data))
        elif data is not None:
            self.faults.append(data)
        elif _LIKE_YAML.search(one_name(name)) and len(self.notes) < _MOST_NOTES:
            self.notes.append(unread.like_a_model(path))

    def take_defaults(self, folder: Folder, name: str, path: str, kind: FileKind) -> None:
        data = _defaults(folder, name, path, kind)
        within = path.rpartition("/")[0]
        if isinstance(data, bytes):
            self.defaults[within] = File(path, data)
        elif data is not None:
            self.faults.append(data)
            self.defaults.setdefault(within, None)


def _walk(top: Folder, walk: _Walk) -> None:
    opened = top.folder(MODELS, MODELS)
    if isinstance(opened, Diagnostic):
        walk.faults.append(opened)
    pending = [] if opened is None or isinstance(opened, Diagnostic) else [(opened, MODELS, 1)]
    while pending:
        folder, within, depth = pending.pop()
        try:
            for name, kind in folder.entries():
                path = f"{within}/{name}"
                if name[0] in "._" or name[-1] == "~":
                    if one_name(name) in _NEARLY_DEFAULTS:
                        walk.take_defaults(folder, name, path, kind)
                    elif _LIKE_DEFAULTS.fullmatch(one_name(name)) and len(walk.notes) < _MOST_NOTES:
                        walk.notes.append(unread.like_defaults(path))
                elif kind is FileKind.FOLDER:
                    inner = _inner(folder, name, path, depth)
                    if isinstance(inner, Diagnostic):
                        walk.faults.append(inner)
                    elif inner is not None:
                        pending.append((inner, path, depth + 1))
                else:
                    walk.take_model(folder, name, path, kind)
        finally:
            folder.close()


def _look_beside(top: Folder, beside: Mapping[str, FileKind], fixed: Mapping[str, File], walk: _Walk) -> None:
    """What at the root is meant to be read, by its name, and is not."""
    for name, kind in sorted(beside.items()):
        plain = one_name(name)
        if name in _KNOWN:
            continue
        if plain in _KNOWN and plain in beside:
            walk.faults.append(unread.twin(name, plain))
            continue
        meant = f"{plain[:-4]}.yaml" if plain.endswith(".yml") and kind is FileKind.FILE else plain
        if meant in _KNOWN:
            # What is missing without it is said there.
            if meant in fixed or meant in OPTIONAL:
                walk.faults.append(unread.other_name(name, meant))
        elif kind is FileKind.FILE and _is_like_fixed(top, name, plain):
            walk.notes.append(unread.like_a_model(name))
        elif kind is FileKind.FOLDER and plain in _LIKE_MODELS:
            walk.notes.extend(islice(_models_below(top, name, name), _MOST_NOTES))


def _is_like_fixed(top: Folder, name: str, plain: str) -> bool:
    if plain.endswith((".yaml", ".yml")):
        return _says_model(top, name, name)
    return plain.startswith(_BEGINNINGS)


def _models_below(around: Folder, name: str, path: str, depth: int = 1) -> Iterator[Diagnostic]:
    """The files below a folder that say what a model says."""
    folder = around.folder(name, path)
    if folder is None or isinstance(folder, Diagnostic):
        return
    try:
        for one, kind in sorted(folder.entries(), key=itemgetter(0))[:_MOST_ENTRIES]:
            if kind is FileKind.FOLDER and depth < _MOST_DEEP:
                yield from _models_below(folder, one, f"{path}/{one}", depth + 1)
                continue
            is_yaml = kind is FileKind.FILE and one_name(one).endswith((".yaml", ".yml"))
            if is_yaml and _says_model(folder, one, f"{path}/{one}"):
                yield unread.like_a_model(f"{path}/{one}")
    finally:
        folder.close()


def _says_model(folder: Folder, name: str, path: str) -> bool:
    data = _read(folder, name, path)
    return isinstance(data, bytes) and _MODEL_ID.search(data) is not None


def _inner(folder: Folder, name: str, path: str, depth: int) -> Folder | Diagnostic | None:
    if depth == MAX_FOLDERS:
        return unread.unreadable(path, f"folders are nested deeper than {MAX_FOLDERS}")
    return unread.odd_name(path) or folder.folder(name, path)


def _defaults(folder: Folder, name: str, path: str, kind: FileKind) -> bytes | Diagnostic | None:
    """The bytes of a defaults file; None where it went away meanwhile."""
    if kind is not FileKind.FILE:
        return unread.link(path) if kind is FileKind.LINK else unread.irregular(path)
    return folder.file(name, path) if name == DEFAULTS else unread.other_defaults(path)


def _model(folder: Folder, name: str, path: str, kind: FileKind) -> bytes | Diagnostic | None:
    """The bytes of a model file; None where the name is not that of a model, nor similar to one."""
    if kind is not FileKind.FILE:
        return unread.odd_name(path) or (
            unread.link(path) if kind is FileKind.LINK else unread.irregular(path)
        )
    if name.endswith((".yaml", ".yml")):
        return _read(folder, name, path)
    if one_name(name).endswith((".yaml", ".yml", ".json")):
        return unread.odd_name(path) or unread.not_a_model(path)
    return None
