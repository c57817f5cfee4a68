"""The rules about LiteLLM beyond their examples: every way in which a model could turn it against its operator."""

from pathlib import Path

import pytest
from small_fleets import FIXED, compiled, found, model

LITELLM = FIXED | {"modelspec.yaml": "targets: [litellm]\n"}
CODES = [*(f"MS7{number}" for number in range(21, 31)), "MS737", "MS739"]


def faults(folder: Path, *lines: str, **others: str) -> list[str]:
    """Codes, lines and columns in atlas.yaml, whose own lines begin with the fifth."""
    result = compiled(folder, {"atlas": model("atlas", *lines), **others}, LITELLM)
    return [entry.replace("models.d/atlas.yaml:", "") for entry in found(result, CODES)]


@pytest.mark.parametrize(
    "setting",
    [
        "mock_response: Hello",
        "mock_timeout: true",
        "callbacks: x",
        "success_callback: langfuse",
        "api_base: https://elsewhere.example.com",
        "base_url: https://elsewhere.example.com",
        "model: openai/other",
        "api_key: {env: OTHER}",
        "litellm_credential_name: other",
        "custom_llm_provider: openai",
        "use_in_pass_through: true",
        "use_litellm_proxy: true",
        "configurable_clientside_auth_params: api_base",
        "organization: org",
        "aws_role_name: admin",
        "aws_profile_name: default",
        "aws_sts_endpoint: https://elsewhere.example.com",
        "vertex_credentials: /etc/passwd",
        "tags: x",
        "order: 1",
        "weight: 1000",
        "rpm: 1",
        "api_verzion: '1'",
        "stream: true",
        "MOCK_RESPONSE: x",
        "'timeout ': 5",
    ],
)
def test_only_harmless_settings_are_passed_on(tmp_path: Path, setting: str) -> None:
    assert "MS722 5:10" in faults(tmp_path, f"params: {{{setting}}}", "provider: mistral")


@pytest.mark.parametrize(
    ("setting", "column"),
    [
        ("timeout: 0", 19),
        ("timeout: true", 19),
        ("timeout: soon", 19),
        ("timeout: {env: T}", 19),
        ("max_retries: -1", 23),
        ("max_retries: 1.5", 23),
        ("max_retries: false", 23),
        ("organization: 5", 24),
    ],
)
def test_settings_are_of_the_right_kind(tmp_path: Path, setting: str, column: int) -> None:
    assert faults(tmp_path, f"params: {{{setting}}}") == [f"MS722 5:{column}"]


@pytest.mark.parametrize(
    "setting",
    ["timeout: 0.5", "stream_timeout: 3", "max_retries: 0", "max_retries: 2.0", "organization: {env: ORG}"],
)
def test_right_settings_are_fine(tmp_path: Path, setting: str) -> None:
    assert faults(tmp_path, f"params: {{{setting}}}") == []


@pytest.mark.parametrize("region", ["evil.example/", "a@evil.example", "eu-west-1#", "eu west", "''", "5"])
@pytest.mark.parametrize(
    ("provider", "name"), [("bedrock", "aws_region_name"), ("vertex_ai", "vertex_location")]
)
def test_a_region_is_no_part_of_another_url(tmp_path: Path, provider: str, name: str, region: str) -> None:
    lines = (f"provider: {provider}", "api_key: {env: K}")
    value = region if region in ("''", "5") else f"'{region}'"
    assert [found[:5] for found in faults(tmp_path / "a", *lines, f"params: {{{name}: {value}}}")] == [
        "MS722"
    ]
    for fine in ("eu-west-1", "{env: WHERE}"):
        assert faults(tmp_path / fine[:2].strip("{"), *lines, f"params: {{{name}: {fine}}}") == []


@pytest.mark.parametrize(
    "provider",
    [
        "litellm_proxy",
        "langfuse",
        "custom",
        "custom_openai",
        "auto_router",
    ],
)
def test_words_that_lead_elsewhere_in_litellm_are_rejected(tmp_path: Path, provider: str) -> None:
    assert faults(tmp_path, f"provider: {provider}", "endpoint: https://a.example.com/v1") == ["MS721 5:11"]


def test_a_provider_is_judged_in_every_deployment(tmp_path: Path) -> None:
    rows = "{endpoint: https://a.example.com/v1}, {provider: custom, endpoint: https://b.example.com/v1}"
    assert faults(tmp_path, f"deployments: [{rows}]") == ["MS721 5:64"]


@pytest.mark.parametrize(
    "parameter",
    [
        "max_tokens: 128",
        "temperature: 0",
        "stop: [a, b]",
        "reasoning_effort: {effort: low}",
        "thinking: {type: enabled, budget_tokens: 2048}",
        "extra_headers: {HTTP-Referer: 'https://example.com', X-Title: Fleet, anthropic-beta: b}",
        "extra_body: {top_k: 5, chat_template_kwargs: {enable_thinking: false}}",
        "provider: {order: [a, b], only: [c]}",
        "response_format: {type: json_schema, json_schema: {$schema: 'https://json-schema.org/x', api_key: {}}}",
        "safety_settings: [{category: X, threshold: NONE}]",
        "prompt_cache_retention: 24h",
    ],
)
def test_parameters_of_the_known_apis_are_added_to_requests(tmp_path: Path, parameter: str) -> None:
    assert faults(tmp_path, f"request: {{{parameter}}}") == []


@pytest.mark.parametrize(
    ("parameter", "column"),
    [
        *(
            (setting, 11)
            for setting in (
                "mock_response: Hello",
                "callbacks: [x]",
                "success_callback: [langfuse]",
                "api_base: 'https://elsewhere.example.com'",
                "base_url: 'https://elsewhere.example.com'",
                "model: openai/other",
                "litellm_credential_name: other",
                "custom_llm_provider: openai",
                "use_litellm_proxy: true",
                "configurable_clientside_auth_params: [api_base]",
                "aws_role_name: admin",
                "vertex_credentials: /etc/x",
                "langfuse_host: 'https://elsewhere.example.com'",
                "metadata: {a: 1}",
                "tags: [x]",
                "num_retries: 9",
                "fallbacks: [x]",
                "guardrails: [x]",
                "cache: {no-cache: true}",
                "headers: {a: b}",
                "stream: true",
                "tools: [{type: mcp, server_url: 'https://elsewhere.example.com'}]",
                "MAX_TOKENS: 5",
                "'max_tokens ': 5",
                "max_tokens: -1",
                "max_tokens: 1.5",
                "max_tokens: true",
                "max_tokens: many",
                "temperature: hot",
                "store: 1",
                "stop: []",
                "stop: [1]",
                "thinking: on",
                "extra_headers: {}",
                "safety_settings: [x]",
            )
        ),
        *(
            (f"extra_headers: {{{header}}}", 27)
            for header in (
                "Authorization: Bearer x",
                "X-Api-Key: x",
                "api_key: x",
                "cf-aig-authorization: x",
                "X-Subscription-Token: x",
                "Cookie: x",
                "Host: x",
                "X-Forwarded-For: x",
                "x-request-id: x",
                "x-amz-date: x",
                "OpenAI-Organization: x",
                "'a b': x",
                "'a: b': x",
                'X-Title: "a\\tb"',
                "X-Title: ä",
                "X-Title: 5",
                "X-Title: {env: SECRET}",
            )
        ),
        ("extra_body: {model: other}", 24),
        ("extra_body: {models: [a, b]}", 24),
        ("extra_body: {api_key: {env: X}}", 24),
        ("extra_body: {url: x}", 24),
        ("extra_body: {extra_headers: {a: b}}", 24),
        ("extra_body: {extra_body: {top_k: 5}}", 24),
        ("extra_body: {max_tokens: many}", 24),
        ("extra_body: {drop_params: true}", 24),
        ("thinking: {api_base: x}", 22),
        ("reasoning: {deep: [{server_url: x}]}", 31),
        ("provider: {model: x}", 22),
        ("chat_template_kwargs: {a: 'see https://elsewhere.example.com'}", 34),
    ],
)
def test_no_parameter_decides_what_other_fields_guard(tmp_path: Path, parameter: str, column: int) -> None:
    assert f"MS737 5:{column}" in faults(tmp_path, f"request: {{{parameter}}}")
    row = f"- {{endpoint: https://a.example.com/v1, request: {{{parameter}}}}}"
    assert [one[:7] for one in faults(tmp_path / "b", "deployments:", row)][:1] == ["MS737 6"]


def test_a_key_policy_knows_where_litellm_goes_without_an_endpoint(tmp_path: Path) -> None:
    policy = "key_policy: [{key: {env: K}, hosts: [models.github.ai]}]\n"
    text = model("atlas", "provider: github", "api_key: {env: K}")
    for targets, expected in (("[]", []), ("[litellm]", ["MS514 models.d/atlas.yaml:6:10"])):
        settings = f"targets: {targets}\n{policy}"
        result = compiled(tmp_path / targets, {"atlas": text}, FIXED | {"modelspec.yaml": settings})
        assert found(result, ["MS514"]) == expected


AWS = "aws_region_name: eu-west-1, aws_access_key_id: {env: A}, aws_secret_access_key: {env: B}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("provider: vertex_ai", "params: {vertex_location: europe-west1}"), ["MS723 5:11"]),
        (
            ("provider: bedrock", "params: {aws_region_name: eu-west-1, aws_access_key_id: {env: A}}"),
            ["MS723 5:11"],
        ),
        (("provider: bedrock", "api_key: {env: TOKEN}", "params: {aws_region_name: eu-west-1}"), []),
        (("provider: bedrock", f"params: {{{AWS}}}", "endpoint: {env: WHERE}"), []),
        (
            ("provider: bedrock", f"params: {{{AWS}}}", "endpoint: https://amazonaws.com.example.com"),
            ["MS724 7:11"],
        ),
        (("provider: bedrock", f"params: {{{AWS}}}", "endpoint: https://xamazonaws.com"), ["MS724 7:11"]),
        (("provider: bedrock", f"params: {{{AWS}}}", "endpoint: https://b.cn-north-1.amazonaws.com.cn"), []),
        (("provider: bedrock", f"params: {{{AWS}}}", "upstream_model: my-ollama"), ["MS724 7:17"]),
        (("provider: openai", "upstream_model: my-ollama"), []),
        (("provider: ollama", "local_inference: true", "upstream_model: my-ollama"), []),
        (("provider: cohere", "endpoint: {env: WHERE}"), ["MS724 6:11"]),
        (("provider: gemini", "endpoint: {env: WHERE}"), ["MS724 6:11"]),
        (("provider: mistral", "endpoint: {env: WHERE}"), []),
        (("provider: cohere", "api_key: {env: K}"), []),
    ],
)
def test_credentials_go_to_their_own_cloud(
    tmp_path: Path, lines: tuple[str, ...], expected: list[str]
) -> None:
    assert faults(tmp_path, *lines) == expected


def test_no_reference_names_the_variable_of_another(tmp_path: Path) -> None:
    name = "{env: modelspec_key_FILE_X}"
    lines = (f"endpoint: {name}", f"api_key: {name}", f"params: {{organization: {name}}}")
    assert faults(tmp_path, *lines) == ["MS725 5:17", "MS725 6:16", "MS725 7:30"]


def test_limits_of_a_model_with_two_prefixes_cannot_be_counted(tmp_path: Path) -> None:
    router = model("router/*", "aliases: [other/*]", "limits: {tpm: 5}")
    enforced = "targets: [litellm]\ntarget_options: {litellm: {enforce_limits: true}}\n"
    result = compiled(tmp_path / "a", {"router": router}, FIXED | {"modelspec.yaml": enforced})
    assert found(result, CODES) == ["MS726 models.d/router.yaml:6:1"]
    shared = compiled(tmp_path / "b", {"router": router}, FIXED | {"modelspec.yaml": "targets: [litellm]\n"})
    assert found(shared, CODES) == ["MS739 models.d/router.yaml:6:10"]


@pytest.mark.parametrize(
    ("targets", "options", "expected"),
    [
        ("litellm", "{}", ["MS739 models.d/atlas.yaml:5:10", "MS739 models.d/atlas.yaml:5:19"]),
        ("litellm, envoy", "{}", ["MS739 models.d/atlas.yaml:5:19"]),
        ("litellm", "{enforce_limits: true}", []),
        ("envoy", "{}", []),
    ],
)
def test_a_limit_that_nobody_enforces_is_said(
    tmp_path: Path, targets: str, options: str, expected: list[str]
) -> None:
    settings = (
        f"targets: [{targets}]\ntarget_options: {{litellm: {options}}}\nedges: [{{edge_id: e, region: eu}}]\n"
    )
    models = {"atlas": model("atlas", "limits: {rpm: 60, tpm: 90000}")}
    assert found(compiled(tmp_path, models, FIXED | {"modelspec.yaml": settings}), CODES) == expected


def test_aliases_of_a_wildcard_say_what_to_ask_for(tmp_path: Path) -> None:
    router = model("router/*", "aliases: [any, other/*]")
    fixed = model("fixed/*", "aliases: [one]", "upstream_model: up")
    assert faults(tmp_path, router=router, fixed=fixed) == ["MS727 models.d/router.yaml:5:11"]


def test_a_fallback_model_of_the_same_heads_may_be_theirs_alone(tmp_path: Path) -> None:
    own = ("local_inference: true", "endpoint: http://127.0.0.1:8000/v1")
    assert faults(tmp_path / "a", "fallback_models: [bison]", bison=model("bison", *own)) == []
    elsewhere = model("bison", *own, head="head-uk-1")
    assert faults(tmp_path / "b", "fallback_models: [bison]", bison=elsewhere) == ["MS730 5:19"]
    inference = model("bison", own[0])
    assert faults(tmp_path / "c", "fallback_models: [bison, nobody]", bison=inference) == []


def test_nothing_is_reported_where_litellm_is_not_a_target(tmp_path: Path) -> None:
    text = model(
        "atlas",
        "provider: custom",
        "endpoint: {env: MODELSPEC_KEY_X}",
        "params: {mock_response: x}",
        "limits: {rpm: 1}",
        "fallback_models: [bison/*, cobra]",
        "aliases: [other]",
    )
    cobra = model("cobra", "local_inference: true", "endpoint: http://127.0.0.1:8000/v1", head="head-uk-1")
    models = {"atlas": text, "bison": model("bison/*", "aliases: [b]"), "cobra": cobra}
    assert found(compiled(tmp_path, models), CODES) == []


def test_weights_count_with_the_default_strategy(tmp_path: Path) -> None:
    text = model("atlas", "deployments: [{endpoint: https://a.example.com/v1, weight: 2}]")
    for options, expected in (
        ("{}", []),
        ("{routing_strategy: simple-shuffle}", []),
        ("{routing_strategy: cost-based-routing}", ["MS729 models.d/atlas.yaml:5:60"]),
    ):
        settings = f"targets: [litellm]\ntarget_options: {{litellm: {options}}}\n"
        result = compiled(tmp_path / str(len(options)), {"atlas": text}, FIXED | {"modelspec.yaml": settings})
        assert found(result, CODES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("litellm_settings: {cache: true}\n", []),
        ("model_list: []\n", ["MS738 own.yaml:1:1"]),
        ("include: [more.yaml]\n", ["MS738 own.yaml:1:1"]),
        ("environment_variables: {OPENAI_API_KEY: os.environ/X}\n", ["MS738 own.yaml:1:1"]),
        ("general_settings: {master_key: os.environ/X}\n", ["MS738 own.yaml:1:20"]),
        ("litellm_settings:\n  drop_params: true\n", ["MS738 own.yaml:2:3"]),
        ("litellm_settings: {fallbacks: []}\n", ["MS738 own.yaml:1:20"]),
        ("litellm_settings: {api_base: os.environ/X}\n", ["MS738 own.yaml:1:20"]),
        ("litellm_settings: {turn_off_message_logging: false}\n", ["MS738 own.yaml:1:20"]),
        ("router_settings: {model_group_alias: {a: b}}\n", ["MS738 own.yaml:1:19"]),
        (
            "router_settings: {optional_pre_call_checks: [enforce_model_rate_limits]}\n",
            ["MS738 own.yaml:1:19"],
        ),
        ("litellm_settings: {callbacks: prometheus}\n", ["MS740 own.yaml:1:20"]),
        ("litellm_settings: true\n", ["MS740 own.yaml:1:1"]),
        ("- a\n", ["MS740 own.yaml:1:1"]),
        ("a: 1\na: 2\n", ["MS011 own.yaml:2:1"]),
        (
            "general_settings: {database_url: 'postgres://u:s3cr3t-pa55word@db.example.com/x'}\n",
            ["MS501 own.yaml:1:48"],
        ),
        ("litellm_settings: {cache_params: {password: correct horse}}\n", ["MS502 own.yaml:1:45"]),
        (None, ["MS740 modelspec.yaml:2:37"]),
    ],
)
def test_own_settings_are_read_and_may_not_decide_what_models_do(
    tmp_path: Path, text: str | None, expected: list[str]
) -> None:
    settings = "targets: [litellm]\ntarget_options: {litellm: {include: own.yaml}}\n"
    fixed = FIXED | {"modelspec.yaml": settings} | ({} if text is None else {"own.yaml": text})
    result = compiled(tmp_path, {"atlas": model("atlas")}, fixed)
    assert found(result, ["MS011", "MS501", "MS502", "MS738", "MS740"]) == expected
    assert "s3cr3t" not in str([one.message for one in result.diagnostics])
    for one in result.diagnostics:
        if one.code in ("MS501", "MS502"):
            assert "os.environ/NAME" in one.help, "this file is LiteLLM's, which knows no other reference"
            assert "{env: NAME}" not in one.help


@pytest.mark.parametrize(
    ("targets", "auth", "keys", "expected"),
    [
        ("[envoy, litellm]", "{}", "keys: []\n", ["MS732 modelspec.yaml:1:10"]),
        ("[envoy, litellm]", "{head_key: {file: /run/secrets/head-key}}", "keys: []\n", []),
        ("[envoy, litellm]", "{}", None, []),
        ("[envoy]", "{}", "keys: []\n", []),
        ("[litellm]", "{}", "keys: []\n", []),
    ],
)
def test_edges_that_know_their_clients_have_a_key_for_litellm(
    tmp_path: Path, targets: str, auth: str, keys: str | None, expected: list[str]
) -> None:
    settings = f"targets: {targets}\ntarget_options: {{envoy: {{auth: {auth}}}}}\n"
    fixed = FIXED | {"modelspec.yaml": settings} | ({} if keys is None else {"keys.yaml": keys})
    assert found(compiled(tmp_path, {"atlas": model("atlas")}, fixed), ["MS732"]) == expected
