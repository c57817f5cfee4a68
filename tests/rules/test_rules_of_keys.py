from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_fleets import found_in, heads, model, places

from modelspec.text.names import is_match

POLICY = "# file: modelspec.yaml\nkey_policy:\n  - {{key: {}, hosts: [{}]}}\n"
ATLAS = "{env: ATLAS_KEY}"


def _policy(key: str = "{env: ATLAS_*}", hosts: str = "api.atlas.example") -> str:
    return POLICY.format(key, hosts)


@pytest.mark.parametrize(
    ("key", "reference"),
    [
        ("{env: ATLAS_*}", "{env: ATLAS_KEY}"),
        ("{env: '*'}", "{env: ATLAS_KEY}"),
        ("{file: /run/secrets/atlas-*}", "{file: /run/secrets/atlas-eu}"),
        ("{vault: 'kv/atlas#*'}", "{vault: kv/atlas#key}"),
        ("{kubernetes: {secret: atlas-*, key: '*'}}", "{kubernetes: {secret: atlas-eu, key: api}}"),
    ],
)
def test_a_named_key_goes_to_its_hosts_only(key: str, reference: str, tmp_path: Path) -> None:
    elsewhere = model(api_key=reference, endpoint="https://evil.example/v1") + _policy(key)
    assert places(found_in(tmp_path, elsewhere), "MS514") == ["models.d/atlas.yaml:7:10"]
    home = model(api_key=reference, endpoint="https://API.atlas.example:8443/v1") + _policy(key)
    assert places(found_in(tmp_path, home), "MS514") == []


def test_a_key_that_no_entry_names_may_go_anywhere(tmp_path: Path) -> None:
    text = model(api_key="{env: BISON_KEY}", endpoint="https://evil.example/v1") + _policy()
    assert places(found_in(tmp_path, text), "MS514") == []


@pytest.mark.parametrize(
    "hosts", ["atlas.example", "'*.atlas.example'", "'api.atlas.example.*'", "'[2001:db8::1]'"]
)
def test_a_part_of_a_host_is_not_the_host(hosts: str, tmp_path: Path) -> None:
    text = model(api_key=ATLAS, endpoint="https://api.atlas.example.evil.example/v1") + _policy(hosts=hosts)
    found = places(found_in(tmp_path, text), "MS514")
    assert found == ([] if "example.*" in hosts else ["models.d/atlas.yaml:7:10"])


def test_unknown_hosts_are_rejected(tmp_path: Path) -> None:
    by_environment = model(api_key=ATLAS, endpoint="{env: ATLAS_URL}") + _policy()
    assert places(found_in(tmp_path, by_environment), "MS514") == ["models.d/atlas.yaml:7:10"]
    by_region = model(api_key=ATLAS, endpoint="", provider="bedrock", params="{aws_region_name: eu-west-1}")
    assert places(found_in(tmp_path, by_region + _policy()), "MS514") == ["models.d/atlas.yaml:6:10"]


def test_the_endpoint_of_a_provider_is_held_against_the_policy(tmp_path: Path) -> None:
    text = model(api_key=ATLAS, endpoint="", provider="mistral")
    assert places(found_in(tmp_path, text + _policy()), "MS514") == ["models.d/atlas.yaml:6:10"]
    assert places(found_in(tmp_path, text + _policy(hosts="api.mistral.ai")), "MS514") == []


def test_urls_and_references_in_params_count_as_well(tmp_path: Path) -> None:
    diverted = model(
        api_key=ATLAS, endpoint="https://api.atlas.example/v1", params="{api_base: 'HTTPS://evil.example/v1'}"
    )
    assert places(found_in(tmp_path, diverted + _policy()), "MS514") == ["models.d/atlas.yaml:7:10"]
    among_params = model(endpoint="https://evil.example/v1", params="{token: {env: ATLAS_TOKEN}}")
    assert places(found_in(tmp_path, among_params + _policy()), "MS514") == ["models.d/atlas.yaml:7:17"]


def test_each_deployment_has_keys_and_hosts_of_its_own(tmp_path: Path) -> None:
    listed = (
        "[{endpoint: https://api.atlas.example/v1, api_key: {env: ATLAS_KEY}}, "
        "{endpoint: https://evil.example/v1, api_key: {env: EVIL_KEY}}]"
    )
    text = model(endpoint="", deployments=listed)
    assert places(found_in(tmp_path, text + _policy()), "MS514") == []
    assert len(places(found_in(tmp_path, text + _policy("{env: EVIL_*}")), "MS514")) == 1


def test_a_key_of_a_local_model_goes_to_the_inference_servers_of_its_heads(tmp_path: Path) -> None:
    local = model(api_key=ATLAS, endpoint="", local_inference="true") + heads(
        head_us_1="inference_url: 'http://10.0.0.1:8000/v1'", head_uk_1="inference_url: 'http://10.0.0.2/v1'"
    )
    assert places(found_in(tmp_path, local + _policy(hosts="10.0.0.*")), "MS514") == []
    assert places(found_in(tmp_path, local + _policy(hosts="10.0.0.1")), "MS514") == [
        "models.d/atlas.yaml:6:10"
    ]


def test_a_key_with_two_domains_is_reported_once_at_the_second(tmp_path: Path) -> None:
    text = (
        model("atlas", api_key=ATLAS, endpoint="https://eu.atlas.example/v1")
        + model("bison", api_key=ATLAS, endpoint="https://us.atlas.example/v1")
        + model("camel", api_key=ATLAS, endpoint="https://mirror.example/v1")
        + model("daisy", api_key=ATLAS, endpoint="https://mirror.example/v1")
    )
    (told,) = [d for d in found_in(tmp_path, text) if d.code == "MS515"]
    assert (told.path, told.subject) == ("models.d/camel.yaml", "camel")
    assert [label.path for label in told.related] == ["models.d/atlas.yaml"]
    assert (
        places(found_in(tmp_path, text + _policy(hosts="'*.atlas.example', mirror.example")), "MS515") == []
    )


def test_the_public_endpoint_of_a_provider_is_one_of_the_two(tmp_path: Path) -> None:
    text = model("atlas", api_key=ATLAS, endpoint="") + model(
        "bison", api_key=ATLAS, endpoint="https://evil.example/v1"
    )
    assert places(found_in(tmp_path, text), "MS515") == ["models.d/bison.yaml:7:10"]


@pytest.mark.parametrize(
    "second",
    [
        {"api_key": "{env: BISON_KEY}", "endpoint": "https://bison.example/v1"},
        {"endpoint": "https://bison.example/v1", "params": "{api_version: {env: API_VERSION}}"},
        {"api_key": ATLAS, "endpoint": "{env: BISON_URL}"},
        {"api_key": ATLAS, "endpoint": "", "provider": "bedrock"},
    ],
)
def test_other_keys_and_unknown_hosts_are_no_second_domain(second: dict[str, str], tmp_path: Path) -> None:
    text = model("atlas", api_key=ATLAS, endpoint="https://atlas.example/v1") + model("bison", **second)
    assert places(found_in(tmp_path, text), "MS515") == []


def test_a_key_in_a_harmless_field_of_another_model_is_a_key_still(tmp_path: Path) -> None:
    text = model("atlas", api_key=ATLAS, endpoint="https://atlas.example/v1") + model(
        "bison", endpoint="https://evil.example/v1", params=f"{{organization: {ATLAS}}}"
    )
    assert places(found_in(tmp_path, text), "MS515") == ["models.d/bison.yaml:7:24"]


def test_a_reference_that_is_not_a_key_may_be_sent_to_two_domains(tmp_path: Path) -> None:
    version = "{api_version: {env: API_VERSION}}"
    text = model("atlas", endpoint="https://atlas.example/v1", params=version)
    text += model("bison", endpoint="https://bison.example/v1", params=version)
    assert places(found_in(tmp_path, text), "MS515") == []


@pytest.mark.parametrize("name", ["aws_region_name", "vertex_location"])
@pytest.mark.parametrize(
    "region", ["evil.example/", "evil.example#", "a@evil.example", "evil.example?", "evil.example:443"]
)
def test_a_region_that_would_build_another_host_is_an_unknown_host(
    name: str, region: str, tmp_path: Path
) -> None:
    endpoint = "https://api.atlas.example/v1"
    diverted = model(api_key=ATLAS, endpoint=endpoint, params=f"{{{name}: '{region}'}}")
    assert places(found_in(tmp_path, diverted + _policy()), "MS514") == ["models.d/atlas.yaml:7:10"]
    home = model(api_key=ATLAS, endpoint=endpoint, params=f"{{{name}: eu-west-1}}")
    assert places(found_in(tmp_path, home + _policy()), "MS514") == []


@given(
    st.lists(st.text("ab", max_size=3), min_size=1, max_size=4),
    st.lists(st.text("ab*", max_size=3), max_size=3),
)
def test_a_glob_matches_any_text_between_its_parts(parts: list[str], between: list[str]) -> None:
    fillings = [*between, "", "", ""][: len(parts) - 1]
    text = parts[0] + "".join(filling + part for filling, part in zip(fillings, parts[1:], strict=True))
    assert is_match("*".join(parts), text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("a", "b"), ("a*", "ba"), ("*a", "ab"), ("a*a", "a"), ("a*b*c", "acb"), ("*ab*ab", "xab")],
)
def test_globs_that_do_not_match(pattern: str, text: str) -> None:
    assert not is_match(pattern, text)
