"""The real LiteLLM proxy on the configuration of one head, with real requests to upstreams on loopback."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from litellm_fleet import HOSTILE_NAME, VARIABLES, emitted
from litellm_proxy import MASTER_KEY, ROOT, Proxy, proxy
from upstream import Seen, Upstream, upstream

from modelspec.fleet.link_fleet import LITELLM_OPEN_PATHS
from modelspec.gateways.envoy.api import LITELLM_ANSWER

pytestmark = pytest.mark.gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The proxy of a head and its upstreams."""

    proxy: Proxy
    one: Upstream
    two: Upstream
    bad: Upstream
    log: Path

    def lines(self, request_id: str, count: int = 1) -> list[dict[str, Any]]:
        """The lines that the log has of a request, as soon as it has them."""
        deadline = monotonic() + 10
        while True:
            text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
            rows = [json.loads(line) for line in text.splitlines() if request_id in line]
            if len(rows) >= count or monotonic() > deadline:
                return rows
            sleep(0.05)

    def ask(self, model: str, **more: object) -> tuple[str, Seen]:
        """The text of a completion, and the request that its upstream got."""
        for server in (self.one, self.two, self.bad):
            server.take()
        says = self.proxy.chat(model, **more).says
        (seen,) = (self.one if says == "one" else self.two).take()
        return says, seen


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    folder = tmp_path_factory.mktemp("litellm")
    with ExitStack() as stack:
        names = ("one", "two", "bad", "long", "rude")
        servers = {name: stack.enter_context(upstream(name)) for name in names}
        servers["bad"].fails = (500, "server_error", "out of order")
        servers["long"].fails = (
            400,
            "context_length_exceeded",
            "This model's maximum context length is 8 tokens. Please reduce the length of the messages.",
        )
        servers["rude"].fails = (
            400,
            "invalid_prompt",
            "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        )
        files = emitted(folder, {name.upper(): server.url for name, server in servers.items()})
        home = folder / "home"
        home.mkdir()
        urls = {"BEDROCK_URL": servers["one"].url, "VLLM_URL": f"{servers['one'].url}/v1"}
        variables = VARIABLES | urls
        needed = {row["name"] for row in json.loads(files.variables.read_bytes())["variables"]}
        assert needed - variables.keys() == {"LITELLM_MASTER_KEY"}
        running = stack.enter_context(proxy(files.config, home, variables))
        yield Head(proxy=running, one=servers["one"], two=servers["two"], bad=servers["bad"], log=files.log)


CHAT = {"messages", "model"}
KINDS = {
    "openai": ("/v1/chat/completions", "org/up-openai", "authorization", "Bearer key-of-one", CHAT),
    "azure": (
        "/openai/deployments/up-azure/chat/completions?api-version=2024-10-21",
        "up-azure",
        "api-key",
        "key-in-kubernetes",
        CHAT | {"stream"},
    ),
    "anthropic": ("/v1/messages", "up-anthropic", "x-api-key", "key-in-a-file", CHAT | {"max_tokens"}),
    "mistral": ("/v1/chat/completions", "up-mistral", "authorization", "Bearer key-in-a-vault", CHAT),
    "cohere": ("/v2/chat", "up-cohere", "authorization", "Bearer no-key", CHAT | {"stream"}),
    "gemini": ("/v1beta/models/up-gemini:generateContent", None, "x-goog-api-key", "no-key", {"contents"}),
    "ollama": ("/api/chat", "gemma3:27b", "authorization", "Bearer no-key", CHAT | {"options", "stream"}),
    "vllm": ("/v1/chat/completions", "org/up-vllm", "authorization", "Bearer no-key", CHAT | {"stream"}),
    "local": ("/v1/chat/completions", "org/up-local", "authorization", "Bearer no-key", CHAT),
}
"""Path, upstream's name, the header of the key and its value, the fields of the body."""


@pytest.mark.parametrize("model", KINDS)
def test_each_kind_of_upstream_gets_its_own_name_and_key_only(head: Head, model: str) -> None:
    path, name, header, key, fields = KINDS[model]
    says, seen = head.ask(model)
    assert says == "one"
    assert seen.path == path
    assert seen.body.get("model") == name
    assert seen.headers[header] == key
    assert seen.body.keys() == fields
    assert not [value for value in seen.headers.values() if "gateways-own" in value]


def test_bedrock_is_called_with_the_account_of_the_model(head: Head) -> None:
    _, seen = head.ask("bedrock")
    assert seen.path == "/model/jp.anthropic.claude-sonnet-4-6/converse"
    assert "Credential=AKIDEXAMPLE/" in seen.headers["authorization"]
    assert "/ap-northeast-1/bedrock/" in seen.headers["authorization"]
    assert seen.body.keys() == {"inferenceConfig", "messages"}


def test_an_embedding_reaches_its_upstream(head: Head) -> None:
    head.one.take()
    answer = head.proxy.post("/v1/embeddings", {"model": "local", "input": ["Hello"]})
    assert answer.body["data"][0]["embedding"] == [0.5]
    (seen,) = head.one.take()
    assert seen.path == "/v1/embeddings"
    assert seen.body.keys() <= {"input", "model", "encoding_format"}


@pytest.mark.parametrize(
    ("model", "path", "name"),
    [("ollama-embed", "/api/embed", "nomic-embed-text"), ("cohere-embed", "/v2/embed", "embed-v4.0")],
)
def test_an_embedding_goes_to_the_api_for_embeddings(head: Head, model: str, path: str, name: str) -> None:
    head.one.take()
    answer = head.proxy.post("/v1/embeddings", {"model": model, "input": ["Hello"]})
    assert answer.status == 200, answer.body
    assert answer.body["data"][0]["embedding"] == [0.5]
    (seen,) = head.one.take()
    assert (seen.path, seen.body["model"]) == (path, name)


def test_reranking_goes_to_the_api_for_reranking(head: Head) -> None:
    head.one.take()
    answer = head.proxy.post("/v1/rerank", {"model": "cohere-rerank", "query": "q", "documents": ["Hello"]})
    assert answer.status == 200, answer.body
    (seen,) = head.one.take()
    assert (seen.path, seen.body["model"]) == ("/v2/rerank", "up-own")


def test_a_request_gets_the_parameters_that_it_lacks(head: Head) -> None:
    _, seen = head.ask("asks")
    assert seen.body.keys() == CHAT | {"max_tokens", "temperature", "stop", "top_k", "chat_template_kwargs"}
    assert (seen.body["max_tokens"], seen.body["temperature"], seen.body["stop"]) == (128, 0.5, ["END"])
    assert seen.body["chat_template_kwargs"] == {"enable_thinking": False}
    assert seen.headers["x-title"] == "Fleet"
    assert seen.headers["http-referer"] == "https://fleet.example.com"
    _, seen = head.ask("asks", max_tokens=7, temperature=1)
    assert (seen.body["max_tokens"], seen.body["temperature"], seen.body["stop"]) == (7, 1, ["END"])


def test_reasoning_is_asked_for_in_the_words_of_the_provider(head: Head) -> None:
    _, seen = head.ask("asks-anthropic")
    assert seen.body["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert seen.body["max_tokens"] == 4096
    _, seen = head.ask("asks-reasoning")
    assert seen.body["reasoning_effort"] == "low"


def test_the_gateway_knows_what_the_model_costs(head: Head) -> None:
    rows = {row["model_name"]: row["model_info"] for row in head.proxy.get("/model/info").body["data"]}
    assert rows["asks"]["mode"] == "chat"
    assert rows["asks"]["max_input_tokens"] == 4321
    assert rows["asks"]["input_cost_per_token"] == 2e-6
    assert rows["asks"]["base_model"] == "gpt-4.1"
    answer = head.proxy.chat("asks")
    assert float(answer.headers["x-litellm-response-cost"]) == pytest.approx(5e-6)


def test_rejects_clients_without_a_key(head: Head) -> None:
    messages = [{"role": "user", "content": "Hello"}]
    head.one.take()
    answers = [
        head.proxy.post("/v1/chat/completions", {"model": "openai", "messages": messages}, key)
        for key in (None, "", "sk-stranger", "no-key", "key-of-one")
    ]
    assert all(answer.status in (400, 401, 500) for answer in answers)
    assert head.one.take() == []


@pytest.mark.parametrize(
    ("model", "says", "name"),
    [
        ("openai-latest", "one", "org/up-openai"),
        ("router/any/thing", "one", "router/any/thing"),
        ("other/thing", "one", "router/thing"),
        ("router/deep/thing", "two", "up-deep"),
        ("router/deep/one", "one", "up-exact"),
        ("openrouter/meta/llama", "one", "meta/llama"),
        ("fixed/any", "one", "up-fixed"),
        ("a+b~c@d:e/f.g", "one", HOSTILE_NAME),
    ],
)
def test_names_lead_to_upstreams(head: Head, model: str, says: str, name: str) -> None:
    said, seen = head.ask(model)
    assert (said, seen.body["model"]) == (says, name)


def test_an_unknown_name_reaches_no_upstream(head: Head) -> None:
    head.one.take()
    for name in ("unrelated", "elsewhere", "openai/gpt-5", "no-such-model"):
        assert head.proxy.chat(name).status == 400
    assert head.one.take() == []


@pytest.mark.parametrize(
    ("model", "says", "name"),
    [
        ("ordered", "two", "ordered"),
        ("falls", "two", "up-elsewhere"),
        ("falls-alias", "two", "up-elsewhere"),
        ("falls-in-turn", "two", "up-elsewhere"),
        ("falls-to-local", "two", "org/up-local-elsewhere"),
        ("falls-to-wildcard", "two", "away/model"),
        ("falls-to-alias", "one", "org/up-openai"),
        ("window", "one", "org/up-openai"),
        ("window-any", "one", "org/up-openai"),
        ("policy", "two", "up-elsewhere"),
    ],
)
def test_requests_fall_back(head: Head, model: str, says: str, name: str) -> None:
    said, seen = head.ask(model)
    assert (said, seen.body["model"]) == (says, name)
    assert seen.body.keys() <= CHAT | {"stream"}


@pytest.mark.parametrize("model", ["window-error-only", "policy-error-only"])
def test_an_error_without_fallback_models_is_returned_unchanged(head: Head, model: str) -> None:
    assert head.proxy.chat(model).status == 400


@pytest.mark.parametrize("model", ["weighted", "by-rpm"])
def test_weights_are_kept(head: Head, model: str) -> None:
    head.one.take()
    head.two.take()
    for _ in range(100):
        assert head.proxy.chat(model).says in ("one", "two")
    first, second = len(head.one.take()), len(head.two.take())
    assert first + second == 100
    assert 53 <= first <= 97  # three of four, and five standard deviations


def test_a_deployment_without_numbers_is_not_skipped(head: Head) -> None:
    assert {head.proxy.chat("unlike").says for _ in range(20)} == {"one", "two"}


def test_limits_are_kept(head: Head) -> None:
    answers = [head.proxy.chat("limited").status for _ in range(8)]
    assert answers.count(200) <= 4  # two per minute, and a new minute may begin
    assert set(answers) == {200, 429}


HEAD_LOG = json.loads((ROOT / "schemas/head-log.schema.json").read_bytes())
PLANTED = {
    "prompt": "a prompt that nobody may read",
    "user": "person-of-the-request",
    "agent": "agent-of-the-client/1.0",
    "header": "value-of-a-header",
    "key": MASTER_KEY,
    "upstream key": "key-of-one",
    "error": "order-of-the-upstream",
}


def planted(model: str, **more: object) -> tuple[dict[str, object], dict[str, str]]:
    """A request with secrets wherever one can stand."""
    messages = [{"role": "user", "content": PLANTED["prompt"]}]
    body = {
        "model": model,
        "messages": messages,
        "user": PLANTED["user"],
        "metadata": {"a": PLANTED["header"]},
    }
    headers = {
        "user-agent": PLANTED["agent"],
        "x-secret": PLANTED["header"],
        "x-forwarded-for": "203.0.113.9",
    }
    return body | more, headers


@pytest.mark.parametrize(
    ("request_id", "model", "more", "expected"),
    [
        ("id-1", "openai", {}, {"modelspec.cost": None, "gen_ai.response.model": "org/up-openai"}),
        ("id-2", "openai-latest", {}, {"modelspec.model": "openai", "modelspec.deployment": "openai#0"}),
        ("id-3", "openai", {"stream": True}, {"modelspec.stream": True}),
        ("id-4", "anthropic", {}, {"gen_ai.provider.name": "anthropic"}),
        ("id-5", "asks", {}, {"modelspec.cost": 5e-06}),
        (
            "id-6",
            "router/any/thing",
            {},
            {"modelspec.model": "router/*", "modelspec.deployment": "router/*#0"},
        ),
        ("id-7", "other/thing", {}, {"modelspec.model": "router/*", "modelspec.deployment": "other/*#0"}),
    ],
)
def test_the_log_has_a_line_for_each_call(
    head: Head, request_id: str, model: str, more: Mapping[str, object], expected: Mapping[str, object]
) -> None:
    body, headers = planted(model, **more)
    answer = head.proxy.post("/v1/chat/completions", body, headers=headers | {"X-Request-Id": request_id})
    assert answer.status == 200, answer.body
    (row,) = head.lines(request_id)
    Draft202012Validator(HEAD_LOG).validate(row)
    wanted: dict[str, object] = {
        "modelspec.request_id": request_id,
        "modelspec.model": model,
        "modelspec.head": "head-eu-1",
        "modelspec.deployment": f"{model}#0",
        "gen_ai.operation.name": "chat",
        "http.response.status_code": 200,
        "error.type": None,
        "modelspec.commit": "c" * 40,
        **expected,
    }
    assert {name: row[name] for name in wanted} == wanted
    assert row["gen_ai.usage.input_tokens"] > 0
    assert row["gen_ai.usage.output_tokens"] > 0
    assert 0 <= row["modelspec.first_byte_ms"] <= row["modelspec.duration_ms"] < 60_000


def test_the_log_has_embeddings_and_the_failure_before_a_fallback(head: Head) -> None:
    asked = {"model": "ollama-embed", "input": ["Hello"]}
    assert head.proxy.post("/v1/embeddings", asked, headers={"x-request-id": "an-embedding"}).status == 200
    (row,) = head.lines("an-embedding")
    assert (row["gen_ai.operation.name"], row["modelspec.model"]) == ("embeddings", "ollama-embed")
    assert row["gen_ai.provider.name"] == "ollama"
    head.bad.fails = (500, "server_error", PLANTED["error"])
    body, headers = planted("falls")
    answer = head.proxy.post("/v1/chat/completions", body, headers=headers | {"x-request-id": "a-fallback"})
    assert answer.says == "two"
    rows = {row["http.response.status_code"]: row for row in head.lines("a-fallback", 2)}
    for row in rows.values():
        Draft202012Validator(HEAD_LOG).validate(row)
    assert rows.keys() == {200, 500}
    assert (rows[500]["modelspec.model"], rows[500]["modelspec.cost"]) == ("falls", None)
    assert rows[500]["error.type"] == "InternalServerError"
    assert rows[200]["modelspec.model"] == "elsewhere"
    assert rows[200]["modelspec.deployment"] == "fallback#elsewhere#0"


def test_settings_of_both_are_live(head: Head) -> None:
    head.one.take()
    body, _ = planted("openai")
    answer = head.proxy.post("/v1/chat/completions", body, headers={"x-request-id": "both", "x-own": "5"})
    assert answer.status == 200
    assert head.lines("both")
    (seen,) = head.one.take()
    assert seen.headers["x-own"] == "5"
    deadline = monotonic() + 10
    while not any("the own log of" in line for line in list(head.proxy.log)) and monotonic() < deadline:
        sleep(0.05)
    assert any("the own log of" in line for line in list(head.proxy.log))


def test_nothing_that_the_head_writes_holds_what_was_said_or_a_key(head: Head) -> None:
    body, headers = planted("falls-in-turn")
    head.bad.fails = (500, "server_error", PLANTED["error"])
    head.proxy.post("/v1/chat/completions", body, headers=headers | {"x-request-id": "the-last"})
    assert head.lines("the-last", 3)
    log = head.log.read_text(encoding="utf-8")
    for what, secret in PLANTED.items():
        assert secret not in log, what
    for address in (head.one.url, head.two.url, head.bad.url, "127.0.0.1", "203.0.113.9"):
        assert address not in log
    said = "".join(head.proxy.log)
    for what in ("prompt", "user", "header", "key", "upstream key"):
        assert PLANTED[what] not in said, what


def test_health_paths_need_no_key_where_they_are_allowed(head: Head) -> None:
    allowed = {path: head.proxy.get(path, None).status for path in sorted(LITELLM_OPEN_PATHS)}
    assert set(allowed.values()) == {200}, allowed
    others = ("/health", "/metrics", "/healthz", "/health/services", "/health/liveliness/")
    refused = {path: head.proxy.get(path, None).status for path in others}
    assert 200 not in refused.values(), refused


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_a_model_answers_carries_the_header_by_which_an_edge_knows_it(head: Head, status: int) -> None:
    """And what LiteLLM answers by itself does not: then it is the head's own fault."""
    head.one.fails = (status, "server_error", "out of order")
    try:
        answers = [
            head.proxy.chat("vllm"),
            head.proxy.post("/v1/embeddings", {"model": "vllm", "input": ["a"]}),
        ]
    finally:
        head.one.fails = None
    assert {answer.status for answer in answers} == {status}
    assert all(LITELLM_ANSWER in answer.headers for answer in answers)
    assert LITELLM_ANSWER not in head.proxy.post("/v1/chat/completions", {"model": "vllm"}, None).headers
