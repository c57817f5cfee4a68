"""Outcomes as a Prometheus has them, by the metrics' real names."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from loopback import Answer, closed_port, fleet_at, http, repository, serving

from modelspec.diagnose.refusal import Refusal
from modelspec.traffic.probe import trust
from modelspec.traffic.prometheus_source import PrometheusSource
from modelspec.traffic.subjects import HEAD, UPSTREAM, Probed, Watched

A, B = (Watched(kind=HEAD, key=f"head-{name}", url=f"https://{name}.example.com/health") for name in "ab")
OPEN = Watched(kind=UPSTREAM, key="https://up.example.com/v1", url="https://up.example.com/v1")
COBRA = Watched(kind=UPSTREAM, key="env:COBRA", url=None, skipped="the variable is not set here")
IN_VARIABLE = Watched(kind=UPSTREAM, key="env:BISON", url="https://b.example.com/V1/", is_private=True)
SUBJECTS = (A, B, OPEN, COBRA, IN_VARIABLE)


def series(*samples: tuple[Mapping[str, str], str]) -> bytes:
    result = [{"metric": labels, "value": [1780000000, value]} for labels, value in samples]
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    )


def read(answer: Answer, subjects: Iterable[Watched] = SUBJECTS, seconds: float = 5) -> list[Probed] | str:
    with serving(answer) as server:
        return ask(server.url, subjects, seconds)


def ask(url: str, subjects: Iterable[Watched] = SUBJECTS, seconds: float = 5) -> list[Probed] | str:
    source = PrometheusSource(url=url, context=trust(None), seconds=seconds)
    found = asyncio.run(source(subjects))
    return found.message if isinstance(found, Refusal) else [found[one] for one in subjects]


def metrics(samples: Mapping[str, bytes]) -> Callable[[bytes], bytes]:
    """What answers each query of the API by the name of its metric."""

    def answer(head: bytes) -> bytes:
        query = parse_qs(urlsplit(head.split()[1].decode()).query)["query"][0]
        return next(
            (text for name, text in samples.items() if f"{name}{{" in query or f"({name})" in query), series()
        )

    return answer


OF_A = {"modelspec": "head", "head": "head-a", "instance": "https://a.example.com/health"}
OF_OPEN = {"modelspec": "endpoint", "instance": "https://UP.example.com:443/v1"}


def test_the_blackbox_exporter_decides() -> None:
    found = read(
        metrics(
            {
                "probe_success": series((OF_A, "1"), (OF_OPEN, "0")),
                "probe_duration_seconds": series((OF_A, "0.0123"), (OF_OPEN, "NaN")),
                "probe_http_status_code": series((OF_A, "200"), (OF_OPEN, "0")),
                "probe_ssl_earliest_cert_expiry": series((OF_A, "4102444800"), (OF_OPEN, "1e300")),
                "envoy_cluster_membership_healthy": series(({"envoy_cluster_name": "head-a"}, "0")),
                "litellm_deployment_state": series(({"api_base": "https://up.example.com/v1"}, "0")),
            }
        ),
        (A, OPEN),
    )
    assert found == [
        Probed(
            is_up=True,
            code=200,
            latency_ms=12,
            certificate_expires=datetime(2100, 1, 1, tzinfo=UTC),
        ),
        Probed(is_up=False, reason="the blackbox exporter's probe fails"),
    ]


def test_what_gateways_saw_decides_where_nothing_was_probed() -> None:
    found = read(
        metrics(
            {
                "envoy_cluster_membership_healthy": series(
                    ({"envoy_cluster_name": "head-a"}, "1"),
                    ({"envoy_cluster_name": "head-b"}, "0"),
                    ({"envoy_cluster_name": "head-a > head-b"}, "0"),
                ),
                "litellm_deployment_state": series(
                    ({"api_base": "https://up.example.com/v1/"}, "2"),
                    ({"api_base": "https://b.example.com/V1"}, "1"),
                    ({}, "2"),
                ),
            }
        )
    )
    assert found == [
        Probed(is_up=True),
        Probed(is_up=False, reason="no edge finds it healthy"),
        Probed(is_up=False, reason="LiteLLM reports a complete outage"),
        Probed(is_up=None, reason="the variable is not set here"),
        Probed(is_up=True),
    ]


def test_the_metrics_have_the_names_of_what_is_emitted(tmp_path: Path) -> None:
    """By the labels that `gateways/prometheus/targets.json` gives, every head and https endpoint is found."""
    from modelspec.gateways import GatewayOptions  # noqa: PLC0415
    from modelspec.gateways.prometheus import emit  # noqa: PLC0415

    root = repository(
        tmp_path / "fleet", {"head-a": "https://a.example.com/"}, {"atlas": "https://UP.example.com:443/v1/"}
    )
    fleet = fleet_at(root)
    targets = json.loads(next(emit(fleet.index.table, GatewayOptions(options={}, edges={}))).content)
    samples = [({**one["labels"], "instance": one["targets"][0]}, "1") for one in targets]
    found = read(metrics({"probe_success": series(*samples)}), fleet.subjects)
    assert found == [Probed(is_up=True)] * 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "did not answer within 0.3 s"),
        (http(503), "answered HTTP 503"),
        (http(302, "location: http://169.254.169.254/"), "answered HTTP 302"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>sign in</html>",
            "answered 'text/html' that is not",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000, "answered '' that is not"),
        (b'HTTP/1.1 200 OK\r\n\r\n{"status": "error"}', "is not a result"),
        (
            b'HTTP/1.1 200 OK\r\n\r\n{"status": "success", "data": {"resultType": "matrix"}}',
            "is not a result",
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nnot gzip", "is not a result"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{", "cannot be reached"),
        (b"SMTP", "cannot be reached"),
    ],
)
def test_a_prometheus_that_is_none_is_refused(answer: bytes | None, words: str) -> None:
    found = read(answer, seconds=0.3)
    assert isinstance(found, str)
    assert found.startswith("Prometheus at '127.0.0.1:")
    assert words in found


def test_an_answer_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelspec.traffic.prometheus_source._LARGEST", 1 << 20)
    assert "answered more than 1 MiB" in read(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (1 << 21))


def test_odd_samples_are_passed_over() -> None:
    text = json.loads(series((OF_A, "1")).partition(b"\r\n\r\n")[2])
    odd = [7, {}, {"metric": {}, "value": 1}, {"metric": {"instance": 7}, "value": [1, "1"]}]
    odd += [{"metric": {"head": "head-b"}, "value": [1, text]} for text in ("x", "NaN", "+Inf")]
    text["data"]["result"] += odd
    found = read(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(text).encode(), (A, B))
    assert isinstance(found, list)
    assert [one.is_up for one in found] == [True, None]


def test_what_does_not_listen_is_refused_without_its_password() -> None:
    found = ask(f"http://user:planted@127.0.0.1:{closed_port()}/planted")
    assert isinstance(found, str)
    assert "planted" not in found
    assert found.endswith("cannot be reached")
