"""The words of a diagnostic, safe in every format."""

import re
from functools import lru_cache

from modelspec.report.visible import visible
from modelspec.secret import scan

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
