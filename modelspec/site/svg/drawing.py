"""Elements, text that fits, and horizontal bars, whose lengths are percentages."""

from functools import cache
from itertools import accumulate, takewhile
from unicodedata import combining, east_asian_width

from markupsafe import Markup, escape

Value = str | int | float


_EMPTY = frozenset({"circle", "line", "path", "rect"})
"""Shapes, which need no end tag."""


def element(name: str, /, *children: str, **attributes: Value | None) -> Markup:
    """An element with escaped attributes and text; Markup children are not escaped again.

    `class_` becomes `class`, any other `_` becomes `-`; None omits an attribute. Floats are rounded to a tenth.
    """
    written = "".join(
        [
            f' {_spelled(key)}="{escape(_shown(value))}"'
            for key, value in attributes.items()
            if value is not None
        ]
    )
    if name in _EMPTY and not children:
        return Markup(f"<{name}{written}/>")  # noqa: S704 -- as below
    inner = "".join(map(escape, children))
    # Every part is escaped. Markup.format would escape again, and a fleet has a million elements.
    return Markup(f"<{name}{written}>{inner}</{name}>")  # noqa: S704


@cache
def _spelled(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _shown(value: Value) -> str:
    return f"{round(value, 1):g}" if isinstance(value, float) else str(value)


_NARROW = frozenset("ijlftrI.,:;|!'`()[]{}/ ")
_WIDE = frozenset("mwMW@%")
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_ELLIPSIS = "…"
_MODIFIERS = range(0x1F3FB, 0x1F400)
"""Skin tones, which modify the emoji before them."""


def width(text: str, size: float) -> float:
    """An upper estimate of the width of a text in a sans-serif font of `size`."""
    return size * sum(map(_ems, text))


def fit(text: str, room: float, size: float) -> str:
    """The text, cut with an ellipsis if it does not fit."""
    if width(text, size) <= room:
        return text
    widths = accumulate(map(_ems, text), initial=1.0)
    end = sum(1 for _ in takewhile(lambda ems: ems * size <= room, widths)) - 1
    while end > 0 and (_belongs(text[end]) or text[end - 1] in _JOINERS):
        end -= 1
    return text[: max(0, end)].rstrip() + _ELLIPSIS


def _belongs(character: str) -> bool:
    """Whether it combines with the character before it."""
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


def bar_svg(first: float, later: float, *, whole: float, mark: float | None = None) -> Markup:
    """One bar of two parts in a box that is `whole` wide, with an upright `mark`; it repeats the text beside it."""
    parts = []
    start = 0.0
    for value, kind in ((first, "bar-fill"), (later, "bar-later")):
        share = min(max(0.8, 100 * value / whole), 100 - start) if value > 0 else 0.0
        parts.append(element("rect", x=f"{start:.1f}%", width=f"{share:.1f}%", class_=kind))
        start += share
    if mark is not None:
        place = min(99.4, 100 * mark / whole) if whole else 0.0
        parts.append(element("rect", x=f"{place:.1f}%", width=2, class_="bar-mark"))
    return element("svg", *parts, class_="bar-svg", aria_hidden="true")
