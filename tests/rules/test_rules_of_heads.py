from pathlib import Path

import pytest
from rule_fleets import found_in, heads, model, told

EU = {"region": "eu", "priority_head": "head-eu-1"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"priority_head": "head-us-1"}, ["MS301:4"]),
        ({"fallback_heads": "[head-uk-1, head-cn-1, head-us-2]"}, ["MS301:5", "MS301:5"]),
        ({"load_balancing": "{weights: {head-eu-1: 1, head-cn-1: 1}}"}, ["MS301:7"]),
        ({"endpoint": "", "deployments": "[{endpoint: https://a.example.com, region: cn}]"}, ["MS301:6"]),
        ({"endpoint": "", "deployments": "[{endpoint: https://a.example.com, region: uk}]"}, []),
        ({"endpoint": "", "deployments": "[{endpoint: https://a.example.com}]"}, []),
        ({"region": "uk", "fallback_heads": "[head-cn-1, head-us-1]"}, []),
        ({"status": "disabled", "fallback_heads": "[head-us-1]"}, ["MS301:5"]),
    ],
)
def test_residency_counts_every_head_and_deployment(
    fields: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    assert told(found_in(tmp_path, model(**{**EU, **fields}))) == expected


def test_residency_counts_offline_heads(tmp_path: Path) -> None:
    found = found_in(
        tmp_path, heads(head_us_2="status: offline") + model(**EU, fallback_heads="[head-us-2, head-uk-1]")
    )
    assert told(found) == ["MS301:5"]
    assert [label.path for label in found[0].related] == ["regions.yaml"]
    assert found[0].related[0].text == "'eu' allows eu, uk"
    assert found[0].subject == "atlas"


def test_a_head_with_two_faults_has_one_diagnostic_each(tmp_path: Path) -> None:
    weights = "{weights: {head-eu-1: 1, head-us-1: 1}}"
    text = model(**EU, fallback_heads="[head-us-1, head-uk-1]", load_balancing=weights)
    assert told(found_in(tmp_path, text)) == ["MS305:5", "MS301:7"]


@pytest.mark.parametrize("region", ["ue", "EU", "[eu]"])
def test_no_model_is_blamed_for_the_region_of_a_faulty_head(region: str, tmp_path: Path) -> None:
    faulty = heads().replace("head-eu-1, region: eu", f"head-eu-1, region: {region}")
    text = faulty + model(**EU, fallback_models="[bison]") + model("bison", priority_head="head-eu-1")
    assert [d.path for d in found_in(tmp_path, text)] == ["heads.yaml"]


@pytest.mark.parametrize("more", ["inference_url: [x]", "inference_url: 'http://10.0.0.1', capacity: 0"])
def test_no_model_is_blamed_for_the_server_of_a_faulty_head(more: str, tmp_path: Path) -> None:
    text = heads(head_us_1=more, head_uk_1="inference_url: 'http://10.0.0.2'")
    found = found_in(tmp_path, text + model(endpoint="", local_inference="true"))
    assert [d.path for d in found] == ["heads.yaml"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"fallback_heads": "[head-us-1]"}, ["MS402:4", "MS303:5"]),
        ({"load_balancing": "{weights: {head-us-1: 1}}"}, []),
        ({"load_balancing": "{weights: {head-us-2: 1}}"}, ["MS304:7"]),
        ({"load_balancing": "{weights: {head-us-2: 1, head-uk-1: 1}}"}, ["MS305:5", "MS304:7"]),
        ({"load_balancing": "{policy: random}"}, []),
        (
            {"load_balancing": "{weights: {head-us-1: 1, head-us-2: 1}}", "fallback_heads": "[head-us-1]"},
            ["MS404:4", "MS303:5"],
        ),
        (
            {"load_balancing": "{weights: {head-us-1: 1, head-us-2: 1}}", "fallback_heads": ""},
            ["MS404:4"],
        ),
    ],
)
def test_each_head_has_one_place(fields: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    assert told(found_in(tmp_path, model(**fields))) == expected


@pytest.mark.parametrize(
    ("priority", "fallback", "expected"),
    [
        ("active", "active", []),
        ("active", "draining", ["MS402:4"]),
        ("active", "offline", ["MS402:4"]),
        ("draining", "active", ["MS402:4"]),
        ("draining", "draining", ["MS402:4"]),
        ("draining", "offline", ["MS402:4"]),
        ("offline", "active", ["MS402:4", "MS403:4"]),
        ("offline", "draining", ["MS401:4"]),
        ("offline", "offline", ["MS401:4"]),
    ],
)
def test_states_of_heads_decide_what_is_left(
    priority: str, fallback: str, expected: list[str], tmp_path: Path
) -> None:
    states = heads(head_us_1=f"status: {priority}", head_uk_1=f"status: {fallback}")
    assert told(found_in(tmp_path, states + model())) == expected
    (tmp_path / "disabled").mkdir()
    assert told(found_in(tmp_path / "disabled", states + model(status="disabled"))) == []


def test_the_next_active_head_is_named(tmp_path: Path) -> None:
    states = heads(head_us_1="status: offline", head_uk_1="status: draining")
    found = found_in(tmp_path, states + model(fallback_heads="[head-uk-1, head-us-2, head-eu-1]"))
    (offline,) = [d for d in found if d.code == "MS403" and d.path == "models.d/atlas.yaml"]
    assert offline.message == "the priority head 'head-us-1' is offline; 'head-us-2' takes over"
    assert [(label.path, label.span.line) for label in offline.related] == [("heads.yaml", 5)]


@pytest.mark.parametrize(
    ("fields", "states", "expected"),
    [
        ({"fallback_heads": "[head-us-2]"}, {}, ["MS404:4"]),
        ({"fallback_heads": "[head-us-2, head-uk-1]"}, {"head_uk_1": "status: draining"}, ["MS404:4"]),
        ({**EU, "fallback_heads": "[head-eu-2]"}, {}, ["MS404:4"]),
        ({**EU, "fallback_heads": "[head-eu-2]"}, {"head_uk_1": "status: draining"}, []),
        (
            {"region": "cn", "priority_head": "head-cn-1", "fallback_heads": "", "upstream_region": "cn"},
            {},
            ["MS402:4"],
        ),
    ],
)
def test_one_region_is_noted_where_another_would_do(
    fields: dict[str, str], states: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    assert told(found_in(tmp_path, heads(**states) + model(**fields))) == expected


@pytest.mark.parametrize(
    ("fields", "states", "expected"),
    [
        ({"endpoint": "http://127.0.0.1:8000/v1"}, {}, []),
        ({"endpoint": ""}, {}, ["MS308:6"]),
        ({"endpoint": ""}, {"head_us_1": "inference_url: 'http://10.0.0.1/v1'"}, ["MS308:6"]),
        (
            {"endpoint": ""},
            {
                "head_us_1": "inference_url: 'http://10.0.0.1/v1'",
                "head_uk_1": "inference_url: 'http://10.0.0.2'",
            },
            [],
        ),
        ({"endpoint": "{env: ATLAS_URL}"}, {}, []),
        ({"endpoint": "", "provider": "azure"}, {}, ["MS308:7"]),
    ],
)
def test_local_inference_needs_a_server_at_every_head(
    fields: dict[str, str], states: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    assert told(found_in(tmp_path, heads(**states) + model(**fields, local_inference="true"))) == expected


def test_local_inference_and_deployments_exclude_each_other(tmp_path: Path) -> None:
    text = model(endpoint="", local_inference="true", deployments="[{endpoint: https://a.example.com}]")
    assert len(told(found_in(tmp_path, text))) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["MS309"]),
        ({"api_key": "{env: ATLAS_API_KEY}"}, ["MS309"]),
        ({"provider": "openai"}, []),
        ({"provider": "azure"}, ["MS309"]),
        ({"provider": "mistral"}, []),
        ({"provider": "anthropic"}, []),
        ({"provider": "bedrock"}, ["MS309"]),
        ({"provider": "bedrock", "params": "{aws_region_name: us-east-1}"}, []),
        ({"provider": "vertex_ai", "params": "{vertex_location: europe-west4}"}, []),
        ({"deployments": "[{provider: mistral}, {provider: azure}]"}, ["MS309"]),
        ({"deployments": "[{provider: mistral}, {weight: 2}]"}, ["MS309"]),
        ({"provider": "codestral"}, ["MS309"]),
        ({"provider": "opneai"}, ["MS208"]),
        ({"deployments": "[{endpoint: https://a.example.com, provider: gogle}]"}, ["MS208"]),
    ],
)
def test_an_endpoint_is_needed_where_the_provider_has_none(
    fields: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    found = found_in(tmp_path, model(endpoint="", **fields))
    assert [d.code for d in found] == expected
