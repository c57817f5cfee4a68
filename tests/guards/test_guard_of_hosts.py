from pathlib import Path

import pytest
from changes import KEY, change, settings, waiver, waivers
from small_fleets import FIXED, HEADS, model

ATLAS = model("atlas", KEY)
ELSEWHERE = "endpoint: https://evil.example.org/v1"
DEPLOYED = "  - {endpoint: https://%s, api_key: {env: %s}}"
BEDROCK = ("provider: bedrock", "api_key: {env: AWS_KEY}")


def _subjects(
    root: Path, before: dict[str, str], after: dict[str, str], **files: dict[str, str]
) -> list[str]:
    found = change(root, before, after, **files)
    assert set(found.codes) <= {"MS806"}
    return [one.subject for one in found.found]


def test_reports_a_key_sent_to_a_new_host(tmp_path: Path) -> None:
    found = change(tmp_path, {"atlas": ATLAS}, {"atlas": model("atlas", KEY, ELSEWHERE)})
    assert found.places == ["MS806 models.d/atlas.yaml:6:11"]
    assert (
        found.found[0].message == "model 'atlas' sends the key 'env:MODEL_KEY' to 'evil.example.org', "
        "where no model of the base sends it (endpoint_host_change)"
    )


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://upstream.example.com/v2",
        "https://upstream.example.com:8443/v1",
        "https://UPSTREAM.example.com/v1",
    ],
)
def test_allows_another_path_of_the_same_host(endpoint: str, tmp_path: Path) -> None:
    assert (
        "MS806"
        not in change(
            tmp_path, {"atlas": ATLAS}, {"atlas": model("atlas", KEY, f"endpoint: {endpoint}")}
        ).codes
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ATLAS, model("atlas", ELSEWHERE)),
        (model("atlas"), model("atlas", "api_key: {env: NEW_KEY}", ELSEWHERE)),
        (ATLAS, model("atlas", "api_key: {env: NEW_KEY}", ELSEWHERE)),
    ],
)
def test_reports_requests_of_a_model_with_a_key_sent_to_a_new_host(
    before: str, after: str, tmp_path: Path
) -> None:
    found = change(tmp_path, {"atlas": before}, {"atlas": after})
    assert found.subjects == [("MS806", "atlas evil.example.org")]
    assert "sends requests to 'evil.example.org'" in found.found[0].message


def test_allows_a_model_without_a_key_to_change_hosts(tmp_path: Path) -> None:
    assert _subjects(tmp_path, {"atlas": model("atlas")}, {"atlas": model("atlas", ELSEWHERE)}) == []


def test_allows_a_new_model_with_a_new_key(tmp_path: Path) -> None:
    new = model("bison", "api_key: {env: BISON_KEY}", ELSEWHERE)
    assert _subjects(tmp_path, {"atlas": ATLAS}, {"atlas": ATLAS, "bison": new}) == []


@pytest.mark.parametrize(
    "lines",
    [
        (KEY, ELSEWHERE),
        (KEY, ELSEWHERE, "status: disabled"),
        ("params: {token: {env: MODEL_KEY}}", ELSEWHERE),
        (KEY, "params: {api_base: https://evil.example.org/v1}"),
        (KEY, "params: {base_url: evil.example.org}"),
        (KEY, "params: {other: 'https://evil.example.org/'}"),
        (KEY, "endpoint: {env: EVIL_URL}"),
        (KEY, "params: {api_base: {env: EVIL_URL}}"),
        ("deployments:", DEPLOYED % ("a.example.net", "OTHER"), DEPLOYED % ("evil.example.org", "MODEL_KEY")),
    ],
)
def test_reports_a_new_model_that_sends_a_known_key_to_a_new_host(
    lines: tuple[str, ...], tmp_path: Path
) -> None:
    (subject,) = _subjects(tmp_path, {"atlas": ATLAS}, {"atlas": ATLAS, "bison": model("bison", *lines)})
    assert subject in ("bison evil.example.org", "bison env:EVIL_URL")


@pytest.mark.parametrize(
    ("key", "same"),
    [
        ("{vault: kv/llm#atlas}", "{vault: kv/llm#atlas}"),
        ("{file: /run/secrets/atlas}", "{file: /run/secrets/atlas}"),
        ("{kubernetes: {secret: keys, key: atlas}}", "{kubernetes: {key: atlas, secret: keys}}"),
    ],
)
def test_recognises_a_key_in_every_notation(key: str, same: str, tmp_path: Path) -> None:
    before = {"atlas": model("atlas", f"api_key: {key}")}
    after = before | {"bison": model("bison", f"api_key: {same}", ELSEWHERE)}
    assert _subjects(tmp_path, before, after) == ["bison evil.example.org"]


def test_allows_a_host_to_be_removed(tmp_path: Path) -> None:
    entry = "  - {endpoint: https://%s.example.net, api_key: {env: MODEL_KEY}}"
    before = {"atlas": model("atlas", "deployments:", entry % "a", entry % "b")}
    assert _subjects(tmp_path, before, {"atlas": model("atlas", "deployments:", entry % "b")}) == []


def test_reports_each_new_host_of_a_model_once(tmp_path: Path) -> None:
    entry = "  - {endpoint: https://%s.example.net/%s, api_key: {env: MODEL_KEY}}"
    after = model("atlas", "deployments:", entry % ("z", 1), entry % ("z", 2), entry % ("a", 3))
    found = change(tmp_path, {"atlas": ATLAS}, {"atlas": after})
    assert found.places == ["MS806 models.d/atlas.yaml:6:16", "MS806 models.d/atlas.yaml:8:16"]
    assert [one.subject for one in found.found] == ["atlas z.example.net", "atlas a.example.net"]


def test_reports_a_new_host_of_a_provider(tmp_path: Path) -> None:
    before = {"atlas": model("atlas", "provider: mistral", KEY)}
    after = {"atlas": model("atlas", "provider: openai", KEY)}
    found = change(tmp_path, before, after)
    assert found.places == ["MS806 models.d/atlas.yaml:5:11"]
    assert found.found[0].subject == "atlas api.openai.com"


@pytest.mark.parametrize(
    ("region", "host"), [("eu-west-3", "bedrock:eu-west-3"), ("{env: AWS}", "bedrock:env:AWS")]
)
def test_reports_a_new_host_of_a_cloud_region(region: str, host: str, tmp_path: Path) -> None:
    before = {"atlas": model("atlas", *BEDROCK, "params: {aws_region_name: eu-west-1, retries: 1}")}
    after = {"atlas": model("atlas", *BEDROCK, f"params: {{aws_region_name: {region}, retries: 2}}")}
    assert _subjects(tmp_path, before, after) == [f"atlas {host}"]


def test_reports_a_new_inference_server_of_a_head(tmp_path: Path) -> None:
    models = {"atlas": model("atlas", "local_inference: true", KEY)}
    heads = HEADS.replace("http://10.0.0.1:8000/v1", "http://10.0.0.2:8000/v1")
    found = change(tmp_path, models, models, head=FIXED | {"heads.yaml": heads})
    assert found.subjects == [("MS806", "atlas 10.0.0.2"), ("MS810", "head-eu-1 10.0.0.2")]
    assert found.places[0].startswith("MS806 heads.yaml:2:")


def test_reports_a_new_host_of_a_name_that_another_model_takes_over(tmp_path: Path) -> None:
    bison = model("bison", "api_key: {env: BISON_KEY}", ELSEWHERE)
    before = {"atlas": model("atlas", KEY, "aliases: [latest]"), "bison": bison}
    after = {
        "atlas": ATLAS,
        "bison": model("bison", "api_key: {env: BISON_KEY}", ELSEWHERE, "aliases: [latest]"),
    }
    assert _subjects(tmp_path, before, after) == ["bison evil.example.org"]


@pytest.mark.parametrize("alias", ["router/large", "router/deep/*"])
def test_reports_a_new_host_of_a_name_taken_from_a_wildcard(alias: str, tmp_path: Path) -> None:
    before = {"router": model("router/*", KEY)}
    taken = model("bison", "api_key: {env: BISON_KEY}", ELSEWHERE, f"aliases: [{alias}]")
    assert _subjects(tmp_path, before, before | {"bison": taken}) == ["bison evil.example.org"]


def test_reports_a_new_host_of_a_name_that_a_wildcard_takes_over(tmp_path: Path) -> None:
    router = model("router/*", "api_key: {env: ROUTER_KEY}", ELSEWHERE)
    before = {"large": model("router/large", KEY), "router": router}
    assert _subjects(tmp_path, before, {"router": router}) == ["router/* evil.example.org"]


def test_a_name_that_no_wildcard_covers_is_new(tmp_path: Path) -> None:
    before = {"router": model("router/*", KEY)}
    new = model("routers/large", "api_key: {env: BISON_KEY}", ELSEWHERE)
    assert _subjects(tmp_path, before, before | {"new": new}) == []


def test_allows_a_disabled_model_to_be_enabled(tmp_path: Path) -> None:
    before = {"atlas": ATLAS, "bison": model("bison", KEY, "status: disabled")}
    assert _subjects(tmp_path, before, {"atlas": ATLAS, "bison": model("bison", KEY)}) == []


def test_a_waiver_allows_only_its_host(tmp_path: Path) -> None:
    file = waivers(waiver("endpoint_host_change", "atlas evil.example.org"))
    before, after = {"atlas": ATLAS}, {"atlas": model("atlas", KEY, ELSEWHERE)}
    assert _subjects(tmp_path, before, after, head=file) == []
    other = {"atlas": model("atlas", KEY, "endpoint: https://worse.example.org")}
    found = change(tmp_path / "other", before, other, head=file)
    assert sorted(found.codes) == ["MS610", "MS806"]


def test_an_invalid_address_counts_as_itself(tmp_path: Path) -> None:
    after = {"atlas": model("atlas", KEY, "params: {api_base: 'not a host', retries: 1, mode: fast}")}
    assert _subjects(tmp_path, {"atlas": ATLAS}, after) == ["atlas not a host"]


@pytest.mark.parametrize(
    ("severity", "expected"), [("warning", ["warning"]), ("off", []), ("error", ["error"])]
)
def test_the_guard_can_be_a_warning_or_off(severity: str, expected: list[str], tmp_path: Path) -> None:
    found = change(
        tmp_path,
        {"atlas": ATLAS},
        {"atlas": model("atlas", KEY, ELSEWHERE)},
        base=settings(f"endpoint_host_change: {severity}"),
    )
    assert [one.severity.value for one in found.found] == expected
