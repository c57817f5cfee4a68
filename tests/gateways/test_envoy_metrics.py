"""The numbers that the real Envoy gives Prometheus: by model, by head, never by both, and few."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from envoy_edge import Edge, running, until
from envoy_fleet import Fleet, modelspec, small_fleet, write_model
from upstreams import Upstreams, free_port

from modelspec.gateways.emit import emit_gateways
from modelspec.routing.table import RoutingTable

pytestmark = pytest.mark.gateway

MANY = 60
MODELS = {
    "atlas": "aliases: [atlas-latest]",
    "router/*": "",
    "european": "access: {client_regions: [eu]}",
    "shared": "priority_head: head-us-1\nfallback_heads: [head-eu-1]\n"
    "load_balancing: {weights: {head-us-1: 1, head-us-2: 1}}",
    **{f"many-{number}": "" for number in range(MANY)},
}
Labels = frozenset[tuple[str, str]]
_ROW = re.compile(r"(\w+)\{(.*)\} (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def rows(scrape: str) -> dict[tuple[str, Labels], float]:
    """The rows of a scrape by name and labels; an empty label is none."""
    found = {}
    for line in scrape.splitlines():
        if not line.startswith("#") and line:
            row = _ROW.fullmatch(line)
            assert row, line
            labels = frozenset((name, value) for name, value in _LABEL.findall(row[2]) if value)
            found[row[1], labels] = float(row[3])
    return found


class Metrics:
    """What an edge has counted since it was asked last."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._before: Mapping[tuple[str, Labels], float] = {}

    def since(self, name: str, *labels: str, until_sum: float) -> dict[tuple[str, ...], int]:
        """By the values of some labels; waits until their sum is that."""
        found: Counter[tuple[str, ...]] = Counter()

        def counted() -> bool:
            found.clear()
            for (row, of), value in rows(self._edge.scrape()).items():
                new = int(value - self._before.get((row, of), 0))
                if row == f"envoy_modelspec_{name}" and new:
                    found[tuple(dict(of).get(label, "") for label in labels)] += new
            return found.total() >= until_sum

        try:
            until(counted, f"counted {until_sum} {name}")
        except AssertionError as error:
            raise AssertionError(found) from error
        return dict(found)

    def forget(self) -> None:
        self._before = rows(self._edge.scrape())


@pytest.fixture(scope="module")
def heads() -> Iterator[Upstreams]:
    with Upstreams() as started:
        yield started


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, heads: Upstreams) -> Fleet:
    return small_fleet(tmp_path_factory.mktemp("counted"), heads, MODELS)


@pytest.fixture(scope="module")
def scraped_at() -> int:
    return free_port()


@pytest.fixture(scope="module")
def edge(fleet: Fleet, scraped_at: int) -> Iterator[Edge]:
    configure(fleet, scraped_at)
    with running(fleet.install("edge-us"), fleet.ports) as envoy:
        yield envoy


def configure(fleet: Fleet, scraped_at: int) -> None:
    fleet.configure(
        {"edge-us": "us"},
        access_log={"path": "off"},
        metrics={"address": "127.0.0.1", "port": scraped_at},
    )
    fleet.build()


@pytest.fixture
def metrics(edge: Edge, heads: Upstreams) -> Metrics:
    """With every head alive."""
    heads.revive("head-us-1")
    until(lambda: edge.health("head-us-1") == {"healthy"}, "healthy")
    found = Metrics(edge)
    found.forget()
    return found


@pytest.fixture
def failing(edge: Edge, heads: Upstreams) -> Metrics:
    """With head-us-1 dead."""
    heads.kill("head-us-1")
    found = Metrics(edge)
    found.forget()
    return found


def test_requests_are_counted_by_model_and_class(edge: Edge, metrics: Metrics) -> None:
    for name in ("atlas", "atlas-latest", "router/a", "router/b", "european", "unknown", "\0", "x" * 9000):
        edge.ask(name)
    for status in (418, 429, 500, 301):
        edge.ask("atlas", answer=status)
    assert metrics.since("requests", "model", "code", until_sum=12) == {
        ("atlas", "2xx"): 2,
        ("atlas", "4xx"): 2,
        ("atlas", "5xx"): 1,
        ("atlas", "other"): 1,
        ("router/*", "2xx"): 2,
        ("european", "4xx"): 1,
        ("", "4xx"): 3,
    }
    by_head = metrics.since("head_requests", "head", "region", "code", until_sum=12)
    assert by_head == {
        ("", "", "4xx"): 4,
        ("head-us-1", "us", "2xx"): 4,
        ("head-us-1", "us", "4xx"): 2,
        ("head-us-1", "us", "5xx"): 1,
        ("head-us-1", "us", "other"): 1,
    }


def test_counters_go_on_when_a_new_build_is_published(
    edge: Edge, metrics: Metrics, fleet: Fleet, scraped_at: int
) -> None:
    for _ in range(3):
        edge.ask("atlas")
    write_model(fleet, "bison")
    configure(fleet, scraped_at)
    done = modelspec("publish", "envoy", "--from", fleet.dist, "--admin", edge.admin, fleet.config)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("atlas", "atlas", "bison"):
        assert edge.ask(name).status == 200
    assert metrics.since("requests", "model", until_sum=6) == {("atlas",): 5, ("bison",): 1}


def test_prometheus_reads_the_metrics_and_nothing_else(edge: Edge, scraped_at: int) -> None:
    scraped = replace(edge, port=scraped_at)
    reply = scraped.send("GET", "/stats/prometheus")
    assert (reply.status, rows(reply.body.decode()).keys()) == (200, rows(edge.scrape()).keys())
    others = ("/", "/stats", "/stats/", "/stats/prometheus/..", "/config_dump", "/server_info", "/clusters")
    assert {scraped.send("GET", path).status for path in others} == {404}
    assert {scraped.send("POST", path).status for path in ("/quitquitquit", "/stats/prometheus")} == {404}


def test_nobody_stops_or_changes_the_edge_through_its_admin_interface(edge: Edge) -> None:
    admin = replace(edge, port=edge.admin_port)
    for path in (
        "/quitquitquit",
        "/drain_listeners",
        "/healthcheck/fail",
        "/logging?level=trace",
        "/reset_counters",
        "/runtime_modify?edge.class.500=1",
        "/stats/../quitquitquit",
        "/cpuprofiler?enable=y",
    ):
        assert admin.send("POST", path).status == 403, path
    assert edge.is_ready()


def test_a_request_is_counted_to_the_head_that_answered(edge: Edge, failing: Metrics) -> None:
    for _ in range(20):
        assert edge.ask("atlas").head == "head-eu-1"
    assert failing.since("head_requests", "head", "region", "code", until_sum=20) == {
        ("head-eu-1", "eu", "2xx"): 20
    }
    assert failing.since("failovers", "model", until_sum=20) == {("atlas",): 20}
    assert failing.since("head_failovers", "head", "region", until_sum=20) == {("head-eu-1", "eu"): 20}
    assert failing.since("attempts", until_sum=20)[()] > 20
    for name in ("head_duration_ms_count", "head_first_byte_ms_count"):
        assert failing.since(name, "head", until_sum=20)["head-eu-1",] == 20


def test_the_other_head_of_the_first_tier_is_no_failover(edge: Edge, failing: Metrics) -> None:
    assert {edge.ask("shared").head for _ in range(10)} == {"head-us-2"}
    assert failing.since("requests", "model", until_sum=10) == {("shared",): 10}
    assert failing.since("failovers", "model", until_sum=0) == {}


def test_a_model_has_at_most_five_rows_and_no_row_is_of_a_model_and_a_head(
    edge: Edge, failing: Metrics
) -> None:
    idle = len(edge.scrape().splitlines())
    names = [f"many-{number}" for number in range(MANY)]
    connection = edge.connect()
    for name in names:
        for status in (200, 418, 500, 301):
            edge.ask(name, answer=status, connection=connection)
    connection.close()
    failing.since("requests", "model", until_sum=4 * MANY)
    scrape = edge.scrape()
    assert len(scrape.splitlines()) - idle <= 5 * MANY + 60
    found = rows(scrape)
    for name in names:
        assert sum(("model", name) in labels for _, labels in found) == 5
    for name, labels in found:
        assert {"model", "head"} - dict(labels).keys(), name
    assert idle < 1500
    # Envoy's own statistics of clusters are of heads, not of chains.
    clusters = {dict(labels).get("envoy_cluster_name") for _, labels in found} - {None}
    assert clusters == {"head-us-1", "head-us-2", "head-eu-1", "admin"}


def test_what_alerts_and_the_dashboard_read_is_in_a_scrape(edge: Edge, failing: Metrics) -> None:
    edge.ask("atlas")
    failing.since("head_failovers", until_sum=1)
    failing.since("head_first_byte_ms_count", until_sum=1)
    files = emit_gateways(RoutingTable(regions=(), heads=(), routes=()), ["prometheus"], {}, [])
    read = {name for file in files for name in re.findall(r"envoy_[a-z_]+[a-z]", file.content.decode())}
    assert len(read - {"envoy_cluster_name"}) > 10
    assert read - {"envoy_cluster_name"} <= {name for name, _ in rows(edge.scrape())}
