"""How wide a text is, about: there is no font at build time, so classes of characters have to do."""

from itertools import accumulate, takewhile
from unicodedata import combining, east_asian_width

from markupsafe import Markup

from modelspec.site.svg.element import Value, element

_NARROW = frozenset("ijlftrI.,:;|!'`()[]{}/ ")
_WIDE = frozenset("mwMW@%")
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_ELLIPSIS = "…"
_MODIFIERS = range(0x1F3FB, 0x1F400)
"""Skin tones, which belong to the emoji before them."""


def width(text: str, size: float) -> float:
    """The width of a text in a sans-serif font of `size`, rather over than under."""
    return size * sum(map(_ems, text))


def fit(text: str, room: float, size: float) -> str:
    """The text, or as much of its beginning as fits with an ellipsis behind it."""
    if width(text, size) <= room:
        return text
    widths = accumulate(map(_ems, text), initial=1.0)
    end = sum(1 for _ in takewhile(lambda ems: ems * size <= room, widths)) - 1
    while end > 0 and (_belongs(text[end]) or text[end - 1] in _JOINERS):
        end -= 1
    return text[: max(0, end)].rstrip() + _ELLIPSIS


def lettering(text: str, *, room: float, size: float, **attributes: Value | None) -> Markup:
    """A text element no wider than `room`; what is cut off is in its title."""
    shown = fit(text, room, size)
    whole = [element("title", text)] if shown != text else []
    return element("text", *whole, shown, font_size=size, **attributes)


def _belongs(character: str) -> bool:
    """Whether it is part of the character before it."""
    return bool(combining(character)) or character in _JOINERS or ord(character) in _MODIFIERS


def _ems(character: str) -> float:
    if combining(character) or character in _JOINERS:
        return 0.0
    if east_asian_width(character) in "WF":
        return 1.05
    if character in _NARROW:
        return 0.36
    if character in _WIDE:
        return 0.92
    return 0.7 if character.isupper() else 0.58
