r"""Text from a pull request, made safe to print.

A file can hold characters that move the cursor, reverse the reading direction or take no room at all. Here
they turn into what they are (`\x1b`, `\u202e`), so that a terminal or a log shows what a reviewer must see.
The same goes for the openings by which CI systems find commands in a log.
"""

import re
from collections.abc import Iterator

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
