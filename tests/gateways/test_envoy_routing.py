"""The example fleet behind the real Envoy: which head gets a request, what is rejected, what arrives."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from envoy_edge import Edge, Load, running
from envoy_fleet import Fleet, certified, example_fleet
from upstreams import Upstreams, free_port

pytestmark = pytest.mark.gateway

REGION = "eu"


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with Upstreams() as heads:
        yield heads


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, upstreams: Upstreams) -> Fleet:
    built = example_fleet(tmp_path_factory.mktemp("example"), upstreams, tls_head="head-service-eu")
    built.configure({"edge-eu": "eu", "edge-cn": "cn", "edge-us": "us"})
    built.build()
    return built


@pytest.fixture(scope="module")
def edge(fleet: Fleet) -> Iterator[Edge]:
    with running(fleet.install("edge-eu"), fleet.ports) as envoy:
        yield envoy


@pytest.fixture(scope="module")
def routes(fleet: Fleet) -> list[dict[str, Any]]:
    table = json.loads((fleet.dist / "routing" / "table.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = table["routes"]
    return found


def _offered(route: dict[str, Any]) -> bool:
    regions = route["access"]["client_regions"]
    return bool(route["tiers"]) and (regions is None or REGION in regions)


def test_what_a_head_says_of_its_upstreams_stays_behind_the_edge(edge: Edge) -> None:
    reply = edge.ask("mistral-7b")
    assert reply.status == 200
    assert reply.headers["x-litellm-version"] == "1"
    told = [
        name
        for name in reply.headers
        if name.lower().startswith(("llm_provider-", "x-litellm-model-api-base"))
    ]
    assert told == []


def test_every_name_reaches_the_first_heads_that_serve_its_model(
    edge: Edge, routes: list[dict[str, Any]]
) -> None:
    tried = 0
    for route in filter(_offered, routes):
        names = [*route["match"]["exact"], *(f"{prefix}any/name:1" for prefix in route["match"]["prefixes"])]
        for name in names:
            reply = edge.ask(name)
            assert reply.head in route["tiers"][0]["heads"], name
            assert (reply.json["model"], reply.json["path"]) == (name, "/v1/chat/completions")
            tried += 1
    assert tried > 30


def test_rejects_unknown_disabled_and_unavailable_models_in_the_format_of_openai(
    edge: Edge, routes: list[dict[str, Any]]
) -> None:
    by_id = {route["model_id"]: route for route in routes}
    assert by_id["gpt-oss-120b-eu"]
    assert edge.ask("no-such-model").code == (404, "model_not_found")
    assert edge.ask("ATLAS").code == (404, "model_not_found")
    disabled = [route["model_id"] for route in routes if route["status"] == "disabled"]
    elsewhere = [route["model_id"] for route in routes if route["tiers"] and not _offered(route)]
    assert disabled
    assert elsewhere
    for name in disabled:
        assert edge.ask(name).code == (404, "model_not_found")
    for name in elsewhere:
        assert edge.ask(name).code == (403, "model_not_offered_here")


@pytest.mark.parametrize("spoofed", ["mistral-7b", "-", "kimi-13b"])
def test_a_client_cannot_name_the_model_in_a_header(edge: Edge, upstreams: Upstreams, spoofed: str) -> None:
    upstreams.forget()
    headers = {"x-model": spoofed}
    assert edge.ask("no-such-model", headers=headers).code == (404, "model_not_found")
    assert edge.send("POST", "/v1/chat/completions", b"{}", headers=headers).code == (400, "model_required")
    assert edge.send("GET", "/v1/anything", headers=headers).code == (404, "path_not_found")
    assert upstreams.asked().total() == 0
    assert edge.ask("mistral-7b", headers=headers).json["model"] == "mistral-7b"
    assert "x-model" not in edge.ask("mistral-7b", headers=headers).json["headers"]


@pytest.mark.parametrize(
    "name",
    [
        "%PROTOCOL%",
        "%DYNAMIC_METADATA(x)%",
        "${HOME}",
        "{{7*7}}",
        "os.environ/HOME",
        "\"'`",
        "模型",
        "x" * 4000,
        "*",
        "openrouter",
    ],
)
def test_a_hostile_name_is_an_unknown_one(edge: Edge, name: str) -> None:
    assert edge.ask(name).code == (404, "model_not_found")


@pytest.mark.parametrize("rest", ["x-injected: 1", "%PROTOCOL%", "{{7*7}}", "a b", "模型", "x" * 4000])
def test_a_hostile_rest_of_a_wildcard_arrives_in_the_body_only(edge: Edge, rest: str) -> None:
    reply = edge.ask(f"openrouter/{rest}")
    assert reply.json["model"] == f"openrouter/{rest}"
    assert reply.json["headers"].keys().isdisjoint({"x-injected", "x-model"})


def test_a_name_that_no_model_can_have_is_not_even_looked_up(edge: Edge) -> None:
    assert edge.ask("x" * 100_000).code == (400, "model_invalid")
    assert edge.ask("").code == (400, "model_invalid")
    for name in ("mistral-7b", "openrouter/a"):
        for odd in (
            f"{name}\r\nx-injected: 1",
            f"{name}\0",
            f"{name} ",
            f" {name}",
            f"{name}\n",
            f"{name}\x7f",
        ):
            assert edge.ask(odd).code == (400, "model_invalid"), odd


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/problem+json"]
)
def test_reads_every_json_content_type(edge: Edge, kind: str) -> None:
    assert edge.ask("mistral-7b", headers={"content-type": kind}).head == "head-service-eu"


def test_a_large_body_passes_and_a_larger_one_is_refused_in_json(edge: Edge, upstreams: Upstreams) -> None:
    body = json.dumps({"model": "mistral-7b", "messages": "x" * (15 * 1024 * 1024)}).encode()
    assert edge.send("POST", "/v1/chat/completions", body).json["bytes"] == len(body)
    upstreams.forget()
    huge = json.dumps({"messages": "x" * (17 * 1024 * 1024), "model": "mistral-7b"}).encode()
    assert edge.send("POST", "/v1/chat/completions", huge).code == (413, "request_too_large")
    assert upstreams.asked().total() == 0


def test_the_models_of_an_edge_are_listed_without_private_and_foreign_ones(
    edge: Edge, routes: list[dict[str, Any]]
) -> None:
    listed = edge.send("GET", "/v1/models").json
    assert listed["object"] == "list"
    assert listed["data"][0].keys() >= {"id", "object", "created", "owned_by"}
    ids = [
        route["model_id"]
        for route in routes
        if _offered(route) and route["access"]["visibility"] != "private" and "*" not in route["model_id"]
    ]
    assert [row["id"] for row in listed["data"]] == ids
    assert 10 < len(ids) < len(routes)


def test_a_head_sees_its_own_name_and_path(edge: Edge, upstreams: Upstreams) -> None:
    reply = edge.ask("mistral-7b", path="/v1/embeddings?x=1")
    assert reply.json["path"] == "/v1/embeddings?x=1"
    assert reply.json["headers"]["host"] == f"localhost:{upstreams.heads['head-service-eu'].port}"


def test_rejects_a_head_with_a_foreign_certificate(
    fleet: Fleet, upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same fleet with another authority: the first tier with TLS is skipped."""
    folder = tmp_path_factory.mktemp("stranger")
    _, ca_file = certified(folder)
    other = Fleet(fleet.root, folder / "envoy", (free_port(), free_port()), ca_file)
    other.configure({"edge-eu": "eu"})
    other.build()
    with running(other.install("edge-eu"), other.ports) as edge:
        upstreams.forget()
        assert edge.ask("mistral-7b").head != "head-service-eu"
        assert edge.health("head-service-eu") == {"/failed_active_hc"}
        assert upstreams.heads["head-service-eu"].asked == 0


@pytest.mark.parametrize(
    ("model", "weights", "number"),
    [
        ("gpt-5.4", {"head-service-us": 3, "head-service-us-2": 1}, 3000),
        ("bge-m3", {"head-service-eu": 2, "head-service-eu-2": 1}, 1500),
    ],
)
def test_requests_are_shared_by_weight(
    edge: Edge, upstreams: Upstreams, model: str, weights: dict[str, int], number: int
) -> None:
    """Five percent are more than four standard deviations of either number."""
    upstreams.forget()
    load = Load(edge, [model])
    load.ask(number)
    assert (load.sent, load.failed) == (number, [])
    assert load.heads == upstreams.asked()
    for head_id, weight in weights.items():
        assert abs(load.heads[head_id] / number - weight / sum(weights.values())) < 0.05, load.heads
