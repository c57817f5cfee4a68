"""LiteLLM's names of providers, and its implicit defaults.

Taken from the source of its version 1.108: `get_llm_provider_logic.py`, `main.py`, `router.py`,
`llms/openai_like/providers.json`.
"""

import re
from collections.abc import Mapping

from modelspec.fleet.providers import LITELLM_WORDS


def words(text: str) -> tuple[str, ...]:
    """The words of a text: a readable form of a long list."""
    return tuple(text.split())


LIKE_OPENAI: Mapping[str, str | None] = {
    "abliteration": "https://api.abliteration.ai/v1",
    "aihubmix": "https://aihubmix.com/v1",
    "aiml": "https://api.aimlapi.com/v1",
    "apertis": "https://api.stima.tech/v1",
    "baseten": "https://inference.baseten.co/v1",
    "chutes": "https://llm.chutes.ai/v1",
    "codestral": "https://codestral.mistral.ai/v1",
    "cometapi": "https://api.cometapi.com/v1",
    "crusoe": "https://api.inference.crusoecloud.com/v1",
    "custom_openai": None,
    "empower": "https://app.empower.dev/api/v1",
    "featherless_ai": "https://api.featherless.ai/v1",
    "galadriel": "https://api.galadriel.com/v1",
    "gmi": "https://api.gmi-serving.com/v1",
    "helicone": "https://ai-gateway.helicone.ai",
    "inception": "https://api.inceptionlabs.ai/v1",
    "lambda_ai": "https://api.lambda.ai/v1",
    "litellm_proxy": None,
    "llamagate": "https://api.llamagate.dev/v1",
    "llamafile": "http://127.0.0.1:8080/v1",
    "meta_llama": "https://api.llama.com/compat/v1",
    "morph": "https://api.morphllm.com/v1",
    "nano-gpt": "https://nano-gpt.com/api/v1",
    "openai_like": None,
    "parasail": "https://api.parasail.io/v1",
    "poe": "https://api.poe.com/v1",
    "publicai": "https://api.publicai.co/v1",
    "synthetic": "https://api.synthetic.new/openai/v1",
    "tencent": "https://tokenhub-intl.tencentcloudmaas.com/v1",
    "v0": "https://api.v0.dev/v1",
    "veniceai": "https://api.venice.ai/api/v1",
    "vercel_ai_gateway": "https://ai-gateway.vercel.sh/v1",
    "volcengine": "https://ark.cn-beijing.volces.com/api/v3",
    "wandb": "https://api.inference.wandb.ai/v1",
    "xiaomi_mimo": "https://api.xiaomimimo.com/v1",
    "xinference": None,
}
"""Names for servers that speak OpenAI's protocol, with the endpoint that LiteLLM implies."""

KEY_VARIABLES: Mapping[str, str] = {
    **{
        word: f"{word.upper()}_API_KEY"
        for word in words("""
            abliteration ai21 aihubmix aiml anthropic azure azure_ai baseten cerebras chutes codestral cohere cometapi
            crusoe dashscope databricks deepinfra deepseek empower featherless_ai fireworks_ai friendliai galadriel
            gemini github gmi groq helicone huggingface hyperbolic inception litellm_proxy llamafile llamagate minimax
            mistral moonshot morph nebius novita nvidia_nim openai openrouter parasail poe publicai replicate
            sambanova synthetic tencent v0 vercel_ai_gateway volcengine voyage wandb watsonx xai xiaomi_mimo zai
        """)
    },
    "apertis": "STIMA_API_KEY",
    "lambda_ai": "LAMBDA_API_KEY",
    "meta_llama": "LLAMA_API_KEY",
    "nano-gpt": "NANOGPT_API_KEY",
    "perplexity": "PERPLEXITYAI_API_KEY",
    "text-completion-openai": "OPENAI_API_KEY",
    "veniceai": "VENICE_AI_API_KEY",
    "together_ai": "TOGETHERAI_API_KEY",
}
"""The variable from which LiteLLM reads a key that a model does not set."""

REGION_PARAMS: Mapping[str, tuple[str, str]] = {
    "bedrock": ("aws_region_name", "AWS_REGION_NAME"),
    "oci": ("oci_region", "OCI_REGION"),
    "sagemaker": ("aws_region_name", "AWS_REGION_NAME"),
    "vertex_ai": ("vertex_location", "VERTEXAI_LOCATION"),
}
"""The setting that selects the host, and the variable from which LiteLLM reads it."""

CREDENTIALS: Mapping[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(
        ("bedrock", "sagemaker"),
        (("aws_access_key_id", "AWS_ACCESS_KEY_ID"), ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY")),
    ),
    "oci": tuple(
        (f"oci_{name}", f"OCI_{name.upper()}") for name in words("user fingerprint tenancy compartment_id")
    ),
}
"""Settings without which LiteLLM reads credentials from its own variables."""

_HOSTS = (
    ("api.perplexity.ai", "perplexity"),
    ("api.deepinfra.com", "deepinfra"),
    ("api.mistral.ai", "mistral"),
    ("api.groq.com", "groq"),
    ("integrate.api.nvidia.com", "nvidia_nim"),
    ("api.cerebras.ai", "cerebras"),
    ("api.sambanova.ai", "sambanova"),
    ("codestral.mistral.ai", "codestral"),
    ("api.deepseek.com", "deepseek"),
    ("api.together.xyz", "together_ai"),
    ("api.fireworks.ai", "fireworks_ai"),
    ("openrouter.ai", "openrouter"),
    ("api.moonshot.ai", "moonshot"),
)
_NAMES = (
    (
        re.compile(r"gpt-|chatgpt|o[134](?:-|$)|text-embedding-|dall-e|whisper|tts-|omni-moderation|ft:gpt"),
        "openai",
    ),
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"command|embed-(?:english|multilingual)|rerank"), "cohere"),
    (re.compile(r"gemini|text-bison|chat-bison"), "vertex_ai"),
    (re.compile(r"(?:us\.|eu\.|apac\.)?(?:anthropic|amazon|meta|cohere|mistral|ai21)\.[a-z]"), "bedrock"),
)
"""How LiteLLM's own list of models resolves names without a prefix."""


def split(model: str) -> tuple[str | None, str]:
    """The provider that prefixes a LiteLLM model name, if any, and the upstream's own name."""
    prefix, slash, rest = model.partition("/")
    if slash and rest and prefix in LITELLM_WORDS:
        return prefix, rest
    return None, model


def guess(model: str, host: str | None) -> str | None:
    """The provider that LiteLLM assumes for a name without a prefix; None where it would reject the model."""
    for known, provider in _HOSTS:
        if host == known:
            return provider
    known_as = (provider for pattern, provider in _NAMES if pattern.match(model))
    return None if "/" in model else next(known_as, None)
