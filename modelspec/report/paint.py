"""Colour for terminals, or none."""

from collections.abc import Callable, Mapping

Paint = Callable[[str, str], str]
"""A style and a text to the text in that style."""


def painter(styles: Mapping[str, str], *, colour: bool) -> Paint:
    """What paints a text in one of the `styles`, which lead from a name to codes of SGR; without colour, nothing."""

    def paint(style: str, text: str) -> str:
        return f"\x1b[{styles[style]}m{text}\x1b[0m"

    return paint if colour else _bare


def _bare(_style: str, text: str) -> str:
    return text
