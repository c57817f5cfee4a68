"""What is measured, over the built page: present, absent, old, broken and hostile live files."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from live_documents import NOW, Document, figures, head, status, usage
from playwright.sync_api import Page, Route, expect
from test_site_axe import barriers

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


def planted(
    status_file: Document | bytes | None = None, usage_file: Document | bytes | None = None, now: str = NOW
) -> Callable[[Page], None]:
    """Answer with these live files, as what is there at a time; None is what a build has."""

    def prepare(page: Page) -> None:
        page.clock.set_fixed_time(now)
        page.add_init_script(SHIFTS)
        for name, content in (("status.json", status_file), ("usage.json", usage_file)):
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            page.route(f"**/admin/live/{name}", _answer(body))

    return prepare


def _answer(body: bytes) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=body, content_type="application/json")


def settled(page: Page) -> Page:
    """The page with all that is measured."""
    expect(page.locator("html.has-live")).to_have_count(1)
    return page


def test_nothing_shows_where_nothing_is_measured(open_page: OpenPage, example: str) -> None:
    asked: list[str] = []

    def watch(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))

    page = open_page(f"{example}/admin/models/mistral-7b.html", prepare=watch)
    page.wait_for_load_state("networkidle")
    assert page.locator(".live-bar, .live-note, .live-panel, .has-live").count() == 0
    expect(page.locator(".when-live")).not_to_be_visible()
    assert {"status.json", "usage.json"} <= set(asked)
    assert not {"live-overlay.js", "live.css", "traffic.js"} & set(asked)
    page = open_page(f"{example}/admin/traffic.html")
    expect(page.locator("#traffic-state")).to_contain_text("Nothing is measured here")


def test_a_host_without_the_files_is_like_one_without_measurements(open_page: OpenPage, example: str) -> None:
    def missing(page: Page) -> None:
        page.route("**/admin/live/*", lambda route: route.fulfill(status=404, body="<p>no such page</p>"))

    page = open_page(f"{example}/admin/index.html", prepare=missing, expect=("404",))
    page.wait_for_load_state("networkidle")
    assert page.locator(".live-bar, .live-note, .has-live").count() == 0


def test_a_bar_says_what_is_down_and_whom_it_touches(open_page: OpenPage, example: str) -> None:
    page = open_page(f"{example}/admin/regions.html", prepare=planted(status()))
    bar = page.locator(".live-bar")
    expect(bar.get_by_role("status")).to_have_text(
        "1 head is down: head-service-us-2 since 10 Jun, 11:20 UTC. "
        "1 model is without service: glm-5. 1 model is on a fallback: command-a. "
    )
    assert bar.get_by_role("link", name="head-service-us-2").get_attribute("href") == (
        f"{example}/admin/heads/head-service-us-2.html"
    )
    bar.get_by_role("button", name="Hide").click()
    expect(bar).to_be_hidden()
    bar = open_page(f"{example}/admin/regions.html", prepare=planted(status())).locator(".live-bar")
    bar.get_by_role("link", name="Details").click()
    expect(bar.page.get_by_role("heading", level=1)).to_have_text("Traffic")


def test_no_bar_where_all_is_well(open_page: OpenPage, example: str) -> None:
    well = status(heads=[head("head-service-eu")], without_service=[], models={})
    page = settled(open_page(f"{example}/admin/index.html", prepare=planted(well)))
    expect(page.locator(".bar nav").get_by_role("link", name="Traffic")).to_be_visible()
    expect(page.locator(".live-bar")).to_be_hidden()


def test_every_hook_gets_a_dot_also_when_it_is_drawn_later(open_page: OpenPage, example: str) -> None:
    page = open_page(f"{example}/admin/regions.html", prepare=planted(status()))
    expect(page.locator(".live-bar")).to_be_visible()
    page.evaluate(
        """() => {
          const add = (name, data) => {
            const made = document.createElement(name);
            Object.assign(made.dataset, data);
            made.id = `hook-${document.querySelectorAll("[id^=hook]").length}`;
            document.querySelector("main").append(made);
          };
          add("span", {head: "head-service-eu"});
          add("span", {head: "head-service-us-2"});
          add("span", {head: "head-service-eu-3"});
          add("span", {head: "nowhere"});
          add("span", {model: "mistral-7b", head: "head-service-eu"});
          add("span", {model: "command-a", head: "head-service-us-2"});
          add("span", {model: "glm-5"});
        }"""
    )
    said = [page.locator(f"#hook-{place}") for place in range(7)]
    expect(said[0]).to_have_text(" up 9 d")
    expect(said[1]).to_have_text(" down 40 min")
    expect(said[1].locator(".live-note")).to_have_attribute(
        "title", "down since 10 Jun, 11:20 UTC: connection refused"
    )
    expect(said[2]).to_have_text(re.compile("offline"))
    expect(said[4]).to_have_text(" up 9 d")
    expect(said[5]).to_have_text(" on a fallback 40 min")
    expect(said[6]).to_have_text(" down 30 min")
    expect(said[6].locator(".live-note")).to_have_attribute(
        "title", "without service since 10 Jun, 11:30 UTC: no head answers"
    )
    assert said[3].inner_html() == ""
    # Rows are used again for other models.
    page.evaluate("""() => { document.querySelector("#hook-4").dataset.model = "glm-5"; }""")
    expect(said[4].locator(".live-note")).to_have_attribute("data-state", "down")


def test_the_page_of_a_model_says_what_answers_and_what_is_asked(open_page: OpenPage, example: str) -> None:
    page = settled(open_page(f"{example}/admin/models/mistral-7b.html", prepare=planted(status(), usage())))
    now = page.locator("[data-now]")
    expect(now).to_contain_text("up at head-service-eu since 1 Jun, 08:00 UTC")
    expect(now).to_contain_text("100K requests a day")
    assert now.locator("svg.spark rect").count() == 28
    assert now.locator("rect").last.locator("title").text_content() == "2026-06-10: about 200,000"
    panel = page.locator("#requests")
    expect(panel).to_contain_text("1 % of the server, 2 % of the client")
    expect(panel).to_contain_text("13 EUR")
    page = settled(open_page(f"{example}/admin/models/glm-5.html", prepare=planted(status(), usage())))
    expect(page.locator("[data-now]")).to_have_text(
        " without service since 10 Jun, 11:30 UTC: no head answers"
    )
    expect(page.locator("#requests")).to_contain_text("None, or fewer")


def test_the_page_of_a_head_has_its_uptime(open_page: OpenPage, example: str) -> None:
    page = settled(
        open_page(f"{example}/admin/heads/head-service-eu.html", prepare=planted(status(), usage()))
    )
    uptime = page.locator("#uptime")
    bars = uptime.locator("svg.bars rect")
    assert bars.count() == 90
    assert [bars.nth(place).get_attribute("data-state") for place in (0, 87, 88, 89)] == [
        "unknown",
        "up",
        "down",
        "up",
    ]
    assert bars.nth(88).locator("title").text_content() == "2026-06-09: 50 % of 24 hours"
    expect(uptime).to_contain_text("75.51 % in 3 days, failures on 1 day, the last on 2026-06-09.")
    expect(page.locator("#requests")).to_contain_text("2,000")


def test_the_traffic_page_shows_all_of_it(open_page: OpenPage, example: str) -> None:
    page = settled(open_page(f"{example}/admin/traffic.html", prepare=planted(status(), usage())))
    expect(page.locator("#traffic-state")).to_have_text(
        "Status is up to date. Usage is from 2026-06-01 to 10 Jun, 11:00 UTC, 1 hour old."
    )
    main = page.locator("main")
    assert main.locator("h2").all_inner_texts() == [
        *("Now", "Residency", "Requests by day", "From where to where"),
        *("By head", "Most called models", "By owner of the key", "Uptime of heads"),
    ]
    expect(main).to_contain_text("0 of 41 million requests touched a region outside")
    rows = [row.inner_text().split("\t") for row in main.locator("table.matrix tr").all()]
    nothing = "\N{EN DASH}"
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["From clients in", "us", "eu", "no", "no answer", "All"],
        ["United States (us)", "50 88 %", nothing, nothing, "7 12 %", "57"],
        ["Europe (eu)", nothing, "300 75 %", "100 25 %", nothing, "400"],
    ]
    assert main.locator("td[data-home]").count() == 2
    models = main.get_by_role("region", name="Requests by model")
    expect(models.get_by_role("link", name="mistral-7b")).to_have_attribute(
        "href", f"{example}/admin/models/mistral-7b.html"
    )
    expect(models).to_contain_text("all others")
    heads = main.get_by_role("region", name="Requests by head")
    expect(heads).to_contain_text("no head answered")
    expect(main.get_by_role("region", name="Requests by owner of the key")).to_contain_text("no owner")


def test_each_file_is_shown_without_the_other(open_page: OpenPage, example: str) -> None:
    page = settled(open_page(f"{example}/admin/traffic.html", prepare=planted(status())))
    assert page.locator("h2").all_inner_texts() == ["Now", "Uptime of heads"]
    page = settled(open_page(f"{example}/admin/traffic.html", prepare=planted(None, usage(residency=None))))
    assert page.locator("h2").all_inner_texts()[0] == "Requests by day"
    page = settled(open_page(f"{example}/admin/index.html", prepare=planted(None, usage())))
    expect(page.locator(".when-live")).to_be_visible()
    empty = usage(total=None, first_hour=None, last_hour=None, series=None, residency=None) | {
        name: [] for name in ("days", "models", "heads", "owners", "regions", "model_days")
    }
    page = settled(open_page(f"{example}/admin/traffic.html", prepare=planted(None, empty)))
    expect(page.locator("#traffic-state")).to_have_text("usage.json has no requests yet.")


def test_old_files_say_how_old_they_are(open_page: OpenPage, example: str) -> None:
    later = planted(status(), usage(), now="2026-06-10T15:00:30Z")
    page = settled(open_page(f"{example}/admin/index.html", prepare=later))
    expect(page.locator(".live-bar")).to_contain_text("Status is 3 hours old.")
    assert page.locator("html.live-old").count() == 1
    weeks = planted(status(), usage(), now="2026-06-24T12:00:00Z")
    page = settled(open_page(f"{example}/admin/traffic.html", prepare=weeks))
    expect(page.locator("#traffic-state")).to_contain_text("Status is 14 days old.")
    expect(page.locator("#traffic-state")).to_contain_text("14 days old.")
    assert page.locator("#traffic-state").get_attribute("class") == "remark"
    page = settled(open_page(f"{example}/admin/models/mistral-7b.html", prepare=weeks))
    expect(page.locator("[data-now]")).to_contain_text("was up at head-service-eu")
    expect(page.locator("#requests")).to_contain_text("usage is 14 days old")
    earlier = planted(status(), None, now="2026-06-10T09:00:00Z")
    page = settled(open_page(f"{example}/admin/index.html", prepare=earlier))
    expect(page.locator(".live-bar")).to_contain_text("Status is dated 3 hours ahead of this clock.")


BROKEN = {
    "not JSON": (b'{"schema_version": 1, "heads": [', "is not JSON"),
    "a page": (b"<!doctype html><title>Sign in</title>", "is not JSON"),
    "a list": (b"[1, 2]", "is of another version"),
    "version 2": (b'{"schema_version": 2}', "is of another version"),
    "nothing in it": (b'{"schema_version": 1}', "cannot be used: "),
    "deep": (b"[" * 200_000, "is not JSON"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_says_so_and_breaks_nothing(
    open_page: OpenPage, example: str, content: bytes, said: str
) -> None:
    page = settled(open_page(f"{example}/admin/models/mistral-7b.html", prepare=planted(content, usage())))
    expect(page.locator(".live-bar")).to_contain_text(f"status.json {said}")
    expect(page.locator("#requests")).to_contain_text("1 million")
    page = settled(open_page(f"{example}/admin/traffic.html", prepare=planted(status(), content)))
    expect(page.locator("#traffic-state")).to_contain_text(f"usage.json {said}")
    assert page.locator("h2").all_inner_texts() == ["Now", "Uptime of heads"]


def test_a_file_without_an_end_is_not_read_to_it(open_page: OpenPage, example: str) -> None:
    endless = """
        window.pulled = 0;
        const own = window.fetch;
        window.fetch = (url, options) => String(url).endsWith("status.json")
          ? Promise.resolve(new Response(new ReadableStream({pull: (stream) => {
              window.pulled += 1;
              stream.enqueue(new Uint8Array(1_000_000).fill(32));
            }})))
          : own(url, options);
    """
    page = settled(
        open_page(f"{example}/admin/index.html", prepare=lambda page: page.add_init_script(endless))
    )
    expect(page.locator(".live-bar")).to_contain_text("status.json is too large")
    assert 10 <= page.evaluate("() => window.pulled") <= 13


def _mutants(value: Any, junk: Any) -> Iterator[Any]:
    """The value with one part replaced: each field, and of lists the first entry."""
    yield junk
    if isinstance(value, dict):
        for name, part in value.items():
            for mutant in _mutants(part, junk):
                yield {**value, name: mutant}
            yield {other: kept for other, kept in value.items() if other != name}
    elif isinstance(value, list) and value:
        for mutant in _mutants(value[0], junk):
            yield [mutant, *value[1:]]


def test_no_file_of_any_form_breaks_the_page(open_page: OpenPage, example: str) -> None:
    page = settled(open_page(f"{example}/admin/traffic.html", prepare=planted(status(), usage())))
    junk: list[Any] = [None, 1e308, "<img src=x onerror=alert(1)>", {}]
    mutants = {
        "status": [mutant for one in junk for mutant in _mutants(status(), one)],
        "usage": [mutant for one in junk for mutant in _mutants(usage(), one)],
    }
    found = page.evaluate(
        """async (mutants) => {
          const files = await import(new URL("assets/live-files.js", document.URL));
          const { overlay } = await import(new URL("assets/live-overlay.js", document.URL));
          const { draw } = await import(new URL("assets/traffic.js", document.URL));
          const good = { value: null, fault: "" };
          const tally = { shown: 0, refused: 0, thrown: [] };
          for (const [kind, documents] of Object.entries(mutants)) {
            for (const value of documents) {
              const fault = value === null ? "" : files.faultOf(kind, value);
              tally[fault ? "refused" : "shown"] += 1;
              if (fault) continue;
              const file = { value, fault };
              const pair = kind === "status" ? [file, good] : [good, file];
              try {
                await overlay(...pair);
                draw(...pair);
              } catch (error) {
                tally.thrown.push(`${error}: ${JSON.stringify(value).slice(0, 200)}`);
              }
            }
          }
          return tally;
        }""",
        mutants,
    )
    assert found["thrown"] == []
    assert found["shown"] > 50
    assert found["refused"] > 300
    assert page.locator("main img").count() == 0


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "../../evil",
    "\u202egnp.exe",
    "__proto__",
    "m" * 128,
    "javascript:alert(1)",
)


def test_hostile_names_are_texts(open_page: OpenPage, example: str) -> None:
    known = status(
        heads=[head(name, "down", reason=name) for name in HOSTILE],
        without_service=[{"model_id": name, "why": "no_upstream"} for name in HOSTILE],
        models=json.loads(
            json.dumps({name: {"tier": 1, "heads": [name], "since": None} for name in HOSTILE})
        ),
    )
    asked = usage(
        models=[{"model_id": name, **figures(10)} for name in HOSTILE],
        heads=[{"head_id": name, **figures(10)} for name in HOSTILE],
        owners=[{"owner": name, **figures(10)} for name in HOSTILE],
        regions=[{**usage()["regions"][0], "client": name, "served": name} for name in HOSTILE],
        model_days=[[name, 5, 5, "z" * 28] for name in HOSTILE],
    )
    page = settled(open_page(f"{example}/admin/traffic.html", prepare=planted(known, asked)))
    main = page.locator("main")
    assert main.locator("img, script").count() == 0
    for name in HOSTILE:
        shown = name.replace("\u202e", "\\u{202e}")
        assert main.get_by_text(shown, exact=True).count() >= 4, name
    assert "\u202e" not in page.locator("body").inner_text()
    links = main.locator("#traffic a").evaluate_all("links => links.map(({href}) => href)")
    assert links
    assert all(re.match(rf"{re.escape(example)}/admin/(heads|models)/[^/?#]", link) for link in links)
    page = settled(open_page(f"{example}/admin/index.html", prepare=planted(known, asked)))
    expect(page.locator(".live-bar")).to_contain_text(
        "6 heads are down: <img src=x onerror=alert(1)>, ../../evil"
    )


@pytest.mark.parametrize(
    "path", ["traffic.html", "models/mistral-7b.html", "heads/head-service-eu.html", "index.html"]
)
def test_what_is_measured_has_no_barrier(open_page: OpenPage, example: str, path: str) -> None:
    page = settled(open_page(f"{example}/admin/{path}", prepare=planted(status(), usage())))
    assert barriers(page) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_when_live_files_arrive(open_page: OpenPage, example: str, width: int) -> None:
    for path in ("traffic", "models/mistral-7b", "heads/head-service-eu", "index", "models"):
        page = settled(
            open_page(
                f"{example}/admin/{path}.html",
                prepare=planted(status(), usage()),
                viewport={"width": width, "height": 844},
            )
        )
        expect(page.locator("html.has-live")).to_have_count(1)
        assert page.evaluate("() => window.shifted") <= 0.02, path
        assert page.evaluate("() => document.documentElement.scrollWidth") == width, path
        page.context.close()


@pytest.mark.parametrize(("others", "counted"), [(0, ""), (1_498, " to the 1,500 most called models")])
def test_what_if_is_weighed_by_requests(open_page: OpenPage, example: str, others: int, counted: str) -> None:
    measured = usage()
    measured["model_days"] += [[f"other-{number}", 0, 0, "0" * 28] for number in range(others)]
    page = settled(open_page(f"{example}/admin/index.html", prepare=planted(status(), measured)))
    said = page.evaluate(
        """async () => {
          const { drill, headsDown, load } = await import(new URL("assets/decide.js", document.URL));
          const index = await load(new URL("assets/routes.json", document.URL));
          const dock = document.createElement("aside");
          dock.className = "what-if-more";
          document.body.append(dock);
          const names = index.routes.get("mistral-7b").tiers[0].map(([head]) => head);
          const detail = {index, down: headsDown(index, names), outcome: drill(index, names)};
          document.dispatchEvent(new CustomEvent("whatif", {detail}));
          const soon = () => new Promise((done) => setTimeout(done, 20));
          for (let turn = 0; turn < 200 && !dock.textContent; turn++) await soon();
          const said = dock.textContent;
          const none = {index, down: new Set(), outcome: drill(index, [])};
          document.dispatchEvent(new CustomEvent("whatif", {detail: none}));
          for (let turn = 0; turn < 200 && !dock.querySelector("[hidden]"); turn++) await soon();
          return said;
        }"""
    )
    assert said == (
        f"Of 100 thousand requests a day{counted}, 0 (0 %) lose service and 100 thousand (100 %) move."
    )


def test_a_status_of_an_earlier_version_is_shown_without_its_times(open_page: OpenPage, example: str) -> None:
    earlier = status()
    for one in earlier["models"].values():
        del one["since"]
    page = settled(open_page(f"{example}/admin/models/glm-5.html", prepare=planted(earlier, None)))
    expect(page.locator("[data-now]")).to_have_text(" without service: no head answers")
