r"""Text from a pull request, made safe to print.

A file can hold characters that move the cursor, reverse the reading direction or take no room at all. Here
they turn into what they are (`\x1b`, `\u202e`), so that a terminal or a log shows what a reviewer must see.
The same goes for the openings by which CI systems find commands in a log.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

LOG_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")
"""What GitHub Actions (`##[`), Azure Pipelines (`##vso[`) and TeamCity (`##teamcity[`) look for in a line."""

MOST_MARKS = 4
"""How many combining marks may stand on one character: Hebrew needs three, and heaps of them hide lines."""

FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and symbols by their category that show nothing: a joiner, Hangul and Khmer fillers, empty Braille."""

BLANK = FILLERS | set(
    map(chr, (0x180B, 0x180C, 0x180D, 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""These and the selectors of a variant, which change the character before them, if anything."""


def plain(text: str) -> bool:
    """Whether every character of a text shows as itself and takes one column: almost always true."""
    return text.isascii() and text.isprintable() and "##" not in text


def visible(text: str) -> str:
    """The text as one line that steers nothing; twice is the same as once."""
    return text if plain(text) else "".join(shown for shown, _ in cells(text))


def cells(text: str) -> Iterator[tuple[str, int]]:
    """For each character what to print and how many columns of a terminal it takes."""
    commands = {match.end() - 1 for match in LOG_COMMAND.finditer(text)}
    room = 0  # for marks on the character before
    for index, character in enumerate(text):
        if character.isascii() and character.isprintable() and index not in commands:
            room = MOST_MARKS
            yield character, 1
            continue
        width = _width(character)
        if index in commands or width < 0 or (width == 0 and not room):
            room = 0
            escaped = _escaped(character)
            yield escaped, len(escaped)
        else:
            room = MOST_MARKS if width else room - 1
            yield character, width


def _width(character: str) -> int:
    """0, 1 or 2 columns; below zero what must not be printed as it is."""
    if not character.isprintable() or character in BLANK:
        return -1
    # Only text beyond ASCII pays for this import.
    from wcwidth import wcwidth

    return wcwidth(character)


def _escaped(character: str) -> str:
    return "\\x23" if character == "#" else character.encode("unicode_escape").decode("ascii")


JOINERS = "\u200c\u200d"
"""The joiner and the non-joiner. The patterns below are compiled when a text has one."""
_ZWJ = "\u200d"

_PICTURE = (
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
_MODIFIERS = "[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]"

_CURSIVE = (
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
    """Whether the joiner at a place of a text is needed there: by an emoji of several parts, Arabic or Indic letters.

    Anywhere else it is a character that nobody sees, and hides how two texts differ.
    """
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
    if text[offset] == _ZWJ and re.match(_PICTURE, after):
        return re.match(_PICTURE, _skipped(text, offset, -1, _is_modifier)) is not None
    neighbours = (_skipped(text, offset, step, _is_mark) for step in (-1, 1))
    return all(re.match(_CURSIVE, letter) for letter in neighbours)


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
    return re.match(_MODIFIERS, character) is not None


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) == "Mn" or unicodedata.combining(character) == _VIRAMA
