from typing import Any

import pytest

from modelspec.schema import DocumentKind, SchemaFault, check

MODEL = {"model_id": "atlas", "name": "Atlas", "region": "eu", "priority_head": "head-eu"}
REGION = "a region code: lower-case letters and digits that begin with a letter, in parts joined by '-'"
HEAD = "a head id: lower-case letters, digits and '-', with a letter or digit at both ends"
SECRET = "sk-abcdefgh12345678"


def only(document: Any, kind: DocumentKind = "model") -> SchemaFault:
    (fault,) = check(document, kind)
    return fault


def model(**fields: Any) -> SchemaFault:
    return only({**MODEL, **fields})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in MODEL.items() if key != name}


def test_a_misspelt_field_is_one_fault_also_where_it_is_required() -> None:
    assert only({**without("region"), "regoin": "eu"}) == SchemaFault(
        code="MS101",
        pointer=("regoin",),
        on_key=True,
        message="'regoin' is not a field of a model",
        label="unknown field",
        help="did you mean 'region'?",
    )


def test_an_unknown_field_like_no_other_lists_the_known_ones() -> None:
    fault = only({"heads": [{"head_id": "h", "region": "eu", "url": "https://h", "zzzzzz": 1}]}, "heads")
    assert fault.message == "'zzzzzz' is not a field of heads[0]"
    assert fault.help == (
        "the fields are capacity, head_id, health_path, inference_url, region, status and url"
    )


def test_an_unknown_field_of_a_whole_file_names_the_file() -> None:
    assert only({"gateways": []}, "modelspec").message == "'gateways' is not a field of modelspec.yaml"


def test_the_help_for_a_misplaced_field_names_its_place() -> None:
    fault = only({"aliases": ["a"]}, "defaults")
    assert (fault.code, fault.help) == (
        "MS101",
        "they belong to one model: write them in the model's own file",
    )


def test_a_missing_field_shows_a_line_to_add() -> None:
    assert only(without("region")) == SchemaFault(
        code="MS102",
        pointer=(),
        on_key=False,
        message="region is missing",
        label="'region' is missing",
        help="add a line such as region: eu",
    )


def test_a_missing_field_inside_is_marked_at_the_key_of_its_mapping() -> None:
    fault = only({"regions": [{"code": "eu", "name": "Europe", "location": {"latitude": 1}}]}, "regions")
    assert (fault.code, fault.pointer, fault.on_key) == ("MS102", ("regions", 0, "location"), True)
    assert fault.message == "regions[0].location.longitude is missing"
    assert fault.help == "add a line such as longitude: 8.7"


def test_a_missing_field_of_an_item_is_marked_at_the_item() -> None:
    fault = only({"regions": [{"code": "eu"}]}, "regions")
    assert (fault.pointer, fault.on_key, fault.message) == (
        ("regions", 0),
        False,
        "regions[0].name is missing",
    )


def test_a_missing_field_takes_its_example_from_what_it_refers_to() -> None:
    fault = model(params={"a": {}})
    assert (fault.code, fault.help) == ("MS102", "add a line such as env: MISTRAL_API_KEY")


@pytest.mark.parametrize(
    ("fields", "message", "advice"),
    [
        (
            {"model_id": 123},
            "model_id must be a string, not a number: 123",
            "put it in quotes; without them YAML reads it as a number",
        ),
        (
            {"region": False},
            "region must be a string, not true/false: false",
            "put it in quotes; without them YAML reads it as true/false",
        ),
        ({"region": None}, "region is empty; it must be a string", "write, for example, region: eu"),
        (
            {"local_inference": "No"},
            "local_inference must be true or false, not a string: 'No'",
            "YAML 1.2 reads 'No' as a string; write false",
        ),
        (
            {"local_inference": "True"},
            "local_inference must be true or false, not a string: 'True'",
            "write true without quotes",
        ),
        (
            {"local_inference": "perhaps"},
            "local_inference must be true or false, not a string: 'perhaps'",
            "write, for example, local_inference: true",
        ),
        (
            {"limits": {"rpm": "12"}},
            "limits.rpm must be a whole number, not a string: '12'",
            "remove the quotes",
        ),
        (
            {"fallback_heads": "head-uk"},
            "fallback_heads must be a list, not a string: 'head-uk'",
            "write fallback_heads: [head-uk]",
        ),
        (
            {"deployments": "x"},
            "deployments must be a list, not a string: 'x'",
            "write, for example, deployments: [{endpoint: https://api.mistral.ai/v1, weight: 3}]",
        ),
        (
            {"access": []},
            "access must be a mapping, not a list",
            "write, for example, access: {visibility: public}",
        ),
        (
            {"fallback_models": 7},
            "fallback_models must be a list or a mapping, not a number: 7",
            "write, for example, fallback_models: [mixtral-8x7b]",
        ),
        (
            {"endpoint": True},
            "endpoint must be a string or a mapping, not true/false",
            "write, for example, endpoint: https://api.mistral.ai/v1",
        ),
        (
            {"load_balancing": {"weights": {"head-eu": "much"}}},
            "load_balancing.weights.head-eu must be a whole number, not a string: 'much'",
            "write, for example, head-eu: 3",
        ),
        (
            {"params": {"version": [1]}},
            "params.… must be a string, a number, true or false or a mapping, not a list",
            "write, for example, 2024-10-21",
        ),
        (
            {"api_key": {"env": 12}},
            "api_key.env must be a string, not a number",
            "write, for example, env: MISTRAL_API_KEY; if a key was written here, revoke it",
        ),
        (
            {"deployments": ["https://a"]},
            "deployments[0] must be a mapping, not a string: 'https://a'",
            "write, for example, {endpoint: https://api.mistral.ai/v1, weight: 3}",
        ),
        ({"tags": [["a"]]}, "tags[0] must be a string, not a list", "write, for example, chat"),
        (
            {"status": True},
            "status must be a string, not true/false: true",
            "write one of 'active', 'deprecated' or 'disabled'",
        ),
        (
            {"sunset": 20260101},
            "sunset must be a string, not a number: 20260101",
            "write sunset: 2026-01-01, with hyphens",
        ),
        (
            {"sunset": 2026},
            "sunset must be a string, not a number: 2026",
            "write, for example, sunset: 2026-06-30",
        ),
        (
            {"provider": 1.5},
            "provider must be a string, not a number: 1.5",
            "write, for example, provider: mistral",
        ),
    ],
)
def test_a_wrong_type_is_reported_in_words_of_yaml(fields: dict[str, Any], message: str, advice: str) -> None:
    fault = model(**fields)
    assert (fault.code, fault.message, fault.help) == ("MS103", message, advice)


def test_a_file_that_is_no_mapping_shows_how_to_begin() -> None:
    assert only(None, "heads").message == "heads.yaml is empty; it must be a mapping"
    assert only([]).message == "a model must be a mapping, not a list"
    assert only([]).help == "write fields, one a line, such as model_id: mistral-7b"
    assert only("x", "modelspec").help.startswith("write fields, one a line, such as base_path: ")


@pytest.mark.parametrize(
    ("fields", "message", "advice"),
    [
        (
            {"region": "EU West"},
            f"region must be {REGION}, not 'EU West'",
            "did you mean 'eu-west'?",
        ),
        (
            {"sunset": "tomorrow"},
            "sunset must be a date in the form YYYY-MM-DD, not 'tomorrow'",
            "write, for example, sunset: 2026-06-30",
        ),
        (
            {"fallback_heads": ["head-eu\u202e"]},
            f"fallback_heads[0] must be {HEAD}, not 'head-eu\\u202e'",
            "write, for example, head-service-eu",
        ),
        (
            {"fallback_heads": ["head-a head-b"]},
            f"fallback_heads[0] must be {HEAD}, not 'head-a head-b'",
            "put a comma between the items: head-a, head-b",
        ),
    ],
)
def test_a_wrong_form_is_worded(fields: dict[str, Any], message: str, advice: str) -> None:
    fault = model(**fields)
    assert (fault.code, fault.message, fault.help) == ("MS104", message, advice)


@pytest.mark.parametrize(
    "model_id",
    [
        "../../x",
        "/etc/x",
        "a b",
        "{{x}}",
        "${HOME}",
        ".git/x",
        "-rf",
        "a//b",
        "a/../b",
        "a/./b",
        "a/",
        "**",
        "/*",
        "*/*",
        "*a",
        "a*",
        "",
        "é",
    ],
)
def test_an_id_that_could_be_mistaken_for_something_else_is_one_fault(model_id: str) -> None:
    assert model(model_id=model_id).code == "MS104"


@pytest.mark.parametrize(
    "model_id", ["a", "openrouter/*", "*", "meta-llama/Llama-3.1-8B", "a..b", "a/b.c", "x:y@z~1+2"]
)
def test_ordinary_ids_are_good(model_id: str) -> None:
    assert check({**MODEL, "model_id": model_id}, "model") == []


def test_a_wrong_key_is_marked_at_the_key() -> None:
    fault = only({"rules": {"MS4": "error"}}, "modelspec")
    assert (fault.code, fault.pointer, fault.on_key) == ("MS104", ("rules", "MS4"), True)
    assert fault.message == "a key of rules must be a rule's code: MS and three digits, not 'MS4'"
    assert fault.help == "write a key such as MS402"


def test_an_empty_key_is_marked_at_the_key() -> None:
    fault = model(params={"": 1})
    assert (fault.code, fault.pointer, fault.on_key) == ("MS104", ("params", ""), True)
    assert fault.message == "a key of params must be the name of a setting"
    assert fault.help == "write a key such as api_version"


def test_a_weight_belongs_to_a_head() -> None:
    fault = model(load_balancing={"weights": {"Head EU": 1}})
    assert fault.message == (
        f"a key of load_balancing.weights must be {HEAD}, 63 characters at most, not 'Head EU'"
    )


def test_a_value_outside_the_choices_names_the_nearest() -> None:
    fault = model(status="atcive")
    assert fault.code == "MS105"
    assert fault.message == "status must be one of 'active', 'deprecated' or 'disabled', not 'atcive'"
    assert fault.help == "did you mean 'active'?"
    assert model(status="zzz").help == "write one of 'active', 'deprecated' or 'disabled'"


@pytest.mark.parametrize(
    ("document", "kind", "message"),
    [
        ({**MODEL, "name": ""}, "model", "name is empty; it needs at least 1 character"),
        ({**MODEL, "name": "x" * 200}, "model", "name is too long: 200 characters, at most 128"),
        ({**MODEL, "limits": {"rpm": 0}}, "model", "limits.rpm is too small: 0; it must be at least 1"),
        (
            {"target_options": {"litellm": {"timeout": 0}}},
            "modelspec",
            "target_options.litellm.timeout is too small: 0; it must be more than 0",
        ),
        (
            {"target_options": {"envoy": {"port": 70000}}},
            "modelspec",
            "target_options.envoy.port is too large: 70000; it must be at most 65535",
        ),
        ({"heads": []}, "heads", "heads is empty; it needs at least 1 item"),
        ({**MODEL, "deployments": [{}]}, "model", "deployments[0] is empty; it needs at least 1 field"),
    ],
)
def test_a_size_is_reported_with_its_limit(document: Any, kind: DocumentKind, message: str) -> None:
    fault = only(document, kind)
    assert (fault.code, fault.message) == ("MS106", message)


def test_a_repeated_item_is_marked_where_it_is_repeated() -> None:
    fault = model(fallback_heads=["a", "b", "a"])
    assert (fault.code, fault.pointer) == ("MS107", ("fallback_heads", 2))
    assert fault.message == "fallback_heads contains 'a' twice"
    assert fault.help == "remove it: fallback_heads[0] is the same"


def test_fields_that_exclude_each_other_are_one_fault() -> None:
    fault = model(deployments=[{"weight": 1}], endpoint="https://a", provider="mistral", params={})
    assert (fault.code, fault.on_key) == ("MS108", True)
    assert fault.message == "endpoint and deployments exclude each other, as do params and provider"
    assert fault.help == "move it into the items of deployments, or delete deployments"
    assert (
        model(deployments=[{"weight": 1}], provider="x").message
        == "provider and deployments exclude each other"
    )


def test_two_excluded_fields_read_well() -> None:
    fault = model(deployments=[{"weight": 1}], endpoint="https://a", provider="mistral")
    assert fault.message == "endpoint and deployments exclude each other, as does provider"


def test_a_reference_has_exactly_one_form() -> None:
    fault = model(api_key={"env": "A", "file": "/run/secrets/a"})
    assert fault.code == "MS108"
    assert fault.message == "api_key must have exactly one of env, file, kubernetes or vault, not 2 fields"
    assert fault.help.startswith("write a reference such as {env: MISTRAL_API_KEY}")
    assert model(api_key={}).message.endswith("not 0 fields")
    assert only({"key_policy": [{"key": {}, "hosts": ["a"]}]}, "modelspec").help.startswith("keep one of env")


def test_an_unknown_form_of_reference_is_one_fault() -> None:
    fault = model(api_key={"enf": "A", "env": "A"})
    assert (fault.code, fault.help) == (
        "MS101",
        "did you mean 'env'? If a key was written here, revoke it",
    )


def test_the_only_field_is_not_missing_beside_an_unknown_one() -> None:
    fault = model(endpoint={"variable": "A"})
    assert (fault.code, fault.help) == (
        "MS101",
        "the only field is env; if a key was written here, revoke it",
    )


def test_a_waiver_is_for_a_rule_or_a_guard() -> None:
    waiver = {"subject": "a", "reason": "b", "expires": "2026-01-01", "approved_by": "c"}
    fault = only({"waivers": [waiver]}, "waivers")
    assert (fault.code, fault.pointer) == ("MS108", ("waivers", 0))
    assert (fault.message, fault.help) == ("waivers[0] needs 'rule' or 'guard'", "add 'rule' or 'guard'")
    both = only({"waivers": [{**waiver, "rule": "MS301", "guard": "max_removed"}]}, "waivers")
    assert (both.code, both.pointer) == ("MS108", ("waivers", 0, "rule"))
    assert both.message == "waivers[0].rule and guard exclude each other"


@pytest.mark.parametrize(
    "fields",
    [
        {"api_key": SECRET},
        {"api_key": {"env": SECRET}},
        {"api_key": {"file": SECRET}},
        {"api_key": {SECRET: "x"}},
        {"api_key": {"kubernetes": {"secret": SECRET + "_", "key": SECRET + "!"}}},
        {"params": {SECRET: [SECRET]}},
        {"params": {"password": {"env": SECRET}}},
        {"params": {"password": {SECRET: SECRET}}},
        {"endpoint": {"env": SECRET}},
        {"endpoint": [SECRET]},
        {"metadata": SECRET},
        {"deployments": [{"api_key": SECRET, "endpoint": {SECRET: SECRET}}]},
    ],
)
def test_a_value_that_may_be_a_secret_is_never_echoed(fields: dict[str, Any]) -> None:
    faults = check({**MODEL, **fields}, "model")
    assert faults
    for fault in faults:
        assert SECRET not in f"{fault.message}{fault.label}{fault.help}"


def test_independent_faults_are_all_reported() -> None:
    faults = check({"model_id": 1, "name": "", "region": "EU", "nope": 1}, "model")
    assert sorted(fault.code for fault in faults) == ["MS101", "MS102", "MS103", "MS104", "MS106"]
