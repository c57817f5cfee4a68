"""A cheap look at a whole file: is it worth a thorough one?"""

import re

from modelspec.secret.patterns import PATTERNS
from modelspec.secret.view import BREAK

_CODES = bytes(range(256))
_SPECIAL = b"\\|>$%@{?*"
_ORDINARY = bytes(code for code in _CODES if code not in _SPECIAL)
_TOKEN = bytes(
    ord("a") if code < 128 and (chr(code).isalnum() or chr(code) in "-_.+/=~") else ord(" ") for code in _CODES
)
_LONG = b"a" * 20
_BEFORE = 16
_NEEDLES = re.compile(
    "|".join(sorted({re.escape(needle) for pattern in PATTERNS for needle in pattern.needles if len(needle) > 1}))
    + "|[A-Za-z0-9]{20}"
)
_TELLING = re.compile(r"(?:pass|pwd|pw|secret|token|cred|auth|bearer|conn)[^\n:]*+:")
_WORDS = ("pass", "pw", "secret", "token", "cred", "auth", "bearer", "conn")
_KEY = re.compile(r"key[^\n:]*+:(?!\s*+\{?\s*+(?:env|file|vault|kubernetes)\s*+:)")


def suspect(text: str) -> bool:
    """Whether a file may hold anything that the rules on secrets report; False is certain, True is not.

    Where escapes, block scalars, aliases or explicit keys make values differ from the text, it is always True.
    """
    raw = text.encode("utf-8", "replace")
    special = raw.translate(None, _ORDINARY)
    if special and _is_special(text, special):
        return True
    if "environ/" in text or BREAK.search(text):
        return True
    lower = text.lower()
    if _KEY.search(lower) or (any(word in lower for word in _WORDS) and _TELLING.search(lower)):
        return True
    tokens = raw.translate(_TOKEN)
    place = tokens.find(_LONG)
    while place >= 0:
        end = tokens.find(b" ", place)
        end = len(raw) if end < 0 else end
        if _NEEDLES.search(raw[max(0, place - _BEFORE) : end].decode("utf-8", "replace")):
            return True
        place = tokens.find(_LONG, end)
    return False


def _is_special(text: str, special: bytes) -> bool:
    return bool(
        special.strip(b"@{") or (b"@" in special and "://" in text) or (b"{" in special and "{{" in text)
    )
