"""The words of a diagnostic, safe in every format, and what tells one fault from another by them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

from modelspec.diagnose.diagnostic import Diagnostic
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


def advised(diagnostic: Diagnostic) -> str:
    """The message, and what to do in a line of its own."""
    advice = f"\nhelp: {said(diagnostic.help)}" if diagnostic.help else ""
    return said(diagnostic.message) + advice


def as_written(path: str) -> str:
    """A path as it is, for a program must find the file by it; JSON readers choke only on lone surrogates."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


# A few messages say where something is: that alone makes no other fault.
_WHERE = re.compile(r"\b(line|column) [0-9]+")


def fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """One of 64 hexadecimal digits for each, in their order, all different, the same when lines around it move.

    It is made of code, path, subject and message, and of a number where these are equal: the first of such faults
    keeps its fingerprint when another follows. Secrets are starred out before, so that nobody can guess them from it.
    """
    seen: Counter[str] = Counter()
    for diagnostic in diagnostics:
        message = _WHERE.sub(r"\1", said(diagnostic.message))
        known_by = "\0".join((diagnostic.code, diagnostic.path, said(diagnostic.subject), message))
        seen[known_by] += 1
        text = f"{known_by}\0{seen[known_by]}"
        yield sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


Paint = Callable[[str, str], str]
"""A style and a text to the text in that style."""


def painter(styles: Mapping[str, str], *, colour: bool) -> Paint:
    """What paints a text in one of the `styles`, which lead from a name to codes of SGR; without colour, nothing."""
    return lambda style, text: f"\x1b[{styles[style]}m{text}\x1b[0m" if colour else text
