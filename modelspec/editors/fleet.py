"""A fleet as an editor has it: the files on disk with unsaved texts over them, compiled anew after each change.

Everything that is found comes from `incremental.compile_tree`, which takes over what two states have in common: a
keystroke in a model costs one examined file and the rules across models.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from threading import Lock

from modelspec.author.schemas.choices import Choices, choices_in
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.incremental import compile_tree
from modelspec.load import Reading, read, source_of
from modelspec.load.disk import DiskFolder, FileKind
from modelspec.load.find import DEFAULTS, MAX_BYTES, MODELS, File, Read, Tree, find_file, find_tree
from modelspec.load.unread import too_large
from modelspec.pipeline import Compiled
from modelspec.routing.decide import Index
from modelspec.text.source import Source


@dataclass(frozen=True, slots=True)
class _Overlaid:
    """A folder with the texts of an editor over its files; `disk` is None where only texts are in it."""

    disk: DiskFolder | None
    within: str
    texts: Mapping[str, bytes]

    def entries(self) -> Iterator[tuple[str, FileKind]]:
        """The names in it."""
        found = set()
        for name, kind in self.disk.entries() if self.disk is not None else ():
            found.add(name)
            yield name, kind
        for name, is_folder in {self._step(path) for path in self.texts if path.startswith(self.within)}:
            if name not in found:
                yield name, FileKind.FOLDER if is_folder else FileKind.FILE

    def _step(self, path: str) -> tuple[str, bool]:
        name, below, _ = path.removeprefix(self.within).partition("/")
        return name, bool(below)

    def folder(self, name: str, path: str) -> "_Overlaid | Diagnostic | None":
        """Open a folder in it."""
        within = f"{self.within}{name}/"
        inner = None if self.disk is None else self.disk.folder(name, path)
        if isinstance(inner, Diagnostic) or (
            inner is None and not any(text.startswith(within) for text in self.texts)
        ):
            return inner if isinstance(inner, Diagnostic) else None
        return _Overlaid(inner, within, self.texts)

    def file(self, name: str, path: str) -> bytes | Diagnostic | None:
        """Read a file in it; what is not a regular file on disk is not replaced by a text."""
        text = self.texts.get(f"{self.within}{name}")
        found = None if self.disk is None else self.disk.file(name, path)
        if text is None or (isinstance(found, Diagnostic) and found.code != "MS003"):
            return found
        return text if len(text) <= MAX_BYTES else too_large(path)

    def close(self) -> None:
        """Close its descriptor."""
        if self.disk is not None:
            self.disk.close()


def read_with(root: Path, texts: Mapping[str, bytes]) -> Tree:
    """Read the repository at `root` as it would be with the unsaved `texts`, which are by path.

    Raises:
        OSError: the root cannot be opened.
    """
    top = _Overlaid(DiskFolder.at(root), "", dict(texts))
    try:
        return find_tree(top, root, _reader(root, texts))
    finally:
        top.close()


def _reader(root: Path, texts: Mapping[str, bytes]) -> Read:
    texts = dict(texts)

    def other(path: str) -> File | Diagnostic | None:
        top = _Overlaid(DiskFolder.at(root), "", texts)
        try:
            return find_file(top, path)
        finally:
            top.close()

    return other


def _with_text(tree: Tree, path: str, data: bytes) -> Tree | None:
    """The tree with another content of a file that it has; None where that may change which files there are."""
    if len(data) > MAX_BYTES:
        return None
    file = File(path, data)
    if path in tree.fixed:
        return replace(tree, fixed={**tree.fixed, path: file})
    folder, _, name = path.rpartition("/")
    if name == DEFAULTS and tree.defaults.get(folder) is not None:
        return replace(tree, defaults={**tree.defaults, folder: file})
    at = next((number for number, one in enumerate(tree.models) if one.path == path), None)
    if at is None:
        return None
    return replace(tree, models=[*tree.models[:at], file, *tree.models[at + 1 :]])


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A compiled state, and what answers are made from while a newer one cannot be understood.

    `named` is the last state whose regions and heads could all be read; `index` the last routing table.
    """

    compiled: Compiled
    named: Compiled
    index: Index | None

    @cached_property
    def by_path(self) -> Mapping[str, tuple[Diagnostic, ...]]:
        """The diagnostics of each file that has any."""
        return {path: tuple(each) for path, each in groupby(self.compiled.diagnostics, attrgetter("path"))}

    @cached_property
    def choices(self) -> Choices:
        """Every name that is declared."""
        return choices_in(self.named.setup, self.compiled.models)

    @cached_property
    def declared(self) -> Mapping[str, str]:
        """The path of the file of each model id and alias."""
        paths: dict[str, str] = {}
        for one in self.compiled.facts.values():
            if one.signature is not None:
                for name in (one.signature.model_id, *one.signature.aliases):
                    paths.setdefault(name, one.path)
        return paths

    def file(self, path: str) -> File | None:
        """A file that was read."""
        return self.compiled.locator.files.get(path)

    def source(self, path: str) -> Source | None:
        """The text of a file that was read."""
        file = self.file(path)
        return None if file is None else source_of(file)

    def reading(self, path: str) -> Reading | None:
        """What a file says."""
        file = self.file(path)
        return None if file is None else read(file)


class EditedFleet:
    """One repository; `texts` are what the editor has and the disk does not, by path from the root.

    A state is compiled in one thread at a time, while another shows texts.
    """

    def __init__(self, root: Path, today: Callable[[], date]) -> None:
        self.root = root
        self.texts: dict[str, bytes] = {}
        self._today = today
        self._tree: Tree | None = None
        self._changes = 0
        self._compiled_changes = -1
        self._shown = Lock()
        self.latest: Snapshot | None = None

    def show(self, path: str, data: bytes | None) -> None:
        """Take the unsaved text of a file; None: the file on disk counts again."""
        if data is None:
            self.texts.pop(path, None)
            self.reload()
            return
        with self._shown:
            if self.texts.get(path) == data:
                return
            self.texts[path] = data
            self._changes += 1
            tree = None if self._tree is None else _with_text(self._tree, path, data)
            self._tree = None if tree is None else replace(tree, other=_reader(self.root, self.texts))

    def reload(self) -> None:
        """Look at the disk again when asked next."""
        with self._shown:
            self._tree = None
            self._changes += 1

    @property
    def is_settled(self) -> bool:
        """Whether the latest state is the newest."""
        return self._compiled_changes == self._changes

    def snapshot(self) -> Snapshot:
        """The newest state, compiled if it was not yet; `latest`, from then on.

        Raises:
            OSError: the root cannot be opened.
        """
        with self._shown:
            changes, tree, texts, before = self._changes, self._tree, dict(self.texts), self.latest
            if before is not None and self.is_settled:
                return before
        tree = tree or read_with(self.root, texts)
        compiled = compile_tree(tree, today=self._today(), like=None if before is None else before.compiled)
        named = compiled if before is None or compiled.setup.fleet.complete else before.named
        index = None if before is None else before.index
        if compiled.table is not None and (index is None or index.table is not compiled.table):
            index = Index(compiled.table)
        if before is None:
            # The first state is most of what is in memory, and stays: the collector need not look through it again.
            gc.freeze()
        with self._shown:
            self.latest = Snapshot(compiled=compiled, named=named, index=index)
            self._compiled_changes = changes
            if changes == self._changes:
                self._tree = tree
            return self.latest

    def is_of_setup(self, path: str) -> bool:
        """Whether every model is checked against a file: then a change of it costs more."""
        return not path.startswith(f"{MODELS}/") or path.rpartition("/")[2] == DEFAULTS


def root_of(file: Path) -> Path | None:
    """The repository around a file: the nearest folder above it that has a models.d."""
    return next((folder for folder in file.parents if (folder / MODELS).is_dir()), None)


_SKIPPED = frozenset({"node_modules", "dist", "__pycache__", MODELS})
_DEEPEST, _MOST_FOLDERS = 4, 2_000


def roots_below(top: Path) -> list[Path]:
    """The repositories in a folder of a workspace, at most four folders deep, or the one around it."""
    found, pending, seen = [], [(top, 0)], 0
    while pending and seen < _MOST_FOLDERS:
        folder, depth = pending.pop()
        seen += 1
        if (folder / MODELS).is_dir():
            found.append(folder)
        if depth < _DEEPEST:
            pending.extend((inner, depth + 1) for inner in _folders(folder))
    around = root_of(top / MODELS) if not found else None
    return [around] if around is not None else sorted(found)


def _folders(folder: Path) -> list[Path]:
    try:
        return [
            one
            for one in folder.iterdir()
            if one.name[0] != "." and one.name not in _SKIPPED and one.is_dir() and not one.is_symlink()
        ]
    except OSError:
        return []
