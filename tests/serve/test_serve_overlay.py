"""What an open page does when the repository changes, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from served_fleet import MODEL, SECONDS, serving, write_repository

pytestmark = pytest.mark.browser


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "fleet", ids=("atlas",))


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that fails the test when its policy is violated or its script throws."""
    complaints: list[str] = []
    opened = chromium.new_page()
    opened.set_default_timeout(SECONDS * 1000)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if "Content Security" in message.text else None,
    )
    yield opened
    opened.close()
    assert complaints == []


def test_a_change_reloads_the_page(root: Path, page: Page) -> None:
    with serving(root) as served:
        page.goto(f"{served.url}/admin/models")
        assert page.get_by_text("Bison").count() == 0
        (root / "models.d/bison.yaml").write_text(MODEL.format("bison", "Bison"))
        page.get_by_text("Bison").first.wait_for(state="attached")


def test_faults_overlay_the_last_good_page_until_fixed(root: Path, page: Page) -> None:
    model = root / "models.d/m0.yaml"
    good = model.read_text()
    with serving(root) as served:
        page.goto(f"{served.url}/admin/models/atlas")
        model.write_text(good.replace("head-eu\n", "head-<b>uk\n"))
        overlay = page.get_by_role("alert")
        overlay.get_by_text("head-<b>uk").first.wait_for()
        assert page.locator("h1").is_visible()
        assert overlay.locator("b").count() == 0
        overlay.get_by_role("button", name="Hide").click()
        overlay.wait_for(state="hidden")
        model.write_text(good)
        page.locator(".modelspec-faults").wait_for(state="detached")


def test_the_page_of_faults_is_replaced_by_the_site(root: Path, page: Page) -> None:
    regions = root / "regions.yaml"
    good = regions.read_text()
    regions.write_text("regions: 1\n")
    with serving(root) as served:
        page.goto(f"{served.url}/admin/models")
        page.get_by_role("heading", name="The repository has errors").wait_for()
        regions.write_text("regions: two\n")
        page.locator("pre", has_text="two").wait_for()
        regions.write_text(good)
        page.locator("main[data-page=models]").wait_for()
