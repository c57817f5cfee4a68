import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from modelspec.emit.tables import model_url

OpenPage = Callable[..., Page]

NAMES = {
    "evil/img:1@eu": '<img src=x onerror="alert(1)"><script>alert(2)</script>',
    "evil/quotes": "\"'`>&lt;&amp;{{ 7*7 }}{% raw %}${7*7}",
    "evil/attr": '" autofocus onfocus=alert(1) x="',
    "evil/emoji": "🦊🦊🏽🚀 naïve ﷽ Z͑ͫ̓ͪ",
    "evil/rtl": "نموذج اللغة 7B עברית",
    "evil/long": "W" * 128,
    "evil/formula": "=HYPERLINK(1,2)",
    "evil/comment": "<!--<script>]]>--!>",
    "evil/uri": "javascript:alert(1)",
    "a" + "/very-long-segment-without-a-break" * 3 + ":x@y~z+q": "Long id",
    "constructor": "__proto__",
}
TAGS = ['"><svg onload=alert(1)>', "__proto__", "toString", "T" * 128, "=1+1", "a b", "تجربة"]
OWNERS = ["<img src=x onerror=alert(7)>", "W" * 300, "فريق البحث", "../../index"]
DEEP_LEVELS = 20


def deep() -> object:
    value: object = "</script><script>alert(3)</script>"
    for level in range(DEEP_LEVELS):
        value = {f"level </pre> {level}": value, "list": [value] if level < 2 else []}
    return value


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory, build: Callable[[Path], Path]) -> Path:
    """The site of a repository with hostile values in every free text."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "models.d").mkdir()
    regions = [
        {"code": "eu", "name": "<b onmouseover=alert(1)>Europe</b>"},
        {"code": "us", "name": "U" * 128},
    ]
    heads = [
        {"head_id": "head-eu", "region": "eu", "url": "https://eu.example.net/%3Cscript%3E"},
        {"head_id": "h" * 63, "region": "us", "url": "https://us.example.net"},
    ]
    # JSON is also YAML, and unambiguous.
    (folder / "regions.yaml").write_text(json.dumps({"regions": regions}, ensure_ascii=False))
    (folder / "heads.yaml").write_text(json.dumps({"heads": heads}))
    for number, (model_id, name) in enumerate(NAMES.items()):
        model = {
            "model_id": model_id,
            "name": name,
            "region": "eu",
            "priority_head": "head-eu",
            "fallback_heads": ["h" * 63],
            "endpoint": f"https://{'sub.' * 20}example.org/" + "p" * 200,
            "api_key": {"env": "SOME_KEY"},
            "tags": TAGS,
            "metadata": {
                "owner": OWNERS[number % len(OWNERS)],
                "</script><script>alert(4)</script>": "</textarea><img src=x onerror=alert(5)>",
                "big": "x" * 60_000 if number == 0 else "small",
                "unbroken": "<" * 3_000,
                "deep": deep(),
                "url": "javascript:alert(6)",
            },
        }
        (folder / "models.d" / f"m{number}.yaml").write_text(json.dumps(model, ensure_ascii=False))
    return build(folder)


@pytest.fixture(scope="module")
def hostile(hostile_site: Path, serve: Callable[[Path], str]) -> str:
    return f"{serve(hostile_site)}/admin"


def overflow(page: Page) -> list[str]:
    """Elements wider than the window; none if nothing scrolls sideways."""
    wide: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
            .filter((node) => node.getBoundingClientRect().right > innerWidth)
            .map((node) => node.outerHTML.slice(0, 120))"""
    )
    return wide


def assert_harmless(page: Page) -> None:
    """No text became an element or an attribute; `open_page` fails on dialogs and console output."""
    assert page.locator("img, svg[onload], main script, [onerror], [onfocus], [onmouseover]").count() == 0
    assert page.locator('a[href^="javascript" i]').count() == 0
    assert overflow(page) == []


def test_no_file_leaves_its_place(hostile_site: Path) -> None:
    root = hostile_site.resolve()
    assert all(path.resolve().is_relative_to(root) for path in hostile_site.rglob("*"))
    assert not [
        path for path in hostile_site.rglob("*") if path.is_file() and not path.suffix and path.name[0] != "_"
    ]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("view", ["cards", "table"])
def test_the_list_shows_names_as_text(open_page: OpenPage, hostile: str, width: int, view: str) -> None:
    page = open_page(f"{hostile}/models.html?view={view}", viewport={"width": width, "height": 900})
    expect(page.locator("main.is-ready")).to_be_visible()
    where = page.locator("article.card" if view == "cards" else "#models-table tbody:not(.space) tr")
    assert set(where.locator("[data-field=name]").all_text_contents()) == set(NAMES.values())
    assert set(where.locator("[data-field=id]").all_text_contents()) == set(NAMES)
    if view == "cards":
        assert where.first.locator("[data-field=tags] li").all_text_contents() == TAGS
    else:
        expect(where.first.locator("[data-field=tags]")).to_have_attribute("title", ", ".join(TAGS))
    assert_harmless(page)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("model_id", NAMES)
def test_the_page_of_a_model_shows_text(open_page: OpenPage, hostile: str, width: int, model_id: str) -> None:
    page = open_page(
        f"{hostile.removesuffix('admin')}{model_url('', model_id, 'html')}",
        viewport={"width": width, "height": 900},
    )
    expect(page.locator("h1")).to_contain_text(NAMES[model_id])
    for details in page.locator("main details:not([open]) > summary").all():
        details.click()
    assert "</script><script>alert(4)</script>" in page.locator("main").inner_text()
    assert_harmless(page)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["index", "regions", "heads", "keys", "owners", "propose"])
def test_other_pages_show_text(open_page: OpenPage, hostile: str, width: int, name: str) -> None:
    assert_harmless(open_page(f"{hostile}/{name}.html", viewport={"width": width, "height": 900}))


@pytest.mark.browser
def test_pages_of_places_keys_and_owners_show_text(
    open_page: OpenPage, hostile: str, hostile_site: Path
) -> None:
    page = open_page(f"{hostile}/index.html")
    folders = [hostile_site / "admin" / name for name in ("regions", "heads", "keys", "owners")]
    files = [file for folder in folders for file in folder.iterdir()]
    assert len(files) == 2 + 2 + 1 + len(OWNERS)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for file in files:
            page.goto(f"{hostile}/{file.parent.name}/{file.name}")
            assert_harmless(page)


@pytest.mark.browser
def test_links_lead_to_models_with_any_id(open_page: OpenPage, hostile: str) -> None:
    page = open_page(f"{hostile}/models.html")
    links = page.locator("article.card a[data-field=name]").evaluate_all(
        "(links) => links.map((link) => link.href)"
    )
    assert len(links) == len(NAMES)
    for link in links:
        answer = page.request.get(link)
        assert answer.ok, link


@pytest.mark.browser
def test_the_address_is_text_too(open_page: OpenPage, hostile: str) -> None:
    attack = quote('"><img src=x onerror=alert(1)>')
    page = open_page(f"{hostile}/models.html?q={attack}&tag={attack}&sort={attack}&view={attack}&__proto__=1")
    expect(page.locator("#none")).to_be_visible()
    expect(page.locator("#q")).to_have_value('"><img src=x onerror=alert(1)>')
    assert_harmless(page)


@pytest.mark.browser
def test_facets_work_with_any_tag(open_page: OpenPage, hostile: str) -> None:
    page = open_page(f"{hostile}/models.html")
    boxes = page.locator("fieldset[data-facet=tag] input")
    assert set(boxes.evaluate_all("(boxes) => boxes.map((box) => box.value)")) == set(TAGS)
    for box in boxes.all():
        box.check()
    expect(page.locator("#count")).to_have_text(f"{len(NAMES)} models")
    again = open_page(page.url)
    expect(again.locator("fieldset[data-facet=tag] input:checked")).to_have_count(len(TAGS))


@pytest.mark.browser
def test_exports_contain_the_names_unchanged(open_page: OpenPage, hostile: str) -> None:
    page = open_page(f"{hostile}/models.html")
    with page.expect_download() as download:
        page.locator("button[data-export=json]").click()
    rows = json.loads(download.value.path().read_text())
    assert {row["model_id"]: row["name"] for row in rows} == NAMES
    with page.expect_download() as download:
        page.locator("button[data-export=csv]").click()
    table = csv.DictReader(io.StringIO(download.value.path().read_bytes().decode(), newline=""))
    assert {row["model_id"]: row["name"] for row in table} == NAMES | {"evil/formula": "'=HYPERLINK(1,2)"}


@pytest.mark.browser
def test_names_are_copied_and_searched_as_they_are(open_page: OpenPage, hostile: str) -> None:
    page = open_page(f"{hostile}/models.html", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#q").fill("<script>alert(2)")
    expect(page.locator("article.card:visible")).to_have_count(1)
    page.locator("article.card:visible button[data-of=id]").click()
    expect(page.locator("#notice")).to_have_text("Copied evil/img:1@eu")
    assert page.evaluate("() => navigator.clipboard.readText()") == "evil/img:1@eu"
