"""A map of the world with the regions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import ceil, pi, radians

from markupsafe import Markup

from modelspec.site.svg.drawing import element, fit, width

WIDTH = 960
HEIGHT = 440
"""The size of the picture, which reaches from the north of Greenland to south of Cape Horn."""

_SCALE = WIDTH / (2 * pi * 0.8707)
_NORTH = 84.5
"""The parallel at the upper edge of the picture, in degrees."""


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """The coordinates of a place within the picture: x to the right, y down."""
    x, y = _natural_earth(latitude, longitude)
    top = _natural_earth(_NORTH, 0)[1]
    return (
        min(max(WIDTH / 2 + x * _SCALE, 0.0), float(WIDTH)),
        min(max((top - y) * _SCALE, 0.0), float(HEIGHT)),
    )


def _natural_earth(latitude: float, longitude: float) -> tuple[float, float]:
    phi = radians(latitude)
    square = phi * phi
    fourth = square * square
    x = radians(longitude) * (
        0.8707 - 0.131979 * square + fourth * (-0.013791 + fourth * (0.003971 * square - 0.001529 * fourth))
    )
    y = phi * (1.007226 + square * (0.015085 + fourth * (-0.044475 + 0.028874 * square - 0.005916 * fourth)))
    return x, y


_SIZE = 16
_LINE = 20
_LONGEST = 230.0
_SMALLEST_DOT = 5.0
_LARGEST_DOT = 12.0
_DISTANCES = (0, 14, 28, 46, 68, 94, 124)
"""Distances of a label from its dot; from the second on, a line connects them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place in degrees, north and east positive; a larger `count` gives a larger dot."""

    title: str
    latitude: float
    longitude: float
    href: str | None = None
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    """A rectangle of the picture, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def columns(self) -> int:
        """The columns of the picture that it covers, as bits."""
        first = max(0, int(self.x))
        return (1 << ceil(self.x + self.width)) - (1 << first)

    @property
    def rows(self) -> range:
        return range(max(0, int(self.y)), min(HEIGHT, ceil(self.y + self.height)))

    @property
    def is_inside(self) -> bool:
        """Whether all of it is in the picture."""
        return self.x >= 0 and self.y >= 0 and self.x + self.width <= WIDTH and self.y + self.height <= HEIGHT


class _Picture:
    """The occupied parts of the picture, one integer of bits per row, which is fast for thousands of points."""

    def __init__(self) -> None:
        self._taken = [0] * HEIGHT

    def is_free(self, box: _Box) -> bool:
        columns = box.columns
        return box.is_inside and not any(self._taken[row] & columns for row in box.rows)

    def take(self, box: _Box) -> None:
        columns = box.columns
        for row in box.rows:
            self._taken[row] |= columns


def world_svg(points: Sequence[Point], *, title: str = "Map of the regions") -> Markup | None:
    """The map, or None without points. The role is group, because points may be links.

    Labels overlap neither each other nor dots, and earlier points have precedence. A label that does not fit near its
    dot is omitted; the dot has a tooltip.
    """
    if not points:
        return None
    most = max(1, *(point.count for point in points))
    places = [project(point.latitude, point.longitude) for point in points]
    radii = [
        _SMALLEST_DOT + (_LARGEST_DOT - _SMALLEST_DOT) * (max(0, point.count) / most) ** 0.5
        for point in points
    ]
    picture = _Picture()
    for (x, y), radius in zip(places, radii, strict=True):
        picture.take(_Box(x=x - radius, y=y - radius, width=2 * radius, height=2 * radius))
    marks = [
        _mark(point, place, radius, picture)
        for point, place, radius in zip(points, places, radii, strict=True)
    ]
    svg = element(
        "svg",
        element("path", d=_land(), class_="map-land", aria_hidden="true"),
        *marks,
        class_="map-svg",
        role="group",
        aria_label=title,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )
    return element("div", svg, class_="map-scroll", tabindex=0, role="group", aria_label=title)


def _mark(point: Point, place: tuple[float, float], radius: float, picture: _Picture) -> Markup:
    x, y = place
    parts = [element("title", point.title)]
    text = fit(point.title, _LONGEST, _SIZE)
    length = width(text, _SIZE)
    for distance, box in _candidates(x, y, radius, length):
        if picture.is_free(box):
            picture.take(box)
            if distance:
                parts.append(_leader(x, y, box))
            parts.append(
                element("text", text, x=box.x + 2, y=box.y + _SIZE, font_size=_SIZE, class_="map-label")
            )
            break
    parts.append(element("circle", cx=x, cy=y, r=radius, class_="map-dot"))
    mark = element("g", *parts, class_="map-point")
    return element("a", mark, href=point.href) if point.href is not None else mark


def _candidates(x: float, y: float, radius: float, length: float) -> Iterator[tuple[int, _Box]]:
    """Positions for a label from near to far: next to the dot first, then around it."""
    breadth = length + 4
    for distance in _DISTANCES:
        gap = radius + 3 + distance
        slant = 0.7 * gap
        for left, top in (
            (x + gap, y - _LINE / 2),
            (x - gap - breadth, y - _LINE / 2),
            (x - breadth / 2, y - gap - _LINE),
            (x - breadth / 2, y + gap),
            (x + slant, y - slant - _LINE / 2),
            (x + slant, y + slant - _LINE / 2),
            (x - slant - breadth, y - slant - _LINE / 2),
            (x - slant - breadth, y + slant - _LINE / 2),
        ):
            yield distance, _Box(x=left, y=top, width=breadth, height=_LINE)


def _leader(x: float, y: float, box: _Box) -> Markup:
    """A line from the dot to the nearest point of its label."""
    return element(
        "line",
        x1=x,
        y1=y,
        x2=min(max(x, box.x), box.x + box.width),
        y2=min(max(y, box.y), box.y + box.height),
        class_="map-leader",
    )


@cache
def _land() -> str:
    return (files(__package__) / "land.txt").read_text(encoding="ascii").strip()
