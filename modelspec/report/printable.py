"""The text of a diagnostic, safe to print in every format, and its fingerprint."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.secret import scan
from modelspec.text.visible import visible

# No known key is shorter. Most texts have no such run, and a scan takes 50 µs.
_ROOM_FOR_A_SECRET = re.compile(r"[\w+/=.~%-]{16}|@|PRIVATE KEY")


@lru_cache(maxsize=1024)
def printable(text: str) -> str:
    """The text with secrets masked and every character visible.

    Messages mask the secrets that they know of, but an id, a region or a tag that a message quotes can be one too.
    """
    return visible(without_secrets(text))


def without_secrets(text: str) -> str:
    """The text with each secret replaced by as many `*`; unlike `mask`, it does not parse keys and values."""
    if not _ROOM_FOR_A_SECRET.search(text):
        return text
    for hit in reversed(scan(text)):
        text = text[: hit.start] + "*" * (hit.end - hit.start) + text[hit.end :]
    return text


def advised(diagnostic: Diagnostic) -> str:
    """The message, and the help on a line of its own."""
    advice = f"\nhelp: {printable(diagnostic.help)}" if diagnostic.help else ""
    return printable(diagnostic.message) + advice


def as_written(path: str) -> str:
    """A path that a program can open; only lone surrogates are escaped, which JSON readers reject."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


# A position in a message must not change the fingerprint.
_WHERE = re.compile(r"\b(line|column) [0-9]+")


def fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """A unique fingerprint of 64 hexadecimal digits for each diagnostic; it stays the same when lines move.

    It is a hash of code, path, subject and message, and of a number if these are equal: the first such diagnostic keeps
    its fingerprint when another follows. Secrets are masked first, so that the hash does not reveal them.
    """
    seen: Counter[str] = Counter()
    for diagnostic in diagnostics:
        message = _WHERE.sub(r"\1", printable(diagnostic.message))
        known_by = "\0".join((diagnostic.code, diagnostic.path, printable(diagnostic.subject), message))
        seen[known_by] += 1
        text = f"{known_by}\0{seen[known_by]}"
        yield sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


Paint = Callable[[str, str], str]
"""From a style and a text to the styled text."""


def painter(styles: Mapping[str, str], *, colour: bool) -> Paint:
    """A function that styles a text by SGR codes from `styles`; without colour, it returns the text unchanged."""
    return lambda style, text: f"\x1b[{styles[style]}m{text}\x1b[0m" if colour else text
