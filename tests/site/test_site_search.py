"""Search, filters, the table's headers, and what does not move while a page arrives."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]

SHIFTS = """(() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            if (!entry.hadRecentInput) window.shifts.push([entry.value, ...entry.sources.map(({node}) =>
                node?.id || node?.className || node?.nodeName)]);
        }
    }).observe({type: "layout-shift", buffered: true});
})()"""


@pytest.fixture
def ready(open_page: OpenPage, example: str) -> Callable[[str], Page]:
    def start(query: str) -> Page:
        page = open_page(f"{example}/admin/models.html{query}")
        page.locator("#q").dispatch_event("pointerover")
        expect(page.locator("main.is-ready")).to_be_visible()
        return page

    return start


def found(page: Page, query: str) -> list[str]:
    """The ids that a search shows, at most the first group, in its order."""
    page.locator("#q").fill(query)
    # Cards beyond the window follow after the frame.
    frame = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
    page.evaluate(f"async () => {{ for (let n = 0; n < 3; n++) await {frame}; }}")
    cards = page.locator("#cards article.card").all()
    return [str(card.get_attribute("data-model")) for card in cards]


def test_the_search_finds_what_is_not_on_the_card(ready: Callable[[str], Page]) -> None:
    page = ready("")
    rows = page.evaluate("async () => (await fetch('/admin/models.json')).json()")["models"]
    model = next(one for one in rows if one["aliases"])
    assert model["model_id"] in found(page, model["aliases"][0])
    keyed = next(one for one in rows if one["api_key"] and "env" in one["api_key"])
    assert keyed["model_id"] in found(page, f"key:{keyed['api_key']['env']}")
    url = next(one for one in rows if isinstance(one["endpoint"], str))
    assert url["model_id"] in found(page, url["endpoint"])
    fallen = next(one for one in rows if any(one["fallback_models"].values()))
    target = next(name for ids in fallen["fallback_models"].values() for name in ids)
    assert fallen["model_id"] in found(page, f"fallback_model:{target}")
    behind = next(one for one in rows if one["fallback_heads"])
    assert behind["model_id"] in found(page, f"fallback:{behind['fallback_heads'][0]} {behind['model_id']}")
    named = next(one for one in rows if one["upstream_model"] != one["model_id"])
    assert named["model_id"] in found(page, named["upstream_model"])
    scalars = (
        (one, value) for one in rows for value in one["metadata"].values() if isinstance(value, str) and value
    )
    described, value = next(scalars)
    assert described["model_id"] in found(page, f"{value} {described['model_id']}")


def test_an_exact_alias_comes_first(ready: Callable[[str], Page]) -> None:
    page = ready("")
    rows = page.evaluate("async () => (await fetch('/admin/models.json')).json()")["models"]
    for model in rows:
        for name in [model["model_id"], *model["aliases"]]:
            assert found(page, name)[0] == model["model_id"], name


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("region:eu", {"region": "eu"}),
        ("REGION:Eu status:active", {"region": "eu", "status": "active"}),
        ("provider:mistral", {"provider": "mistral"}),
        ("head:head-service-us-2", {"priority_head": "head-service-us-2"}),
    ],
)
def test_fields_narrow_the_search(ready: Callable[[str], Page], query: str, where: dict[str, str]) -> None:
    page = ready("")
    rows = page.evaluate("async () => (await fetch('/admin/models.json')).json()")["models"]
    wanted = {one["model_id"] for one in rows if all(one[key] == value for key, value in where.items())}
    assert wanted
    assert set(found(page, query)) == wanted


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("mistrl", "mistral-7b"), ("clade sonnet", "claude-sonnet-4-6"), ("whipser", "whisper")],
)
def test_small_errors_are_forgiven(ready: Callable[[str], Page], typed: str, meant: str) -> None:
    page = ready(f"?q={typed}")
    expect(page.locator("#count")).to_contain_text("spelled nearly like that")
    assert any(name.startswith(meant) for name in found(page, typed))


def test_hostile_queries_are_only_words(ready: Callable[[str], Page]) -> None:
    page = ready("")
    for query in ("constructor:x", "__proto__:x", "hasOwnProperty:x", "<img onerror>", "x" * 5000, "\u202e~"):
        found(page, query)
        expect(page.locator("#none")).to_be_visible()


@pytest.mark.parametrize("facet", ["head", "region", "tag", "owner", "local", "sunset", "reach", "serves"])
def test_an_unknown_filter_matches_nothing_and_can_be_removed(
    ready: Callable[[str], Page], facet: str
) -> None:
    page = ready(f"?{facet}=gone")
    expect(page.locator("#count")).to_have_text("0 of 37 models")
    expect(page.locator("#none")).to_be_visible()
    page.get_by_role("button", name=f"Remove unknown filter: {facet}=gone").click()
    assert "?" not in page.url
    expect(page.locator("#count")).to_have_text("37 models")
    expect(page.locator("#chips")).to_be_hidden()
    expect(page.locator("#q")).to_be_focused()


def test_known_filters_are_chips_with_their_titles(ready: Callable[[str], Page]) -> None:
    page = ready("?serves=head-service-us&local=yes&sunset=passed&tag=chat&colour=red&sort=size&view=globe")
    expect(page.locator("#chips .unknown")).to_have_count(0)
    assert sorted(page.locator("#chips button").all_text_contents()) == [
        "Local inference: On the head",
        "Served by: head-service-us (us)",
        "Sunset: Passed",
        "Tag: chat",
    ]
    assert page.locator("#sort").input_value() == "match"


@pytest.mark.parametrize(
    ("query", "is_so"),
    [
        ("reach=cn", lambda one: "cn" in one["reach"]),
        ("serves=head-service-eu", lambda one: any("head-service-eu" in t["heads"] for t in one["tiers"])),
        ("fallback=head-service-eu", lambda one: "head-service-eu" in one["fallback_heads"]),
    ],
)
def test_facets_agree_with_the_snapshot(
    ready: Callable[[str], Page], query: str, is_so: Callable[[dict[str, object]], bool]
) -> None:
    page = ready(f"?{query}")
    rows = page.evaluate("async () => (await fetch('/admin/models.json')).json()")["models"]
    expect(page.locator("#count")).to_have_text(f"{sum(map(is_so, rows))} of 37 models")


def test_headers_sort_in_both_directions(ready: Callable[[str], Page]) -> None:
    page = ready("?view=table")
    page.set_viewport_size({"width": 1280, "height": 2000})
    header = page.locator("th[data-column=name]")
    names = page.locator("#models-table tbody [data-field=name]")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    up = names.all_text_contents()
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    assert "sort=-name" in page.url
    assert names.all_text_contents() == up[::-1]
    expect(page.locator("th[aria-sort]")).to_have_count(1)


def test_no_column_is_cut_off(ready: Callable[[str], Page]) -> None:
    page = ready("?view=table")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("() => document.documentElement.scrollWidth") == width
        heads = page.locator("#models-table th button:visible")
        cut = heads.evaluate_all("(all) => all.filter((one) => one.scrollWidth > one.clientWidth).length")
        assert cut == 0


def test_what_if_offers_the_models_without_service(ready: Callable[[str], Page]) -> None:
    page = ready("?campaign=x")
    button = page.locator("[data-action=unserved]")
    expect(button).to_be_hidden()
    page.evaluate(
        """async () => {
            const {heads} = await (await fetch('/admin/models.json')).json();
            const down = new Set(heads.map(({head_id}) => head_id));
            document.dispatchEvent(new CustomEvent("whatif", {detail: {down}}));
        }"""
    )
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    lost = str(button.text_content()).rpartition(" ")[2]
    assert int(lost) > 30
    expect(page.locator("#count")).to_have_text(f"{lost} of 37 models")
    assert page.url.endswith("?service=none&campaign=x")
    page.evaluate('() => document.dispatchEvent(new CustomEvent("whatif", {detail: {down: new Set()}}))')
    expect(page.locator("#count")).to_have_text("37 models")


def test_the_search_comes_before_the_filters_and_the_results(ready: Callable[[str], Page]) -> None:
    page = ready("")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the results")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#results")).to_be_focused()
    order = page.evaluate(
        """() => [...document.querySelectorAll("#q, fieldset input, article.card a")].map(({id, type}) => id || type)"""
    )
    assert order[0] == "q"
    assert order.index("checkbox") == 1


def test_an_unknown_address_has_the_header_and_a_search(open_page: OpenPage, example: str) -> None:
    page = open_page(f"{example}/404.html")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.locator("#q").fill("mistral")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/models.html?q=mistral")
    expect(page.locator("#count")).to_contain_text(" of 37 models")


PATHS = [
    "admin/models.html",
    "admin/models.html?view=table&sort=-name",
    "admin/models.html?region=eu&region=us&status=active&q=m",
    "admin/models.html?head=gone",
    "admin/models.html?risk=one-head&sunset=90d",
    "admin/regions.html",
    "admin/heads.html",
    "404.html",
]


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_while_a_page_arrives(
    open_page: OpenPage, example: str, long_site: Path, serve: Callable[[Path], str], width: int
) -> None:
    for site in (example, serve(long_site)):
        page = open_page(
            f"{site}/404.html",
            prepare=lambda page: page.add_init_script(SHIFTS),
            viewport={"width": width, "height": 800},
        )
        for path in PATHS:
            page.goto(f"{site}/{path}")
            if "models.html" in path:
                page.locator("#q").dispatch_event("pointerover")
                expect(page.locator("main.is-ready")).to_be_visible()
            page.wait_for_timeout(250)  # what would still move
            shifts = page.evaluate("() => window.shifts")
            assert sum(value for value, *_ in shifts) <= 0.02, (path, shifts)
