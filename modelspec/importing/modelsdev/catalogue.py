"""The files of a checkout of models.dev: TOML by its path, links followed inside the checkout only."""

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from modelspec.importing.sources import read_named
from modelspec.text.source import START, Span

MAX_BYTES = 256 * 1024
"""Bytes of one TOML file; the longest of the catalogue has a few thousand."""
_DEEPEST = 16
_ENDING = ".toml"

Table = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A file: its path in the checkout, what it says, or why it could not be read."""

    path: str
    table: Table
    text: str = ""
    fault: str = ""

    def span(self, key: str) -> Span:
        """Where a key of the top seems to stand: tomllib tells no places."""
        found = re.search(rf"^[ \t]*\[*{re.escape(key)}\b", self.text, re.MULTILINE)
        if found is None:
            return START
        line = self.text.count("\n", 0, found.start()) + 1
        return Span(line, 1, line, 1 + len(found[0]))


class Checkout:
    """Reads files of one checkout, each once."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))
        self._read: dict[str, CatalogueEntry] = {}

    def providers(self) -> list[str]:
        """The ids of all providers, sorted."""
        return sorted(_names(self._root / "providers", folders=True))

    def models(self, provider: str) -> Iterator[str]:
        """The paths below `models` of a provider without their ending, sorted: the ids that it has for them."""
        top = self._root / "providers" / provider / "models"
        yield from sorted(_below(top, "", self._is_inside, _DEEPEST))

    def entry(self, path: str) -> CatalogueEntry:
        """A file by its path in the checkout."""
        if path not in self._read:
            self._read[path] = self._entry(path)
        return self._read[path]

    def _entry(self, path: str) -> CatalogueEntry:
        parts = path.split("/")
        if ".." in parts or "" in parts or "\\" in path or "\0" in path:
            return CatalogueEntry(path=path, table={}, fault="no file of a checkout has that path")
        real = Path(os.path.realpath(self._root / path))
        if not self._is_inside(real):
            return CatalogueEntry(path=path, table={}, fault="a link leads out of the checkout")
        data = read_named(real)
        if isinstance(data, str):
            return CatalogueEntry(path=path, table={}, fault=data)
        if len(data) > MAX_BYTES:
            return CatalogueEntry(path=path, table={}, fault=f"it is larger than {MAX_BYTES // 1024} KiB")
        try:
            text = data.decode()
            return CatalogueEntry(path=path, table=tomllib.loads(text), text=text)
        except (ValueError, RecursionError):
            # A line that is not TOML would be quoted by its message.
            return CatalogueEntry(path=path, table={}, fault="it is not TOML")

    def _is_inside(self, path: Path) -> bool:
        return path == self._root or self._root in path.parents


def _names(folder: Path, *, folders: bool) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir() == folders and entry.name[0] != "."]
    except OSError:
        return []


def _below(folder: Path, prefix: str, is_inside: Callable[[Path], bool], depth: int) -> Iterator[str]:
    if not depth or not is_inside(Path(os.path.realpath(folder))):
        return
    for name in _names(folder, folders=False):
        if name.endswith(_ENDING):
            yield prefix + name.removesuffix(_ENDING)
    for name in _names(folder, folders=True):
        yield from _below(folder / name, f"{prefix}{name}/", is_inside, depth - 1)


_LONGEST_CHAIN = 16
_OWN = frozenset({"base_model", "base_model_omit", "extends"})


def resolved(checkout: Checkout, path: str) -> Table | str:
    """A model with all that it inherits, or why there is none. Tables merge; anything else replaces."""
    return _resolved(checkout, path, ())


def _resolved(checkout: Checkout, path: str, chain: tuple[str, ...]) -> Table | str:
    if path in chain or len(chain) == _LONGEST_CHAIN:
        return "it inherits from itself, or by too long a chain"
    entry = checkout.entry(path)
    if entry.fault:
        return f"{path}: {entry.fault}" if chain else entry.fault
    parent, omitted = _parent(entry.table)
    own = {key: value for key, value in entry.table.items() if key not in _OWN}
    if parent is None:
        return own
    base = _resolved(checkout, parent, (*chain, path))
    if isinstance(base, str):
        return f"it inherits from {parent}, which cannot be read: {base}"[:500]
    return _merged(_without(base, omitted), own)


def _parent(table: Table) -> tuple[str | None, Iterable[str]]:
    base, extends = table.get("base_model"), table.get("extends")
    if isinstance(base, str):
        return f"models/{base}.toml", _texts(table.get("base_model_omit"))
    if isinstance(extends, Mapping) and isinstance(extends.get("from"), str):
        provider, _, model = str(extends["from"]).partition("/")
        return f"providers/{provider}/models/{model}.toml", _texts(extends.get("omit"))
    return None, ()


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _without(table: Table, omitted: Iterable[str]) -> Table:
    """A table less some of its parts, which are named by dotted paths."""
    for path in omitted:
        table = _less(table, path.split("."))
    return table


def _less(table: Table, way: list[str]) -> Table:
    first, *rest = way
    inner = table.get(first)
    if rest and isinstance(inner, Mapping):
        return {**table, first: _less(inner, rest)}
    return {key: value for key, value in table.items() if key != first or rest}


def _merged(base: Table, own: Table) -> Table:
    merged = dict(base)
    for key, value in own.items():
        before = merged.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(before, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return merged
