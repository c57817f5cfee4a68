"""The dashboard's script: days from the reader's own, and the fleet without some heads."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from modelspec.incremental import compile_fleet
from modelspec.pipeline import emission_of, write
from modelspec.routing.decide import without
from modelspec.routing.table import RoutingTable
from modelspec.site.load import load_of_heads, load_of_regions
from modelspec.site.map import fallback_flows
from modelspec.write import Written

pytestmark = pytest.mark.browser

REPOSITORY = Path(__file__).parents[2]
OpenPage = Callable[..., Page]
DOWN = ("head-service-us", "head-service-us-2", "head-service-eu", "head-service-ru", "head-service-ru-2")
WHATIF = """async (down) => {
  const { load } = await import("/admin/assets/decide.js");
  const index = await load("/admin/assets/routes.json");
  document.dispatchEvent(new CustomEvent("whatif", { detail: { down: new Set(down), index } }));
}"""


@pytest.fixture(scope="module", name="dated")
def _dated(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], str]) -> str:
    """A site with sunsets and a waiver."""
    folder = tmp_path_factory.mktemp("dated")
    (folder / "models.d").mkdir()
    texts: dict[str, dict[str, object]] = {
        "regions.yaml": {"regions": [{"code": "eu", "name": "Europe"}]},
        "heads.yaml": {"heads": [{"head_id": "h", "region": "eu", "url": "https://h.example.net"}]},
        "waivers.yaml": {
            "waivers": [
                {
                    "guard": "max_removed",
                    "subject": "m0",
                    "reason": "we leave a vendor",
                    "expires": "2099-03-01",
                    "approved_by": "a@example.com",
                }
            ]
        },
    }
    for number, day in enumerate(("2099-01-01", "2099-05-01", "2099-06-01")):
        texts[f"models.d/m{number}.yaml"] = {
            "model_id": f"m{number}",
            "name": "M",
            "region": "eu",
            "priority_head": "h",
            "endpoint": "https://a.example.org/v1",
            "status": "deprecated",
            "sunset": day,
        }
    for path, value in texts.items():
        (folder / path).write_text(json.dumps(value))
    compiled = compile_fleet(folder, today=date(2099, 1, 1))
    assert isinstance(write(emission_of(compiled), folder / "dist"), Written)
    return serve(folder / "dist" / "site")


@pytest.mark.parametrize(
    ("day", "words", "waiver"),
    [
        ("2099-02-15", "1 model reaches its sunset within 90 days, and 1 has passed it", "(in 14 days)"),
        ("2099-03-01", "1 model reaches its sunset within 90 days, and 1 has passed it", "(today)"),
        ("2099-03-02", "1 model reaches its sunset within 90 days, and 1 has passed it", "(1 day ago)"),
        ("2100-01-01", "0 models reach their sunset within 90 days, and 3 have passed it", "(306 days ago)"),
    ],
)
def test_days_count_from_the_readers_own(
    open_page: OpenPage, dated: str, day: str, words: str, waiver: str
) -> None:
    def prepare(page: Page) -> None:
        page.clock.set_fixed_time(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC))

    page = open_page(f"{dated}/admin/index.html", prepare=prepare, timezone_id="Asia/Tokyo")
    expect(page.locator("[data-concern=sunset] > p")).to_have_text(words)
    expect(page.locator("[data-concern=waiver] li")).to_contain_text(f"until 2099-03-01 {waiver}")


def test_sunsets_far_away_are_no_concern_yet(open_page: OpenPage, dated: str) -> None:
    page = open_page(
        f"{dated}/admin/index.html", prepare=lambda page: page.clock.set_fixed_time("2090-01-01")
    )
    expect(page.locator("[data-concern=waiver]")).to_be_visible()
    expect(page.locator("[data-concern=sunset]")).to_be_hidden()


def reduced(routing: RoutingTable, down: frozenset[str]) -> RoutingTable:
    return replace(
        routing, routes=tuple(replace(one, tiers=without(one.tiers, down)) for one in routing.routes)
    )


def test_load_counts_and_map_follow_the_heads_that_are_down(open_page: OpenPage, example: str) -> None:
    table = compile_fleet(REPOSITORY, today=date(2026, 1, 1)).table
    assert table is not None
    left = reduced(table, frozenset(DOWN))
    page = open_page(f"{example}/admin/index.html")
    content = "() => document.querySelector('main').innerHTML"
    before = page.evaluate(content)
    page.evaluate(WHATIF, list(DOWN))
    for noun, loads in (("head", load_of_heads(left)), ("region", load_of_regions(left))):
        gone = {*DOWN} if noun == "head" else {"ru"}
        offline = {one.head_id for one in table.heads if one.status == "offline"}
        for name, load in loads.items():
            words = page.locator(f".loads > [data-{noun}='{name}'] [data-words]").inner_text()
            if name in gone:
                assert words == "down"
            elif name not in offline:
                assert words.startswith(f"{len(load.first)} first, {len(load.fallback)} fallback"), name
    titles = {one.code: f"{one.name} ({one.code})" for one in table.regions}
    flows = {
        f"{titles[start]} to {titles[end]}: {models} model{'s' * (models > 1)}"
        for (start, end), models in fallback_flows(left).items()
    }
    assert {*page.locator(".map-arc title").all_text_contents()} == flows
    unserved = sum(one.is_routed and not one.tiers for one in left.routes)
    assert unserved > 0
    expect(page.locator("[data-concern=unserved] strong")).to_have_text(str(unserved))
    expect(page.locator("[data-concern=unserved]")).to_be_visible()
    page.evaluate(WHATIF, [])
    assert page.evaluate(content) == before
