import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
TOTAL = 2_100


@pytest.fixture(scope="module")
def address(long_site: Path, serve: Callable[[Path], str]) -> str:
    return f"{serve(long_site)}/admin/models.html"


@pytest.fixture
def page(open_page: OpenPage, address: str) -> Page:
    page = open_page(address)
    page.locator("#q").dispatch_event("pointerover")
    expect(page.locator("[data-pager]")).to_be_hidden()
    return page


def test_the_first_cards_are_in_the_page_and_more_are_added_on_scrolling(page: Page, long_site: Path) -> None:
    html = (long_site / "admin/models.html").read_text()
    assert 20 <= html.count("<article") - 1 <= 120  # one is in the template
    expect(page.locator("#count")).to_have_text("2,100 models")
    before = page.locator("article.card").count()
    assert before < TOTAL
    page.locator("article.card").last.scroll_into_view_if_needed()
    page.wait_for_function(f"() => document.querySelectorAll('article.card').length > {before}")
    shown = page.locator("article.card").evaluate_all("(cards) => cards.map((card) => card.dataset.model)")
    snapshot = json.loads((long_site / "admin/models.json").read_text())
    assert shown == [model["model_id"] for model in snapshot["models"]][: len(shown)]


@pytest.mark.parametrize("turn", ["look", "focus", "point", "filter", "scroll", "link", "back"])
def test_only_who_asks_for_the_list_loads_it(open_page: OpenPage, address: str, turn: str) -> None:
    asked: list[str] = []
    page = open_page(address, prepare=lambda page: page.on("request", lambda one: asked.append(one.url)))
    page.wait_for_load_state("networkidle")
    page.locator("article.card a").first.focus()
    page.mouse.wheel(0, 300)
    page.wait_for_timeout(100)
    assert not [url for url in asked if url.endswith("models.json")]
    if turn == "look":
        return
    match turn:
        case "focus":
            page.locator("#q").focus()
        case "point":
            page.locator("#sort").hover()
        case "filter":
            page.locator("fieldset[data-facet=region] input").first.check()
        case "scroll":
            page.locator("[data-pager]").scroll_into_view_if_needed()
        case "link":
            page.goto(f"{address}?view=table")
        case _:
            page.evaluate(
                "() => { history.pushState(null, '', '?q=m-1'); history.pushState(null, '', '?'); }"
            )
            page.go_back()
    expect(page.locator("[data-pager]")).to_be_hidden()
    assert len([url for url in asked if url.endswith("models.json")]) == 1


def test_a_focus_before_the_script_counts(open_page: OpenPage, address: str) -> None:
    def focus_first(page: Page) -> None:
        def answer(route: Route) -> None:
            page.locator("#q").focus()
            route.continue_()

        page.route("**/assets/models.js", answer)

    page = open_page(address, prepare=focus_first)
    expect(page.locator("[data-pager]")).to_be_hidden()


def test_the_list_is_read_and_searched_in_small_steps(page: Page) -> None:
    steps = page.evaluate(
        """async (assets) => {
            const {reading} = await import(`${assets}records.js`);
            const {haystacks, vocabulary} = await import(`${assets}search.js`);
            const list = {};
            const count = (steps) => [...steps].length;
            const text = await (await fetch(`${assets}models.json`)).text();
            return [reading(text, list), () => haystacks(list, "").steps, () => vocabulary(list).steps].map(
                (steps) => count(typeof steps === "function" ? steps() : steps));
        }""",
        page.url.replace("models.html", "assets/"),
    )
    assert min(steps) >= TOTAL // 200


@pytest.mark.parametrize(("width", "most"), [(390, 2), (1280, 6)])
def test_a_keystroke_draws_what_is_in_sight(page: Page, width: int, most: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    drawn = page.evaluate(
        """() => {
            const search = document.querySelector("#q");
            search.value = "model";
            search.dispatchEvent(new Event("input"));
            return document.querySelectorAll("article.card").length;
        }"""
    )
    assert drawn == most
    page.wait_for_function("() => document.querySelectorAll('article.card').length >= 60")


def test_the_search_looks_into_models_that_are_not_drawn_yet(page: Page) -> None:
    page.locator("#q").fill("m-1999")
    expect(page.locator("article.card")).to_have_count(1)
    card = page.locator("article.card")
    expect(card.locator("[data-field=name]")).to_have_text(f"Model {TOTAL - 1999}")
    expect(card.locator("[data-field=region]")).to_have_text("United States (us)")
    expect(card.locator("[data-field=head]")).to_have_text("head-us (us)")
    expect(card.locator("[data-field=host]")).to_have_text("api4.example.org")
    expect(card.locator("[data-field=tags] li")).to_have_text(["t3"])
    expect(card.locator("[data-field=local]")).to_have_count(0)
    assert card.locator("button[data-of=id]").get_attribute("data-copy") == "team@4/m-1999"
    assert (
        card.locator("button[data-of=endpoint]").get_attribute("data-copy") == "https://api4.example.org/v1"
    )
    expect(page.locator("#count")).to_have_text("1 of 2,100 models")
    expect(page.locator("#more")).to_be_hidden()


def test_a_card_made_by_the_script_equals_one_of_the_page(page: Page) -> None:
    made = page.evaluate(
        """async (assets) => {
            const {cardOf, modelOf, reading} = await import(`${assets}records.js`);
            const list = {};
            for (const _ of reading(await (await fetch(`${assets}models.json`)).text(), list));
            const card = document.querySelector("article.card");
            const row = list.models.find(([id]) => id === card.dataset.model);
            const copy = cardOf(document.querySelector("#card-template"), modelOf(list, row, `${location.origin}/`));
            const texts = (node) => [...node.querySelectorAll("[data-field], button")].map((each) => [
                each.dataset.field, each.textContent.trim(), each.hidden, each.dataset.copy, each.href,
                [...each.classList].sort().join(" "), each.getAttribute("aria-label")]);
            return [texts(copy), texts(card), {...copy.dataset}, {...card.dataset}];
        }""",
        page.url.replace("models.html", "assets/"),
    )
    copy, card, keys_of_copy, keys_of_card = made
    assert copy == card
    assert keys_of_copy == keys_of_card


def test_a_link_made_by_the_script_leads_to_the_models_page(page: Page) -> None:
    page.locator("#q").fill("m-2050")
    page.locator("article.card [data-field=name]").click()
    page.wait_for_url("**/m-2050.html")
    expect(page.locator("h1")).to_contain_text(f"Model {TOTAL - 2050}")


def test_facets_count_the_whole_list(page: Page) -> None:
    page.locator("fieldset[data-facet=region] input[value=eu]").check()
    expect(page.locator("#count")).to_have_text("700 of 2,100 models")
    count = page.locator("fieldset[data-facet=tag] label:has(input[value=t1]) .count")
    expect(count).to_have_text("175")


def test_sorting_covers_the_whole_list(page: Page) -> None:
    page.locator("#sort").select_option("name")
    expect(page.locator("article.card [data-field=name]").first).to_have_text("Model 1")


def test_the_table_draws_a_window_of_rows_36_pixels_high(page: Page) -> None:
    page.locator("button[data-view=table]").click()
    rows = page.locator("#models-table tbody:not(.space) tr")
    expect(rows.first).to_have_attribute("aria-rowindex", "2")
    expect(page.locator("#models-table")).to_have_attribute("aria-rowcount", str(TOTAL + 1))
    for _ in range(2):
        assert rows.count() < 100
        assert set(rows.evaluate_all("(rows) => rows.map((row) => row.getBoundingClientRect().height)")) == {
            36
        }
        page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
        expect(rows.last).to_have_attribute("aria-rowindex", str(TOTAL + 1))
    expect(rows.last.locator("[data-field=id]")).to_have_text("team@6/m-2099")
    expect(page.locator("#models-table thead th").first).to_be_in_viewport()
    page.evaluate("() => scrollTo(0, 0)")
    expect(rows.first).to_have_attribute("aria-rowindex", "2")


def test_rows_that_nobody_could_read_are_not_drawn(page: Page) -> None:
    page.locator("button[data-view=table]").click()
    rows = page.locator("#models-table tbody:not(.space) tr")
    expect(rows.first).to_have_attribute("aria-rowindex", "2")
    frames, made = page.evaluate(
        """async () => {
            let made = 0;
            const observer = new MutationObserver((records) => {
                for (const {addedNodes} of records) made += addedNodes.length;
            });
            observer.observe(document.querySelector("#models-table"), {childList: true, subtree: true});
            let frames = 0;
            for (let last = -1; scrollY > last; frames++) {
                last = scrollY;
                scrollBy(0, innerHeight + 1);
                await new Promise(requestAnimationFrame);
            }
            return [frames, made];
        }"""
    )
    height = page.evaluate("() => innerHeight")
    assert frames > 20
    assert made <= (frames / 4 + 2) * (height / 36 + 22)
    expect(rows.last).to_have_attribute("aria-rowindex", str(TOTAL + 1))
    made_at_rest = rows.count()
    assert made_at_rest < height / 36 + 22


def test_far_cards_are_dropped_and_come_back(page: Page) -> None:
    name = str(page.locator("article.card").first.get_attribute("data-model"))
    for _ in range(60):
        page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_timeout(20)
        if page.locator("section.group").count() > 40:
            break
    expect(page.locator(f'article.card[data-model="{name}"]')).to_have_count(0)
    assert page.locator("article.card").count() < page.locator("section.group").count() * 12
    page.evaluate("() => scrollTo(0, 0)")
    expect(page.locator("article.card").first).to_have_attribute("data-model", name)


def test_paper_has_the_first_cards_before_the_list_is_there(open_page: OpenPage, address: str) -> None:
    page = open_page(address)
    shown = page.locator("article.card").count()
    for event in ("beforeprint", "afterprint"):
        page.evaluate("(name) => dispatchEvent(new Event(name))", event)
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(100)
    assert page.locator("article.card").count() == shown
    page.emulate_media(media="print")
    assert (
        page.locator("[data-pager]").evaluate("(nav) => getComputedStyle(nav, '::before').content") != "none"
    )


def test_everything_is_on_paper(page: Page) -> None:
    page.locator("#q").fill("id:m-20")
    expect(page.locator("#count")).to_have_text("100 of 2,100 models")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.locator("article.card").count() == 100
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    page.locator("button[data-view=table]").click()
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#models-table tbody:not(.space) tr").count() == 100


def test_a_url_with_a_search_works_after_the_list_is_loaded(open_page: OpenPage, address: str) -> None:
    page = open_page(f"{address}?q=m-2099")
    expect(page.locator("article.card:visible")).to_have_count(1)
    expect(page.locator("#count")).to_have_text("1 of 2,100 models")


def test_the_focus_survives_the_arrival_of_the_list(open_page: OpenPage, address: str) -> None:
    def focus_first(page: Page) -> None:
        def answer(route: Route) -> None:
            page.locator("article.card a").first.focus()
            route.continue_()

        page.route("**/assets/models.json", answer)

    page = open_page(address, prepare=focus_first)
    page.locator("#q").dispatch_event("pointerover")
    expect(page.locator("[data-pager]")).to_be_hidden()
    expect(page.locator("article.card a").first).to_be_focused()


@pytest.mark.parametrize(("answer", "query"), [("missing", ""), ("broken", "?region=eu")])
def test_without_the_list_the_page_says_so_and_tries_again(
    open_page: OpenPage, address: str, answer: str, query: str
) -> None:
    status, body = (404, "nothing") if answer == "missing" else (200, "{")

    def spoil(page: Page) -> None:
        page.route("**/assets/models.json", lambda route: route.fulfill(status=status, body=body))

    page = open_page(address + query, prepare=spoil, expect=("Failed to load resource",))
    page.locator("#q").dispatch_event("pointerover")
    expect(page.locator("#problem")).to_be_visible()
    expect(page.locator("[data-pager]")).to_be_visible()
    expect(page.locator("article.card").first).to_be_visible()
    page.unroute("**/assets/models.json")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#problem")).to_be_hidden()
    expect(page.locator("#count")).to_have_text("700 of 2,100 models" if query else "2,100 models")


def test_while_the_list_is_loaded_the_page_says_loading(open_page: OpenPage, address: str) -> None:
    waiting: list[Route] = []

    def hold(page: Page) -> None:
        page.route("**/assets/models.json", lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright inspects it

    page = open_page(f"{address}?q=m-2099", prepare=hold)
    expect(page.locator("#loading")).to_be_visible()
    expect(page.locator("#none")).to_be_hidden()
    expect(page.locator("article.card").first).to_be_hidden()
    page.wait_for_function("() => document.querySelector('main').ariaBusy")
    while not waiting:
        page.wait_for_timeout(10)
    waiting[0].continue_()
    expect(page.locator("article.card:visible")).to_have_count(1)
    expect(page.locator("#loading")).to_be_hidden()


def test_further_pages_are_there_without_javascript(open_page: OpenPage, address: str) -> None:
    page = open_page(address, java_script_enabled=False)
    names = page.locator("article.card [data-field=name]").all_text_contents()
    page.locator("[data-pager] a[rel=next]").click()
    page.wait_for_load_state()
    others = page.locator("article.card [data-field=name]").all_text_contents()
    assert 1 <= len(others) <= 120
    assert not {*names} & {*others}
