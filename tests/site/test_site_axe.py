import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
RUN = """(scheme) => axe.run(document, {
  resultTypes: ["violations"],
  ...(scheme === "dark"
    ? {runOnly: ["color-contrast", "link-in-text-block"]} // all that depends on colours
    : {rules: {"target-size": {enabled: true}}}), // axe leaves it out unless asked
}).then(({violations}) => violations)"""


def barriers(page: Page) -> list[str]:
    """The findings of axe-core in both schemes and two widths, with their locations."""
    page.evaluate(AXE)
    found = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            rules: list[dict[str, Any]] = page.evaluate(RUN, scheme)
            found += [
                f"{scheme}, {width} px: {rule['help']}: {[node['html'][:200] for node in rule['nodes'][:3]]}"
                for rule in rules
            ]
    return found


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "models.html",
        "models.html?view=table",
        "models.html?head=gone&region=eu&view=table",
        "../404.html",
        "models/mistral-7b.html",
        "models/vertex/claude-haiku-4-5@europe-west1.html",
        "models/claude-3-7-sonnet.html",
        "regions.html",
        "heads.html",
        "keys.html",
        "owners.html",
        "regions/eu.html",
        "heads/head-service-us-west.html",
        "keys/*.html",
        "owners/*.html",
        "propose.html",
        "traffic.html",
    ],
)
def test_no_page_has_a_barrier(open_page: OpenPage, example_site: Path, example: str, path: str) -> None:
    if "*" in path:
        path = min((example_site / "admin").glob(path)).relative_to(example_site / "admin").as_posix()
    assert barriers(open_page(f"{example}/admin/{path}")) == []


def test_unfolded_filters_have_no_barrier(open_page: OpenPage, example: str) -> None:
    page = open_page(f"{example}/admin/models.html?region=eu", viewport={"width": 390, "height": 900})
    page.locator(".filters > summary").click()
    expect(page.locator("fieldset[data-facet=region] input[value=eu]")).to_be_checked()
    expect(page.locator("#count")).to_have_text(re.compile(" of "))
    assert barriers(page) == []


@pytest.mark.parametrize("path", ["models.html?view=table", "models/page/*-*.html", "models/page/index.html"])
def test_no_page_of_a_long_list_has_a_barrier(
    open_page: OpenPage, long_site: Path, serve: Callable[[Path], str], path: str
) -> None:
    if "*" in path:
        path = next((long_site / "admin").glob(path)).relative_to(long_site / "admin").as_posix()
    assert barriers(open_page(f"{serve(long_site)}/admin/{path}")) == []


def test_every_page_fits_a_narrow_window(open_page: OpenPage, example_site: Path, example: str) -> None:
    page = open_page(f"{example}/admin/index.html", viewport={"width": 360, "height": 800})
    for file in sorted((example_site / "admin").glob("*.html")):
        page.goto(f"{example}/admin/{file.name}")
        assert page.evaluate("() => document.documentElement.scrollWidth") == 360, file.name
