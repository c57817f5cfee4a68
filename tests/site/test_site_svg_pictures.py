import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from modelspec.site.svg.drawing import Bar, bars_svg, element, fit, width
from modelspec.site.svg.world import HEIGHT, WIDTH, Point, project, world_svg

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
    _parse(bars_svg([Bar(label=EVIL, value=1, href=EVIL, note=EVIL)], title=EVIL))
    _parse(world_svg([Point(title=EVIL, latitude=0, longitude=0, href=EVIL)], title=EVIL) or Markup())


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


def test_bars_have_the_length_and_the_text_of_their_values() -> None:
    rows = [
        Bar(label="a", value=1200, href="/a", note="models"),
        Bar(label="b", value=300),
        Bar(label="c", value=0),
    ]
    tree = _parse(bars_svg(rows, title="Load by head"))
    assert (tree.get("role"), tree.get("aria-label")) == ("group", "Load by head")
    assert _texts(tree) == ["a", "1,200 models", "b", "300", "c", "0"]
    assert [node.get("width") for node in tree.iter("rect") if node.get("class") == "bar-fill"] == [
        "100.0%",
        "25.0%",
    ]
    assert [node.get("href") for node in tree.iter("a")] == ["/a"]


def test_a_small_value_is_visible_and_an_empty_chart_is_valid() -> None:
    tree = _parse(bars_svg([Bar(label="a", value=10_000), Bar(label="b", value=1)]))
    assert [n.get("width") for n in tree.iter("rect") if n.get("class") == "bar-fill"] == ["100.0%", "1.0%"]
    assert list(_parse(bars_svg([]))) == []


def test_long_figures_are_set_smaller() -> None:
    tree = _parse(bars_svg([Bar(label="a", value=1, note="models, 30 as fallback")]))
    assert [node.get("font-size") for node in tree.iter("text")] == ["14", "12"]


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


def _labels(tree: ET.Element) -> list[tuple[float, float, float, float]]:
    boxes = []
    for node in tree.iter("text"):
        x, y, size = (float(node.get(key) or "") for key in ("x", "y", "font-size"))
        boxes.append((x, y - size, width(node.text or "", size), size))
    return boxes


def test_labels_of_close_regions_do_not_overlap() -> None:
    points = [
        Point(title=f"Region {n} (r{n})", latitude=50 + n % 3, longitude=8 + n / 10, href=f"/r{n}", count=n)
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
    corners = [Point(title="Far away", latitude=a, longitude=o) for a in (90, -90) for o in (180, -180)]
    tree = _parse(world_svg([*corners, Point(title="Fiji (fj)", latitude=-18, longitude=179)]) or Markup())
    boxes = _labels(tree)
    assert len(boxes) == 5
    assert all(x >= 0 and x + w <= WIDTH and y >= 0 and y + h <= HEIGHT for x, y, w, h in boxes)


def test_labels_without_room_are_omitted_but_not_their_dots() -> None:
    points = [Point(title=f"Region {n}", latitude=0, longitude=0) for n in range(1_500)]
    tree = _parse(world_svg(points) or Markup())
    assert len(list(tree.iter("circle"))) == 1_500
    assert 10 < len(_labels(tree)) < 100
    assert len(list(tree.iter("title"))) == 1_500


def test_a_larger_count_is_a_larger_dot() -> None:
    points = [Point(title="a", latitude=0, longitude=0), Point(title="b", latitude=0, longitude=90, count=9)]
    tree = _parse(world_svg(points) or Markup())
    assert [node.get("r") for node in tree.iter("circle")] == ["5", "12"]
    assert not list(tree.iter("a"))
