"""The text of a diagnostic, safe to print in every format, and its fingerprint."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.secret import covered, is_harmless, is_plain_key, mask, scan, suspect, telling_key
from modelspec.secret.names import names_place
from modelspec.secret.view import NAMING, VALUED
from modelspec.text.document import Pointer
from modelspec.text.visible import visible
from modelspec.url import URL_FIELDS, private_parts

_STARS = re.compile(r"\S")

# No known key is shorter. Most texts have no such run, and a scan takes 50 µs.
_ROOM_FOR_A_SECRET = re.compile(r"[\w+/=.~%-]{16}|@|PRIVATE KEY")


@lru_cache(maxsize=1024)
def printable(text: str) -> str:
    """The text with secrets masked and every character visible.

    Messages mask the secrets that they know of, but an id, a region or a tag that a message quotes can be one too.
    """
    return visible(without_secrets(text))


def concealed(value: Any, *within: object) -> Any:  # noqa: ANN401 - any plain value
    """A plain value of a file as it may be shown; `within` are the keys around it, the innermost last."""
    keys = [key for key in within if isinstance(key, str)]
    named = keys[-1] if keys else ""
    is_secret = any(map(telling_key, keys[:-1] if keys[-2:-1] == ["kubernetes"] else keys))
    is_of_reference = keys[:1] != ["metadata"] and (
        "endpoint" in keys[:-1] or ("params" in keys and keys.index("params") < len(keys) - 2)
    )
    around = keys[-2] if keys[1:] else ""
    return _concealed(value, named, around, is_secret=is_secret or is_of_reference)


def _concealed(value: Any, key: str, around: str, *, is_secret: bool) -> Any:  # noqa: ANN401
    match value:
        case str() if is_secret:
            return _encodable(
                value if names_place(key, value) or is_harmless(value) else _STARS.sub("*", value)
            )
        case str():
            shown = mask(value) if suspect(value) else value
            return _encodable(_without_private(shown) if key in URL_FIELDS else shown)
        case int() if is_secret and not isinstance(value, bool) and not is_harmless(str(value)):
            return "*" * len(str(value))
        case list() | tuple():
            return [_concealed(item, key, around, is_secret=is_secret) for item in value]
        case Mapping():
            other = any(
                k.casefold() in NAMING and isinstance(v, str) and telling_key(v) for k, v in value.items()
            )
            # As a mapping, these are references; what is none may be the secret itself.
            is_secret = is_secret or (around != "metadata" and (key == "endpoint" or around == "params"))
            return {
                _key(name, is_secret=is_secret or telling_key(key)): _concealed(
                    item,
                    name,
                    key if around != "metadata" else around,
                    is_secret=is_secret
                    or (telling_key(name) and key != "kubernetes")
                    or (other and name.casefold() in VALUED),
                )
                for name, item in value.items()
            }
        case _:
            return value


def _without_private(url: str) -> str:
    parts = private_parts(url)
    return covered(url, [part for part in parts if not is_harmless(url[slice(*part)])])


def _key(name: str, *, is_secret: bool) -> str:
    return _STARS.sub("*", name) if is_secret and not is_plain_key(name) else without_secrets(name)


def concealed_pointer(pointer: Pointer) -> Pointer:
    """The way to a value, without keys that must not be shown."""
    shown: list[str | int] = []
    is_secret = False
    for step in pointer:
        shown.append(_key(step, is_secret=is_secret) if isinstance(step, str) else step)
        is_secret = is_secret or (isinstance(step, str) and telling_key(step))
    return tuple(shown)


def without_secrets(text: str, *, certain: bool = False) -> str:
    """The text with as many `*` for each secret, or each that is `certain`; unlike `mask`, by its form alone."""
    if not _ROOM_FOR_A_SECRET.search(text) or not suspect(text):
        return text
    for hit in reversed(scan(text)):
        if hit.certain or not certain:
            text = text[: hit.start] + "*" * (hit.end - hit.start) + text[hit.end :]
    return text


@lru_cache(maxsize=1024)
def printable_path(path: str) -> str:
    """A path on one line. A name that only looks random stays, so that the file can be found."""
    return visible(without_secrets(path, certain=True))


def advised(diagnostic: Diagnostic) -> str:
    """The message, and the help on a line of its own."""
    advice = f"\nhelp: {printable(diagnostic.help)}" if diagnostic.help else ""
    return printable(diagnostic.message) + advice


def as_written(path: str) -> str:
    """A path or name that a program can look up, unless it is a secret; lone surrogates are escaped."""
    return _encodable(without_secrets(path, certain=True))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


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
