"""What finding asks of a place that files come from: a folder on disk, or a tree out of git."""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Protocol, Self

from modelspec.diagnostic import Diagnostic


class Kind(Enum):
    """What stands behind a name."""

    FILE = auto()
    FOLDER = auto()
    LINK = auto()
    OTHER = auto()


class Folder(Protocol):
    """An open folder. `path` is always the whole path from the root, for diagnostics; no link is ever followed."""

    def entries(self) -> Iterator[tuple[str, Kind]]:
        """The names in it, in no order, bytes that are not UTF-8 as lone surrogates."""

    def folder(self, name: str, path: str) -> Self | Diagnostic | None:
        """Open a folder in it; None where nothing has the name."""

    def file(self, name: str, path: str) -> bytes | Diagnostic | None:
        """The bytes of a regular file in it, at most MAX_BYTES; None where nothing has the name."""

    def close(self) -> None:
        """Let go of it; what was opened in it stays open."""
