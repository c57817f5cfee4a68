"""A text as its reader sees it: escapes resolved, and words that a line break cuts put together again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_letters, digits
from unicodedata import category, normalize

from modelspec.secret.issuers import PATTERNS
from modelspec.secret.patterns import words
from modelspec.text.visible import BLANK

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
    """The text with its escapes resolved, that without what nobody sees, and that with its cut words joined.

    Each only where it differs from the one before.
    """
    known = View(text, [])
    for derive in (_replacements, _unseen, _joints):
        following = _derived(known.text, derive(known.text))
        if following.text != known.text:
            origins = following.origins
            known = View(following.text, [known.origins[at] for at in origins] if known.origins else origins)
            yield known


def _unseen(text: str) -> Iterator[tuple[int, int, str]]:
    """Characters that show nothing, or are letters of another width: `a\u200bb` and `\uff41b` both read `ab`."""
    if text.isascii():
        return
    read = {character: _read(character) for character in set(text) if not character.isascii()}
    odd = "".join(re.escape(character) for character, seen in read.items() if seen != character)
    if odd:
        yield from ((match.start(), match.end(), read[match[0]]) for match in re.finditer(f"[{odd}]", text))


def _read(character: str) -> str:
    """A character as a key would have it; what has no plain form stays."""
    if character in BLANK or category(character) == "Cf":
        return ""
    plain = normalize("NFKC", character)
    return plain if plain.isascii() else character


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


_CODES = bytes(range(256))
_SPECIAL = b"\\|>$%@{?*"
_ORDINARY = bytes(code for code in _CODES if code not in _SPECIAL)
_TOKEN_BYTES = bytes(97 if chr(code) in f"{ascii_letters}{digits}-_.+/=~" else 32 for code in _CODES)
_LONG = b"a" * 20
_BEFORE = 16
_NEEDLES = re.compile(
    b"|".join(
        re.escape(needle.encode())
        for needle in sorted(
            {needle for pattern in PATTERNS if not pattern.solid for needle in pattern.needles}
        )
        if not needle.startswith("sk-") or needle == "sk-"
    )
)
_SOLID = re.compile(rb"[A-Za-z0-9]{20}")
_DIGEST = re.compile(rb"[0-9a-f]++")
"""Digests are no keys, and base64 of a key is never hexadecimal digits alone."""
_LOOSE_LINE = re.compile(rb"\n[ \t]*+(?:-[^ \n]|[^-: \n])[^:\s]*+(?!:)")
_TELLING = re.compile(r"(?:pass|pwd|cre|token|auth|bearer)[^\n:=]*+(?:\s*+[:=])?")
_WORDS = ("pass", "pwd", "cre", "token", "auth", "bearer")
NAMING = words(
    "name key id variable var env_name envvar field label title header param parameter property setting"
)
"""Keys that may hold the name of a secret, beside one of `VALUED` that holds it: `{name: DB_PASSWORD, value: X}`."""
VALUED = words("value values val v default content contents literal raw plain text string data")
_LAST_WORD = re.compile(r"([a-z_]++)[\"']?[ \t]*+\Z")
_NEAR = 70
"""Characters in front of a telling word in which the colon stands that it is a value of."""
_USERINFO = re.compile(r"://[^\s/?#@]*+@")
_KEY = re.compile(
    r"key[^\n:=]*+(?:\s*+[:=](?!"
    r"[ ]*+\{[ ]*+(?:(?:env|file|vault)[ ]*+:[ ]*+[a-z_/][a-z0-9_./#:-]*+[ ]*+"
    r"|kubernetes[ ]*+:[ ]*+\{[ ]*+secret[ ]*+:[ ]*+[a-z0-9.-]++[ ]*+,[ ]*+key[ ]*+:[ ]*+[a-z0-9._-]++[ ]*+\}[ ]*+)\}"
    r"|\n(?P<indent>[ ]++)(?:env|file|vault)[ ]*+:[ ]*+[a-z_/][a-z0-9_./#:-]*+[ \r]*+"
    r"(?:\n(?!(?P=indent))[ ]*+[^\s#]|\n?\Z)"
    r"))?"
)
"""A key with a value that is no reference, or a reference with something beside it."""


def suspect(text: str) -> bool:
    """Whether a file may hold anything that the rules on secrets report; False is certain, True is not.

    Where escapes, block scalars, aliases or explicit keys make values differ from the text, it is always True.
    """
    raw = text.encode("utf-8", "replace")
    special = raw.translate(None, _ORDINARY)
    if special and _is_special(text, special):
        return True
    if next(_unseen(text), None) or "environ/" in text or (_LOOSE_LINE.search(raw) and BREAK.search(text)):
        return True
    lower = text.lower()
    present = [word for word in _WORDS if word in lower]
    if _is_key(_KEY, lower) or (present and _is_key(_TELLING, lower)):
        return True
    if any(_is_name(lower, word) for word in (*present, "key")):
        return True
    return _has_token(raw)


def is_suspect_name(text: str) -> bool:
    """Whether a path may hold a key: `suspect` for a text without fields, which every file has one of."""
    raw = text.encode("utf-8", "replace")
    return not raw.isascii() or _has_token(raw)


def _has_token(raw: bytes) -> bool:
    """Whether there is a run of characters that a key may be made of, and something that keys have."""
    tokens = raw.translate(_TOKEN_BYTES)
    place = tokens.find(_LONG)
    while place >= 0:
        end = tokens.find(b" ", place)
        end = len(raw) if end < 0 else end
        if not _DIGEST.fullmatch(raw, place, end) and (
            _SOLID.search(raw, place, end) or _has_needle(raw, place, end)
        ):
            return True
        place = tokens.find(_LONG, end)
    return False


def _is_name(lower: str, word: str) -> bool:
    """Whether a telling word stands in a value whose key may hold the name of a secret."""
    place = lower.find(word)
    while place >= 0:
        colon = lower.rfind(":", max(0, place - _NEAR), place)
        if colon > 0 and ("\n" not in lower[colon:place] or not lower[colon + 1 : place].strip("\"' \t\r\n")):
            key = _LAST_WORD.search(lower[max(0, colon - 20) : colon])
            if key and key[1] in NAMING:
                return True
        place = lower.find(word, place + 1)
    return False


def _is_key(telling: re.Pattern[str], lower: str) -> bool:
    """Whether a colon or an equals sign follows; each line is read once."""
    return any(match[0][-1] in ":=" for match in telling.finditer(lower))


def _has_needle(raw: bytes, start: int, end: int) -> bool:
    """Keys that are no plain run of letters and digits mix their cases, but for `sk-` and a UUID."""
    token = raw[start:end]
    if token.islower():
        return b"sk-" in token
    return not token.isupper() and _NEEDLES.search(raw, max(0, start - _BEFORE), end) is not None


def _is_special(text: str, special: bytes) -> bool:
    return bool(
        special.strip(b"@{")
        or (b"@" in special and _USERINFO.search(text))
        or (b"{" in special and "{{" in text)
    )
