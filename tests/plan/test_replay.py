"""Changes weighed by requests: sums by hand, and against a replay one request at a time."""

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace as replaced
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_fleets import FIXED, HEADS, compiled, model, routed

from modelspec.change.demand import Demand, Measured, demand_file, demand_of
from modelspec.change.fleet import renamed_heads, renamed_regions
from modelspec.change.models import renamed_models
from modelspec.change.replay import Replay, replay
from modelspec.change.replay_words import brief, replay_json, sentences
from modelspec.change.text import line
from modelspec.routing.decide import Index, Request, decide

NOON = datetime(2026, 5, 1, tzinfo=UTC)
SCHEMA = Path(__file__).parents[2] / "schemas/plan.schema.json"
Asked = Mapping[tuple[str, str], int]


def demand(
    asked: Asked,
    *,
    hours: int = 24,
    heads: Mapping[str, tuple[int, ...]] | None = None,
    measured: Mapping[tuple[str, str], Measured] | None = None,
    floors: Mapping[tuple[str, str], float] | None = None,
) -> Demand:
    names: dict[str, dict[str, int]] = {}
    clients: Counter[str] = Counter()
    for (name, client), count in asked.items():
        names.setdefault(name, {})[client] = count
        clients[client] += count
    return Demand(
        first=NOON,
        hours=hours,
        asked=names,
        clients={client: (count, *[0] * (hours - 1)) for client, count in clients.items()},
        heads=heads or {},
        measured=measured or {},
        floors=floors or {},
    )


def index(root: Path, models: Mapping[str, str], heads: str = HEADS) -> Index:
    return Index(routed(compiled(root, models, {**FIXED, "heads.yaml": heads})))


def weighed(asked: Demand, before: Index, after: Index) -> Replay:
    regions = renamed_regions(before, after)
    found = replay(
        asked,
        before,
        after,
        heads=renamed_heads(before, after, regions),
        regions=regions,
        models=renamed_models(before, after),
    )
    field = json.loads(SCHEMA.read_text())["properties"]["usage"]
    jsonschema_rs.validator_for(field).validate(json.loads(json.dumps(replay_json(found, asked))))
    return found


ATLAS = model("atlas", "fallback_heads: [head-uk-1]")
BISON = model("bison")
ASKED = demand({("atlas", "eu"): 600, ("atlas", "us"): 300, ("bison", "eu"): 100, ("none", "eu"): 24})


def test_nothing_moves_where_nothing_changes(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS, "bison": BISON})
    found = weighed(ASKED, before, index(tmp_path / "b", {"atlas": ATLAS, "bison": BISON}))
    assert not found.changes
    assert (found.requests, found.unanswered, found.moved) == (1024, 24, 0)
    assert line(brief(found)) == "; no request of 1,024 a day is answered otherwise"


def test_a_change_of_what_no_request_follows_moves_nothing(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS})
    for other in ("tags: [chat]", "limits: {rpm: 9}", "endpoint: https://other.example.com/v1"):
        after = index(tmp_path / "b", {"atlas": model("atlas", "fallback_heads: [head-uk-1]", other)})
        assert not weighed(ASKED, before, after).changes


def test_requests_that_move_are_counted_by_head_and_region(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS, "bison": BISON})
    after = index(tmp_path / "b", {"atlas": model("atlas", head="head-uk-1"), "bison": BISON})
    found = weighed(replaced(ASKED, hours=48, clients={}), before, after)
    assert found.moved == 450  # of two days
    assert found.flows == {("head-eu-1", "head-uk-1"): 450}
    assert (found.entered, found.left) == ({"uk": 450}, {})  # the upstream is in eu still
    assert found.models == {"atlas": 450}
    assert [(move.name, move.client, move.moved) for move in found.moves] == [
        ("atlas", "eu", 300),
        ("atlas", "us", 150),
    ]
    assert round(found.share, 4) == round(450 / 512, 4)


def test_weights_split_what_moves(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS})
    weights = "load_balancing: {policy: least_request, weights: {head-eu-1: 3, head-uk-1: 1}}"
    after = index(tmp_path / "b", {"atlas": model("atlas", weights)})
    found = weighed(ASKED, before, after)
    assert found.moved == 225
    assert found.flows == {("head-eu-1", "head-uk-1"): 225}


def test_what_is_no_longer_answered_is_lost_by_its_status(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS, "bison": BISON})
    after = index(
        tmp_path / "b",
        {
            "atlas": model("atlas", "access: {visibility: public, client_regions: [eu]}"),
            "none": model("none"),
        },
    )
    found = weighed(ASKED, before, after)
    assert found.lost == {403: 300, 404: 100}
    assert (found.gained, found.moved) == (24, 0)
    assert found.left == {"eu": 400}
    assert found.entered == {"eu": 24}
    assert line(brief(found)) == "; of 1,024 requests a day 0 % move, 300 get 403, 100 get 404"


def test_a_name_that_another_model_takes_moves(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS, "any": model("router/*")})
    after = index(tmp_path / "b", {"atlas": ATLAS, "any": model("router/*"), "one": model("router/one")})
    found = weighed(demand({("router/one", "eu"): 10, ("router/two", "eu"): 5}), before, after)
    assert (found.moved, found.models) == (10, {"router/*": 10})


def test_a_renamed_head_or_model_moves_nothing(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS})
    heads = HEADS.replace("head_id: head-eu-1", "head_id: head-new")
    after = index(tmp_path / "b", {"atlas": ATLAS.replace("head-eu-1", "head-new")}, heads)
    assert not weighed(ASKED, before, after).changes
    renamed = ATLAS.replace("model_id: atlas", "model_id: atlas-2\naliases: [atlas]")
    assert not weighed(ASKED, before, index(tmp_path / "c", {"atlas": renamed})).changes


def test_a_head_in_another_region_takes_its_requests_there(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS})
    after = index(
        tmp_path / "b", {"atlas": ATLAS}, HEADS.replace("head-eu-1, region: eu", "head-eu-1, region: uk")
    )
    found = weighed(ASKED, before, after)
    assert (found.moved, found.entered, found.left) == (0, {"uk": 900}, {})


def test_an_upstream_elsewhere_takes_requests_there(tmp_path: Path) -> None:
    two = "deployments: [{endpoint: https://a.example.com, region: eu}, {endpoint: https://b.example.com, region: uk}]"
    before = index(tmp_path / "a", {"atlas": model("atlas")})
    found = weighed(ASKED, before, index(tmp_path / "b", {"atlas": model("atlas", two)}))
    assert (found.moved, found.entered) == (0, {"uk": 450})


def test_only_upstreams_that_are_tried_first_are_touched(tmp_path: Path) -> None:
    later = (
        "deployments: [{endpoint: https://a.example.com, region: eu, order: 1}, "
        "{endpoint: https://b.example.com, region: uk, order: 2}]"
    )
    before = index(tmp_path / "a", {"atlas": model("atlas")})
    assert not weighed(ASKED, before, index(tmp_path / "b", {"atlas": model("atlas", later)})).entered


def test_a_head_that_runs_a_model_itself_is_touched_alone(tmp_path: Path) -> None:
    local = "local_inference: true\nendpoint: http://10.1.1.1:8000/v1"
    abroad = "deployments: [{endpoint: https://b.example.com, region: uk}]"
    before = index(tmp_path / "a", {"atlas": model("atlas", abroad)})
    found = weighed(ASKED, before, index(tmp_path / "b", {"atlas": model("atlas", local)}))
    assert (found.entered, found.left) == ({}, {"uk": 900})
    elsewhere = model("atlas", local, head="head-uk-1")
    found = weighed(ASKED, before, index(tmp_path / "c", {"atlas": elsewhere}))
    assert (found.entered, found.left) == ({}, {"eu": 900})


def test_what_leaves_a_head_is_split_among_those_that_gain(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": model("atlas", region="us")})
    weights = "load_balancing: {policy: least_request, weights: {head-uk-1: 3, head-us-1: 1}}"
    after = index(tmp_path / "b", {"atlas": model("atlas", weights, region="us", head="head-uk-1")})
    found = weighed(ASKED, before, after)
    assert found.flows == {("head-eu-1", "head-uk-1"): 675, ("head-eu-1", "head-us-1"): 225}


def test_no_latency_is_below_nothing(tmp_path: Path) -> None:
    quick = {("atlas", "head-eu-1"): Measured(rows=9, p50=10, p95=20, floor=200)}
    before = index(tmp_path / "a", {"atlas": ATLAS})
    after = index(tmp_path / "b", {"atlas": model("atlas", head="head-uk-1")})
    asked = replaced(ASKED, measured=quick, floors={("eu", "head-eu-1"): 5.0})
    assert weighed(asked, before, after).moves[0].expected_before.p50 == 0


def test_the_load_of_heads_is_measured_and_moved(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS, "bison": BISON})
    after = index(tmp_path / "b", {"atlas": model("atlas", head="head-uk-1"), "bison": BISON})
    asked = replaced(
        demand({("atlas", "eu"): 7200, ("bison", "eu"): 3600}, hours=2),
        clients={"eu": (8100, 2700)},
        heads={"head-eu-1": (8100, 2700)},
    )
    rates = {one.head_id: one for one in weighed(asked, before, after).heads}
    old, new = rates["head-eu-1"], rates["head-uk-1"]
    assert (old.before, old.after, old.peak_before, old.peak_after) == (1.5, 0.5, 2.25, 0.75)
    assert (new.before, new.after, new.peak_before, new.peak_after) == (0, 1, 0, 1.5)
    assert not new.overloaded  # without a capacity nothing is too much


def test_a_head_is_overloaded_against_the_fleet(tmp_path: Path) -> None:
    heads = HEADS.replace("head-uk-1, region: uk", "head-uk-1, capacity: 1, region: uk").replace(
        "head-eu-1, region: eu", "head-eu-1, capacity: 9, region: eu"
    )
    before = index(tmp_path / "a", {"atlas": ATLAS, "bison": BISON}, heads)
    after = index(tmp_path / "b", {"atlas": model("atlas", head="head-uk-1"), "bison": BISON}, heads)
    # 900 come to a unit of capacity: against twice 71 and twice 500 a unit of the fleet.
    for measured, is_over in ((1000, True), (7000, False)):
        asked = replaced(ASKED, heads={"head-eu-1": (measured, *[0] * 23)})
        assert {one.overloaded for one in weighed(asked, before, after).heads} == {False, is_over}
    asked = replaced(ASKED, heads={"head-eu-1": (1000, *[0] * 23)})
    rates = {one.head_id: one.overloaded for one in weighed(asked, before, after).heads}
    assert rates == {
        "head-eu-1": False,
        "head-eu-2": False,
        "head-uk-1": True,
        "head-us-1": False,
        "head-us-2": False,
    }


MEASURED = {
    ("atlas", "head-eu-1"): Measured(rows=900, p50=100, p95=200, floor=10, dollars=0.001),
    ("atlas", "head-uk-1"): Measured(rows=200, p50=120, p95=260, floor=15, dollars=0.002),
}
FLOORS = {("eu", "head-eu-1"): 5.0, ("us", "head-eu-1"): 80.0, ("eu", "head-uk-1"): 25.0}


def test_the_expected_latency_is_that_of_the_new_head_shifted_by_the_floors(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS})
    after = index(tmp_path / "b", {"atlas": model("atlas", head="head-uk-1")})
    found = weighed(replaced(ASKED, measured=MEASURED, floors=FLOORS), before, after)
    europe, america = found.moves
    assert (europe.expected_before.p50, europe.expected_before.p95) == (95, 195)
    assert (europe.expected_after.p50, europe.expected_after.p95) == (130, 270)
    assert america.expected_before.p50 == 170
    assert america.expected_after.p50 == 120  # no floor from there: as measured
    assert found.measured == found.moved
    assert found.p50_change == pytest.approx((600 * 35 - 300 * 50) / 900)
    assert found.dollars_change == pytest.approx(0.9)


def test_few_requests_tell_a_median_and_no_95th_percentile(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS})
    after = index(tmp_path / "b", {"atlas": model("atlas", head="head-uk-1")})
    few = {**MEASURED, ("atlas", "head-uk-1"): Measured(rows=199, p50=120, p95=260)}
    found = weighed(replaced(ASKED, measured=few), before, after)
    assert (found.measured, found.p95_measured) == (found.moved, 0)
    said = [line(words) for words in sentences(found)]
    assert (
        "expected latency of 100 % of what moves: p50 +20 ms, p95 not known from fewer than 200 requests"
        in said
    )
    assert "atlas from eu, 600 a day: head-eu-1 → head-uk-1, p50 100 → 120 ms" in said


def test_where_nothing_was_measured_it_says_so(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS})
    after = index(tmp_path / "b", {"atlas": model("atlas", head="head-us-1", region="us")})
    found = weighed(replaced(ASKED, measured=MEASURED), before, after)
    assert (found.measured, found.priced) == (0, 0)
    said = [line(words) for words in sentences(found)]
    assert "nothing was measured that tells the latency of what moves at its new heads" in said
    assert "atlas from eu, 600 a day: head-eu-1 → head-us-1, latency not measured" in said


def test_requests_from_nobody_knows_where_come_from_anywhere(tmp_path: Path) -> None:
    before = index(tmp_path / "a", {"atlas": ATLAS})
    after = index(
        tmp_path / "b", {"atlas": model("atlas", "access: {visibility: public, client_regions: [eu]}")}
    )
    assert not weighed(demand({("atlas", ""): 10}), before, after).changes


NAMES = st.sampled_from(("m0", "m1", "m2", "pre/x", "pre/y", "nobody"))
CLIENTS = st.sampled_from(("eu", "uk", "us", ""))


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in draw(
        st.lists(st.sampled_from(("m0", "m1", "m2", "pre/*", "pre/x")), unique=True, min_size=1)
    ):
        first = draw(st.sampled_from(("head-eu-1", "head-uk-1", "head-us-1", "head-us-2")))
        lines = []
        if draw(st.booleans()):
            other = "head-uk-1" if first != "head-uk-1" else "head-us-1"
            lines.append(f"load_balancing: {{policy: least_request, weights: {{{first}: 3, {other}: 1}}}}")
        if draw(st.booleans()):
            lines.append(
                f"access: {{visibility: public, client_regions: [{draw(st.sampled_from(('eu', 'us')))}]}}"
            )
        if draw(st.integers(0, 4)) == 0:
            lines.append("status: disabled")
        found[f"f{len(found)}"] = model(f'"{name}"', *lines, region="us", head=first)
    return found


@given(fleets(), fleets(), st.dictionaries(st.tuples(NAMES, CLIENTS), st.integers(1, 50), max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_are_those_of_single_requests(
    tmp_path_factory: pytest.TempPathFactory,
    one: dict[str, str],
    other: dict[str, str],
    asked: dict[tuple[str, str], int],
) -> None:
    root = tmp_path_factory.mktemp("fleets")
    tables = []
    for side, models in (("a", one), ("b", other)):
        table = compiled(root / side, models).table
        assert table is not None
        tables.append(Index(table))
    before, after = tables
    found = replay(demand(asked), before, after, heads={}, regions={}, models={})
    lost: Counter[int] = Counter()
    gained = moved = unanswered = 0.0
    for (name, client), count in asked.items():
        old, new = (decide(table, Request(model=name, origin=client or None)) for table in tables)
        if new.status != 200 and old.status != 200:
            unanswered += count
        elif new.status != 200:
            lost[new.status] += count
        elif old.status != 200:
            gained += count
        else:
            assert old.route is not None
            assert new.route is not None
            shares = []
            for decision in (old, new):
                whole = sum(decision.tiers[0].weights.values())
                shares.append({head: part / whole for head, part in decision.tiers[0].weights.items()})
            same = old.route.model_id == new.route.model_id
            stays = sum(min(part, shares[1].get(head, 0)) for head, part in shares[0].items()) if same else 0
            moved += count * (1 - stays)
    assert found.lost == lost
    assert (found.gained, found.unanswered) == (gained, unanswered)
    assert found.moved == pytest.approx(moved)


def test_a_demand_is_read_back_from_its_file() -> None:
    whole = replaced(ASKED, measured={**MEASURED, ("a", "b"): Measured(rows=1, p50=1, p95=2)}, floors=FLOORS)
    assert demand_of(demand_file(whole)) == whole
    assert demand_file(whole) == demand_file(whole)


@pytest.mark.parametrize(
    "field", ["schema_version", "first", "hours", "asked", "clients", "measured", "floors"]
)
@pytest.mark.parametrize(
    "value", [None, 7, -1, "x", [], [[]], {"": {"": True}}, {"a": [1]}, {"a": {"b": 1e400}}]
)
def test_a_broken_file_is_no_demand(field: str, value: object) -> None:
    document = json.loads(gzip.decompress(demand_file(ASKED)))
    if field in ("measured", "floors") and value == []:
        return
    document[field] = value
    assert demand_of(gzip.compress(json.dumps(document).encode())) is None


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\x1f\x8b", b"\x1f\x8b" + b"x" * 99, demand_file(ASKED)[:-9]]
)
def test_another_file_is_no_demand(content: bytes) -> None:
    assert demand_of(content) is None
