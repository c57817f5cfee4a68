"""The real LiteLLM proxy on the configuration of one head, with real requests to upstreams on loopback."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from litellm_fleet import HOSTILE_NAME, VARIABLES, emitted
from litellm_proxy import Proxy, proxy
from upstream import Seen, Upstream, upstream

pytestmark = pytest.mark.gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The proxy of a head and its upstreams."""

    proxy: Proxy
    one: Upstream
    two: Upstream
    bad: Upstream

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
        yield Head(proxy=running, one=servers["one"], two=servers["two"], bad=servers["bad"])


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
