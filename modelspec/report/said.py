"""The words of a diagnostic, safe in every format."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from modelspec.secret import scan
from modelspec.text.visible import visible

# No known key is shorter. Most texts have no such run, and looking through one takes 50 µs.
_ROOM_FOR_A_SECRET = re.compile(r"[\w+/=.~%-]{16}|@|PRIVATE KEY")


@lru_cache(maxsize=1024)
def said(text: str) -> str:
    """The text with secrets starred out and everything visible.

    Whoever wrote a message has left out the secrets that they knew of. An id, a region or a tag can be one
    too, and a message that quotes it would pass it on.
    """
    return visible(without_secrets(text))


def without_secrets(text: str) -> str:
    """The text with as many `*` for each secret; unlike `mask`, it reads no prose as keys and values."""
    if not _ROOM_FOR_A_SECRET.search(text):
        return text
    for hit in reversed(scan(text)):
        text = text[: hit.start] + "*" * (hit.end - hit.start) + text[hit.end :]
    return text


Paint = Callable[[str, str], str]
"""A style and a text to the text in that style."""


def painter(styles: Mapping[str, str], *, colour: bool) -> Paint:
    """What paints a text in one of the `styles`, which lead from a name to codes of SGR; without colour, nothing."""

    def paint(style: str, text: str) -> str:
        return f"\x1b[{styles[style]}m{text}\x1b[0m"

    return paint if colour else _bare


def _bare(_style: str, text: str) -> str:
    return text
