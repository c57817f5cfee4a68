"""LiteLLM's names for providers and settings, and its first request to an upstream: from the source of version 1.108.7.

`tests/gateways/test_litellm_router.py` asks LiteLLM itself for the first request to each provider.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from urllib.parse import quote

from modelspec.fleet.model import Upstream
from modelspec.fleet.providers import LITELLM_BASES, PROVIDERS
from modelspec.url import parts

NO_KEY = "no-key"
"""Sent if a model has no key. Without one, LiteLLM would send a key from its environment (`OPENAI_API_KEY`, …)."""

RESERVED_VARIABLES = "MODELSPEC_KEY_"
"""The prefix of variables that stand for files, vaults and Kubernetes Secrets; models must not name them."""

FALLBACK_PREFIX = "fallback#"
"""The prefix of model groups for fallbacks only: no model id contains `#`, so no client can send such a name."""


class ParamKind(Enum):
    """The kind of value of a connection setting."""

    TEXT = "text"
    REGION = "a region of letters, digits and '-'"
    SECONDS = "a number above 0"
    COUNT = "a whole number, 0 or more"
    REFERENCE = "a reference such as {env: NAME}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How LiteLLM reaches the upstreams of one provider.

    `prefix` is its name for the protocol. `path` is appended to the endpoint, which LiteLLM does not do;
    `path_if_bare` only to an endpoint without a path. `params` are the allowed connection settings in addition to
    `COMMON_PARAMS`. `is_default`: without an endpoint, LiteLLM itself knows where the provider is. `hosts` are the
    domains to which LiteLLM may send credentials from its environment; empty means
    that it sends none, and that any host is allowed. `credentials` are sets of `params`, of which each stands for a
    key. Not `takes_endpoint`: LiteLLM builds the URL itself, whatever the endpoint.
    """

    prefix: str
    path: str = ""
    path_if_bare: str = ""
    is_default: bool = True
    params: Mapping[str, ParamKind] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    credentials: tuple[frozenset[str], ...] = ()
    takes_endpoint: bool = True


COMMON_PARAMS: Mapping[str, ParamKind] = MappingProxyType(
    {
        "max_parallel_requests": ParamKind.COUNT,
        "max_retries": ParamKind.COUNT,
        "stream_timeout": ParamKind.SECONDS,
        "timeout": ParamKind.SECONDS,
    }
)

_NATIVE = (
    "azure_ai cerebras cloudflare dashscope databricks deepinfra deepseek fireworks_ai friendliai gigachat "
    "github groq hosted_vllm hyperbolic lm_studio maritalk mistral moonshot nebius novita nvidia_nim openrouter "
    "ovhcloud perplexity sambanova sarvam scaleway together_ai voyage xai zai"
)
"""Providers that LiteLLM knows by our name, and whose endpoint it uses unchanged."""

_AS_OPENAI = (
    "huggingface",  # LiteLLM's own provider sends `max_retries` in the body
    "minimax",  # its own provider appends `/v1` to some endpoints
    "snowflake",  # its own provider appends a path that our endpoint already has
    "zhipu",  # unknown to LiteLLM
)

_AWS_KEYS = (frozenset({"aws_access_key_id", "aws_secret_access_key"}),)
_AWS: Mapping[str, ParamKind] = {
    "aws_region_name": ParamKind.REGION,
    **dict.fromkeys(("aws_access_key_id", "aws_secret_access_key", "aws_session_token"), ParamKind.TEXT),
}
_AWS_HOSTS = ("amazonaws.com", "amazonaws.com.cn")
_OCI_USER = ("oci_user", "oci_fingerprint", "oci_tenancy")

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        **{word: Form(prefix=word) for word in _NATIVE.split()},
        **{word: Form(prefix="openai", is_default=False) for word in _AS_OPENAI},
        "ai21": Form(prefix="ai21", is_default=False),  # without an endpoint, LiteLLM sends its key to OpenAI
        "anthropic": Form(prefix="anthropic"),
        "azure": Form(prefix="azure", params={"api_version": ParamKind.TEXT}),
        "bedrock": Form(
            prefix="bedrock",
            params=_AWS,
            hosts=_AWS_HOSTS,
            credentials=_AWS_KEYS,
        ),
        "cohere": Form(prefix="cohere_chat", path="/chat"),
        "gemini": Form(prefix="gemini", path_if_bare="/v1beta"),
        # LiteLLM logs in itself, and would send its token to any endpoint.
        "github_copilot": Form(prefix="github_copilot", takes_endpoint=False),
        "oci": Form(
            prefix="oci",
            params={
                "oci_region": ParamKind.REGION,
                **dict.fromkeys((*_OCI_USER, "oci_compartment_id"), ParamKind.TEXT),
                **dict.fromkeys(("oci_key", "oci_key_file"), ParamKind.REFERENCE),
                **dict.fromkeys(("oci_serving_mode", "oci_endpoint_id"), ParamKind.TEXT),
            },
            hosts=("oraclecloud.com",),
            credentials=tuple(frozenset({*_OCI_USER, key}) for key in ("oci_key", "oci_key_file")),
        ),
        "ollama": Form(prefix="ollama_chat"),
        "openai": Form(prefix="openai", params={"organization": ParamKind.TEXT}),
        "replicate": Form(prefix="replicate", takes_endpoint=False),
        "sagemaker": Form(
            prefix="sagemaker",
            params=_AWS,
            hosts=_AWS_HOSTS,
            credentials=_AWS_KEYS,
            takes_endpoint=False,
        ),
        "text-completion-openai": Form(
            prefix="text-completion-openai", params={"organization": ParamKind.TEXT}
        ),
        "vertex_ai": Form(
            prefix="vertex_ai",
            params={"vertex_project": ParamKind.TEXT, "vertex_location": ParamKind.REGION},
            hosts=("googleapis.com",),
        ),
        "watsonx": Form(
            prefix="watsonx",
            params={
                **dict.fromkeys(("project_id", "space_id", "api_version"), ParamKind.TEXT),
                **dict.fromkeys(("token", "zen_api_key"), ParamKind.REFERENCE),
            },
            hosts=("cloud.ibm.com",),
            credentials=(frozenset({"token"}), frozenset({"zen_api_key"})),
        ),
    }
)
"""By our name for the provider. Of the others, it is not known whether LiteLLM reaches them."""


_FOR_EMBEDDING = re.compile(r"(?i)embed|(?:^|[/-])(?:bge|gte|e5)-|minilm|paraphrase-")
_FOR_RERANK = re.compile(r"(?i)rerank")
CHATS = (None, "chat", "responses")
"""Of `operation`, what is asked as a chat."""


def operation(mode: object, upstream_model: str) -> object:
    """What a model is for: its `mode`, else what its name at the upstream says."""
    if mode is None and _FOR_RERANK.search(upstream_model):
        return "rerank"
    return "embedding" if mode is None and _FOR_EMBEDDING.search(upstream_model) else mode


def form_of(target: Upstream) -> Form:
    """How LiteLLM reaches an upstream: by its provider's form, but for operations that have an API of their own.

    `model_info.mode` says what the model is for; without it, its name at the upstream does.
    """
    form = FORMS[target.provider]
    if target.provider not in ("cohere", "ollama"):
        return form
    mode = operation(target.model_info.get("mode"), target.upstream_model)
    if target.provider == "ollama":
        return form if mode in CHATS else Form(prefix="ollama")
    if mode == "embedding":
        return Form(prefix="cohere", path="/embed")
    if mode == "rerank":
        # LiteLLM appends `/v2/rerank` to what does not end in it.
        versioned = isinstance(target.endpoint, str) and target.endpoint.rstrip("/").endswith("/v2")
        return Form(prefix="cohere", path="/rerank" if versioned else "")
    return form


def environment_name(kind: str, target: str) -> str:
    """The variable for a reference that LiteLLM cannot resolve: readable, and unique for each reference."""
    words = re.sub(r"[^A-Z0-9]+", "_", target.upper()).strip("_")[:60].strip("_")
    digest = sha256(f"{kind}\n{target}".encode()).hexdigest()[:10].upper()
    return f"{RESERVED_VARIABLES}{kind.upper()}_{words}_{digest}"


_CHAT = "/chat/completions"
_UNLIKE_OPENAI = frozenset({"azure_ai", "gigachat", "github_copilot", "text-completion-openai"})
"""Their protocol is OpenAI's, but paths depend on the host, or the first request asks for a token."""
_TOKEN_FIRST = frozenset({"gigachat", "github_copilot", "vertex_ai", "watsonx"})
"""Their first request goes to a server that gives out tokens."""
LIKE_OPENAI = frozenset(
    word for word in FORMS if PROVIDERS[word].protocol in ("openai", "mistral") and word not in _UNLIKE_OPENAI
)
"""Providers that are called at the endpoint, with the operation added."""
_ONCE = frozenset(
    ["cloudflare", "deepseek", "fireworks_ai", "groq", "hosted_vllm", "openrouter", "together_ai", "xai"]
)
"""Those for which LiteLLM adds the operation only where the endpoint does not end in it."""
_OTHER_API = {
    # Of these models LiteLLM asks another API: `mode: responses` in its model_prices_and_context_window.json.
    "azure": re.compile(r"(?i:codex|-pro(?:-[0-9]|$)|deep-research|/)"),
    "databricks": re.compile(r"(?i:gpt-5)"),
    "openai": re.compile(r"(?i:codex|-pro(?:-[0-9]|$)|deep-research|daybreak|^responses/)"),
    "perplexity": re.compile(r"/"),
    "xai": re.compile(r"(?i:multi-agent)"),
}
_AZURE_MODEL = re.compile(r"[A-Za-z0-9._:~ %#?-]+")
"""Names whose encoding is tested."""
_AZURE_VERSION = "2025-02-01-preview"
"""LiteLLM's own, which it takes without one in `params`."""
_AZURE_V1 = frozenset({"latest", "preview", "v1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRequest:
    """`url` is None where LiteLLM builds it in its own way; `verifies` without TLS, or where nothing is known."""

    url: str | None
    verifies: str | None

    @property
    def is_plain(self) -> bool:
        """Whether it is sent without TLS."""
        return self.url is not None and self.url.startswith("http:")


_UNKNOWN = FirstRequest(url=None, verifies=None)


def first_request(target: Upstream) -> FirstRequest:
    """What LiteLLM first sends to an upstream when a client asks for a chat."""
    if not isinstance(target.endpoint, str) or target.provider not in FORMS:
        return _UNKNOWN
    endpoint = target.endpoint
    if not target.has_own_endpoint:
        endpoint = LITELLM_BASES.get(target.provider, endpoint)
    version = target.params.get("api_version")
    if "api_version" in target.params and not isinstance(version, str):
        version = "?"  # it stands in a variable
    return _first_request(endpoint, target.provider, target.upstream_model, str(version or _AZURE_VERSION))


@lru_cache(maxsize=1024)
def _first_request(endpoint: str, provider: str, model: str, version: str) -> FirstRequest:
    found = parts(endpoint)
    if found is None or provider in _TOKEN_FIRST:
        return _UNKNOWN
    verifies = found.host.lower().strip("[]") if found.scheme == "https" else None
    other = _OTHER_API.get(FORMS[provider].prefix)
    url = None
    if found.query is None and not found.fragment and not (other and other.search(model)):
        base = endpoint.rstrip("/")
        if provider == "azure":
            url = _azure(base, model, version)
        elif provider in LIKE_OPENAI:
            url = _like_openai(base, provider)
    return FirstRequest(url=url, verifies=verifies)


def _like_openai(base: str, provider: str) -> str | None:
    if provider == "mistral":
        if base.endswith(_CHAT):
            return f"{base}/v1"
        return base + ("" if base.endswith("/v1") else "/v1") + _CHAT
    return base if provider in _ONCE and base.endswith(_CHAT) else base + _CHAT


def _azure(base: str, model: str, version: str) -> str | None:
    if version in _AZURE_V1:
        return f"{base}/openai/v1{_CHAT}"
    if not re.fullmatch(r"[A-Za-z0-9.-]+", version) or not _AZURE_MODEL.fullmatch(model):
        return None
    deployment = "" if "/openai/deployments" in base else f"/openai/deployments/{quote(model, safe=':')}"
    return f"{base}{deployment}{_CHAT}?api-version={version}"
