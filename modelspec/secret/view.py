"""A text as its reader sees it: escapes resolved, and words that a line break cuts put together again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-9A-Fa-f]{2})|u(?P<u>[0-9A-Fa-f]{4})|U(?P<U>[0-9A-Fa-f]{8})|(?P<same>[/\" ])|(?P<n>n)"
    r"|\r?\n[ \t]*+)"
    r"|%(?P<p>[0-9A-Fa-f]{2})"
)
_LAST_CODE_POINT = 0x10FFFF
_TOKEN = r"[A-Za-z0-9+/=_.~-]"  # noqa: S105 - a character class
BREAK = re.compile(
    r"\n[ \t]*+(?:"
    rf"(?:\#[\# \t]*+)(?={_TOKEN}++[ \t\r]*+(?:\n|\Z))"  # a comment of one word
    rf"|(?!-++\s)(?={_TOKEN}++(?![^\s\"'\\,]))"  # a line that begins with a word that is no key
    r")"
)
"""A line break, with the indentation behind it, that may cut a word in two."""


@dataclass(frozen=True, slots=True)
class View:
    """A text derived from another; `origins[i]` is where `text[i]` came from, with one more for the end."""

    text: str
    origins: list[int]


def resolved(text: str) -> View | None:
    """The text with the escapes of YAML strings and URLs resolved; None where there are none."""
    if "\\" not in text and "%" not in text:
        return None
    view = _derived(text, _replacements(text))
    return None if view.text == text else view


def views(text: str) -> Iterator[View]:
    """The text with its escapes resolved, and that text with its cut words joined; each only where it differs."""
    first = resolved(text)
    if first is not None:
        yield first
    plain = text if first is None else first.text
    joined = _derived(plain, _joints(plain))
    if joined.text != plain:
        yield (
            joined if first is None else View(joined.text, [first.origins[place] for place in joined.origins])
        )


def _replacements(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _ESCAPE.finditer(text):
        if digits := match["x"] or match["u"] or match["U"] or match["p"]:
            code = int(digits, 16)
            yield match.start(), match.end(), chr(code) if code <= _LAST_CODE_POINT else " "
        else:
            yield match.start(), match.end(), match["same"] or ("\n" if match["n"] else "")


def _joints(text: str) -> Iterator[tuple[int, int, str]]:
    for match in BREAK.finditer(text):
        start = match.start()
        while start and text[start - 1] in " \t\r\\":
            start -= 1
        yield start, match.end(), ""


def _derived(text: str, replacements: Iterator[tuple[int, int, str]]) -> View:
    parts: list[str] = []
    origins: list[int] = []
    done = 0
    for start, end, new in replacements:
        parts += (text[done:start], new)
        origins += range(done, start)
        origins += [start] * len(new)
        done = end
    parts.append(text[done:])
    origins += range(done, len(text) + 1)
    return View("".join(parts), origins)
