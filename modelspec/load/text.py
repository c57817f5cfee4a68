"""Bytes to text: UTF-8, and no character that a reviewer cannot see."""

import re
import unicodedata
from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Diagnostic, file_error
from modelspec.text.document import Document
from modelspec.text.source import START, Source
from modelspec.text.visible import FILLERS, JOINERS, joins

BOM = b"\xef\xbb\xbf"

_ODD_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|^(?:<{7}|>{7}|\|{7}) ", re.MULTILINE)
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7}) ", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|\r(?!\n)")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE_CATEGORIES = frozenset({"Cf", "Zl", "Zp", "Cn", "Co"})


def is_ordinary(data: bytes) -> bool:
    """Whether the bytes are ASCII without control characters or conflict markers: then nothing here can object."""
    return data.isascii() and not _ODD_BYTES.search(data)


def decode(path: str, data: bytes) -> Source | Diagnostic:
    """The text of a file, or why there is none."""
    # Without its mark, UTF-16 is known by the zero byte beside the first letter.
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or 0 in data[:2]:
        return file_error("MS004", path, START, "this file is UTF-16, not UTF-8", "save it as UTF-8")
    try:
        return Source(path, data.removeprefix(BOM).decode())
    except UnicodeDecodeError as error:
        before = Source(path, data.removeprefix(BOM)[: error.start].decode())
        place = before.span(len(before.text), len(before.text))
        return file_error(
            "MS004",
            path,
            place,
            f"this file is not UTF-8: byte 0x{data.removeprefix(BOM)[error.start]:02x} is not valid here",
            "save it as UTF-8",
        )


def has_invisible(text: str) -> bool:
    """Whether `invisible_characters` has anything to look at: a pass over the distinct characters only."""
    return any(_is_invisible(character) for character in set(text) if not character.isascii())


def conflict(source: Source) -> Diagnostic | None:
    """The first line that git left behind in a merge."""
    marker = _CONFLICT.search(source.text)
    if marker is None:
        return None
    return file_error(
        "MS007",
        source.path,
        source.span(marker.start(), marker.end() - 1),
        "git left a conflict marker here",
        "finish the merge: keep one side and delete the marker lines",
    )


def control_characters(source: Source) -> Iterator[Diagnostic]:
    """Control characters; YAML cannot be read around them."""
    for match in _CONTROL.finditer(source.text):
        shown = "a carriage return without a line feed" if match[0] == "\r" else _name(match[0])
        yield file_error(
            "MS005",
            source.path,
            source.span(match.start(), match.end()),
            f"{shown} is a control character",
            "delete it; only tabs and line ends are allowed",
        )


def invisible_characters(document: Document) -> Iterator[Diagnostic]:
    """Bidirectional controls and other invisible characters, in comments too; joiners that are needed are fine."""
    source = document.source
    for offset, character in enumerate(source.text):
        if character.isascii() or not _is_unwanted(source.text, offset):
            continue
        kind = "a bidirectional control" if _BIDI.match(character) else "invisible"
        yield file_error(
            "MS006",
            source.path,
            source.span(offset, offset + 1),
            f"{_name(character)} is {kind}; a reviewer cannot see what it does",
            "delete it",
        )


def odd_values(document: Document) -> Iterator[Diagnostic]:
    """Control, bidirectional and invisible characters that an escape sequence writes into a value or key."""
    for span, value in document.texts():
        text = value if isinstance(value, str) else ""
        for offset, character in enumerate(text):
            control = _CONTROL.match(character) is not None
            if control or (not character.isascii() and _is_unwanted(text, offset)):
                yield file_error(
                    "MS005" if control else "MS006",
                    document.source.path,
                    span,
                    f"this string escapes {_name(character)}, "
                    f"{'a control character' if control else 'which cannot be seen'}",
                    "delete the escape",
                )
                break


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE_CATEGORIES or character in FILLERS


def _is_unwanted(text: str, offset: int) -> bool:
    return _is_invisible(text[offset]) and not (text[offset] in JOINERS and joins(text, offset))


def _name(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()
