"""What `status --prometheus` reads of an edge, in the words of the real Envoy."""

import re
from collections.abc import Iterator

import httpx
import pytest
from envoy_edge import Edge, running, until
from envoy_fleet import Fleet, example_fleet
from upstreams import Upstreams

from modelspec.traffic.prometheus_source import QUERIES

pytestmark = pytest.mark.gateway

HEALTHY = re.compile(r'envoy_cluster_membership_healthy\{envoy_cluster_name="([^"]*)"\} (\d+)')


@pytest.fixture
def upstreams() -> Iterator[Upstreams]:
    heads = Upstreams()
    try:
        yield heads
    finally:
        heads.close()


@pytest.fixture
def fleet(tmp_path_factory: pytest.TempPathFactory, upstreams: Upstreams) -> Fleet:
    built = example_fleet(tmp_path_factory.mktemp("example"), upstreams, tls_head="head-service-eu")
    built.configure({"edge-eu": "eu"})
    built.build()
    return built


def healthy(edge: Edge) -> dict[str, int]:
    text = httpx.get(f"{edge.admin}/stats/prometheus?filter=membership_healthy", trust_env=False).text
    return {name: int(count) for name, count in HEALTHY.findall(text)}


def test_the_health_of_a_head_has_the_name_of_its_cluster(fleet: Fleet, upstreams: Upstreams) -> None:
    assert "(envoy_cluster_membership_healthy)" in QUERIES["edge"]
    with running(fleet.install("edge-eu"), fleet.ports) as edge:
        until(lambda: healthy(edge).get("head-service-eu-2") == 1, "the head is healthy")
        upstreams.kill("head-service-eu-2")
        until(lambda: healthy(edge).get("head-service-eu-2") == 0, "the head is not")
