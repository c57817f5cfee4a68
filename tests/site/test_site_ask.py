"""The ask box and what if, in the browser: what they say, their URLs, and bad input."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from test_site_axe import barriers

from modelspec.ask.drill import drill
from modelspec.incremental import compile_fleet
from modelspec.routing.decide import Index, Request, decide

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
SOURCE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def index() -> Index:
    """The routing table of the example fleet."""
    compiled = compile_fleet(SOURCE, today=date(2026, 1, 1))
    assert compiled.table is not None
    return Index(compiled.table)


@pytest.fixture
def admin(open_page: OpenPage, example: str) -> OpenPage:
    """Open a page of the example fleet's site."""
    return lambda path, **options: open_page(f"{example}/admin/{path}", **options)


def routes_asked(page: Page) -> list[str]:
    """Requests for the routing table, from now on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if "routes.json" in request.url else None)
    return found


def fail(route: Route) -> None:
    route.fulfill(status=200, body='{"regions": [["eu"', content_type="application/json")


# --- the ask box


def test_a_model_is_found_and_asked_by_keyboard_alone(admin: OpenPage) -> None:
    page = admin("index.html")
    asked = routes_asked(page)
    field = page.get_by_role("combobox", name="Model or alias")
    assert asked == []
    field.focus()
    expect(page.locator("#ask-says")).to_have_text("")
    field.press_sequentially("gpt-oss")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    chosen = page.locator("#ask-options [aria-selected=true]")
    name = str(chosen.get_attribute("data-name"))
    assert chosen.get_attribute("id") == field.get_attribute("aria-activedescendant")
    field.press("ArrowUp")
    assert page.locator("#ask-options [aria-selected=true]").get_attribute("data-name") != name
    field.press("ArrowDown")
    field.press("Enter")
    expect(page.locator("#ask-says")).to_contain_text(f"200: “{name}” is routed to head-service-")
    expect(field).to_have_attribute("aria-expanded", "false")
    assert page.url.endswith(f"?ask={name}")
    assert len(asked) == 1
    field.fill("mistral")
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_every_name_is_answered_as_by_modelspec_route(admin: OpenPage, index: Index) -> None:
    """From anywhere and from two regions, one of which few models are for."""
    page = admin("index.html?ask=mistral-7b")
    expect(page.locator("#ask-says")).to_contain_text("200")
    asked = [(name, region) for name in index.names for region in ("", "cn", "eu")]
    told = page.evaluate(
        """async (asked) => {
          const answers = [];
          for (const [name, region] of asked) {
            document.querySelector("#ask-model").value = name;
            document.querySelector("#ask-from").value = region;
            document.querySelector("#ask form").requestSubmit();
            await new Promise((resolve) => setTimeout(resolve));
            const heads = [...document.querySelectorAll("#ask-answer section:first-of-type > ul > li > [data-head]")];
            answers.push([document.querySelector("#ask-says").textContent, heads.map((head) => head.dataset.head)]);
          }
          return answers;
        }""",
        asked,
    )
    statuses = set()
    for (name, region), (says, heads) in zip(asked, told, strict=True):
        decision = decide(index, Request(model=name, origin=region or None))
        statuses.add(decision.status)
        assert says.startswith(f"{decision.status}: "), (name, region)
        if decision.status == 200:
            assert heads == list(decision.first), (name, region)
            assert f"is routed to {' or '.join(decision.first)}" in says
    assert statuses == {200, 403, 404}


def test_an_answer_tells_where_every_part_stands(admin: OpenPage, index: Index) -> None:
    page = admin("index.html?ask=gpt-5.4&from=eu")
    expect(page.locator("#ask-says")).to_have_text(
        "200: “gpt-5.4” is routed to head-service-us or head-service-us-2."
    )
    expect(page.get_by_label("Client in")).to_have_value("eu")
    answer = page.locator("#ask-answer")
    route = index.routes["gpt-5.4"]
    expect(answer.get_by_role("link", name=f"{route.about.path}:{route.about.line}")).to_have_attribute(
        "href", re.compile(rf"/blob/main/{route.about.path}#L{route.about.line}$")
    )
    line = 1 + [*(SOURCE / "heads.yaml").read_text().splitlines()].index("  - head_id: head-service-us")
    expect(answer.get_by_role("link", name=f"heads.yaml:{line}")).to_have_attribute(
        "href", re.compile(rf"heads\.yaml#L{line}$")
    )
    for words in (
        "https://api.openai.com/v1",
        "environment variable OPENAI_API_KEY",
        "weight 3",
        "draining: tried after every active head",
        "After an error: Claude Sonnet 4.6",
        "has no residency rule",
    ):
        expect(answer).to_contain_text(words)


@pytest.mark.parametrize(
    ("query", "says", "more"),
    [
        ("ask=claude-3-7-sonnet", "404: “claude-3-7-sonnet” is disabled.", "Status: disabled"),
        (
            "ask=nothing-like-it",
            "404: no model, alias or wildcard matches “nothing-like-it”.",
            "case-sensitive",
        ),
        ("ask=openrouter%2Fa%2Fb", "is routed to head-service-us", "a/b"),
        (
            "ask=gpt-5.4&down=us,jp",
            "503: no head is left for “gpt-5.4” with us and jp down.",
            "head-service-us: down",
        ),
        (
            "ask=gpt-5.4&from=gone",
            "No region is named “gone”, so this is the answer for clients anywhere. 200",
            "Each",
        ),
        ("ask=%3Cscript%3Ealert(1)%3C/script%3E", "“<script>alert(1)</script>”", "no declared name"),
        ("ask=%E2%80%AEevil", "“\\u{202e}evil”", "no declared name"),
        ("ask=__proto__", "404: no model", "no declared name"),
        (f"ask={'a' * 4000}", "404: no model", "no declared name"),
    ],
)
def test_a_shared_question_is_answered_in_words(admin: OpenPage, query: str, says: str, more: str) -> None:
    page = admin(f"models.html?{query}")
    expect(page.locator("#ask-says")).to_contain_text(says)
    expect(page.locator("#ask-answer")).to_contain_text(more)
    assert page.locator("html.asked").count() == 0


def test_the_nearest_names_are_offered_and_back_leads_back(admin: OpenPage) -> None:
    page = admin("index.html?ask=gpt-5.5")
    page.locator("#ask-answer").get_by_role("button", name="gpt-5.4", exact=True).click()
    expect(page.locator("#ask-says")).to_contain_text("200: “gpt-5.4”")
    page.go_back()
    expect(page.locator("#ask-says")).to_contain_text("404: no model, alias or wildcard matches “gpt-5.5”")
    expect(page.get_by_role("combobox", name="Model or alias")).to_have_value("gpt-5.5")


def test_a_shared_answer_moves_nothing(admin: OpenPage) -> None:
    page = admin("models.html?ask=gpt-5.4&down=eu")
    expect(page.locator("#ask-says")).to_contain_text("200")
    expect(page.locator(".what-if-words")).to_contain_text("down")
    shift = page.evaluate(
        """() => new Promise((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
            .observe({ type: "layout-shift", buffered: true });
          setTimeout(() => resolve(sum), 300);
        })"""
    )
    assert shift <= 0.02


@pytest.mark.parametrize("path", ["index.html?ask=gpt-5.4", "models.html?down=eu"])
def test_a_broken_table_is_said_and_breaks_nothing(admin: OpenPage, path: str) -> None:
    page = admin(path, prepare=lambda page: page.route("**/routes.json", fail))
    words = page.locator("#ask-says, .what-if-words").filter(has_text="The routing table could not be read")
    expect(words).to_be_visible()
    assert page.get_by_role("link", name="Models", exact=True).is_visible()


# --- what if


def words(page: Page) -> str:
    return page.locator(".what-if-words").inner_text()


def test_the_numbers_are_those_of_modelspec_drill(admin: OpenPage, index: Index) -> None:
    """A whole continent down, then one head more, chosen by keyboard."""
    page = admin("index.html")
    asked = routes_asked(page)
    page.get_by_role("button", name="What if…").click()
    expect(page.locator(".what-if-words")).to_contain_text("Choose a head or a region")
    assert len(asked) == 1
    down: tuple[str, ...] = ()
    for name, title in (("cn", "China (cn)"), ("head-service-eu", "head-service-eu"), ("no", "Norway (no)")):
        page.get_by_label("Take down").select_option(name)
        down += (name,)
        expect(page.locator(".what-if-words")).to_contain_text(title)
        (outcome,) = drill(index, [down]).outcomes
        assert outcome.losses
        for number, verb in (
            (len(outcome.losses), "lose"),
            (len(outcome.moves), "move"),
            (len(outcome.leaving), "leave"),
            (len(outcome.overloaded), "overloaded"),
        ):
            if number:
                assert re.search(rf"\b{number} (models?|heads?) {verb}", words(page)), (name, words(page))
        lost = page.get_by_text(f"Models without service ({len(outcome.losses)})").locator("..")
        assert lost.locator("[data-model]").count() == len(outcome.losses)
        assert {str(one.get_attribute("data-model")) for one in lost.locator("[data-model]").all()} == {
            loss.route.model_id for loss in outcome.losses
        }
    assert page.url.endswith("?down=cn,head-service-eu,no")


def test_what_is_down_goes_along_with_every_link(admin: OpenPage) -> None:
    page = admin("index.html?down=eu")
    expect(page.locator(".what-if-words")).to_contain_text("Europe (eu) down")
    page.get_by_role("link", name="Models", exact=True).click()
    expect(page.locator(".what-if-words")).to_contain_text("Europe (eu) down")
    page.locator("#q").fill("mistral")
    expect(page).to_have_url(re.compile(r"q=mistral"))
    assert "down=eu" in page.url
    page.get_by_role("link", name="Mistral 7B", exact=True).first.click()
    model = page.locator(".what-if-model")
    expect(model).to_contain_text("This model: 200: head-service-no.")
    assert model.locator("s").all_inner_texts() == ["head-service-eu", "head-service-eu-2"]
    page.get_by_role("button", name="Bring Europe (eu) back").click()
    expect(page.locator(".what-if-words")).to_contain_text("Choose a head")
    expect(model).to_have_count(0)
    page.get_by_role("button", name="Leave").click()
    expect(page.locator(".what-if-dock")).to_be_hidden()
    assert "down" not in page.url
    page.go_back()
    page.go_back()
    expect(model).to_contain_text("200: head-service-no")


def test_heads_and_regions_are_clicked_down_anywhere(admin: OpenPage) -> None:
    page = admin("index.html?ask=gpt-5.4&down=")
    head = page.locator("#ask-answer [data-head=head-service-us]").first
    expect(head).to_have_role("button")
    head.click()
    expect(page.locator("#ask-says")).to_contain_text("routed to head-service-us-2 with head-service-us down")
    region = page.locator("#ask-answer [data-region=us]").first
    region.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ask-says")).to_contain_text(
        "routed to head-service-jp with head-service-us and us down"
    )
    assert page.url.endswith("down=head-service-us,us")
    expect(page.locator("#ask-answer [data-region=us]").first).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#ask-says")).to_contain_text("routed to head-service-us or head-service-us-2.")
    assert page.locator(".is-down").count() == 0


def test_tables_of_heads_count_what_they_would_serve(admin: OpenPage, index: Index) -> None:
    page = admin("heads.html?down=eu")
    (outcome,) = drill(index, [("eu",)]).outcomes
    before = Counter(
        head for route in index.table.routes for head in (route.tiers[0].weights if route.tiers else ())
    )
    after = before + Counter(head for move in outcome.moves for head in move.after)
    after.subtract(head for move in outcome.moves for head in move.before)
    after.subtract(head for loss in outcome.losses for head in loss.before)
    assert after["head-service-no"] > before["head-service-no"]
    for head in index.heads:
        cell = page.locator(f"tr:has(> th [data-head={head}]) td[data-label='Served first']")
        expect(cell).to_have_text(str(before[head]))
        now = None if after[head] == before[head] else str(after[head])
        assert cell.get_attribute("data-now") == now, head
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("[data-now]")).to_have_count(0)


def test_pages_of_heads_and_regions_count_in_words_what_is_left(admin: OpenPage, index: Index) -> None:
    def now(page: Page, term: str) -> str | None:
        values = page.locator(f"main .rows div:has(> dt :text-is('{term}')) dd")
        return values.last.get_attribute("data-now")

    page = admin("heads/head-service-no.html?down=eu")
    expect(page.locator("dd[data-now]").first).to_be_attached()
    (outcome,) = drill(index, [("eu",)]).outcomes
    own = [route for route in index.table.routes if "head-service-no" in route.heads]
    moved = {move.route.model_id for move in outcome.moves if "head-service-no" in move.after}
    first = [r for r in own if r.model_id in moved or "head-service-no" in r.tiers[0].weights]
    assert now(page, "Serves") == f"{len(first)} models first, {len(own) - len(first)} as a fallback"
    (both,) = drill(index, [("eu", "head-service-no")]).outcomes
    lost = [loss for loss in both.losses if loss.route.model_id in {route.model_id for route in first}]
    assert str(now(page, "If it is down")).startswith(f"{len(lost)} models without service")
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("dd[data-now]")).to_have_count(0)

    # What a page says of its own outage is as true while it is down.
    page = admin("heads/head-service-us.html?down=head-service-us")
    expect(page.locator("dd[data-now]").first).to_be_attached()
    assert now(page, "Serves") == "0 models first, 0 as a fallback"
    assert now(page, "If it is down") is None
    page = admin("regions/no.html?down=eu")
    expect(page.locator("[data-now]").first).to_be_attached()
    alone = page.locator("td[data-label='No other head'][data-now]")
    assert alone.count() or now(page, "If all are down") is not None


def test_words_about_failures_are_those_of_the_build(admin: OpenPage, index: Index) -> None:
    page = admin("heads.html")
    for kind, places in (("heads", [*index.heads]), ("regions", [*index.regions])):
        for place in places:
            page.goto(f"{page.url.rpartition('/admin/')[0]}/admin/{kind}/{place}.html")
            built, said = page.evaluate(
                """async ([kind, place]) => {
                  const {failure, load} = await import(new URL("../assets/decide.js", location).href);
                  const index = await load(new URL("../assets/routes.json", location).href);
                  const heads = kind === "heads" ? [place] : index.headsOf.get(place);
                  const terms = [...document.querySelectorAll(".rows dt")];
                  const term = terms.find((one) => /^If (it|all)/.test(one.textContent));
                  const said = [...(term?.parentElement.querySelectorAll("dd") ?? [])].map((one) => one.textContent);
                  return [said.join(", ") || "nothing changes", failure(index, heads, [])];
                }""",
                [kind, place],
            )
            assert said == built, place


def test_the_drawn_route_says_who_answers(admin: OpenPage) -> None:
    page = admin("models/mistral-7b.html?down=head-service-eu")
    box = "main .box[data-head={}]"
    expect(page.locator(box.format("head-service-eu"))).to_have_class(re.compile("is-down"))
    answering = page.locator(box.format("head-service-eu-2"))
    expect(answering).to_have_class(re.compile("is-answering"))
    answering.click()
    expect(answering).to_have_class(re.compile("is-down"))
    expect(page.locator(".box.is-answering")).to_have_attribute("data-head", "head-service-no")


def test_points_of_the_map_and_bars_are_clicked_down(admin: OpenPage) -> None:
    page = admin("index.html?down=")
    point = page.locator(".map-svg a[data-region=no]")
    expect(point).to_have_role("button")
    point.locator("circle").last.click()
    expect(page.locator(".what-if-words")).to_contain_text("Norway (no) down")
    page.locator(".loads a[data-head=head-service-uk]").click()
    expect(page.locator(".what-if-words")).to_contain_text("Norway (no) and head-service-uk down")
    point.focus()
    page.keyboard.press(" ")
    expect(page.locator(".what-if-words")).to_contain_text("head-service-uk down")
    assert page.url.endswith("index.html?down=head-service-uk")


def test_an_unknown_name_is_said_and_the_rest_is_drilled(admin: OpenPage) -> None:
    page = admin("index.html?down=gone,eu,%3Cb%3E,__proto__")
    expect(page.locator(".what-if-words")).to_contain_text(
        "No head or region is named “gone”, “<b>” and “__proto__”. Europe (eu) down: "
    )


def test_other_scripts_hear_what_is_down(admin: OpenPage) -> None:
    page = admin("regions.html")
    page.evaluate(
        """() => document.addEventListener("whatif", ({ detail }) => {
          const { losses, moves } = detail.outcome;
          window.heard = [[...detail.down], losses.length + moves.length, detail.index.routes.size];
        })"""
    )
    page.get_by_role("button", name="What if…").click()
    page.get_by_label("Take down").select_option("no")
    page.wait_for_function("() => window.heard?.[0].length")
    heads, touched, models = page.evaluate("() => window.heard")
    assert heads == ["head-service-no"]
    assert touched > 0
    assert models == len([*SOURCE.glob("models.d/**/[!_]*.yaml")])


def test_a_long_list_is_cut_and_counted(
    open_page: OpenPage, long_site: Path, serve: Callable[[Path], str]
) -> None:
    page = open_page(f"{serve(long_site)}/admin/models.html?down=us")
    lost = page.get_by_text("Models without service (1,400)").locator("..")
    lost.locator("summary").click()
    expect(lost.locator("[data-model]")).to_have_count(50)
    expect(lost).to_contain_text("and 1,350 more")


@pytest.mark.parametrize("path", ["index.html?ask=gpt-5.4&from=eu", "models/gpt-5.4.html"])
def test_neither_has_a_barrier(admin: OpenPage, path: str) -> None:
    page = admin(path)
    page.get_by_role("button", name="What if…").click()
    page.get_by_label("Take down").select_option("us")
    for summary in page.locator(".what-if-more summary").all():
        summary.click()
    if "ask" in path:
        field = page.get_by_role("combobox", name="Model or alias")
        field.fill("gpt")
        field.press("ArrowDown")
        expect(page.get_by_role("listbox")).to_be_visible()
    assert barriers(page) == []
