"""A change to the bytes of a file, proven by reading them again."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelspec.author.edit.change import Change, changed, same
from modelspec.author.edit.splice import NoPlaceError, splice
from modelspec.load import read
from modelspec.load.find import File
from modelspec.load.text import BOM
from modelspec.text.document import Document, Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A change that cannot be made without touching other text, and where that is."""

    pointer: Pointer
    why: str


def rewrite(file: File, changes: Sequence[Change], order: Sequence[str] = ()) -> bytes | Unfit:
    """The bytes of a file after some changes, one after the other.

    A new field of the top level is put where `order` has it. Whatever was written is read again: a text that does not
    say exactly what the changes ask for is never given back.

    Raises:
        ValueError: the file has faults of reading, or is no mapping.
    """
    for change in changes:
        reading = read(file)
        if reading.faults or not isinstance(reading.value, dict):
            raise ValueError(file.path)
        try:
            wanted = changed(reading.value, change)
        except KeyError:
            return Unfit(pointer=change.pointer, why="something on the way is no mapping or list")
        if same(wanted, reading.value):
            continue
        text = _spliced(reading.document, change, wanted, order)
        if text is None:
            return Unfit(
                pointer=change.pointer, why="it is written with anchors or aliases, or over several lines"
            )
        file = File(file.path, (BOM if file.data.startswith(BOM) else b"") + text.encode())
        again = read(file)
        if again.faults or not _equal(again.value, wanted):
            return Unfit(
                pointer=change.pointer, why="the text around it is written in a way that hides its place"
            )
    return file.data


def _spliced(document: Document, change: Change, wanted: object, order: Sequence[str]) -> str | None:
    try:
        return splice(document, change, wanted, order)
    except NoPlaceError:
        return None


def _equal(one: object, other: object) -> bool:
    """As `same`, the order of keys aside: a new key may stand before others."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return same(one, other)
