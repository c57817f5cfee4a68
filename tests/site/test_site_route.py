"""The drawing of a route in Chromium: lines end apart, boxes lead on, and a phone shows them one below the other."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]

KINDS = [
    "models/gpt-5.4.html",  # weights, and fallback models for three conditions
    "models/gpt-oss-120b.html",  # several deployments in order
    "models/mistral-7b.html",  # an offline head
    "models/bge-m3.html",  # local inference
    "models/openrouter/=2a.html",  # a wildcard
    "models/claude-3-7-sonnet.html",  # disabled
]
BOXES = """() => [...document.querySelectorAll(".route .box")].map((box) => {
    const { left, top, right, bottom } = box.getBoundingClientRect();
    return { left, top, right, bottom };
})"""
LINES = """() => [...document.querySelectorAll(".route .tier li:not(.more)")].map((item) => {
    const { left, top } = item.getBoundingClientRect();
    const line = getComputedStyle(item, "::before");
    const later = item.closest(".later") !== null;
    return { x: left, y: top + parseFloat(line.top), solid: line.borderTopStyle === "solid", later };
})"""
FIRST = """() => [...document.querySelectorAll(".way")].map((way) => {
    return way.querySelector(".box").getBoundingClientRect().top;
})"""
LENGTHEN = """() => document.querySelectorAll(".route strong").forEach((name) => {
    name.textContent = "W".repeat(128);
})"""
OUTSIDE = """() => [...document.querySelectorAll(".route strong")].filter((name) => {
    return name.getBoundingClientRect().right > name.parentElement.getBoundingClientRect().right;
}).length"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module", name="page")
def _page(example: str, chromium: object) -> Page:
    page: Page = chromium.new_page()  # type: ignore[attr-defined]  # the browser of all tests
    page.goto(f"{example}/admin/{KINDS[0]}")
    return page


def _visit(page: Page, example: str, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{example}/admin/{path}")


@pytest.mark.parametrize("width", [1280, 840, 390, 320])
@pytest.mark.parametrize("path", KINDS)
def test_boxes_and_the_ends_of_lines_are_apart(page: Page, example: str, path: str, width: int) -> None:
    _visit(page, example, path, width)
    boxes = page.evaluate(BOXES)
    assert boxes
    for number, a in enumerate(boxes):
        for b in boxes[number + 1 :]:
            apart = a["right"] <= b["left"] or b["right"] <= a["left"]
            assert apart or a["bottom"] <= b["top"] or b["bottom"] <= a["top"], (a, b)
    lines = page.evaluate(LINES)
    assert len({(line["x"], line["y"]) for line in lines}) == len(lines)
    assert all(line["solid"] != line["later"] for line in lines)
    assert page.evaluate(OVERFLOW) == 0


def test_a_phone_shows_the_route_from_top_to_bottom(page: Page, example: str) -> None:
    _visit(page, example, KINDS[0], 390)
    boxes = page.evaluate(BOXES)
    assert [box["top"] for box in boxes] == sorted(box["top"] for box in boxes)
    assert len({box["left"] for box in boxes[1:]}) == 1
    _visit(page, example, KINDS[0], 1280)
    assert len({box["left"] for box in page.evaluate(BOXES)}) == 3


def test_the_first_boxes_of_all_columns_are_in_line(page: Page, example: str) -> None:
    _visit(page, example, KINDS[0], 1280)
    tops = page.evaluate(FIRST)
    assert len(tops) == 3
    assert max(tops) - min(tops) < 1


def test_boxes_lead_to_their_pages(open_page: OpenPage, example: str) -> None:
    page = open_page(f"{example}/admin/models/gpt-5.4.html")
    page.locator(".route").get_by_role("link", name="claude-sonnet-4-6").click()
    expect(page.locator("main")).to_have_attribute("data-model", "claude-sonnet-4-6")
    page.locator(".route [data-head]").first.click()
    expect(page.locator("main")).to_have_attribute("data-page", "head")
    page.get_by_role("link", name="United States (us)").first.click()
    expect(page.locator("main")).to_have_attribute("data-region", "us")


def test_an_offline_head_is_marked_and_has_no_line(page: Page, example: str) -> None:
    _visit(page, example, "models/mistral-7b.html", 1280)
    offline = page.locator(".unused [data-head=head-service-eu-3]")
    expect(offline).to_be_visible()
    expect(offline).to_contain_text("offline")
    assert page.locator(".tier [data-head=head-service-eu-3]").count() == 0


def test_every_page_of_a_place_key_and_owner_fits_a_phone(
    page: Page, example: str, example_site: Path
) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    for folder in ("regions", "heads", "keys", "owners"):
        for file in sorted((example_site / "admin" / folder).iterdir())[:4]:
            page.goto(f"{example}/admin/{folder}/{file.name}")
            assert page.evaluate(OVERFLOW) == 0, file.name
            expect(page.locator("main")).to_have_attribute(
                f"data-{folder.rstrip('s')}", page.locator(".trail bdi").inner_text()
            )


def test_a_long_name_wraps_inside_its_box(page: Page, example: str) -> None:
    _visit(page, example, KINDS[0], 1280)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(LENGTHEN)
        assert page.evaluate(OVERFLOW) == 0
        assert page.evaluate(OUTSIDE) == 0
