"""LiteLLM's router and access check with configurations of modelspec.

Keys that are limited to access groups need a database in the proxy; its check is asked directly instead.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from litellm_fleet import VARIABLES, emitted
from litellm_proxy import environment, litellm_program
from small_fleets import FIXED, compiled, model, routed
from upstream import Seen, upstream

from modelspec.fleet.providers import LITELLM_HOSTS, PROVIDERS
from modelspec.gateways import GatewayOptions
from modelspec.gateways.litellm.emit import emit
from modelspec.gateways.litellm.names import FORMS, FirstRequest, first_request
from modelspec.gateways.litellm.names import LIKE_OPENAI as TOLD

pytestmark = pytest.mark.gateway

ELSEWHERE = {"anthropic", "azure", "bedrock", "cohere", "gemini", "mistral", "ollama"}
"""Tested with the proxy, each with its own path."""
NOT_SHOWN = {
    "gigachat",
    "github_copilot",
    "oci",
    "replicate",
    "sagemaker",
    "text-completion-openai",
    "vertex_ai",
    "watsonx",
}
"""These first get a token from their clouds, or have a host or a protocol of their own."""
LIKE_OPENAI = sorted(FORMS.keys() - ELSEWHERE - NOT_SHOWN - {"voyage"})
CHAT = "/chat/completions"
BODY = {"messages", "model", "stream"}
NAME = "accounts/org/up"
"""In this form, because LiteLLM completes other names at Fireworks."""


REQUESTS = [
    *((word, path, "up", "") for word in sorted(TOLD) for path in ("", "/v1", "/a/v1/", f"/v1{CHAT}")),
    *(
        ("azure", "", name, "2024-10-21")
        for name in ("up", "gpt-5.4", "a b", "a:b", "a%2Fb", "a#b", "a?b~_.-")
    ),
    *(
        ("azure", path, "up", version)
        for path in ("", "/", "/base")
        for version in ("", "v1", "latest", "2024-10-21")
    ),
    *(("azure", f"/openai{path}", "up", "2024-10-21") for path in ("", "/v1", "/deployments/other")),
]
"""Provider, path of the endpoint, name at the upstream and version of the API."""

IMPLIED = [
    *(
        ("chat", word)
        for word in sorted(FORMS)
        if PROVIDERS[word].public_endpoint
        and word not in ("gigachat", "github_copilot", "replicate", "voyage")
    ),
    *(("embedding", word) for word in ("cohere", "mistral", "openai", "voyage")),
    ("rerank", "cohere"),
]
"""Operations of providers whose endpoint is left out; Copilot logs in first, and Replicate asks for a template."""
HOSTILE = "{{7*7}} ${X} it's #1"
MAY = {
    ("openai", "public"): True,
    ("openai", "internal"): True,
    ("openai", "research"): False,
    ("openai-latest", "public"): True,
    ("azure", "public"): False,
    ("azure", "internal"): True,
    ("router/any", "internal"): False,
    ("router/any", "research"): True,
    ("other/any", "research"): True,
    ("other/any", "internal"): False,
    ("router/deep/any", "research"): False,
    ("router/deep/any", "internal"): True,
    ("a+b~c@d:e/f.g", HOSTILE): True,
    ("a+b~c@d:e/f.g", "49"): False,
    ("a+b~c@d:e/f.g", "internal"): False,
    ("fallback#elsewhere", "internal"): False,
    ("fallback#elsewhere", "elsewhere"): True,
    ("elsewhere", "internal"): False,
}
"""Whether a key with one access group may call a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The responses of LiteLLM, and the requests that upstreams got."""

    providers: dict[str, Any]
    access: dict[str, Any]
    seen: list[Seen]
    expected: list[FirstRequest]
    requested: list[Seen]
    implied: dict[tuple[str, str], tuple[FirstRequest, str]]


@pytest.fixture(name="asked", scope="module")
def _asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """One process for all tests, because loading LiteLLM takes most of the time."""
    folder = tmp_path_factory.mktemp("router")
    with upstream("one") as server:
        providers = {
            "config": _providers(folder / "providers", server.url),
            "chat": [f"m-{word}" for word in LIKE_OPENAI],
            "embed": ["m-voyage"],
        }
        config, expected = _requests(folder / "requests", server.url)
        requests = {"config": config, "chat": [f"m{number}" for number in range(len(REQUESTS))]}
        urls = dict.fromkeys(("ONE", "TWO", "BAD", "LONG", "RUDE"), server.url)
        config, told = _implied(folder / "implied")
        implied = {"config": config, "caught": [[what, f"{word}-{what}"] for what, word in IMPLIED]}
        access = {
            "config": emitted(folder, urls).config.read_text(encoding="utf-8"),
            "access": [[name, [given]] for name, given in MAY],
        }
        nowhere = dict.fromkeys(("BEDROCK_URL", "VLLM_URL"), "http://127.0.0.1:1")
        done = subprocess.run(
            [litellm_program().with_name("python"), Path(__file__).with_name("ask_litellm_router.py")],
            input=json.dumps([providers, access, requests, implied]),
            env=environment(folder, VARIABLES | nowhere),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        first, second, _, fourth = json.loads(done.stdout.splitlines()[-1])
        seen = server.take()
        return Asked(
            providers=first,
            access=second,
            seen=seen[: -len(REQUESTS)],
            expected=expected,
            requested=seen[-len(REQUESTS) :],
            implied=dict(zip(IMPLIED, zip(told, fourth["caught"], strict=True), strict=True)),
        )


def _providers(folder: Path, url: str) -> str:
    """A configuration with a model for each provider; upstreams must get none of its numbers and regions."""
    models = {
        word: model(
            f"m-{word}",
            "deployments:",
            f"  - {{endpoint: '{url}{_base(word)}/', provider: {word}, upstream_model: {NAME},"
            " api_key: {env: ONE_KEY}, region: eu, weight: 2, order: 1, rpm: 90, tpm: 9000}",
        )
        for word in (*LIKE_OPENAI, "voyage")
    }
    fixed = FIXED | {"modelspec.yaml": "targets: [litellm]\nrules: {MS509: off}\n"}
    routing = routed(compiled(folder, models, fixed))
    files = {a.path: a.content for a in emit(routing, GatewayOptions(options={"num_retries": 0}, edges={}))}
    return files["gateways/litellm/head-eu-1.yaml"].decode()


def _requests(folder: Path, url: str) -> tuple[str, list[FirstRequest]]:
    """A configuration with a model for each of REQUESTS, and what is said of their first requests."""
    models = {
        f"m{number}": model(
            f"m{number}",
            f"endpoint: '{url}{path}'",
            f"provider: {word}",
            f"upstream_model: '{name}'",
            "api_key: {env: ONE_KEY}",
            *([f"params: {{api_version: '{version}'}}"] if version else []),
        )
        for number, (word, path, name, version) in enumerate(REQUESTS)
    }
    fixed = FIXED | {"modelspec.yaml": "targets: [litellm]\nrules: {MS509: off}\n"}
    routing = routed(compiled(folder, models, fixed))
    files = {a.path: a.content for a in emit(routing, GatewayOptions(options={"num_retries": 0}, edges={}))}
    routes = {route.model_id: route for route in routing.routes}
    expected = [first_request(routes[f"m{number}"].targets[0]) for number in range(len(REQUESTS))]
    return files["gateways/litellm/head-eu-1.yaml"].decode(), expected


def _implied(folder: Path) -> tuple[str, list[FirstRequest]]:
    """A configuration with a model for each of IMPLIED, and what is said of their first requests."""
    modes = {"chat": "chat", "embedding": "embedding", "rerank": "rerank"}
    models = {
        f"{word}-{what}": model(
            f"{word}-{what}",
            f"provider: {word}",
            f"upstream_model: {NAME if word == 'fireworks_ai' else 'up'}",
            "api_key: {env: ONE_KEY}",
            f"model_info: {{mode: {modes[what]}}}",
            region="us",
        )
        for what, word in IMPLIED
    }
    routing = routed(compiled(folder, models, FIXED | {"modelspec.yaml": "targets: [litellm]\n"}))
    files = {a.path: a.content for a in emit(routing, GatewayOptions(options={"num_retries": 0}, edges={}))}
    routes = {route.model_id: route for route in routing.routes}
    told = [first_request(routes[f"{word}-{what}"].targets[0]) for what, word in IMPLIED]
    return files["gateways/litellm/head-eu-1.yaml"].decode(), told


def _base(provider: str) -> str:
    """The path of the provider's public endpoint."""
    return urlsplit(PROVIDERS[provider].public_endpoint or "https://example.com/own/v1").path


@pytest.mark.parametrize("word", LIKE_OPENAI)
def test_providers_that_are_like_openai_are_called_below_the_endpoint_as_written(
    asked: Asked, word: str
) -> None:
    position = LIKE_OPENAI.index(word)
    assert asked.providers["chat"][position] == "one"
    request = asked.seen[position]
    assert request.path == f"{_base(word)}/chat/completions"
    assert request.headers["authorization"] == "Bearer key-of-one"
    assert request.body.keys() <= BODY | ({"usage"} if word == "openrouter" else set())
    assert request.body["model"] == NAME
    assert not [value for value in request.headers.values() if "gateways-own" in value]


def test_voyage_embeds(asked: Asked) -> None:
    assert asked.providers["embed"] == [[0.5]]
    assert asked.seen[-1].path == f"{_base('voyage')}/embeddings"
    assert asked.seen[-1].body.keys() == {"input", "model"}
    assert len(asked.seen) == len(LIKE_OPENAI) + 1


def test_the_first_request_is_the_one_that_is_told(asked: Asked) -> None:
    for case, expected, request in zip(REQUESTS, asked.expected, asked.requested, strict=True):
        assert expected.url is not None, case
        split = urlsplit(expected.url)
        assert request.path == split.path + (f"?{split.query}" if split.query else ""), case
        assert request.headers["host"] == split.netloc, case


def test_without_an_endpoint_litellm_goes_where_the_guards_of_keys_think(asked: Asked) -> None:
    """Its own paths, at the provider's public host or at one that `LITELLM_HOSTS` names."""
    for (what, word), (told, url) in asked.implied.items():
        assert url is not None, (what, word)
        public = urlsplit(PROVIDERS[word].public_endpoint).hostname
        assert urlsplit(url).hostname in (public, *LITELLM_HOSTS.get(word, ())), (what, word, url)
        if what == "chat" and told.url is not None:
            assert told.url == url, (what, word)
    paths = {pair: urlsplit(url or "").path for pair, (_, url) in asked.implied.items()}
    assert paths["chat", "deepseek"] == "/beta/chat/completions"
    assert paths["chat", "gemini"].startswith("/v1alpha/")
    assert paths["chat", "novita"] == "/v3/openai/chat/completions"
    assert paths["chat", "cohere"] == "/v2/chat"
    assert paths["embedding", "cohere"] == "/v2/embed"
    assert paths["rerank", "cohere"] == "/v2/rerank"


def test_a_key_may_call_the_models_of_its_groups(asked: Asked) -> None:
    assert dict(zip(MAY, asked.access["access"], strict=True)) == MAY
