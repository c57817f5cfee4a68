"""Draw the outline of the land for the map of regions, `modelspec/site/svg/land.txt`.

The source is `land-110m.json` of the npm package world-atlas (ISC), which holds Natural Earth's data (public
domain). The outline is in the repository, so this runs only to renew it:

    npm pack world-atlas && tar xzf world-atlas-*.tgz
    python tools/draw_land.py package/land-110m.json
"""

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from modelspec.site.svg.world import project

_TARGET = Path(__file__).parents[1] / "modelspec/site/svg/land.txt"
_ANTARCTIC = -60.0
_SMALLEST = 4.0
"""Islands below this area, in square units of the picture, are left out: they would be dots."""
_STRAIGHT = 0.8
"""Points whose triangle with their neighbours is smaller than this add nothing to the outline."""

Point = tuple[float, float]
Dot = tuple[int, int]


def main() -> None:
    """Write the outline that the file of the first argument holds."""
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    rings = [ring for ring in _rings(topology) if min(ring, key=_latitude)[1] > _ANTARCTIC]
    outlines = [_outline(part) for ring in rings for part in _parts(ring)]
    path = "".join(_path(outline) for outline in outlines if abs(_area(outline)) >= _SMALLEST)
    _TARGET.write_text(f"{path}\n", encoding="ascii")


def _latitude(point: Point) -> float:
    return point[1]


def _rings(topology: dict[str, Any]) -> Iterator[list[Point]]:
    """Every ring as longitudes and latitudes; arcs are differences in a grid, as TopoJSON has them."""
    (across, down), (left, top) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        arcs.append([(left + (x := x + dx) * across, top + (y := y + dy) * down) for dx, dy in arc])
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            for ring in polygon:
                yield [p for index in ring for p in (arcs[index] if index >= 0 else arcs[~index][::-1])]


def _parts(ring: list[Point]) -> Iterator[list[Point]]:
    """The ring cut at the antimeridian, which it may cross."""
    turned = 0.0
    whole = ring[:1]
    for before, (longitude, latitude) in pairwise(ring):
        turned -= 360 * round((longitude - before[0]) / 360)
        whole.append((longitude + turned, latitude))
    for turn in (-360, 0, 360):
        part = _cut([(longitude + turn, latitude) for longitude, latitude in whole], 1)
        part = _cut(part, -1)
        if part:
            yield part


def _cut(ring: list[Point], side: int) -> list[Point]:
    """What of the ring is west of 180 degrees (side 1) or east of -180 degrees (side -1)."""
    kept: list[Point] = []
    for before, after in zip(ring[-1:] + ring[:-1], ring, strict=True):
        inside = [side * point[0] <= 180 for point in (before, after)]  # noqa: PLR2004 - degrees
        if inside[0] != inside[1]:
            share = (side * 180 - before[0]) / (after[0] - before[0])
            kept.append((side * 180.0, before[1] + share * (after[1] - before[1])))
        if inside[1]:
            kept.append(after)
    return kept


def _outline(ring: list[Point]) -> list[Dot]:
    """The ring in whole units of the picture, less the points that nobody would see."""
    dots: list[Dot] = []
    for longitude, latitude in ring:
        x, y = project(latitude, longitude)
        dot = (round(x), round(y))
        if not dots or dots[-1] != dot:
            dots.append(dot)
    kept = dots[:1]
    for here, after in pairwise(dots[1:]):
        if abs(_area([kept[-1], here, after])) >= _STRAIGHT:
            kept.append(here)
    return kept


def _area(dots: list[Dot]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(dots, dots[1:] + dots[:1], strict=True)) / 2


def _path(dots: list[Dot]) -> str:
    """A closed path in relative moves, which are shorter."""
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(dots)]
    line = " ".join(f"{x} {y}" for x, y in steps).replace(" -", "-")
    return f"M{dots[0][0]} {dots[0][1]}l{line}z"


if __name__ == "__main__":
    main()
