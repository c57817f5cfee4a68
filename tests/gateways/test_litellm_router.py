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

from modelspec.fleet.providers import PROVIDERS
from modelspec.gateways import GatewayOptions
from modelspec.gateways.litellm.emit import emit
from modelspec.gateways.litellm.names import FORMS

pytestmark = pytest.mark.gateway

ELSEWHERE = {"anthropic", "azure", "bedrock", "cohere", "gemini", "mistral", "ollama"}
"""Tested with the proxy, each with its own path."""
NOT_SHOWN = {"gigachat", "vertex_ai"}
"""These first get a token from their clouds."""
LIKE_OPENAI = sorted(FORMS.keys() - ELSEWHERE - NOT_SHOWN - {"voyage"})
BODY = {"messages", "model", "stream"}
NAME = "accounts/org/up"
"""In this form, because LiteLLM completes other names at Fireworks."""


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
        urls = dict.fromkeys(("ONE", "TWO", "BAD", "LONG", "RUDE"), server.url)
        access = {
            "config": emitted(folder, urls).config.read_text(encoding="utf-8"),
            "access": [[name, [given]] for name, given in MAY],
        }
        nowhere = dict.fromkeys(("BEDROCK_URL", "VLLM_URL"), "http://127.0.0.1:1")
        done = subprocess.run(
            [litellm_program().with_name("python"), Path(__file__).with_name("ask_litellm_router.py")],
            input=json.dumps([providers, access]),
            env=environment(folder, VARIABLES | nowhere),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        first, second = json.loads(done.stdout.splitlines()[-1])
        return Asked(providers=first, access=second, seen=server.take())


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


def test_a_key_may_call_the_models_of_its_groups(asked: Asked) -> None:
    assert dict(zip(MAY, asked.access["access"], strict=True)) == MAY
