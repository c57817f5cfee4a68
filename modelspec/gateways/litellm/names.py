"""LiteLLM's names for providers and settings, from the source of version 1.108.7."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from types import MappingProxyType

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How LiteLLM reaches the upstreams of one provider.

    `prefix` is its name for the protocol. `path` is appended to the endpoint, which LiteLLM does not do;
    `path_if_bare` only to an endpoint without a path. `params` are the allowed connection settings in addition to
    `COMMON_PARAMS`. `hosts` are the domains to which LiteLLM may send credentials from its environment; empty means
    that it sends none, and that any host is allowed.
    """

    prefix: str
    path: str = ""
    path_if_bare: str = ""
    params: Mapping[str, ParamKind] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()


COMMON_PARAMS: Mapping[str, ParamKind] = MappingProxyType(
    {
        "max_parallel_requests": ParamKind.COUNT,
        "max_retries": ParamKind.COUNT,
        "stream_timeout": ParamKind.SECONDS,
        "timeout": ParamKind.SECONDS,
    }
)

_NATIVE = (
    "ai21 azure_ai cerebras cloudflare dashscope databricks deepinfra deepseek fireworks_ai friendliai gigachat "
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

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        **{word: Form(prefix=word) for word in _NATIVE.split()},
        **{word: Form(prefix="openai") for word in _AS_OPENAI},
        "anthropic": Form(prefix="anthropic"),
        "azure": Form(prefix="azure", params={"api_version": ParamKind.TEXT}),
        "bedrock": Form(
            prefix="bedrock",
            params={
                "aws_region_name": ParamKind.REGION,
                "aws_access_key_id": ParamKind.TEXT,
                "aws_secret_access_key": ParamKind.TEXT,
                "aws_session_token": ParamKind.TEXT,
            },
            hosts=("amazonaws.com", "amazonaws.com.cn"),
        ),
        "cohere": Form(prefix="cohere_chat", path="/chat"),
        "gemini": Form(prefix="gemini", path_if_bare="/v1beta"),
        "ollama": Form(prefix="ollama_chat"),
        "openai": Form(prefix="openai", params={"organization": ParamKind.TEXT}),
        "vertex_ai": Form(
            prefix="vertex_ai",
            params={"vertex_project": ParamKind.TEXT, "vertex_location": ParamKind.REGION},
            hosts=("googleapis.com",),
        ),
    }
)
"""By our name for the provider. Other providers are not included: LiteLLM ignores their endpoint, or it is not known
whether it reaches them."""


def environment_name(kind: str, target: str) -> str:
    """The variable for a reference that LiteLLM cannot resolve: readable, and unique for each reference."""
    words = re.sub(r"[^A-Z0-9]+", "_", target.upper()).strip("_")[:60].strip("_")
    digest = sha256(f"{kind}\n{target}".encode()).hexdigest()[:10].upper()
    return f"{RESERVED_VARIABLES}{kind.upper()}_{words}_{digest}"
