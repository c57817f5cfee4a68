"""A map of the world with the regions, their residency and where their models fall back to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import ceil, cos, hypot, pi, radians, sin

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
_DISTANCES = (0, 14, 28, 46, 68, 94, 124, 160)
"""Distances of a label from its dot; from the second on, a line connects them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A region: a place in degrees, north and east positive; a larger `count` gives a larger dot.

    `hint` is its tooltip. `allowed` are the codes where its models may be served; None is anywhere.
    """

    code: str
    title: str
    latitude: float
    longitude: float
    hint: str = ""
    href: str | None = None
    count: int = 0
    allowed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """From one region to another, by code; a larger `count` gives a wider line."""

    start: str
    end: str
    count: int
    title: str


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
        return (1 << max(first, ceil(self.x + self.width))) - (1 << first)

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
        if not box.is_inside:
            return False
        columns = box.columns
        return not any(self._taken[row] & columns for row in box.rows)

    def take(self, box: _Box) -> None:
        columns = box.columns
        for row in box.rows:
            self._taken[row] |= columns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dot:
    """A point as it is drawn at `x` and `y`: `home_x` and `home_y` are its place, from which others may push it."""

    point: Point
    x: float
    y: float
    radius: float
    home_x: float
    home_y: float


def world_svg(
    points: Sequence[Point], arcs: Sequence[Arc] = (), *, title: str = "Map of the regions"
) -> Markup | None:
    """The map, or None without points. The role is group, because points may be links.

    A dot that would lie on another is moved beside it, with a line to its place. Labels overlap neither each other nor
    dots, and earlier points have precedence. A label that does not fit near its dot is omitted; the dot has a tooltip.
    """
    if not points:
        return None
    picture = _Picture()
    dots = [*_spread(points, picture)]
    by_code = {dot.point.code: dot for dot in dots}
    most = max((arc.count for arc in arcs), default=1)
    svg = element(
        "svg",
        _ARROW,
        element("path", d=_land(), class_="map-land", aria_hidden="true"),
        *_allowances(dots, by_code),
        *(
            _arc(arc, by_code[arc.start], by_code[arc.end], most)
            for arc in arcs
            if arc.start in by_code and arc.end in by_code
        ),
        *(_mark(dot, picture) for dot in dots),
        class_="map-svg",
        role="group",
        aria_label=title,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )
    return element("div", svg, class_="map-scroll", tabindex=0, role="group", aria_label=title)


_RING = 3.5
"""Pixels between a dot and the ring of a region with a residency rule."""
_STEPS = (11, 17, 24, 32, 42, 54, 68, 84)
_TURNS = 12


def _spread(points: Sequence[Point], picture: _Picture) -> Iterator[_Dot]:
    """The dots in the order of the points, each where none before it is, as near to its place as the picture allows."""
    most = max(1, *(point.count for point in points))
    full: set[tuple[float, float]] = set()  # places around which nothing was free
    for point in points:
        x, y = project(point.latitude, point.longitude)
        radius = _SMALLEST_DOT + (_LARGEST_DOT - _SMALLEST_DOT) * (max(0, point.count) / most) ** 0.5
        reach = radius + (_RING if point.allowed is not None else 0) + 1
        places = (
            (x + distance * cos(2 * pi * turn / _TURNS), y + distance * sin(2 * pi * turn / _TURNS))
            for distance in _STEPS
            for turn in range(_TURNS)
        )
        free = (
            (at_x, at_y)
            for at_x, at_y in ((x, y), *places)
            if (x, y) not in full
            and picture.is_free(_Box(x=at_x - reach, y=at_y - reach, width=2 * reach, height=2 * reach))
        )
        found = next(free, None)
        if found is None:
            full.add((x, y))
        at_x, at_y = found or (x, y)
        picture.take(_Box(x=at_x - reach, y=at_y - reach, width=2 * reach, height=2 * reach))
        yield _Dot(point=point, x=at_x, y=at_y, radius=radius, home_x=x, home_y=y)


_MOST_ALLOWANCES = 80


def _allowances(dots: Sequence[_Dot], by_code: Mapping[str, _Dot]) -> Iterator[Markup]:
    """A dotted line from each region with a rule to those that may serve its models; none where they are too many."""
    pairs = [
        (dot, by_code[code])
        for dot in dots
        for code in dot.point.allowed or ()
        if code in by_code and code != dot.point.code
    ]
    for start, end in pairs if len(pairs) <= _MOST_ALLOWANCES else ():
        yield element(
            "path",
            d=_curve(start, end, bend=-0.12),
            class_="map-allowed",
            aria_hidden="true",
        )


def _arc(arc: Arc, start: _Dot, end: _Dot, most: int) -> Markup:
    return element(
        "path",
        element("title", arc.title),
        d=_curve(start, end, bend=0.2),
        class_="map-arc",
        stroke_width=1 + 5 * arc.count / most,
        marker_end="url(#map-arrow)",
    )


def _curve(start: _Dot, end: _Dot, *, bend: float) -> str:
    """A curve from the edge of one dot to that of another; the way back takes the other side."""
    width, height = end.x - start.x, end.y - start.y
    control = (start.x + width / 2 + bend * height, start.y + height / 2 - bend * width)
    (x, y), (to_x, to_y) = _edge(start, control), _edge(end, control)
    return f"M{x:.1f} {y:.1f}Q{control[0]:.1f} {control[1]:.1f} {to_x:.1f} {to_y:.1f}"


def _edge(dot: _Dot, towards: tuple[float, float]) -> tuple[float, float]:
    width, height = towards[0] - dot.x, towards[1] - dot.y
    far = hypot(width, height) or 1.0
    gap = min(dot.radius + (_RING if dot.point.allowed is not None else 0) + 3, far)
    return dot.x + width / far * gap, dot.y + height / far * gap


_ARROW = element(
    "defs",
    element(
        "marker",
        element("path", d="M0 0L9 4.5L0 9Z", class_="map-arrow"),
        id="map-arrow",
        viewBox="0 0 9 9",
        refX=7,
        refY=4.5,
        markerWidth=9,
        markerHeight=9,
        markerUnits="userSpaceOnUse",
        orient="auto",
    ),
)


def _mark(dot: _Dot, picture: _Picture) -> Markup:
    point, x, y = dot.point, dot.x, dot.y
    parts = [element("title", point.hint or point.title)]
    text = fit(point.title, _LONGEST, _SIZE)
    length = width(text, _SIZE)
    if hypot(x - dot.home_x, y - dot.home_y) > 1:
        parts.append(element("line", x1=x, y1=y, x2=dot.home_x, y2=dot.home_y, class_="map-leader"))
    for distance, box in _candidates(x, y, dot.radius, length):
        if picture.is_free(box):
            picture.take(box)
            if distance:
                parts.append(_leader(x, y, box))
            parts.append(
                element("text", text, x=box.x + 2, y=box.y + _SIZE, font_size=_SIZE, class_="map-label")
            )
            break
    if point.allowed is not None:
        parts.append(element("circle", cx=x, cy=y, r=dot.radius + _RING, class_="map-ring"))
    parts.append(element("circle", cx=x, cy=y, r=dot.radius, class_="map-dot"))
    if point.href is None:
        return element("g", *parts, class_="map-point", data_region=point.code)
    return element("a", element("g", *parts), href=point.href, class_="map-point", data_region=point.code)


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
