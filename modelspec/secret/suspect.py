"""A cheap look at a whole file: is it worth a thorough one?"""

import re
from string import ascii_letters, digits

from modelspec.secret.patterns import PATTERNS
from modelspec.secret.view import BREAK

_CODES = bytes(range(256))
_SPECIAL = b"\\|>$%@{?*"
_ORDINARY = bytes(code for code in _CODES if code not in _SPECIAL)
_TOKEN = bytes(97 if chr(code) in f"{ascii_letters}{digits}-_.+/=~" else 32 for code in _CODES)
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
_USERINFO = re.compile(r"://[^\s/?#@]*+@")
_KEY = re.compile(
    r"key[^\n:=]*+(?:\s*+[:=](?!"
    r"[ ]*+\{[ ]*+(?:(?:env|file|vault)[ ]*+:[^,{}\[\]\n]*+"
    r"|kubernetes[ ]*+:[ ]*+\{[ ]*+secret[ ]*+:[^,{}\[\]\n]*+,[ ]*+key[ ]*+:[^,{}\[\]\n]*+\}[ ]*+)\}"
    r"|\n(?P<indent>[ ]++)(?:env|file|vault)[ ]*+:[ ]*+[^\s{\[][^\n]*+(?:\n(?!(?P=indent))[ ]*+[^\s#]|\n?\Z)"
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
    if "environ/" in text or (_LOOSE_LINE.search(raw) and BREAK.search(text)):
        return True
    lower = text.lower()
    if _is_key(_KEY, lower) or (any(word in lower for word in _WORDS) and _is_key(_TELLING, lower)):
        return True
    tokens = raw.translate(_TOKEN)
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
