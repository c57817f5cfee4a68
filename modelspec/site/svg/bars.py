"""Horizontal bars, each with its value as text. Lengths are shares of the page, so letters keep their size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelspec.site.svg.element import element
from modelspec.site.svg.lettering import lettering, width

_ROW = 40
_SIZE = 14
_LABEL_ROOM = 172
"""What a label and the figures may take, in pixels: both stand side by side in the 328 of a narrow phone."""
_FIGURES_ROOM = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar; `note` stands behind the value (`models`, `3 as fallback`), `href` makes the label a link."""

    label: str
    value: int
    href: str | None = None
    note: str = ""


def bars_svg(rows: Sequence[Bar], *, title: str = "Bars") -> Markup:
    """The bars in the order given, the longest as wide as the page allows. A group, since its labels may be links."""
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
