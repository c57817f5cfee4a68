"""Heads that stop, fail and return under load, behind the real Envoy."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from envoy_edge import SECONDS, Edge, Load, Reply, running, until
from envoy_fleet import Fleet, small_fleet
from upstreams import Upstreams

pytestmark = pytest.mark.gateway

MODELS = {
    "atlas": "",
    "lonely": "priority_head: head-us-2",
    "shared": "priority_head: head-us-1\nfallback_heads: [head-eu-1]\n"
    "load_balancing: {weights: {head-us-1: 1, head-us-2: 1}}",
    "counted": "priority_head: head-us-1\nfallback_heads: [head-eu-1]\n"
    "load_balancing: {policy: least_request, weights: {head-us-1: 1, head-us-2: 1}}",
    "long": "priority_head: head-us-1\nfallback_heads: [head-us-2, head-eu-1, head-eu-2]",
}


@pytest.fixture(scope="module")
def heads() -> Iterator[Upstreams]:
    with Upstreams() as started:
        yield started


@pytest.fixture
def upstreams(heads: Upstreams) -> Upstreams:
    """The heads, all of them healthy."""
    for head_id, head in heads.heads.items():
        head.fails = head.holds = False
        heads.revive(head_id)
    heads.forget()
    return heads


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, heads: Upstreams) -> Fleet:
    built = small_fleet(tmp_path_factory.mktemp("small"), heads, MODELS)
    built.configure({"edge-us": "us"})
    built.build()
    return built


@pytest.fixture
def edge(fleet: Fleet, upstreams: Upstreams) -> Iterator[Edge]:  # noqa: ARG001 - alive before Envoy starts
    with running(fleet.install("edge-us"), fleet.ports) as envoy:
        yield envoy


def test_a_head_that_dies_under_load_fails_no_request_and_is_used_again_when_it_is_back(
    edge: Edge, upstreams: Upstreams
) -> None:
    load = Load(edge, ["atlas"], pause=0.002)
    with load.running():
        load.more(100)
        assert set(load.heads) == {"head-us-1"}
        upstreams.kill("head-us-1")
        load.more(300)
        assert load.heads["head-eu-1"] > 200
        until(lambda: "/failed_active_hc" in str(edge.health("head-us-1")), "seen that it is dead")
        before = upstreams.heads["head-us-1"].asked
        upstreams.revive("head-us-1")
        until(lambda: upstreams.heads["head-us-1"].asked > before, "asked again")
        upstreams.forget()
        load.more(100)
    assert load.failed == []
    assert upstreams.asked()["head-us-1"] > 90


def test_a_request_in_progress_at_a_failing_head_is_retried_at_the_next(
    edge: Edge, upstreams: Upstreams
) -> None:
    dying = upstreams.heads["head-us-1"]
    dying.holds = True
    replies: list[Reply] = []
    client = threading.Thread(target=lambda: replies.append(edge.ask("atlas")))
    client.start()
    until(lambda: dying.asked == 1, "asked")
    upstreams.kill("head-us-1")
    client.join(SECONDS)
    assert [reply.head for reply in replies] == ["head-eu-1"]


@pytest.mark.parametrize(
    ("model", "cluster"), [("shared", "head-us-1"), ("counted", "least_request(head-us-1=1 head-us-2=1)")]
)
def test_the_remaining_heads_of_a_tier_take_all_its_requests(
    edge: Edge, upstreams: Upstreams, model: str, cluster: str
) -> None:
    load = Load(edge, [model], pause=0.002)
    with load.running():
        load.more(100)
        assert set(load.heads) == {"head-us-1", "head-us-2"}
        upstreams.kill("head-us-1")
        until(
            lambda: any("/failed_active_hc" in flags for flags in edge.health(cluster)),
            "seen that it is dead",
        )
        upstreams.forget()
        load.more(200)
    assert load.failed == []
    assert upstreams.asked()["head-us-2"] > 190
    assert upstreams.asked()["head-eu-1"] < 10  # requests that were in progress


def test_the_tiers_are_tried_in_their_order_to_the_last(edge: Edge, upstreams: Upstreams) -> None:
    for head_id in ("head-us-1", "head-us-2", "head-eu-1", "head-eu-2"):
        assert edge.ask("long").head == head_id
        upstreams.kill(head_id)
    assert edge.ask("long").code == (503, "no_head_available")


def test_skips_a_head_that_answers_health_checks_but_fails_requests(edge: Edge, upstreams: Upstreams) -> None:
    upstreams.heads["head-us-1"].fails = True
    for _ in range(30):
        assert edge.ask("atlas").head == "head-eu-1"
    assert 0 < upstreams.asked()["head-us-1"] < 30
    assert edge.health("head-us-1") == {"/failed_outlier_check"}


def test_without_a_live_head_the_response_is_503_in_the_format_of_openai(
    edge: Edge, upstreams: Upstreams
) -> None:
    assert edge.ask("lonely").head == "head-us-2"
    upstreams.kill("head-us-2")
    assert edge.ask("lonely").code == (503, "no_head_available")
    until(lambda: edge.health("head-us-2") == {"/failed_active_hc"}, "seen that it is dead")
    assert edge.ask("lonely").code == (503, "no_head_available")
    upstreams.revive("head-us-2")
    until(lambda: edge.ask("lonely").status == 200, "answered again")


def test_a_head_that_is_down_at_start_delays_nothing(fleet: Fleet, upstreams: Upstreams) -> None:
    upstreams.kill("head-us-1")
    with running(fleet.install("edge-us"), fleet.ports) as edge:
        assert edge.ask("atlas").head == "head-eu-1"
        upstreams.revive("head-us-1")
        until(lambda: edge.ask("atlas").head == "head-us-1", "asked the priority head")


def test_draining_comes_last_and_offline_never(tmp_path: Path, upstreams: Upstreams) -> None:
    models = {"atlas": "priority_head: head-us-1\nfallback_heads: [head-us-2, head-eu-1]"}
    fleet = small_fleet(tmp_path / "other", upstreams, models)
    heads = fleet.root / "heads.yaml"
    text = heads.read_text(encoding="utf-8")
    for head_id, status in (("head-us-1", "draining"), ("head-us-2", "offline")):
        text = text.replace(f'"{head_id}",', f'"{head_id}", "status": "{status}",')
    heads.write_text(text, encoding="utf-8")
    fleet.configure({"edge-us": "us"})
    fleet.build()
    with running(fleet.install("edge-us"), fleet.ports) as edge:
        assert edge.ask("atlas").head == "head-eu-1"
        upstreams.kill("head-eu-1")
        assert edge.ask("atlas").head == "head-us-1"
        upstreams.kill("head-us-1")
        assert edge.ask("atlas").code == (503, "no_head_available")
    assert upstreams.asked()["head-us-2"] == 0
