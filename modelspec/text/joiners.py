"""Where a joiner is needed: an emoji of several parts, Arabic letters that must not join, Indic conjuncts.

A joiner anywhere else is a character that nobody sees, and hides a difference between two texts.
"""

import re
import unicodedata
from collections.abc import Callable

JOINERS = "\u200c\u200d"
_ZWJ = "\u200d"

_PICTURE = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u24c2"
    "\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2604\u260e\u2611\u2614-\u2685\u2690-\u2705\u2708-\u2712\u2714"
    "\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c\u274e\u2753-\u2755\u2757\u2763-\u2767\u2795-\u2797\u27a1"
    "\u27b0\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f0ff"
    "\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201-\U0001f20f\U0001f21a"
    "\U0001f22f\U0001f232-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001f64f"
    "\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff]"
)
"""Extended_Pictographic: https://www.unicode.org/Public/UCD/latest/ucd/emoji/emoji-data.txt. Such a character, its
modifiers, a joiner and another one are one emoji: https://www.unicode.org/reports/tr29/#GB11."""
_MODIFIERS = re.compile("[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")

_CURSIVE = re.compile(
    "[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff\u0710-\u072f\u074d-\u077f\u07ca-\u07ea"
    "\u0840-\u0858\u0860-\u088e\u08a0-\u08c9\u1807\u1820-\u1878\u1880-\u18aa\ua840-\ua871\U00010ac0-\U00010ae4"
    "\U00010d00-\U00010d23\U00010f30-\U00010f54\U00010f70-\U00010f81\U0001e900-\U0001e943]"
)
"""Letters that join their neighbours: https://www.unicode.org/Public/UCD/latest/ucd/ArabicShaping.txt. Between two of
them, marks left out, stands a joiner of https://www.rfc-editor.org/rfc/rfc5892#appendix-A.1, and, as people also write
it, one behind a letter that joins on one side only."""
_VIRAMA = 9
"""The combining class of the signs that make conjuncts: https://www.rfc-editor.org/rfc/rfc5892#appendix-A.2."""


def joins(text: str, offset: int) -> bool:
    """Whether the joiner at a place of a text is needed there."""
    before, after = text[offset - 1 : offset], text[offset + 1 : offset + 2]
    if not before:
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return _is_letter(_skipped(text, offset, -1, _is_mark)) and (not after or after not in JOINERS)
    if not after:
        return False
    if unicodedata.combining(after) == _VIRAMA:
        # Bengali and Kannada: what becomes of the letter RA.
        return _is_letter(before)
    if text[offset] == _ZWJ and _PICTURE.match(after):
        return _PICTURE.match(_skipped(text, offset, -1, _is_modifier)) is not None
    neighbours = (_skipped(text, offset, step, _is_mark) for step in (-1, 1))
    return all(_CURSIVE.match(letter) for letter in neighbours)


def _is_letter(character: str) -> bool:
    """Whether it is a letter of a script without cases."""
    return bool(character) and unicodedata.category(character) == "Lo"


def _skipped(text: str, offset: int, step: int, skips: Callable[[str], bool]) -> str:
    """The next character in a direction that is not skipped; empty at the end. Only a few are."""
    for place in range(offset + step, offset + step * 6, step):
        if not 0 <= place < len(text):
            break
        if not skips(text[place]):
            return text[place]
    return ""


def _is_modifier(character: str) -> bool:
    return _MODIFIERS.match(character) is not None


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) == "Mn" or unicodedata.combining(character) == _VIRAMA
