import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
Model = dict[str, Any]


@pytest.fixture(scope="module")
def models(example_site: Path) -> list[Model]:
    """What the page must show, from the snapshot."""
    snapshot = json.loads((example_site / "admin/models.json").read_text())
    rows: list[Model] = snapshot["models"]
    return rows


@pytest.fixture(scope="module")
def address(example: str) -> str:
    return f"{example}/admin/models.html"


@pytest.fixture
def page(open_page: OpenPage, address: str) -> Page:
    return ready(open_page(address))


def ready(page: Page) -> Page:
    """The page once it has the list of all models, which the controls ask for."""
    page.locator("#q").dispatch_event("pointerover")
    expect(page.locator("main.is-ready")).to_be_visible()
    return page


def cards(page: Page) -> Locator:
    return page.locator("article.card:visible")


def ids(page: Page) -> list[str]:
    """What is shown, once nothing more is added to it."""
    page.wait_for_function(
        """() => parseInt(document.querySelector("#count").textContent) ===
            document.querySelectorAll("article.card").length"""
    )
    return [str(card.get_attribute("data-model")) for card in cards(page).all()]


def option(page: Page, facet: str, value: str) -> Locator:
    box = page.locator(f'fieldset[data-facet={facet}] input[value="{value}"]')
    # In a narrow window, the filters are collapsed.
    if page.locator(".filters > summary").is_visible() and not box.is_visible():
        page.locator(".filters > summary").click()
    return box


def number(page: Page, facet: str, value: str) -> Locator:
    return page.locator(f'fieldset[data-facet={facet}] label:has(input[value="{value}"]) .count')


def query(page: Page) -> str:
    return page.url.partition("?")[2]


def test_every_model_is_shown_in_the_order_of_ids(page: Page, models: list[Model]) -> None:
    assert ids(page) == [model["model_id"] for model in models]
    expect(page.locator("#count")).to_have_text(f"{len(models)} models")


def test_no_control_stays_hidden(page: Page) -> None:
    assert page.locator("[data-js][hidden]").count() == 0


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Command A", lambda model: model["name"] == "Command A"),
        ("whisper-large", lambda model: model["model_id"].startswith("whisper-large")),
        (
            "(cn)",
            lambda model: model["region"] == "cn" or model["priority_head"].startswith("head-service-cn"),
        ),
        ("HEAD-service-us-2", lambda model: model["priority_head"] == "head-service-us-2"),
        ("retired", lambda model: "retired" in model["tags"]),
        ("disabled", lambda model: model["status"] == "disabled"),
        ("cohere", lambda model: model["provider"] == "cohere"),
    ],
)
def test_the_search_looks_into_every_visible_field(
    page: Page, models: list[Model], words: str, wanted: Callable[[Model], bool]
) -> None:
    page.locator("#q").fill(words)
    must = {model["model_id"] for model in models if wanted(model)}
    assert must
    expect(page.locator("#count")).to_have_text(re.compile(rf"^\d+ of {len(models)} models"))
    found = set(ids(page))
    assert must <= found
    assert len(found) < len(models)


def test_the_search_finds_endpoint_hosts(page: Page, models: list[Model]) -> None:
    host = "api.mistral.ai"
    page.locator("#q").fill(host)
    page.wait_for_url(f"**?q={host}")
    wanted = {
        model["model_id"]
        for model in models
        if any(host in str(target["endpoint"]) for target in model["deployments"])
    }
    assert wanted
    assert set(ids(page)) == wanted


def test_all_words_must_match_in_any_order(page: Page) -> None:
    page.locator("#q").fill("united whisper")
    expect(cards(page)).to_have_count(1)


def test_accents_and_case_do_not_matter(page: Page, models: list[Model]) -> None:
    page.locator("#q").fill("ÉUROPE")
    expect(page.locator("#count")).to_have_text(re.compile(rf"^[1-9]\d* of {len(models)} models$"))


def test_words_of_the_buttons_are_not_searched(page: Page) -> None:
    page.locator("#q").fill("clipboard")
    expect(cards(page)).to_have_count(0)
    expect(page.locator("#none")).to_be_visible()
    assert page.locator("section.group:visible").count() == 0


def test_choices_of_one_facet_add_up_and_facets_narrow_each_other(page: Page, models: list[Model]) -> None:
    option(page, "region", "eu").check()
    option(page, "region", "cn").check()
    regional = {model["model_id"] for model in models if model["region"] in {"eu", "cn"}}
    assert set(ids(page)) == regional
    option(page, "local", "yes").check()
    both = {m["model_id"] for m in models if m["model_id"] in regional and m["local_inference"]}
    assert set(ids(page)) == both
    expect(page.locator("#count")).to_have_text(f"{len(both)} of {len(models)} models")


def test_counts_show_the_results_of_a_choice(page: Page, models: list[Model]) -> None:
    option(page, "region", "eu").check()
    page.locator("#q").fill("chat")
    page.wait_for_url("**?q=chat&region=eu")
    found = [model for model in models if model["model_id"] in set(ids(page))]
    assert found
    for value, times in Counter(model["status"] for model in found).items():
        expect(number(page, "status", value)).to_have_text(str(times))
    # The choice of a region does not narrow the counts of other regions.
    page.locator("#q").fill("")
    elsewhere = sum(model["region"] == "us" for model in models)
    expect(number(page, "region", "us")).to_have_text(str(elsewhere))


@pytest.mark.parametrize("by", ["name", "region", "head", "status"])
def test_sorting(page: Page, by: str) -> None:
    ids(page)
    before = page.locator(f"article.card [data-field={by}]").all_text_contents()
    page.locator("#sort").select_option(by)
    ids(page)
    after = [text.strip() for text in page.locator(f"article.card [data-field={by}]").all_text_contents()]
    assert sorted(after) == sorted(text.strip() for text in before)
    compare = "new Intl.Collator('en', {numeric: true}).compare"
    assert after == page.evaluate(f"(texts) => [...texts].sort({compare})", after)
    page.locator("#sort").select_option("id")
    ids(page)
    assert page.locator(f"article.card [data-field={by}]").all_text_contents() == before


def test_the_table_shows_what_the_cards_show(page: Page) -> None:
    page.locator("#q").fill("mistral")
    page.wait_for_url("**?q=mistral")
    ids(page)
    names = page.locator("article.card:visible [data-field=name]").all_text_contents()
    links = [
        link.get_attribute("href") for link in page.locator("article.card:visible a[data-field=name]").all()
    ]
    page.locator("button[data-view=table]").click()
    expect(page.locator("#models-table")).to_be_visible()
    expect(page.locator("#cards")).to_be_hidden()
    expect(page.locator("button[data-view=table]")).to_have_attribute("aria-pressed", "true")
    rows = page.locator("#models-table tbody:not(.space) tr")
    assert [name.strip() for name in rows.locator("[data-field=name]").all_text_contents()] == [
        name.strip() for name in names
    ]
    shown = page.evaluate(
        "() => [...document.querySelectorAll('#models-table a[data-field=name]')].map((a) => new URL(a.href).pathname)"
    )
    assert shown == links


def test_the_url_restores_the_view(page: Page, open_page: OpenPage) -> None:
    page.locator("#q").fill("chat & ü")
    page.locator("#q").fill("chat")
    option(page, "region", "eu").check()
    option(page, "region", "us").check()
    page.locator("#sort").select_option("name")
    page.locator("button[data-view=table]").click()
    assert query(page) == "q=chat&region=eu&region=us&sort=name&view=table"
    names = page.locator("#models-table tbody [data-field=name]").all_text_contents()
    other = ready(open_page(page.url))
    assert other.locator("#q").input_value() == "chat"
    assert other.locator("#models-table tbody [data-field=name]").all_text_contents() == names
    assert option(other, "region", "eu").is_checked()


def test_back_and_forward_go_through_choices_not_letters(page: Page, address: str) -> None:
    page.locator("#q").press_sequentially("chat")
    page.wait_for_url("**/models.html?q=chat")
    option(page, "region", "eu").check()
    page.wait_for_url("**/models.html?q=chat&region=eu")
    narrowed = ids(page)
    page.go_back()
    expect(option(page, "region", "eu")).not_to_be_checked()
    assert page.url == f"{address}?q=chat"
    assert len(ids(page)) > len(narrowed)
    page.go_forward()
    expect(option(page, "region", "eu")).to_be_checked()
    assert ids(page) == narrowed


def test_a_choice_keeps_what_was_just_typed(page: Page) -> None:
    page.locator("#q").fill("chat")
    option(page, "region", "eu").check()
    page.go_back()
    expect(page.locator("#q")).to_have_value("chat")


def test_slash_goes_to_the_search_and_escape_clears(page: Page, models: list[Model]) -> None:
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.locator("#q")).to_have_value("a/b")
    page.keyboard.press("Escape")
    expect(page.locator("#q")).to_have_value("")
    option(page, "status", "disabled").check()
    assert len(ids(page)) < len(models)
    page.keyboard.press("Escape")
    expect(cards(page)).to_have_count(len(models))
    assert query(page) == ""


def test_keys_with_a_modifier_belong_to_the_browser(page: Page) -> None:
    prevented = page.evaluate(
        """() => [["f", true], ["/", true], ["F3", false], ["'", false]].map(([key, ctrlKey]) => {
            const event = new KeyboardEvent("keydown", {key, ctrlKey, bubbles: true, cancelable: true});
            document.body.dispatchEvent(event);
            return event.defaultPrevented;
        })"""
    )
    assert prevented == [False] * 4
    expect(page.locator("#q")).not_to_be_focused()


def test_clear_brings_everything_back_and_keeps_the_focus_in_the_page(
    page: Page, models: list[Model]
) -> None:
    clear = page.locator("[data-action=clear]")
    expect(clear).to_be_hidden()
    page.locator("#q").fill("zzz")
    clear.click()
    expect(cards(page)).to_have_count(len(models))
    expect(page.locator("#q")).to_be_focused()
    expect(clear).to_be_hidden()


def test_enter_in_the_search_does_not_leave_the_page(page: Page) -> None:
    page.locator("#sort").select_option("name")
    page.locator("#q").fill("chat")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/models.html?q=chat&sort=name")


def test_copy_buttons_copy_and_announce_it(open_page: OpenPage, address: str) -> None:
    page = open_page(address, permissions=["clipboard-read", "clipboard-write"])
    for button in (
        cards(page).first.locator("button[data-of=id]"),
        page.locator("button[data-of=endpoint]:visible").first,
    ):
        text = str(button.get_attribute("data-copy"))
        button.click()
        expect(page.locator("#notice")).to_have_text(f"Copied {text}")
        assert page.evaluate("() => navigator.clipboard.readText()") == text
        expect(button).to_have_attribute("data-copied", "yes")


def test_without_a_clipboard_api_copying_falls_back_to_a_selection(open_page: OpenPage, address: str) -> None:
    page = open_page(address, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    button = cards(page).first.locator("button[data-of=id]")
    button.click()
    expect(page.locator("#notice")).to_contain_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == button.get_attribute("data-copy")
    expect(button).to_be_focused()
    assert page.locator("textarea").count() == 0


def test_announces_a_failed_copy(page: Page) -> None:
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.evaluate("() => { document.execCommand = () => false; }")
    cards(page).first.locator("button[data-of=id]").click()
    expect(page.locator("#notice")).to_have_text("The browser did not allow copying.")


def saved(page: Page, form: str) -> str:
    with page.expect_download() as download:
        page.locator(f"button[data-export={form}]").click()
    assert download.value.suggested_filename == f"models.{form}"
    # Line ends are part of the format.
    return download.value.path().read_bytes().decode()


def test_the_json_export_contains_the_filtered_list(page: Page, models: list[Model]) -> None:
    option(page, "region", "eu").check()
    rows = json.loads(saved(page, "json"))
    wanted = [model for model in models if model["region"] == "eu"]
    same = ["model_id", "name", "region", "priority_head", "provider", "status", "local_inference", "tags"]
    assert [{key: row[key] for key in same} for row in rows] == [
        {key: m[key] for key in same} for m in wanted
    ]


def test_the_csv_export_is_rfc_4180_in_the_shown_order(page: Page) -> None:
    page.locator("#sort").select_option("name")
    page.locator("#q").fill("chat")
    page.wait_for_url("**q=chat**")
    text = saved(page, "csv")
    assert "\n" not in text.replace("\r\n", "")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["model_id"] for row in rows] == ids(page)


def test_csv_cells_cannot_become_formulas(page: Page, example: str) -> None:
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", 'say "hi", =1', "\uff1d1", "plain"]
    text = page.evaluate(
        """async ([module, names]) => (await import(module)).toCsv(names.map((name) => ({
            id: "a", name, endpoint: "-x",
            region: "eu", head: "h", provider: "p", status: "active", local: false, tags: ["=a", "b"]})))""",
        [f"{example}/admin/assets/export.js", names],
    )
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == [
        *[f"'{name}" for name in names[:6]],
        'say "hi", =1',
        "'\uff1d1",
        "plain",
    ]
    assert rows[0]["endpoint"] == "'-x"
    assert rows[0]["tags"] == "'=a b"
    assert '"say ""hi"", =1"' in text


def test_everything_is_reached_by_the_keyboard(page: Page) -> None:
    reached = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        mark = page.evaluate(
            """() => {
                const {id, dataset, type} = document.activeElement;
                const facet = document.activeElement.closest("fieldset")?.dataset.facet;
                return id || dataset.view || dataset.export || dataset.of || (type === "checkbox" && facet);
            }"""
        )
        reached.add(mark)
        if "endpoint" in reached:
            break
    assert {"q", "sort", "cards", "table", "json", "csv", "id", "endpoint"} <= reached


def test_forced_colours_show_what_is_chosen(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    ground = "(one) => getComputedStyle(one).backgroundColor"
    for chosen, other in (
        ("[data-view=cards]", "[data-view=table]"),
        ("nav a[aria-current]", "nav a:not([aria-current])"),
    ):
        assert page.locator(chosen).evaluate(ground) != page.locator(other).first.evaluate(ground)


def test_paper_has_no_nested_grids(page: Page) -> None:
    """What avoids a break in them would be printed over what follows."""
    page.emulate_media(media="print")
    display = "(one) => getComputedStyle(one).display"
    for selector in ("body", "main", ".browse", ".results", "#cards"):
        assert page.locator(selector).evaluate(display) == "block", selector


def test_without_javascript_the_page_is_complete_and_has_no_dead_control(
    open_page: OpenPage, address: str, models: list[Model]
) -> None:
    page = open_page(address, java_script_enabled=False)
    assert page.locator("article.card").count() == len(models)
    for control in ("main button", "main input", "main select", "main textarea"):
        assert page.locator(f"{control}:visible").count() == 0
