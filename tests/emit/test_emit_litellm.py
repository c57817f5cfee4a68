"""The files for LiteLLM: stable, valid by a strict schema, only data. tests/gateways/ runs the real program."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema_rs
import pytest
import yaml
from golden_cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from published import ROOT, schema
from small_fleets import FIXED, FLEETS, TODAY, compiled, model, routed

from modelspec.emit import Origin
from modelspec.fleet.providers import PROVIDERS
from modelspec.gateways.emit import emit_gateways
from modelspec.gateways.litellm.names import FORMS, environment_name
from modelspec.gateways.litellm.request_rules import REQUEST_PARAMS
from modelspec.incremental import compile_fleet
from modelspec.pipeline import emission_of, emit
from modelspec.routing.table import RoutingTable

CASES = cases(Path(__file__).parent / "cases")
"""The files of the example fleet, by head."""
Files = dict[str, bytes]
LOG = "modelspec_log.py"


def files_of(routing: RoutingTable, **options: object) -> Files:
    written = emit_gateways(routing, ["litellm"], {"litellm": options}, [])
    return {artifact.path.removeprefix("gateways/litellm/"): artifact.content for artifact in written}


def fleet(folder: Path, models: dict[str, str], **options: object) -> Files:
    return files_of(
        routed(compiled(folder, models, FIXED | {"modelspec.yaml": "targets: [litellm]\n"})), **options
    )


def head(folder: Path, *lines: str, **options: object) -> dict[str, Any]:
    """The configuration of a head with one model."""
    loaded: dict[str, Any] = json.loads(
        fleet(folder, {"atlas": model("atlas", *lines)}, **options)["head-eu-1.yaml"]
    )
    return loaded


def deployments(folder: Path, *lines: str) -> list[dict[str, Any]]:
    return [entry["litellm_params"] for entry in head(folder, *lines)["model_list"]]


@cache
def checker(kind: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(kind))


def check(files: Files) -> None:
    for path, content in files.items():
        if path.endswith(".py"):
            continue
        kind = "litellm-variables" if path.endswith(".json") else "litellm"
        value = json.loads(content)
        assert [error.message for error in checker(kind).iter_errors(value)] == [], path
        if kind == "litellm":
            assert yaml.safe_load(content) == value  # read as YAML 1.1 or as JSON
            _whole(value)
            named = {name.removeprefix("os.environ/") for name in _variables(value)}
            listed = json.loads(files[path.replace(".yaml", ".env.json")])["variables"]
            assert [row["name"] for row in listed] == sorted(named)


def _whole(config: dict[str, Any]) -> None:
    """Every named group exists, and no id is used twice: LiteLLM checks neither."""
    ids = [entry["model_info"]["id"] for entry in config["model_list"]]
    assert len(ids) == len(set(ids))
    groups = {entry["model_name"] for entry in config["model_list"]}
    aliases = config["router_settings"]["model_group_alias"]
    assert set(aliases.values()) <= groups
    assert not aliases.keys() & groups
    prefixes = tuple(name[:-1] for name in groups if name.endswith("*"))
    exact = {name for name in groups if not name.endswith("*")} | aliases.keys()
    for section in ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks"):
        entries = config["router_settings"][section]
        assert len({name for entry in entries for name in entry}) == len(entries)
        listed = {name for entry in entries for name in entry}
        assert listed <= exact | {"*"}
        assert "*" not in listed or listed == exact | {"*"}
        for entry in entries:
            ((name, others),) = entry.items()
            assert name not in others
            assert all(other in groups or other.startswith(prefixes) for other in others)


def _variables(value: object) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _variables(item)
        case list():
            for item in value:
                yield from _variables(item)
        case str() if value.startswith("os.environ/"):
            yield value


@pytest.fixture(name="example", scope="module")
def _example() -> Files:
    result = compile_fleet(ROOT, today=TODAY, targets=["litellm"])
    return files_of(routed(result), **result.setup.settings.target_options.get("litellm", {}))


@pytest.mark.parametrize("name", CASES)
def test_a_head_of_the_example_fleet_matches_its_golden_case(
    name: str, example: Files, *, update: bool
) -> None:
    CASES[name].settle(
        {path: content for path, content in example.items() if path != LOG and _head(path) == name},
        update=update,
    )


def test_every_head_of_the_example_fleet_has_its_case(example: Files) -> None:
    assert set(map(_head, example.keys() - {LOG})) == CASES.keys()


def _head(path: str) -> str:
    return path.partition(".")[0]


def test_the_example_fleet_follows_the_schemas(example: Files) -> None:
    check(example)
    assert set(map(_head, example.keys() - {LOG})).isdisjoint({"head-service-eu-3", "head-service-jp-2"})


def test_descriptions_for_people_are_not_written(example: Files) -> None:
    text = b"".join(content for path, content in example.items() if path != LOG).decode()
    for word in ("metadata", "owner", "team-", "Sabiá", "Mistral Medium", "tags", "released"):
        assert word not in text


@pytest.mark.parametrize("name", [name for name in FLEETS if name not in ("upstreams", "names")])
def test_small_fleets_follow_the_schemas(name: str, tmp_path: Path) -> None:
    check(fleet(tmp_path, FLEETS[name], num_retries=0, timeout=1e-9, drop_params=True))


def test_the_schema_rejects_every_changed_name_or_type(example: Files) -> None:
    """LiteLLM would start with almost all of these."""
    tried = 0
    for path in (
        "head-service-eu.yaml",
        "head-service-us.yaml",
        "head-service-us.env.json",
        "head-service-jp.yaml",
    ):
        value = json.loads(example[path])
        validator = checker("litellm-variables" if path.endswith(".json") else "litellm")
        assert validator.is_valid(value)
        for what, mutant in _mutants(value, value):
            tried += 1
            assert not validator.is_valid(mutant), (path, what)
    assert tried > 1000


def _mutants(root: Any, node: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The document with one field misspelt or one value of another type."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in list(items):
        place = (*where, key)
        is_name = where[-1:] == ("model_group_alias",) or (
            len(where) > 1 and str(where[-2]).endswith("fallbacks")
        )
        if isinstance(node, dict) and not is_name:
            yield (
                (*place, "misspelt"),
                _changed(root, where, lambda parent, key=key: parent.update({f"{key}z": parent.pop(key)})),
            )
        wrong: Any = {"os.environ/HOME": 1} if not isinstance(inner, dict) else "os.environ/HOME"
        yield (
            (*place, "type"),
            _changed(root, where, lambda parent, key=key, wrong=wrong: parent.__setitem__(key, wrong)),
        )
        yield from _mutants(root, inner, place)


def _changed(root: Any, where: tuple[Any, ...], change: Any) -> Any:
    copy = deepcopy(root)
    parent = copy
    for step in where:
        parent = parent[step]
    change(parent)
    return copy


IDS = st.just("*") | st.from_regex(r"\A[A-Za-z0-9]([A-Za-z0-9._:@/~+-]{0,6}[A-Za-z0-9])?(/\*)?\Z").filter(
    lambda name: not any(part in ("", ".", "..") for part in name.split("/"))
)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text and not text.startswith("os.environ/")
)
KEYS = st.sampled_from(
    [
        None,
        {"env": "ATLAS_KEY"},
        {"file": "/run/secrets/atlas"},
        {"vault": "kv/atlas#key"},
        {"kubernetes": {"secret": "atlas", "key": "key"}},
    ]
)
PLAIN = st.sampled_from([word for word, form in FORMS.items() if not form.hosts])
NUMBER = st.none() | st.integers(1, 1000)
UPSTREAMS = st.fixed_dictionaries(
    {
        "endpoint": st.sampled_from(["https://atlas.example.com/v1", "https://atlas.example.com/"]),
        "provider": PLAIN,
    },
    optional={
        "upstream_model": TEXTS,
        "params": st.dictionaries(
            st.sampled_from(["timeout", "stream_timeout"]), st.floats(1e-9, 1e15), max_size=1
        ),
    },
)
MODELS = st.lists(
    st.fixed_dictionaries(
        {
            "model_id": IDS,
            "alias": st.none() | IDS,
            "head": st.sampled_from(["head-eu-1", "head-uk-1", "head-us-1"]),
            "key": KEYS,
            "groups": st.lists(TEXTS, max_size=2, unique=True),
            "visibility": st.sampled_from(["public", "internal", "private"]),
            "upstreams": st.lists(
                st.tuples(UPSTREAMS, NUMBER, NUMBER, NUMBER, NUMBER), min_size=1, max_size=3
            ),
            "falls": st.sampled_from(["error", "context_window", "content_policy"]),
        }
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: str(one["model_id"]).lower(),
)


@settings(max_examples=60, deadline=None)
@given(MODELS)
def test_any_fleet_without_faults_follows_the_schemas(models: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as name:
        texts = {f"m{number}": _text(one, models) for number, one in enumerate(models)}
        fixed = FIXED | {"modelspec.yaml": "targets: [litellm]\n"}
        result = compiled(Path(name), texts, fixed)
        if not result.has_errors:
            check(files_of(routed(result)))


def _text(one: dict[str, Any], models: list[dict[str, Any]]) -> str:
    listed = []
    for upstream, weight, order, rpm, tpm in one["upstreams"]:
        numbers = {"weight": weight, "order": order, "rpm": rpm, "tpm": tpm}
        row = upstream | {key: value for key, value in numbers.items() if value is not None}
        listed.append(row | ({"api_key": one["key"]} if one["key"] else {}))
    others = [
        other["model_id"] for other in models if other is not one and not other["model_id"].endswith("*")
    ]
    value = {
        "model_id": one["model_id"],
        "name": "A model",
        "region": "us",
        "priority_head": one["head"],
        "deployments": listed,
        "access": {"visibility": one["visibility"], "groups": one["groups"]},
        "fallback_models": {one["falls"]: others},
        **({"aliases": [one["alias"]]} if one["alias"] else {}),
    }
    return json.dumps(value)


def test_if_one_deployment_has_a_number_all_have_one(tmp_path: Path) -> None:
    """LiteLLM never calls a deployment without a weight or an order if another one has it."""
    end = "endpoint: https://upstream.example.com/v1"
    rows = [f"{{{end}, {more}}}" for more in ("weight: 3", "rpm: 5", "tpm: 9, order: 2", "rpm: 7, order: 2")]
    found = deployments(tmp_path, "deployments: [" + ", ".join(rows) + "]")
    assert [row.get("weight") for row in found] == [3, 1, 1, 1]
    assert [row.get("order") for row in found] == [1, 1, 2, 2]
    assert [(row.get("rpm"), row.get("tpm")) for row in found] == [
        (None, None),
        (5, None),
        (None, 9),
        (7, None),
    ]


def test_equal_numbers_are_left_as_they_are(tmp_path: Path) -> None:
    end = "endpoint: https://upstream.example.com/v1"
    found = deployments(tmp_path, f"deployments: [{{{end}, rpm: 3}}, {{{end}, rpm: 5}}]")
    assert [row.get("weight") for row in found] == [None, None]


def test_the_lower_limit_counts(tmp_path: Path) -> None:
    (row,) = deployments(
        tmp_path,
        "deployments: [{endpoint: https://upstream.example.com/v1, rpm: 9, tpm: 3}]",
        "limits: {rpm: 5, tpm: 7}",
    )
    assert (row["rpm"], row["tpm"]) == (5, 3)


@pytest.mark.parametrize(
    ("access", "groups"),
    [
        ("visibility: public", ["public", "internal"]),
        ("groups: [research]", ["internal", "research"]),
        ("visibility: private, groups: [research]", ["research"]),
        ("visibility: private", None),
    ],
)
def test_visibility_is_an_access_group(tmp_path: Path, access: str, groups: list[str] | None) -> None:
    (entry,) = head(tmp_path, f"access: {{{access}}}")["model_list"]
    assert entry["model_info"].get("access_groups") == groups


def test_an_empty_setting_is_not_a_credential(tmp_path: Path) -> None:
    lines = (
        "provider: bedrock",
        "params: {aws_region_name: eu-west-1, aws_access_key_id: '', aws_secret_access_key: ''}",
        "api_key: {env: BEDROCK_KEY}",
    )
    (row,) = deployments(tmp_path, *lines)
    assert row == {
        "model": "bedrock/atlas",
        "api_key": "os.environ/BEDROCK_KEY",
        "aws_region_name": "eu-west-1",
    }


@pytest.mark.parametrize(
    ("lines", "base"),
    [
        (("provider: deepseek",), None),
        (("provider: deepseek", "endpoint: https://api.deepseek.com"), "https://api.deepseek.com"),
        (("provider: gemini",), None),
        (("provider: openai",), None),
        (("provider: ai21",), "https://api.ai21.com/studio/v1"),
        (("provider: huggingface",), "https://router.huggingface.co/v1"),
        (("provider: zhipu",), "https://open.bigmodel.cn/api/paas/v4"),
        (("local_inference: true",), "http://10.0.0.1:8000/v1"),
    ],
)
def test_an_endpoint_that_nobody_wrote_is_left_to_litellm_where_it_knows_one(
    tmp_path: Path, lines: tuple[str, ...], base: str | None
) -> None:
    text = model("atlas", *lines, "api_key: {env: K}", region="us")
    (entry,) = json.loads(fleet(tmp_path, {"atlas": text})["head-eu-1.yaml"])["model_list"]
    assert entry["litellm_params"].get("api_base") == base


@pytest.mark.parametrize(
    ("provider", "name", "mode", "expected"),
    [
        ("ollama", "gemma3:27b", None, "ollama_chat/gemma3:27b http://10.0.0.9"),
        ("ollama", "nomic-embed-text", None, "ollama/nomic-embed-text http://10.0.0.9"),
        ("ollama", "all-minilm:33m", None, "ollama/all-minilm:33m http://10.0.0.9"),
        ("ollama", "own", "embedding", "ollama/own http://10.0.0.9"),
        ("ollama", "embedder-who-chats", "chat", "ollama_chat/embedder-who-chats http://10.0.0.9"),
        ("ollama", "codellama", "completion", "ollama/codellama http://10.0.0.9"),
        ("cohere", "command-a", None, "cohere_chat/command-a http://10.0.0.9/chat"),
        ("cohere", "embed-v4.0", None, "cohere/embed-v4.0 http://10.0.0.9/embed"),
        ("cohere", "rerank-v3.5", None, "cohere/rerank-v3.5 http://10.0.0.9"),
        ("cohere", "own", "rerank", "cohere/own http://10.0.0.9"),
        ("openai", "text-embedding-3-large", None, "openai/text-embedding-3-large http://10.0.0.9"),
    ],
)
def test_the_mode_or_the_name_decides_the_api(
    tmp_path: Path, provider: str, name: str, mode: str | None, expected: str
) -> None:
    info = [] if mode is None else [f"model_info: {{mode: {mode}}}"]
    lines = (f"provider: {provider}", "endpoint: http://10.0.0.9", f"upstream_model: '{name}'", *info)
    (row,) = deployments(tmp_path, *lines)
    assert f"{row['model']} {row['api_base']}" == expected


def test_request_and_model_info_are_of_the_deployment_and_numbers_are_numbers_in_yaml(tmp_path: Path) -> None:
    one = "{endpoint: https://a.example.com/v1, request: {max_tokens: 4096, extra_headers: {X-Title: a}}}"
    two = "{endpoint: https://b.example.com/v1, model_info: {input_cost_per_token: 2e-8, mode: chat}}"
    files = fleet(tmp_path, {"atlas": model("atlas", f"deployments: [{one}, {two}]")})
    check(files)
    first, second = yaml.safe_load(files["head-eu-1.yaml"])["model_list"]
    assert first["litellm_params"]["max_tokens"] == 4096
    assert first["litellm_params"]["extra_headers"] == {"X-Title": "a"}
    assert second["model_info"] == {
        "id": "atlas#1",
        "access_groups": ["internal"],
        "input_cost_per_token": 2e-8,
        "mode": "chat",
    }
    assert "max_tokens" not in second["litellm_params"]


def test_a_text_that_looks_like_a_number_stays_as_it_is(tmp_path: Path) -> None:
    text = '1e-9, \\"2e-8'
    files = fleet(tmp_path, {"atlas": model("atlas", f"request: {{user: '{text}', temperature: 1e-7}}")})
    params = yaml.safe_load(files["head-eu-1.yaml"])["model_list"][0]["litellm_params"]
    assert (params["user"], params["temperature"]) == (text, 1e-7)


@pytest.mark.parametrize(
    ("options", "checks"), [({}, None), ({"enforce_limits": True}, ["enforce_model_rate_limits"])]
)
def test_limits_are_enforced_only_where_asked(
    tmp_path: Path, options: dict[str, object], checks: object
) -> None:
    assert head(tmp_path, **options)["router_settings"].get("optional_pre_call_checks") == checks


def test_the_log_knows_the_commit_and_the_head_but_the_files_of_heads_do_not_change_with_it(
    tmp_path: Path,
) -> None:
    routing = routed(compiled(tmp_path, {"atlas": model("atlas/*", "aliases: [other/*]")}))
    files = {}
    for commit in ("a" * 40, "b" * 40):
        origin = Origin(digest="d", commit=commit, commit_date=None)
        written = emit_gateways(
            routing, ["litellm"], {"litellm": {"log": {"path": "/var/log/x"}}}, [], origin
        )
        files[commit] = {one.path.removeprefix("gateways/litellm/"): one.content for one in written}
    first, second = files.values()
    assert [path for path in first if first[path] != second[path]] == [LOG]
    space: dict[str, object] = {"__name__": "modelspec_log"}
    exec(compile(first[LOG], LOG, "exec"), space)
    assert space["COMMIT"] == "a" * 40
    told = json.loads(first["head-eu-1.yaml"])["litellm_settings"]
    assert told["modelspec"] == {"head": "head-eu-1", "models": {"other/*": "atlas/*"}, "path": "/var/log/x"}
    assert told["callbacks"] == ["modelspec_log.handler"]
    assert told["turn_off_message_logging"] is True


OWN = """\
general_settings: {database_url: os.environ/DATABASE_URL, store_model_in_db: false}
litellm_settings:
  callbacks: [prometheus, modelspec_log.handler]
  cache: true
  cache_params: {type: redis, host: os.environ/REDIS_HOST, ttl: 1e-5}
router_settings: {optional_pre_call_checks: [prompt_caching], model_group_retry_policy: {a: {TimeoutErrorRetries: 1}}}
guardrails:
  - {guardrail_name: pii, litellm_params: {guardrail: presidio, mode: pre_call}}
"""


def test_own_settings_are_merged_without_loss(tmp_path: Path) -> None:
    options = "enforce_limits: true, num_retries: 1, include: own.yaml"
    settings = f"targets: [litellm]\ntarget_options: {{litellm: {{{options}}}}}\n"
    fixed = FIXED | {"modelspec.yaml": settings, "own.yaml": OWN}
    result = compiled(tmp_path, {"atlas": model("atlas")}, fixed)
    files = {one.path.removeprefix("gateways/litellm/"): one.content for one in emit(emission_of(result))}
    config = yaml.safe_load(files["head-eu-1.yaml"])
    assert config == json.loads(files["head-eu-1.yaml"])
    assert config["general_settings"] == {
        "master_key": "os.environ/LITELLM_MASTER_KEY",
        "database_url": "os.environ/DATABASE_URL",
        "store_model_in_db": False,
    }
    library = config["litellm_settings"]
    assert library["callbacks"] == ["modelspec_log.handler", "prometheus"]
    assert (library["cache"], library["cache_params"]["ttl"], library["telemetry"]) == (True, 1e-5, False)
    router = config["router_settings"]
    assert router["optional_pre_call_checks"] == ["enforce_model_rate_limits", "prompt_caching"]
    assert router["model_group_retry_policy"] == {"a": {"TimeoutErrorRetries": 1}}
    assert (router["num_retries"], router["fallbacks"]) == (1, [])
    assert config["guardrails"][0]["guardrail_name"] == "pii"
    assert len(config["model_list"]) == 1
    variables = [row["name"] for row in json.loads(files["head-eu-1.env.json"])["variables"]]
    assert variables == ["DATABASE_URL", "LITELLM_MASTER_KEY", "REDIS_HOST"]


def test_a_model_without_a_key_never_uses_one_of_the_gateway(tmp_path: Path) -> None:
    (row,) = deployments(tmp_path)
    assert row["api_key"] == "no-key"


def test_vertex_reads_its_file_itself(tmp_path: Path) -> None:
    lines = (
        "provider: vertex_ai",
        "endpoint: https://europe-west1-aiplatform.googleapis.com/",
        "params: {vertex_location: europe-west1}",
    )
    (row,) = deployments(tmp_path / "a", *lines, "api_key: {file: /run/secrets/vertex.json}")
    assert row["vertex_credentials"] == "/run/secrets/vertex.json"
    assert row["api_base"] == "https://europe-west1-aiplatform.googleapis.com"
    (row,) = deployments(tmp_path / "b", *lines, "api_key: {env: VERTEX}")
    assert row["vertex_credentials"] == "os.environ/VERTEX"
    (row,) = deployments(tmp_path / "c", *lines[::2], "api_key: {env: VERTEX}")
    assert "api_base" not in row


def test_a_model_that_only_its_heads_reach_is_no_fallback_elsewhere(tmp_path: Path) -> None:
    own = model("bison", "local_inference: true", "endpoint: http://127.0.0.1:8000/v1", head="head-uk-1")
    models = {"atlas": model("atlas", "fallback_models: [bison]"), "bison": own}
    files = files_of(routed(compiled(tmp_path, models)))  # not as a target, which a rule would reject
    assert json.loads(files["head-eu-1.yaml"])["router_settings"]["fallbacks"] == []
    check(files)


def test_names_of_references_are_unique_and_readable() -> None:
    pairs = [
        ("file", "/run/a-b"),
        ("file", "/run/a_b"),
        ("vault", "/run/a-b"),
        ("file", "/"),
        ("vault", "ü" * 300),
    ]
    names = [environment_name(kind, target) for kind, target in pairs]
    assert len(set(names)) == len(names)
    assert names[0].startswith("MODELSPEC_KEY_FILE_RUN_A_B_")
    assert all(len(name) <= 128 and name.replace("_", "").isalnum() and name.isascii() for name in names)


def test_every_provider_is_supported() -> None:
    assert set(PROVIDERS) == set(FORMS)


def test_a_head_has_the_upstreams_of_what_it_falls_back_to_under_names_that_no_client_can_send(
    tmp_path: Path,
) -> None:
    models = {
        "atlas": model(
            "atlas", "fallback_models: {error: [far/away, cobra-latest], context_window: [dingo]}"
        ),
        "bison": model("far/*", head="head-uk-1"),
        "cobra": model("cobra", "aliases: [cobra-latest]", "fallback_models: [emu]", head="head-uk-1"),
        "dingo": model("dingo", "fallback_models: [far/b, gnu]"),
        "emu": model("emu", head="head-uk-1"),
        "gnu": model("gnu", "status: disabled"),
    }
    files = fleet(tmp_path, models)
    check(files)
    config = json.loads(files["head-eu-1.yaml"])
    assert [entry["model_name"] for entry in config["model_list"]] == [
        "atlas",
        "dingo",
        "fallback#far/*",
        "fallback#cobra",
        "fallback#emu",
    ]
    router = config["router_settings"]
    assert router["fallbacks"] == [
        {"atlas": ["fallback#far/away", "fallback#cobra"]},
        {"dingo": ["fallback#far/b"]},
        {"fallback#cobra": ["fallback#emu"]},
    ]
    assert router["context_window_fallbacks"] == [
        {"atlas": ["dingo"]},
        {"dingo": ["fallback#far/b"]},
        {"fallback#cobra": ["fallback#emu"]},
    ]
    assert router["model_group_alias"] == {}


def test_the_page_lists_every_parameter_that_may_be_added() -> None:
    page = (ROOT / "docs/gateways-litellm.md").read_text(encoding="utf-8")
    kinds: dict[str, list[str]] = {}
    for name, kind in sorted(REQUEST_PARAMS.items()):
        kinds.setdefault(kind.value, []).append(f"`{name}`")
    for words, names in kinds.items():
        assert f"| {words} | {', '.join(names)} |" in page
