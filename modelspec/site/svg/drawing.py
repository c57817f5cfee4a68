"""Elements, text that fits, and horizontal bars, whose lengths are percentages, so that text keeps its size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, takewhile
from unicodedata import combining, east_asian_width

from markupsafe import Markup, escape

Value = str | int | float


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


def lettering(text: str, *, room: float, size: float, **attributes: Value | None) -> Markup:
    """A text element no wider than `room`; if cut, its title has the whole text."""
    shown = fit(text, room, size)
    whole = [element("title", text)] if shown != text else []
    return element("text", *whole, shown, font_size=size, **attributes)


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


_ROW = 40
_SIZE = 14
_LABEL_ROOM = 172
"""Pixels for a label and for its number, which fit side by side in the 328 of a narrow phone."""
_FIGURES_ROOM = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar; `note` follows the value (`models`, `3 as fallback`), `href` makes the label a link."""

    label: str
    value: int
    href: str | None = None
    note: str = ""


def bars_svg(rows: Sequence[Bar], *, title: str = "Bars") -> Markup:
    """The bars in the given order, the longest at full width. The role is group, because labels may be links."""
    longest = max((row.value for row in rows), default=0)
    return element(
        "svg",
        *(
            element("g", *_row(row, longest), transform=f"translate(0 {top})", class_="bar-row")
            for row, top in zip(rows, range(0, _ROW * len(rows), _ROW), strict=True)
        ),
        class_="bar-svg",
        role="group",
        aria_label=title,
        width="100%",
        height=_ROW * len(rows),
    )


def _row(row: Bar, longest: int) -> Iterator[Markup]:
    figures = f"{row.value:,} {row.note}".strip()
    label = lettering(row.label, room=_LABEL_ROOM, size=_SIZE, x=0, y=15, class_="bar-label")
    yield element("a", label, href=row.href) if row.href is not None else label
    size = _SIZE if width(figures, _SIZE) <= _FIGURES_ROOM else _SIZE - 2
    yield lettering(
        figures, room=_FIGURES_ROOM, size=size, x="100%", y=15, text_anchor="end", class_="bar-value"
    )
    yield element("rect", x=0, y=23, width="100%", height=8, rx=4, class_="bar-track")
    if row.value > 0:
        share = f"{max(1.0, 100 * row.value / longest):.1f}%"
        yield element("rect", x=0, y=23, width=share, height=8, rx=4, class_="bar-fill")
