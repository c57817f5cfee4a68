"""What `status --prometheus` reads of an edge and of heads, in the words of the real programs."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from envoy_edge import Edge, running, until
from envoy_fleet import Fleet, example_fleet
from litellm_proxy import environment, litellm_program
from upstreams import Upstreams

from modelspec.traffic.prometheus_source import QUERIES

pytestmark = pytest.mark.gateway

HEALTHY = re.compile(r'envoy_cluster_membership_healthy\{envoy_cluster_name="([^"]*)"\} (\d+)')


@pytest.fixture
def upstreams() -> Iterator[Upstreams]:
    with Upstreams() as heads:
        yield heads


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


def test_the_state_of_a_deployment_has_the_name_and_labels_that_litellm_gives_it(tmp_path: Path) -> None:
    question = (
        "from typing import get_args; import litellm.types.integrations.prometheus as p\n"
        "name = 'litellm_deployment_state'\n"
        "print(name in get_args(p.DEFINED_PROMETHEUS_METRICS), *p.PrometheusMetricLabels.get_labels(name))"
    )
    python = litellm_program().with_name("python")
    ended = subprocess.run(
        [python, "-c", question], env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    said = ended.stdout.split()
    assert said[0] == "True"
    assert "api_base" in said[1:]
    assert "(litellm_deployment_state)" in QUERIES["gateway"]
