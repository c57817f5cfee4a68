from dataclasses import replace

import pytest

from modelspec.diagnose.rule import Finding
from modelspec.fleet.model import Fleet, Head, Model, Upstream
from modelspec.fleet.reference import Reference
from modelspec.rules.exposure import RULES
from modelspec.text.document import Place

HEADS = {
    "public": "https://head.example.com",
    "local": "http://localhost:8080",
    "other-local": "http://127.0.0.1:8081",
}


def head(head_id: str, url: str, inference_url: str | None = None) -> Head:
    return Head(
        head_id=head_id,
        region="eu",
        url=url,
        status="active",
        health_path="/health",
        inference_url=inference_url,
        capacity=None,
        place=Place(path="heads.yaml", pointer=("heads", 0)),
    )


FLEET = Fleet(regions={}, heads={name: head(name, url) for name, url in HEADS.items()}, complete=True)

DEPLOYMENT = Upstream(
    endpoint="https://api.example.com/v1",
    has_own_endpoint=True,
    provider="openai",
    is_declared=True,
    upstream_model="atlas",
    api_key=None,
    params={},
    request={},
    model_info={},
    region=None,
    weight=None,
    order=None,
    rpm=None,
    tpm=None,
    pointer=(),
)
MODEL = Model(
    path="models.d/atlas.yaml",
    line=1,
    model_id="atlas",
    name="Atlas",
    region="eu",
    priority_head="public",
    fallback_heads=(),
    policy="round_robin",
    weights={},
    deployments=(DEPLOYMENT,),
    local_inference=False,
    fallback_models=(),
    aliases=(),
    rpm=None,
    tpm=None,
    has_access=False,
    visibility="internal",
    groups=(),
    client_regions=None,
    status="active",
    sunset=None,
    replaced_by=None,
    tags=(),
    metadata={},
)


def at(endpoint: str | Reference | None, **fields: object) -> Upstream:
    return replace(DEPLOYMENT, endpoint=endpoint, **fields)  # type: ignore[arg-type]  # given by name


def in_model(*deployments: Upstream, **fields: object) -> list[tuple[str, Finding]]:
    model = replace(MODEL, deployments=deployments, **fields)  # type: ignore[arg-type]  # given by name
    return [(rule.code, found) for rule in RULES if rule.check for found in rule.check(model, FLEET)]


def in_head(url: str, inference_url: str | None = None) -> list[tuple[str, Finding]]:
    fleet = Fleet(regions={}, heads={"h": head("h", url, inference_url)}, complete=True)
    return [(rule.code, found) for rule in RULES if rule.fleet_check for found in rule.fleet_check(fleet)]


def codes(found: list[tuple[str, Finding]]) -> list[str]:
    return [code for code, _ in found]


def test_rules_are_in_the_order_of_their_codes() -> None:
    listed = [rule.code for rule in RULES]
    assert listed == sorted(listed) == [f"MS{number}" for number in (506, 507, 508, 509, 510, 511, 512, 516)]


@pytest.mark.parametrize("endpoint", ["https://api.example.com/v1", None, Reference.of({"env": "URL"})])
def test_ordinary_and_absent_endpoints_are_silent(endpoint: str | Reference | None) -> None:
    assert in_model(at(endpoint)) == []


def test_ordinary_params_are_silent() -> None:
    assert (
        in_model(at("https://api.example.com/v1", params={"api_version": "2024-10-21", "timeout": 30})) == []
    )


def test_each_faulty_deployment_is_pointed_at() -> None:
    found = in_model(
        at("http://api.example.com", pointer=("deployments", 0)),
        at("https://api.example.com/v1", pointer=("deployments", 1)),
        at("http://169.254.169.254/#x", pointer=("deployments", 2)),
    )
    assert [(code, one.place.pointer) for code, one in found] == [
        ("MS506", ("deployments", 0, "endpoint")),
        ("MS507", ("deployments", 2, "endpoint")),
        ("MS508", ("deployments", 2, "endpoint")),
    ]
    assert found[0][1].message == (
        "the endpoint of model 'atlas' uses plain http to the public host 'api.example.com'"
    )
    assert all(one.help for _, one in found)


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("api_base", "http://api.example.com", ["MS506"]),
        ("anything", "http://169.254.169.254", ["MS508"]),
        ("anything", " HTTP:169.254.169.254", ["MS508"]),
        ("base_url", "file:///etc/passwd", ["MS516"]),
        ("aws_bedrock_runtime_endpoint", "ftp://x", ["MS516"]),
        ("api_base", "https://api.example.com", []),
        ("bucket", "s3://bucket/x", []),
        ("role", "arn:aws:iam::123456789012:role/x", []),
        ("api_version", "2024-10-21", []),
        ("timeout", 30, []),
        ("api_base", Reference.of({"env": "URL"}), []),
    ],
)
def test_params_that_are_urls_are_judged(key: str, value: object, found: list[str]) -> None:
    told = in_model(at(None, params={"first": "a:b", key: value}))
    assert codes(told) == found
    assert [one.place.pointer for _, one in told] == [("params", key)] * len(found)


def test_loopback_needs_local_inference_or_local_heads_alone() -> None:
    loopback = at("http://localhost:11434/v1")
    assert codes(in_model(loopback)) == ["MS509"]
    assert in_model(loopback, local_inference=True) == []
    assert in_model(loopback, priority_head="local") == []
    assert in_model(loopback, priority_head="local", fallback_heads=("other-local",)) == []
    assert codes(in_model(loopback, priority_head="local", fallback_heads=("public",))) == ["MS509"]
    assert codes(in_model(at("http://127.1"), priority_head="local")) == ["MS516"]


def test_an_unknown_head_brings_no_second_fault() -> None:
    assert in_model(at("http://localhost:11434/v1"), priority_head="unknown") == []


def test_metadata_addresses_are_never_local() -> None:
    assert codes(in_model(at("http://169.254.169.254"), local_inference=True)) == ["MS508"]


@pytest.mark.parametrize(
    ("url", "inference_url", "found"),
    [
        ("https://head.example.com", None, []),
        ("https://head.example.com", "http://127.0.0.1:8000/v1", []),
        ("http://localhost:8080", "http://localhost:8000", []),
        ("http://head.example.com", None, [("MS506", "url")]),
        ("https://head.example.com", "http://gpu.example.com", [("MS506", "inference_url")]),
        (
            "http://169.254.1.1",
            "http://metadata.google.internal",
            [("MS508", "url"), ("MS508", "inference_url")],
        ),
        ("https://head.example.com/?a=b", "https://gpu.example.com/?a=b", [("MS516", "url")]),
        ("https://head.example.com/?", None, [("MS516", "url")]),
        ("https://head.example.com/?key=b", None, [("MS507", "url")]),
        ("https://head.example.com/#?", None, [("MS507", "url")]),
        ("http://head.example.com/?a=b", None, [("MS506", "url"), ("MS516", "url")]),
        ("https://u@head.example.com/?a=b", None, [("MS507", "url"), ("MS516", "url")]),
        ("https://u@head.example.com/?key=b", None, [("MS507", "url")]),
        ("http://169.254.1.1/?a=b", None, [("MS508", "url")]),
        ("ftp://head.example.com/?a=b", None, [("MS516", "url")]),
    ],
)
def test_heads_are_judged_at_both_urls(
    url: str, inference_url: str | None, found: list[tuple[str, str]]
) -> None:
    told = in_head(url, inference_url)
    assert [(code, one.place.pointer[-1]) for code, one in told] == found
    assert all(one.place.pointer[:-1] == ("heads", 0) and one.subject == "h" for _, one in told)
