"""What LiteLLM calls the things of a model, as read in the source of its version 1.108.7."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from types import MappingProxyType

NO_KEY = "no-key"
"""Sent where a model has no key. Without any, LiteLLM would send that of its own environment (`OPENAI_API_KEY`, …)."""

RESERVED_VARIABLES = "MODELSPEC_KEY_"
"""What the variables begin with that stand for files, vaults and Kubernetes Secrets; no model may name one itself."""

FALLBACK_PREFIX = "fallback#"
"""Of the model groups that a head has for falling back only: no model id holds a `#`, so that no client names one."""


class ParamKind(Enum):
    """What a connection setting holds."""

    TEXT = "text"
    REGION = "a region of letters, digits and '-'"
    SECONDS = "a number above 0"
    COUNT = "a whole number, 0 or more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How LiteLLM reaches the upstreams of one provider.

    `prefix` is its own word for the protocol. `path` is appended to the endpoint, since LiteLLM would not;
    `path_if_bare` only where the endpoint has no path. `params` are the connection settings that may be
    passed on, beside `COMMON_PARAMS`. `hosts` are the domains that an endpoint must be in where LiteLLM might
    send credentials of its own environment; empty means any host.
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
"""Providers that LiteLLM knows by our word, and whose endpoint it takes as we write it."""

_AS_OPENAI = (
    "huggingface",  # LiteLLM's own way sends `max_retries` in the body
    "minimax",  # its own way appends `/v1` to some endpoints
    "snowflake",  # its own way appends the path that our endpoint already has
    "zhipu",  # LiteLLM has no word for it
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
"""By our word for the provider. Others of our words are left out: LiteLLM ignores their endpoint, or nothing shows yet
that it reaches them."""


def environment_name(kind: str, target: str) -> str:
    """The variable that stands for a reference which LiteLLM cannot follow: the same for the same reference.

    It is readable, and no two references share one, whatever they hold.
    """
    words = re.sub(r"[^A-Z0-9]+", "_", target.upper()).strip("_")[:60].strip("_")
    digest = sha256(f"{kind}\n{target}".encode()).hexdigest()[:10].upper()
    return f"{RESERVED_VARIABLES}{kind.upper()}_{words}_{digest}"
