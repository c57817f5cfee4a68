"""Heads that hang, vanish or die under load, slow models and long streams: no request is lost."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from envoy_edge import Edge, running, until
from envoy_fleet import fleet_of
from process_heads import Heads, Storm, lost, running_heads, slowest

pytestmark = pytest.mark.gateway

IDS = ("head-us-1", "head-us-2", "head-eu-1")
REQUESTS = 2000
FIRST_BYTE = 1
IDLE = 6
GONE = 15
"""Seconds after which a connection breaks whose other end is gone."""
BUSY = 4
"""Seconds that a busy machine may add."""
_CHAIN = "priority_head: head-us-1\nfallback_heads: [head-us-2, head-eu-1]\n"
MODELS = {
    "atlas": _CHAIN,
    "patient": _CHAIN + "limits: {first_byte_seconds: 60}",
    "hedged": _CHAIN + "hedge: true",
}
_QUICK = {"delay": 0.02}


@contextmanager
def _started(folder: Path, heads: Heads) -> Iterator[Edge]:
    fleet = fleet_of(folder, {head_id: heads.url(head_id) for head_id in IDS}, MODELS)
    fleet.configure(
        {"edge-us": "us"},
        answer_header="x-litellm-call-id",
        first_byte_seconds=FIRST_BYTE,
        stream_idle_timeout_ms=IDLE * 1000,
    )
    fleet.build()
    with running(fleet.install("edge-us"), fleet.ports) as edge:
        yield edge


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Edge, Heads]]:
    with running_heads(IDS) as heads, _started(tmp_path_factory.mktemp("silence"), heads) as edge:
        yield edge, heads


@pytest.fixture
def edge(started: tuple[Edge, Heads]) -> Edge:
    """The edge, with every head in use."""
    edge, _ = started
    until(lambda: all(edge.health(head_id) == {"healthy"} for head_id in IDS), "healthy")
    return edge


@pytest.fixture
def heads(started: tuple[Edge, Heads]) -> Heads:
    return started[1]


@pytest.mark.parametrize("stopped", [IDS[:1], IDS[:2]])
def test_heads_that_hang_lose_no_request(edge: Edge, heads: Heads, stopped: tuple[str, ...]) -> None:
    storm = Storm(edge)
    for head_id in stopped:
        _later(lambda head_id=head_id: heads.signal(head_id, signal.SIGSTOP))
    try:
        got = storm.send([("atlas", _QUICK)] * REQUESTS, clients=50, rate=500)
    finally:
        for head_id in stopped:
            heads.signal(head_id, signal.SIGCONT)
    assert (len(got), lost(got)) == (REQUESTS, {})
    assert FIRST_BYTE < slowest(got) < FIRST_BYTE * len(stopped) + BUSY
    assert {one.head for one in got} >= {"head-us-1", IDS[len(stopped)]}


def test_a_head_that_is_killed_loses_no_request(edge: Edge, heads: Heads) -> None:
    _later(lambda: heads.kill("head-us-1"))
    try:
        got = Storm(edge).send([("atlas", _QUICK)] * REQUESTS, clients=50, rate=800)
    finally:
        heads.start("head-us-1")
    assert (len(got), lost(got)) == (REQUESTS, {})
    assert slowest(got) < BUSY
    assert {one.head for one in got} == {"head-us-1", "head-us-2"}


def _later(does: object) -> None:
    """While requests are under way."""
    assert callable(does)
    threading.Timer(0.7, does).start()


def test_a_model_that_is_slower_than_the_bound_is_asked_again_unless_it_says_otherwise(edge: Edge) -> None:
    storm = Storm(edge)
    slow = {"delay": FIRST_BYTE + 1}
    got = storm.send(
        [("atlas", slow), ("atlas", {"head-us-1": slow}), ("patient", slow), ("hedged", slow)], clients=4
    )
    found = {(one.model, one.status, one.head) for one in got}
    assert found == {
        ("atlas", 504, "edge"),
        ("atlas", 200, "head-us-2"),
        ("patient", 200, "head-us-1"),
        ("hedged", 200, "head-us-1"),
    }


def test_a_hedged_request_gets_the_response_that_begins_first(edge: Edge) -> None:
    (got,) = Storm(edge).send([("hedged", {"head-us-1": {"delay": 9}, "head-us-2": {"delay": 1}})])
    assert (got.status, got.head) == (200, "head-us-2")
    assert FIRST_BYTE < got.seconds < FIRST_BYTE + 1 + BUSY


def test_a_stream_takes_longer_than_every_bound_but_that_on_its_gaps(edge: Edge) -> None:
    """Seconds stand for minutes: a stream of several first-byte bounds, with gaps longer than one."""
    stream = {"gaps": [0.1, FIRST_BYTE + 0.5, 0.5, FIRST_BYTE + 0.5, 0.5, 1, 1, 1]}
    silent = {"gaps": [0.1, IDLE + 5]}
    got = Storm(edge).send([("atlas", stream), ("hedged", stream), ("atlas", silent)], clients=3)
    *whole, cut = sorted(got, key=lambda one: -one.status)
    assert [(one.status, one.head) for one in whole] == [(200, "head-us-1")] * 2
    assert min(one.seconds for one in whole) > IDLE
    assert cut.status == 0
    assert IDLE <= cut.seconds < IDLE + BUSY


@contextmanager
def _namespace() -> Iterator[tuple[list[str], str, str]]:
    """A network namespace that a cable joins to this one: how to run in it, its address, that of this end."""
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo; exec sleep 600"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    inside = ["nsenter", "--net", f"--target={holder.pid}"]
    name = f"ms{holder.pid}"
    here, there = (f"198.18.{holder.pid % 251}.{last}" for last in (1, 2))
    try:
        for command in (
            f"ip link add {name} type veth peer name head netns {holder.pid}",
            f"ip address add {here}/30 dev {name}",
            f"ip link set {name} up",
        ):
            _run(command.split())
        for command in (f"ip address add {there}/30 dev head", "ip link set head up"):
            _run([*inside, *command.split()])
        yield inside, there, here
    finally:
        subprocess.run(["ip", "link", "delete", name], check=False)
        holder.kill()
        holder.wait()
        holder.stdout.close()


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, timeout=10)


def test_a_partition_loses_no_request_of_models_with_any_bound(tmp_path: Path) -> None:
    """The head's answers and its kernel's are dropped; a model with a long bound waits only until connections break."""
    with (
        _namespace() as (inside, address, here),
        running_heads(IDS, address=address, prefix={"head-us-1": inside}) as heads,
        _started(tmp_path, heads) as edge,
    ):
        assert edge.ask("atlas").head == "head-us-1"
        _later(lambda: _run([*inside, "ip", "route", "add", "blackhole", f"{here}/32"]))
        slow = {"head-us-1": {"delay": 60}}
        got = Storm(edge).send(
            [("patient", slow)] * 50 + [("atlas", _QUICK), ("patient", _QUICK)] * (REQUESTS // 2),
            clients=250,
            rate=600,
        )
    assert (len(got), lost(got)) == (REQUESTS + 50, {})
    assert slowest(one for one in got if one.model == "atlas") < FIRST_BYTE + BUSY
    assert GONE / 2 < slowest(one for one in got if one.model == "patient") < GONE + BUSY
    assert {one.head for one in got} == {"head-us-1", "head-us-2"}
