"""Whose fault an error is: a broken model takes no head with it, and a broken head leaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from envoy_edge import Edge, running, until
from envoy_fleet import Fleet, fleet_of
from process_heads import Heads, Storm, lost, running_heads

pytestmark = pytest.mark.gateway

IDS = ("head-us-1", "head-us-2", "head-eu-1")
_CHAIN = "priority_head: head-us-1\nfallback_heads: [head-us-2, head-eu-1]\n"
MODELS = {
    "healthy": _CHAIN,
    "broken": _CHAIN,
    "silent": _CHAIN + "limits: {first_byte_seconds: 1}",
    "asks-again": _CHAIN + "retry_on: [429, 500]",
    "asks-again/*": _CHAIN + "retry_on: [429]\nlimits: {first_byte_seconds: 1}",
}
MIXES = ((5, 5), (15, 20), (5, 20))
"""Requests a second for the broken and the healthy model, with which a fleet broke that counted models' errors."""
TIMES = 8
"""How much faster the tests send, so that a second is enough."""


@pytest.fixture(scope="module")
def heads() -> Iterator[Heads]:
    with running_heads(IDS) as started:
        yield started


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, heads: Heads) -> Fleet:
    return _built(tmp_path_factory.mktemp("faults"), heads, answer_header="x-litellm-call-id")


def _built(folder: Path, heads: Heads, **options: str) -> Fleet:
    built = fleet_of(folder, {name: heads.url(name) for name in IDS}, MODELS)
    built.configure({"edge-us": "us"}, **options)
    built.build()
    return built


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory, heads: Heads) -> Iterator[Edge]:
    """An edge for the tests after which every head must still be in use; two cannot listen at one port."""
    fleet = _built(tmp_path_factory.mktemp("unharmed"), heads, answer_header="x-litellm-call-id")
    with running(fleet.install("edge-us"), fleet.ports) as edge:
        yield edge


@pytest.fixture
def edge(fleet: Fleet, heads: Heads) -> Iterator[Edge]:
    """An edge that knows nothing of the heads yet, with heads that do what they should."""
    for head_id in IDS:
        heads.mode(head_id)
    with running(fleet.install("edge-us"), fleet.ports) as envoy:
        yield envoy


def mixed(broken: int, healthy: int, does: object) -> list[tuple[str, object]]:
    """A second of both models, evenly mixed."""
    total = broken + healthy
    wanted = []
    for number in range(total * TIMES):
        is_broken = number * broken % total < broken
        wanted.append(("broken", does) if is_broken else ("healthy", {}))
    return wanted


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize(("broken", "healthy"), MIXES)
def test_a_model_whose_upstream_fails_takes_no_head_from_the_others(
    unharmed: Edge, broken: int, healthy: int, status: int
) -> None:
    wanted = mixed(broken, healthy, {"status": status})
    got = Storm(unharmed).send(wanted, rate=(broken + healthy) * TIMES)
    assert lost(got) == {("broken", status): sum(model == "broken" for model, _ in wanted)}
    assert {one.head for one in got if one.model == "healthy"} == {"head-us-1"}
    assert all(unharmed.health(head_id) == {"healthy"} for head_id in IDS)


def test_a_model_that_is_silent_takes_no_request_from_the_others(edge: Edge) -> None:
    """Its timeouts eject heads, as resets do: only the last resort keeps them in use."""
    broken, healthy = MIXES[1]
    does = {"delay": 9}
    wanted = [("silent" if one is does else model, one) for model, one in mixed(broken, healthy, does) * 2]
    got = Storm(edge).send(wanted, rate=(broken + healthy) * TIMES, clients=400)
    assert {model for model, _ in lost(got)} == {"silent"}
    assert "/failed_outlier_check" in {flags for head_id in IDS for flags in edge.health(head_id)}


def test_without_the_header_a_broken_model_ejects_heads_and_takes_no_request_from_the_others(
    tmp_path: Path, heads: Heads
) -> None:
    fleet = _built(tmp_path, heads)
    with running(fleet.install("edge-us"), fleet.ports) as edge:
        got = Storm(edge).send(mixed(20, 5, {"status": 503}) * 2, rate=25 * TIMES)
        assert {model for model, _ in lost(got)} == {"broken"}
        assert "/failed_outlier_check" in {flags for head_id in IDS for flags in edge.health(head_id)}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_head_that_passes_its_check_and_fails_everything_itself_leaves(
    edge: Edge, heads: Heads, status: int
) -> None:
    heads.mode("head-us-1", f"status={status}")
    storm = Storm(edge)
    storm.send([("healthy", {})] * 20)
    got = storm.send([("healthy", {})] * 200)
    assert not lost(got if status == 500 else storm.got)
    assert edge.health("head-us-1") == {"/failed_outlier_check"}
    assert 5 <= heads.mode("head-us-1") <= 20 + 4  # those under way with the fifth


def test_a_head_that_accepts_requests_and_resets_them_leaves_and_returns(edge: Edge, heads: Heads) -> None:
    heads.mode("head-us-1", "reset=1")
    storm = Storm(edge)
    until(
        lambda: storm.send([("healthy", {})] * 40) and edge.health("head-us-1") == {"/failed_outlier_check"},
        "left out",
    )
    assert not lost(storm.got)
    heads.mode("head-us-1")
    until(lambda: edge.ask("healthy").head == "head-us-1", "used again")


def test_heads_that_are_all_ejected_are_used_as_a_last_resort(edge: Edge) -> None:
    """As by requests without a key, which LiteLLM answers with an internal error of its own."""
    got = Storm(edge).send([("broken", {"status": 503, "own": True})] * 40)
    assert lost(got) == {("broken", 503): 40}
    assert all(edge.health(head_id) == {"/failed_outlier_check"} for head_id in IDS)
    got = Storm(edge).send([("healthy", {})] * 40)
    assert {(one.status, one.head) for one in got} == {(200, "head-us-1")}


@pytest.mark.parametrize(
    ("model", "again"), [("asks-again", {429, 500}), ("asks-again/deep", {429}), ("healthy", set())]
)
def test_asks_the_next_head_for_the_status_codes_of_retry_on_alone(
    unharmed: Edge, model: str, again: set[int]
) -> None:
    for status in (400, 404, 429, 500, 501):
        (got,) = Storm(unharmed).send([(model, {"head-us-1": {"status": status}})])
        assert (got.status, got.head) == ((200, "head-us-2") if status in again else (status, "head-us-1"))
    (got,) = Storm(unharmed).send([("asks-again", {"status": 429})])
    assert (got.status, got.head) == (429, "head-eu-1")  # the last head's
