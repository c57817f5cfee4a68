import re
from itertools import combinations
from math import hypot
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from modelspec.site.svg.drawing import bar_svg, element, fit, width
from modelspec.site.svg.world import HEIGHT, WIDTH, Arc, Point, project, world_svg

EVIL = "<script>alert(1)</script>\"'&]]>"


def _parse(markup: Markup) -> ET.Element:
    """The tree, after a check for what a strict content security policy forbids."""
    assert not re.search(r"<(?:script|style|foreignObject)|[ ]style=|[ ]on[a-z]+=|javascript:", markup)
    return ET.fromstring(str(markup))


def _texts(tree: ET.Element) -> list[str]:
    return ["".join(node.itertext()) for node in tree.iter("text")]


def test_an_element_escapes_its_attributes_and_text_and_keeps_markup() -> None:
    made = element("a", EVIL, element("b"), href=EVIL, class_="c", font_size=1.25, rx=None)
    tree = ET.fromstring(str(made))
    assert (tree.text, tree.get("href"), tree.get("class")) == (EVIL, EVIL, "c")
    assert tree.get("font-size") == "1.2"
    assert tree.get("rx") is None
    assert [child.tag for child in tree] == ["b"]


def test_whatever_names_hold_is_shown_as_text() -> None:
    point = Point(code=EVIL, title=EVIL, hint=EVIL, latitude=0, longitude=0, href=EVIL, allowed=(EVIL,))
    arc = Arc(start=EVIL, end=EVIL, count=1, title=EVIL)
    _parse(world_svg([point], [arc], title=EVIL) or Markup())


@pytest.mark.parametrize("text", ["", "a", "atlas", "ﷺ" * 3, "模型" * 2])
def test_what_fits_is_not_cut(text: str) -> None:
    assert fit(text, width(text, 14), 14) == text


@pytest.mark.parametrize(
    "text", ["a" * 50, "W" * 50, "模型" * 30, "e\u0301" * 50, "👩\u200d💻" * 20, "👍🏽" * 20, "i w" * 30]
)
@pytest.mark.parametrize("room", [0, 5, 20, 60, 100])
def test_what_is_cut_fits_and_is_cut_between_whole_characters(text: str, room: int) -> None:
    cut = fit(text, room, 14)
    assert cut.endswith("…")
    assert width(cut, 14) <= max(room, 14)
    kept = cut.removesuffix("…")
    assert text.startswith(kept)
    assert not kept.endswith("\u200d")
    assert text[len(kept)] not in "\u0301\u200d🏽"


def _widths(svg: Markup) -> dict[str, tuple[str, str]]:
    return {r.get("class", ""): (r.get("x", ""), r.get("width", "")) for r in _parse(svg).iter("rect")}


def test_a_bar_has_two_parts_of_the_length_of_their_values_and_a_mark() -> None:
    assert _widths(bar_svg(30, 10, whole=80, mark=40)) == {
        "bar-fill": ("0.0%", "37.5%"),
        "bar-later": ("37.5%", "12.5%"),
        "bar-mark": ("50.0%", "2"),
    }
    assert "bar-mark" not in _widths(bar_svg(30, 10, whole=80))


def test_a_small_value_is_visible_and_nothing_passes_the_end() -> None:
    assert _widths(bar_svg(1, 0, whole=10_000))["bar-fill"] == ("0.0%", "0.8%")
    assert _widths(bar_svg(9_999, 1, whole=10_000, mark=10_000)) == {
        "bar-fill": ("0.0%", "100.0%"),
        "bar-later": ("100.0%", "0.0%"),
        "bar-mark": ("99.4%", "2"),
    }
    assert _widths(bar_svg(0, 0, whole=0, mark=0))["bar-fill"] == ("0.0%", "0.0%")


@pytest.mark.parametrize(("latitude", "longitude"), [(90, 180), (-90, -180), (0, 0), (84, -179.9)])
def test_every_place_on_earth_is_in_the_picture(latitude: float, longitude: float) -> None:
    x, y = project(latitude, longitude)
    assert 0 <= x <= WIDTH
    assert 0 <= y <= HEIGHT


def test_north_is_up_and_east_is_right() -> None:
    oslo, cape = project(59.9, 10.8), project(-33.9, 18.4)
    assert oslo[1] < cape[1]
    assert project(40, -74)[0] < WIDTH / 2 < project(35.7, 139.7)[0]
    assert project(0, 0)[0] == WIDTH / 2


def test_there_is_no_map_without_a_place() -> None:
    assert world_svg([]) is None


def _paths(tree: ET.Element, kind: str) -> list[ET.Element]:
    return [node for node in tree.iter("path") if node.get("class") == kind]


def _labels(tree: ET.Element) -> list[tuple[float, float, float, float]]:
    boxes = []
    for node in tree.iter("text"):
        x, y, size = (float(node.get(key) or "") for key in ("x", "y", "font-size"))
        boxes.append((x, y - size, width(node.text or "", size), size))
    return boxes


def test_labels_of_close_regions_do_not_overlap() -> None:
    points = [
        Point(
            code=f"r{n}",
            title=f"Region {n} (r{n})",
            latitude=50 + n % 3,
            longitude=8 + n / 10,
            href=f"/r{n}",
            count=n,
        )
        for n in range(15)
    ]
    tree = _parse(world_svg(points) or Markup())
    boxes = _labels(tree)
    assert len(boxes) == 15
    for a, b in combinations(boxes, 2):
        assert a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
    assert len(list(tree.iter("line"))) > 0
    assert [node.get("href") for node in tree.iter("a")] == [point.href for point in points]


def test_a_label_stays_in_the_picture() -> None:
    corners = [
        Point(code=f"{a} {o}", title="Far away", latitude=a, longitude=o)
        for a in (90, -90)
        for o in (180, -180)
    ]
    fiji = Point(code="fj", title="Fiji (fj)", latitude=-18, longitude=179)
    tree = _parse(world_svg([*corners, fiji]) or Markup())
    boxes = _labels(tree)
    assert len(boxes) == 5
    assert all(x >= 0 and x + w <= WIDTH and y >= 0 and y + h <= HEIGHT for x, y, w, h in boxes)


def test_labels_without_room_are_omitted_but_not_their_dots() -> None:
    points = [Point(code=f"r{n}", title=f"Region {n}", latitude=0, longitude=0) for n in range(1_500)]
    tree = _parse(world_svg(points) or Markup())
    assert len(list(tree.iter("circle"))) == 1_500
    assert 10 < len(_labels(tree)) < 100
    assert len(list(tree.iter("title"))) == 1_500


def test_a_larger_count_is_a_larger_dot() -> None:
    points = [
        Point(code="a", title="a", latitude=0, longitude=0),
        Point(code="b", title="b", latitude=0, longitude=90, count=9),
    ]
    tree = _parse(world_svg(points) or Markup())
    assert [node.get("r") for node in tree.iter("circle")] == ["5", "12"]
    assert not list(tree.iter("a"))


def _circles(points: list[Point]) -> list[tuple[float, float, float]]:
    tree = _parse(world_svg(points) or Markup())
    outer = [node.find("circle") for node in tree.iter("g")]
    found = [node for node in outer if node is not None]
    return [(float(n.get("cx", "")), float(n.get("cy", "")), float(n.get("r", ""))) for n in found]


@given(
    places=st.lists(
        st.tuples(
            st.floats(-90, 90),
            st.sampled_from([0.0, 0.1, 8.0, 179.9, -180.0]),
            st.integers(0, 50),
            st.sampled_from([None, ()]),
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=30, deadline=None)
def test_no_dot_hides_another_wherever_they_are(
    places: list[tuple[float, float, int, tuple[str, ...] | None]],
) -> None:
    points = [
        Point(code=f"r{n}", title=f"R{n}", latitude=a, longitude=o, count=count, allowed=allowed)
        for n, (a, o, count, allowed) in enumerate(places)
    ]
    circles = _circles(points)
    assert len(circles) == len(points)
    for (x, y, radius), (other_x, other_y, other) in combinations(circles, 2):
        assert hypot(x - other_x, y - other_y) >= radius + other
    assert all(r <= x <= WIDTH - r and r <= y <= HEIGHT - r for x, y, r in circles)


def test_a_dot_that_was_moved_is_tied_to_its_place() -> None:
    points = [Point(code=c, title=c, latitude=50, longitude=8, count=9) for c in ("a", "b")]
    tree = _parse(world_svg(points) or Markup())
    first, second = tree.iter("g")
    place = first.find("circle")
    assert place is not None
    ends = [(line.get("x2"), line.get("y2")) for line in second.iter("line")]
    assert (place.get("cx"), place.get("cy")) in ends


def test_arcs_end_at_the_edge_of_their_dots_and_widen_with_models() -> None:
    points = [
        Point(code="a", title="a", latitude=0, longitude=0, allowed=("a", "b", "gone")),
        Point(code="b", title="b", latitude=0, longitude=90),
    ]
    arcs = [
        Arc(start="a", end="b", count=9, title="a to b"),
        Arc(start="b", end="a", count=1, title="b to a"),
        Arc(start="a", end="gone", count=1, title="a to gone"),
    ]
    tree = _parse(world_svg(points, arcs) or Markup())
    drawn = _paths(tree, "map-arc")
    assert [node.findtext("title") for node in drawn] == ["a to b", "b to a"]
    wide, narrow = (float(node.get("stroke-width", "")) for node in drawn)
    assert wide > narrow
    there, back = (node.get("d", "") for node in drawn)
    assert there.split("Q")[1].split()[:2] != back.split("Q")[1].split()[:2]
    start = [float(part) for part in there.removeprefix("M").partition("Q")[0].split()]
    middle = project(0, 0)
    assert 8 < hypot(start[0] - middle[0], start[1] - middle[1]) < 20
    assert len(_paths(tree, "map-allowed")) == 1


def test_too_many_lines_of_residency_are_left_to_the_words() -> None:
    codes = [f"r{n}" for n in range(12)]
    points = [
        Point(code=code, title=code, latitude=0, longitude=n * 20 - 120, allowed=tuple(codes))
        for n, code in enumerate(codes)
    ]
    assert "map-allowed" not in str(world_svg(points))
    assert str(world_svg(points)).count('class="map-ring"') == 12
