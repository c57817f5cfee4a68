"""Artifacts, and how their JSON is written."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from io import BytesIO

from modelspec.fleet.model import Location
from modelspec.fleet.reference import Reference
from modelspec.text.portable import portable


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file of the build.

    `path` is relative to the output folder: segments of printable ASCII separated by `/`, none of them empty, `.`
    or `..`; whatever it is made of, it becomes `portable`. Emitters yield artifacts one at a time, and each is written
    before the next, so only one is in memory.
    """

    path: str
    content: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", portable(self.path))


def plain(value: object) -> object:
    """What JSON cannot hold by itself: of all that outputs are made of, references and locations."""
    if isinstance(value, Location):
        return asdict(value)
    assert isinstance(value, Reference)
    return value.json


encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=plain).encode
"""A value on one line. Without indentation, Python uses its C encoder, which is three times faster."""


class Sheet:
    """A JSON object that is written field by field into one buffer: for a large fleet, a hundred megabytes."""

    def __init__(self) -> None:
        self._stream = BytesIO()
        self._separator = b"{\n"

    def value(self, name: str, encoded: str) -> None:
        """Write a field with its encoded value."""
        self._name(name)
        self._stream.write(encoded.encode())

    def rows(self, name: str, items: Iterable[str]) -> None:
        """Write a list of encoded items, one a line."""
        self.begin(name)
        for item in items:
            self.add(item)
        self.end()

    def begin(self, name: str) -> None:
        """Begin a list whose items are added one by one."""
        self._name(name)
        self._stream.write(b"[")
        self._separator = b"\n"

    def add(self, encoded: str) -> None:
        """Write the next item of the list."""
        self._stream.write(self._separator + encoded.encode())
        self._separator = b",\n"

    def end(self) -> None:
        """End the list."""
        self._stream.write(b"]" if self._separator == b"\n" else b"\n]")
        self._separator = b",\n"

    def close(self) -> bytes:
        """The whole object; it must not be written to again."""
        self._stream.write(b"\n}\n")
        return self._stream.getvalue()

    def _name(self, name: str) -> None:
        self._stream.write(self._separator + f'"{name}": '.encode())
        self._separator = b",\n"


def document(head: Iterable[tuple[str, str]], lists: Iterable[tuple[str, Iterable[str]]]) -> bytes:
    """A JSON object: encoded values, then lists with one encoded item a line."""
    sheet = Sheet()
    for name, encoded in head:
        sheet.value(name, encoded)
    for name, items in lists:
        sheet.rows(name, items)
    return sheet.close()
