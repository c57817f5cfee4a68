"""Every kind of page in Chromium; `open_page` fails on console output, errors and requests to other hosts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
KINDS = {
    "index.html": "Dashboard",
    "models.html": "Models",
    "models/gpt-5.4.html": "GPT-5.4",
    "models/openrouter/=2a.html": "Anything at OpenRouter",
    "regions.html": "Regions",
    "heads.html": "Heads",
    "keys.html": "Keys",
    "owners.html": "Owners",
    "regions/eu.html": "Europe (eu)",
    "heads/head-service-eu.html": "head-service-eu (eu)",
    "propose.html": "Propose a model",
}
HOSTILE = [
    "models.html",
    "models.html?view=table",
    "models/a/b=3ac@d.html",
    "models/far/=2a.html",
    "regions.html",
]
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("path", KINDS)
def test_a_page_fits_every_width_in_both_schemes(open_page: OpenPage, example: str, path: str) -> None:
    page = open_page(f"{example}/admin/{path}")
    expect(page.locator("h1")).to_contain_text(KINDS[path])
    grounds = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        grounds.add(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
        for width in (360, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(OVERFLOW) == 0, (scheme, width)
    assert len(grounds) == 2


@pytest.mark.parametrize("path", KINDS)
def test_a_page_says_everything_without_javascript(open_page: OpenPage, example: str, path: str) -> None:
    page = open_page(f"{example}/admin/{path}", java_script_enabled=False)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".banner")).to_contain_text("Read-only")
    # Buttons do nothing without the script, so none may be visible.
    assert page.locator("button:visible, input:visible, select:visible").count() == 0


def test_the_cards_are_there_without_javascript(open_page: OpenPage, example: str) -> None:
    page = open_page(f"{example}/admin/models.html", java_script_enabled=False)
    total = page.locator("main").get_attribute("data-total")
    assert page.locator("article.card:visible").count() == int(total or 0)
    page.get_by_role("link", name="Mistral 7B").click()
    expect(page.locator("h1")).to_have_text("Mistral 7B")


def test_the_scheme_is_chosen_and_remembered(open_page: OpenPage, example: str) -> None:
    page = open_page(f"{example}/admin/index.html", color_scheme="light")
    button = page.get_by_role("button", name="Theme")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    expect(button).to_have_text("Theme: system")
    button.click()
    expect(button).to_have_text("Theme: light")
    button.click()
    expect(button).to_have_text("Theme: dark")
    assert page.evaluate(ground) != light
    page.goto(f"{example}/admin/heads.html")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(ground) != light
    page.get_by_role("button", name="Theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "auto")


def test_the_keyboard_skips_to_the_content(open_page: OpenPage, example: str) -> None:
    page = open_page(f"{example}/admin/index.html")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_address_of_an_endpoint_is_copied(open_page: OpenPage, example: str) -> None:
    page = open_page(
        f"{example}/admin/models/gpt-5.4.html", permissions=["clipboard-read", "clipboard-write"]
    )
    page.get_by_role("button", name="Copy endpoint").click()
    expect(page.locator("#notice")).to_have_text("Copied https://api.openai.com/v1")
    assert page.evaluate("() => navigator.clipboard.readText()") == "https://api.openai.com/v1"


def test_a_page_prints_without_its_controls(open_page: OpenPage, example: str) -> None:
    page = open_page(f"{example}/admin/models.html", color_scheme="dark")
    page.emulate_media(media="print")
    expect(page.locator("#q")).to_be_hidden()
    expect(page.locator("article.card").first).to_be_visible()


@pytest.fixture(scope="module", name="hostile")
def _hostile(
    tmp_path_factory: pytest.TempPathFactory, build: Callable[[Path], Path], serve: Callable[[Path], str]
) -> str:
    """A site with hostile texts."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "models.d").mkdir()
    script = "<script>alert(1)</script>"
    text = f"<img src=x onerror=alert(1)>\"'`</script>{script}"
    regions = [
        {"code": "eu", "name": text, "location": {"latitude": 50, "longitude": 8}},
        {"code": "far", "name": "W" * 128},
    ]
    heads = [
        {"head_id": "head-eu", "region": "eu", "url": "https://eu.example.net"},
        {"head_id": "h" * 63, "region": "far", "url": f"https://far.example.net/{'p' * 900}"},
    ]
    deep: dict[str, object] = {}
    for _ in range(24):
        deep = {"k" * 40: deep}
    base = {"region": "eu", "priority_head": "head-eu", "fallback_heads": ["h" * 63]}
    models = [
        {
            **base,
            "model_id": "a/b:c@d",
            "name": text,
            "endpoint": "https://a.example.com/v1",
            "tags": [script, "\"'", "\N{GRINNING FACE}", "t" * 200],
            "metadata": {"text": text, "long": "q" * 60_000, "deep": deep},
        },
        {
            **base,
            "model_id": "rtl",
            "name": "نموذج العربية (v2) שלום",
            "endpoint": "https://a.example.com/v1",
        },
        {
            **base,
            "model_id": "far/*",
            "name": "N" * 128,
            "deployments": [
                {
                    "endpoint": f"https://{'d' * 60}.{'e' * 60}.example.com/{'f' * 1500}",
                    "provider": "openai",
                    "upstream_model": script,
                    "params": {"k" * 100: "v" * 400},
                }
            ],
        },
        {**base, "model_id": "x" * 128, "name": "=1+1", "endpoint": "https://a.example.com/v1"},
    ]
    files = {"regions.yaml": {"regions": regions}, "heads.yaml": {"heads": heads}}
    files |= {f"models.d/{number}.yaml": model for number, model in enumerate(models)}
    for path, value in files.items():
        (folder / path).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return serve(build(folder))


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_texts_leave_the_layout_intact(open_page: OpenPage, hostile: str, path: str) -> None:
    page = open_page(f"{hostile}/admin/{path}")
    expect(page.locator("h1")).to_be_visible()
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(OVERFLOW) == 0, width
    assert page.locator("main img, main script").count() == 0
