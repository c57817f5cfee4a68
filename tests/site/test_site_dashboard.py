import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routing_tables import head, region, route, table

from modelspec.ask.drill import drill
from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.waiver import waivers_of
from modelspec.incremental import compile_fleet
from modelspec.pipeline import emission_of
from modelspec.routing.decide import Index
from modelspec.routing.table import RoutingTable
from modelspec.rules import RULES
from modelspec.site import SiteContext
from modelspec.site.attention import Concern, concerns, day_of
from modelspec.site.dashboard import emit_dashboard
from modelspec.site.forges import repository_of
from modelspec.site.frame import frame_of
from modelspec.site.load import load_of_heads, naming_models, rows_of_heads, rows_of_regions
from modelspec.site.map import fallback_flows, map_of
from modelspec.site.wording import Links, Wording
from modelspec.text.source import Span

BUDGET = 110_000
"""Bytes of the dashboard, whatever the fleet."""

FLEET = table(
    [region("eu", ("eu", "us")), region("us"), region("cn"), region("br")],
    [
        head("eu-1", "eu", capacity=4),
        head("eu-2", "eu", "draining", capacity=1),
        head("us-1", "us"),
        head("us-2", "us", "offline", capacity=2),
        head("cn-1", "cn"),
    ],
    [
        route("atlas", {"eu-1": 1}, {"us-1": 1}),
        route("bison", {"eu-1": 1}, {"eu-2": 1}),
        route("cobra", {"eu-1": 1}, named=("us-2",)),
        route("dodo", {"us-1": 3, "eu-1": 1}, {"eu-2": 1}, where="us"),
        route("emu", named=("us-2",), where="us"),
        route("fox", status="disabled"),
    ],
)


def dashboard(routing: RoutingTable, context: SiteContext | None = None) -> str:
    context = context or SiteContext()
    frame = frame_of(context)
    (page,) = emit_dashboard(routing, context, frame, Wording(routing, frame.links))
    return page.content.decode()


def needs(routing: RoutingTable, context: SiteContext | None = None) -> list[Concern]:
    names = Wording(routing, Links("/"))
    found = concerns(routing, context or SiteContext(), naming_models(routing), names)
    return [one for one in found if one.count]


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


def sunsetting(*days: str) -> RoutingTable:
    routes = [route(f"m{number}", {"eu-1": 1}) for number in range(len(days))]
    routes = [
        replace(one, about=replace(one.about, sunset=day)) for one, day in zip(routes, days, strict=True)
    ]
    return table([region("eu")], [head("eu-1", "eu")], routes)


def test_what_needs_a_person_is_counted_named_and_linked() -> None:
    context = SiteContext(
        unproved={"atlas": ("api.example.com",), "bison": ("api.example.com", "{env: HOST}")}
    )
    found = needs(FLEET, context)
    assert [(one.kind, one.count, one.words, one.href) for one in found] == [
        ("unserved", 1, "model has no head in service", "/admin/models.html?risk=one-head"),
        ("one-head", 2, "models have no second active head", "/admin/models.html?risk=one-head"),
        (
            "residency",
            2,
            "models have a residency rule that nothing proves is kept",
            "/admin/models.html?risk=unknown-residency",
        ),
        ("offline", 1, "head is offline", "/admin/heads.html"),
        ("draining", 1, "head is draining", "/admin/heads.html"),
        ("disabled", 1, "model is disabled", "/admin/models.html?status=disabled"),
        (
            "outage",
            1,
            "model loses service without eu-1 (eu), and 3 models move: the worst head to lose",
            "/admin/heads/eu-1.html",
        ),
        (
            "outage",
            2,
            "models lose service without EU (eu), and 2 models move: the worst region to lose",
            "/admin/regions/eu.html",
        ),
    ]
    named = {one.kind: [link.text for link in one.examples] for one in found}
    assert named["unserved"] == ["emu"]
    assert named["one-head"] == ["bison", "cobra"]
    assert named["residency"] == ["api.example.com: 2 models", "{env: HOST}: 1 model"]
    assert named["offline"] == ["us-2 (us): named by 2 models"]


def test_a_fleet_that_outlives_any_head_says_which_moves_most() -> None:
    heads = [head("eu-1", "eu"), head("us-1", "us")]
    routes = [route("a", {"eu-1": 1}, {"us-1": 1}), route("b", {"eu-1": 1}, {"us-1": 1})]
    found = needs(table([region("eu"), region("us")], heads, routes))
    assert [(one.kind, one.count) for one in found] == [("move", 2), ("move", 2)]
    assert found[0].words == "models move without eu-1 (eu) and none loses service: the worst head to lose"
    assert needs(table([], [], [])) == []


@st.composite
def fleets(draw: st.DrawFn) -> RoutingTable:
    heads = [
        head(f"h{number}", draw(st.sampled_from(["eu", "us"])), draw(st.sampled_from(["active", "draining"])))
        for number in range(4)
    ]
    ids = st.lists(st.sampled_from([one.head_id for one in heads]), unique=True, max_size=3)
    routes = [
        route(f"m{number}", *({one: 1} for one in draw(ids))) for number in range(draw(st.integers(1, 6)))
    ]
    return table([region("eu"), region("us")], heads, routes)


@given(routing=fleets())
@settings(max_examples=40, deadline=None)
def test_the_worst_head_is_that_of_the_drill(routing: RoutingTable) -> None:
    index = Index(routing)
    drilled = drill(index, [(one.head_id,) for one in routing.heads]).outcomes
    worst = max((len(one.losses), len(one.moves)) for one in drilled)
    said = [one for one in needs(routing) if one.kind in {"outage", "move"} and "worst head" in one.words]
    assert [one.count for one in said] == ([worst[0] or worst[1]] if any(worst) else [])


def test_sunsets_count_from_the_commit_and_list_the_nearest() -> None:
    routing = sunsetting("2026-01-05", "2025-12-31", "2026-04-01", "2026-04-02", "2026-04-02")
    (found,) = [
        one for one in needs(routing, SiteContext(commit_date="2026-01-01T12:00:00Z")) if one.kind == "sunset"
    ]
    assert (found.count, found.words) == (3, "models reach their sunset within 90 days of the commit")
    assert [one.day for one in found.dated] == [
        "2025-12-31", "2026-01-05", "2026-04-01", "2026-04-02", "2026-04-02"
    ]  # fmt: skip
    assert found.days == "2025-12-31*1 2026-01-05*1 2026-04-01*1 2026-04-02*2"
    assert found.href == "/admin/models.html?sunset=90d"


def test_without_a_date_every_sunset_counts_and_a_far_one_waits_for_the_reader() -> None:
    routing = sunsetting("2030-01-01", "2029-01-01")
    (found,) = [one for one in needs(routing) if one.kind == "sunset"]
    assert (found.count, found.words) == (2, "models have a sunset")
    later = dashboard(routing, SiteContext(commit_date="2026-01-01"))
    assert '<li data-concern="sunset" data-days="2029-01-01*1 2030-01-01*1" hidden>' in later
    assert 'data-concern="sunset"' not in dashboard(sunsetting("soon", "2026-02-30"))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31T23:59:59+14:00", date(2026, 1, 31)),
        ("2026-02-30", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        ("\u0662\u0660\u0662\u0666-01-01", None),  # digits of another script
    ],
)
def test_a_day_is_read_from_a_date_that_anybody_may_pass(text: str | None, day: date | None) -> None:
    assert day_of(text) == day


def test_waivers_stand_with_their_last_day_the_next_first() -> None:
    waivers = waivers_of(
        {
            "waivers": [
                {
                    "rule": "MS301",
                    "subject": f"m{n}",
                    "reason": "r",
                    "expires": f"2026-01-{20 - n}",
                    "approved_by": "a",
                }
                for n in range(11)
            ]
        }
    )
    context = SiteContext(
        waivers=waivers, repository=repository_of({"url": "https://git.example.net/f", "forge": "gitea"})
    )
    (found,) = [one for one in needs(FLEET, context) if one.kind == "waiver"]
    assert (found.count, found.rest) == (11, 1)
    assert found.href == "https://git.example.net/f/src/branch/main/waivers.yaml#L1"
    assert [(one.day, one.link.text) for one in found.dated[:2]] == [
        ("2026-01-10", "MS301 for m10"),
        ("2026-01-11", "MS301 for m9"),
    ]
    assert 'MS301 for m10</bdi> until <time datetime="2026-01-10">' in dashboard(FLEET, context)


def test_what_is_not_proved_is_what_the_rule_finds(tmp_path: Path) -> None:
    (tmp_path / "models.d").mkdir()
    (tmp_path / "regions.yaml").write_text("regions:\n- {code: eu, name: Europe, residency: [eu]}\n")
    (tmp_path / "heads.yaml").write_text("heads:\n- {head_id: h, region: eu, url: https://h.example.net}\n")
    common = "name: A\nregion: eu\npriority_head: h\napi_key: {env: SOME_KEY}\n"
    texts = {
        "told": "endpoint: https://a.example.org/v1\nupstream_region: eu\n",
        "through": "endpoint: https://a.example.org/v1\nupstream_region: eu\nfallback_models: [untold]\n",
        "untold": "endpoint: https://b.example.org/v1\n",
    }
    for name, text in texts.items():
        (tmp_path / f"models.d/{name}.yaml").write_text(f"model_id: {name}\n{common}{text}")
    compiled = compile_fleet(tmp_path, today=date(2026, 1, 1))
    context = emission_of(compiled).context
    assert context.unproved == {"through": ("b.example.org",), "untold": ("b.example.org",)}
    (said,) = [one.message for one in compiled.diagnostics if one.code == "MS313"]
    assert "2 models" in said


def test_findings_are_one_line_a_rule_with_three_examples(tmp_path: Path) -> None:
    (tmp_path / "models.d").mkdir()
    (tmp_path / "regions.yaml").write_text(
        "regions:\n- {code: eu, name: Europe}\n- {code: us, name: America}\n"
    )
    (tmp_path / "heads.yaml").write_text(
        "heads:\n- {head_id: h, region: eu, url: https://h.example.net}\n"
        "- {head_id: spare, region: us, url: https://spare.example.net}\n"
    )
    for number in range(101):
        (tmp_path / f"models.d/m-{number:03}.yaml").write_text(
            f"model_id: m-{number:03}\nname: A\nregion: eu\npriority_head: h\nendpoint: https://a.example.org/v1\n"
        )
    compiled = compile_fleet(tmp_path, today=date(2026, 1, 1))
    assert compiled.table is not None
    forge = repository_of({"url": "https://git.example.net/f", "forge": "gitea"})
    html = dashboard(compiled.table, replace(emission_of(compiled).context, repository=forge))
    block = html.partition('<ul class="findings">')[2].partition("</section>")[0]
    lines = [text_of(line) for line in block.split("</p>\n<details>")[:-1]]
    assert [line.rpartition("Examples")[2] for line in lines[:1]] == [
        "warning MS402 A model has a single point of failure 101 of MS402"
    ]
    assert lines[-1].endswith("info MS601 No model uses a head 1 of MS601")
    assert 'href="/admin/models.html?risk=one-head">101<' in block
    assert block.count("models.d/m-00") == 2 * 3  # path and address
    assert "https://git.example.net/f/src/branch/main/models.d/m-002.yaml#L4" in block
    assert "101 warnings, 1 info. None of them stops a build" in text_of(html)


def test_load_says_first_fallback_share_offline_and_idle() -> None:
    names = Wording(FLEET, Links("/"))
    rows = rows_of_heads(FLEET, load_of_heads(FLEET), naming_models(FLEET), names)
    assert [(row.name, row.state, row.words) for row in rows] == [
        ("eu-1", "active", "4 first, 0 fallback · capacity 4, 1.2 times its share"),
        ("us-1", "active", "1 first, 1 fallback"),
        ("eu-2", "draining", "0 first, 2 fallback · draining: last in every route · capacity 1"),
        ("cn-1", "idle", "idle: no model names it"),
        ("us-2", "offline", "offline: gets no request; 2 models name it"),
    ]
    assert [(row.name, row.state, row.words) for row in rows_of_regions(FLEET, names)] == [
        ("eu", "active", "4 first, 0 fallback"),
        ("us", "active", "1 first, 1 fallback"),
        ("cn", "idle", "idle: no model is served here"),
        ("br", "idle", "has no head"),
    ]


def test_a_head_far_above_its_share_is_marked() -> None:
    heads = [head("a", "eu", capacity=1), head("b", "eu", capacity=9)]
    routing = table([region("eu")], heads, [route(f"m{n}", {"a": 1}, {"b": 1}) for n in range(3)])
    rows = rows_of_heads(
        routing, load_of_heads(routing), naming_models(routing), Wording(routing, Links("/"))
    )
    assert [(row.name, row.state) for row in rows] == [("a", "high"), ("b", "active")]
    assert rows[0].words.endswith("capacity 1, 10.0 times its share")


def test_models_flow_to_the_first_other_region_of_their_route() -> None:
    assert dict(fallback_flows(FLEET)) == {("eu", "us"): 2, ("us", "eu"): 1}
    far = table(
        [region("a"), region("b"), region("c")],
        [head("a1", "a"), head("b1", "b"), head("c1", "c")],
        [route("m", {"a1": 1}, {"a1": 1}, {"c1": 1}, {"b1": 1}, where="a")],
    )
    assert dict(fallback_flows(far)) == {("a", "c"): 1}


def located(routing: RoutingTable) -> RoutingTable:
    regions = tuple(
        replace(one, location=(50.0 + n, 8.0)) for n, one in enumerate(routing.regions) if one.code != "cn"
    )
    return replace(routing, regions=(*regions, *(one for one in routing.regions if one.code == "cn")))


def test_the_map_stands_in_words_too() -> None:
    html = dashboard(located(FLEET))
    table_text = text_of(html.partition('<table class="map-table">')[2].partition("</table>")[0])
    assert "EU (eu) 4 EU (eu) and US (us) US (us): 2 models" in table_text
    assert "US (us) 2 anywhere EU (eu): 1 model" in table_text
    assert "CN (cn) (no location) 0 anywhere nowhere else" in table_text
    assert "<title>EU (eu): 4 models, served only in EU (eu) and US (us)</title>" in html
    assert "<title>EU (eu) to US (us): 2 models</title>" in html
    assert html.count('class="map-arc"') == 2
    assert html.count('class="map-ring"') == 1
    assert html.count('class="map-allowed"') == 1
    assert "map-svg" not in dashboard(FLEET)
    assert "US (us) 2 anywhere EU (eu): 1 model" in text_of(dashboard(FLEET))


def test_every_head_and_region_shown_can_be_found_by_scripts() -> None:
    html = dashboard(located(FLEET))
    shown = [f'<li data-head="{one.head_id}"' for one in FLEET.heads]
    shown += [f'<li data-region="{one.code}"' for one in FLEET.regions]
    assert [one for one in shown if one not in html] == []
    assert html.count('class="map-point" data-region="') == 3


def test_the_build_names_its_commit_in_full() -> None:
    html = text_of(dashboard(FLEET, SiteContext(commit="0123456789abcdef" * 2, commit_date="2026-01-02")))
    assert "This build Commit 0123456789abcdef0123456789abcdef Author date 2026-01-02" in html
    assert "This build" not in dashboard(FLEET)


def large(models: int, regions: int, heads: int) -> RoutingTable:
    ids = [f"head-service-of-a-long-name-{number:03}" for number in range(heads)]
    routes = [
        route(
            f"vendor-of-a-long-name/model-of-a-long-name-{number:05}",
            {ids[number % heads]: 1},
            {ids[(number * 7 + 3) % heads]: 1},
            where=f"region-{number % regions}",
        )
        for number in range(models)
    ]
    return table(
        [
            replace(
                region(f"region-{number}", tuple(f"region-{(number + n) % regions}" for n in range(8))),
                location=(number * 7 % 120 - 60.0, number * 37 % 360 - 180.0),
            )
            for number in range(regions)
        ],
        [head(one, f"region-{number % regions}", capacity=number + 1) for number, one in enumerate(ids)],
        routes,
    )


def test_the_page_of_a_large_fleet_keeps_its_budget() -> None:
    routing = large(5_276, 40, 400)
    found = [
        Diagnostic(
            code=rule.code,
            severity=Severity.WARNING,
            message="the model 'vendor-of-a-long-name/model' is not as it should be: " + 9 * "many words ",
            path="models.d/vendor-of-a-long-name/model-of-a-long-name.yaml",
            span=Span(1, 1, 1, 1),
        )
        for rule in RULES[100:115]
        for _ in range(170)
    ]
    context = SiteContext(
        unproved={one.model_id: ("api.example.com",) for one in routing.routes},
        diagnostics=tuple(found),
        repository=repository_of({"url": "https://git.example.net/platform/fleet", "forge": "gitea"}),
    )
    html = dashboard(routing, context)
    assert len(html.encode()) < BUDGET
    assert html.count("<details><summary>Examples") == 15
    assert map_of(routing, Wording(routing, Links("/")), most=20).rest == 20
    assert "and 360 heads with less" in html
    assert html.count("<li data-head=") == 40
