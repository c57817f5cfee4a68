from dataclasses import FrozenInstanceError
from urllib.parse import urlsplit

import pytest

from modelspec.fleet.providers import LITELLM_WORDS, PROVIDERS, SAME_AS, WORDS, Provider, endpoint_of

KNOWN = sorted(PROVIDERS.items())
PUBLIC = [
    (name, provider.public_endpoint) for name, provider in KNOWN if provider.public_endpoint is not None
]


def test_a_provider_with_one_public_endpoint_gives_it() -> None:
    assert endpoint_of("openai") == "https://api.openai.com/v1"
    assert endpoint_of("anthropic") == "https://api.anthropic.com"


@pytest.mark.parametrize(
    "provider",
    ["azure", "bedrock", "dashscope", "databricks", "hosted_vllm", "moonshot", "ollama", "vertex_ai"],
)
def test_a_host_that_depends_on_account_region_or_installation_is_not_guessed(provider: str) -> None:
    assert provider in PROVIDERS
    assert endpoint_of(provider) is None


def test_an_unknown_provider_has_no_endpoint() -> None:
    assert endpoint_of("a-provider-of-tomorrow") is None
    assert endpoint_of("") is None


def test_a_provider_is_known_by_its_exact_word_only() -> None:
    assert endpoint_of("OpenAI") is None


@pytest.mark.parametrize(("name", "endpoint"), PUBLIC)
def test_public_endpoints_are_plain_https_base_urls(name: str, endpoint: str) -> None:
    parts = urlsplit(endpoint)
    assert parts.scheme == "https", name
    assert parts.hostname is not None
    assert "." in parts.hostname
    assert (parts.username, parts.password, parts.port, parts.query, parts.fragment) == (
        None,
        None,
        None,
        "",
        "",
    )
    assert not endpoint.endswith("/"), "emitters add the path of the call"


@pytest.mark.parametrize(("name", "provider"), KNOWN)
def test_names_and_protocols_are_words_that_a_model_may_use(name: str, provider: Provider) -> None:
    for word in (name, provider.protocol):
        assert word.replace("_", "").replace("-", "").isalnum()
        assert word == word.lower()
    assert provider.source.startswith("https://")


@pytest.mark.parametrize(("name", "provider"), KNOWN)
def test_every_protocol_is_itself_a_provider(name: str, provider: Provider) -> None:
    assert provider.protocol in PROVIDERS, name


def test_the_table_is_in_the_order_of_its_names() -> None:
    assert list(PROVIDERS) == sorted(PROVIDERS)


def test_every_provider_and_every_name_of_litellm_is_known_by_one_word() -> None:
    assert PROVIDERS.keys() <= WORDS
    assert (PROVIDERS.keys() | LITELLM_WORDS) - SAME_AS.keys() == WORDS
    assert {*SAME_AS.values()} <= PROVIDERS.keys()


def test_the_table_cannot_be_changed_by_its_readers() -> None:
    with pytest.raises(FrozenInstanceError):
        PROVIDERS["openai"].public_endpoint = "https://attacker.example"  # type: ignore[misc]
    with pytest.raises(TypeError):
        PROVIDERS["openai"] = PROVIDERS["azure"]  # type: ignore[index]
