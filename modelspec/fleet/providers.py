"""The providers that we know: the protocol of each and, where it has one, its public endpoint."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

REGION = re.compile(r"[A-Za-z0-9-]+")
"""What a cloud's region may hold: a part of the host's name is made of it, and nothing in it may end that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider.

    `protocol` names the API that its endpoint speaks; `openai` is the chat completions API that most others
    copy. `public_endpoint` is the base URL that the provider documents for every account; None where the host
    depends on the account, the region or the installation, so that a model must name it. Regional variants of
    a public endpoint (`eu.api.openai.com`) have to be written out in the model: which region serves a request
    is never guessed. `source` is the provider's own page about its endpoints.
    """

    protocol: str
    public_endpoint: str | None
    source: str


PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "ai21": Provider(
            protocol="openai",
            public_endpoint="https://api.ai21.com/studio/v1",
            source="https://docs.ai21.com/reference/jamba-1-6-api-ref",
        ),
        "anthropic": Provider(
            protocol="anthropic",
            public_endpoint="https://api.anthropic.com",
            source="https://platform.claude.com/docs/en/api/overview",
        ),
        "azure": Provider(
            protocol="azure",
            public_endpoint=None,
            source="https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference",
        ),
        "azure_ai": Provider(
            protocol="openai",
            public_endpoint=None,
            source="https://learn.microsoft.com/en-us/azure/ai-foundry/foundry-models/concepts/endpoints",
        ),
        "bedrock": Provider(
            protocol="bedrock",
            public_endpoint=None,
            source="https://docs.aws.amazon.com/general/latest/gr/bedrock.html",
        ),
        "cerebras": Provider(
            protocol="openai",
            public_endpoint="https://api.cerebras.ai/v1",
            source="https://inference-docs.cerebras.ai/resources/openai",
        ),
        "cloudflare": Provider(
            protocol="openai",
            public_endpoint=None,
            source="https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/",
        ),
        "cohere": Provider(
            protocol="cohere",
            public_endpoint="https://api.cohere.com/v2",
            source="https://docs.cohere.com/reference/chat",
        ),
        "dashscope": Provider(
            protocol="openai",
            public_endpoint=None,
            source="https://www.alibabacloud.com/help/en/model-studio/base-url",
        ),
        "databricks": Provider(
            protocol="openai",
            public_endpoint=None,
            source="https://docs.databricks.com/aws/en/machine-learning/model-serving/query-chat-models",
        ),
        "deepinfra": Provider(
            protocol="openai",
            public_endpoint="https://api.deepinfra.com/v1/openai",
            source="https://deepinfra.com/docs/advanced/openai_api",
        ),
        "deepseek": Provider(
            protocol="openai",
            public_endpoint="https://api.deepseek.com",
            source="https://api-docs.deepseek.com/",
        ),
        "fireworks_ai": Provider(
            protocol="openai",
            public_endpoint="https://api.fireworks.ai/inference/v1",
            source="https://docs.fireworks.ai/tools-sdks/openai-compatibility",
        ),
        "friendliai": Provider(
            protocol="openai",
            public_endpoint="https://api.friendli.ai/serverless/v1",
            source="https://friendli.ai/docs/openapi/serverless/chat-completions",
        ),
        "gemini": Provider(
            protocol="gemini",
            public_endpoint="https://generativelanguage.googleapis.com",
            source="https://ai.google.dev/api/all-methods",
        ),
        "gigachat": Provider(
            protocol="openai",
            public_endpoint="https://gigachat.devices.sberbank.ru/api/v1",
            source="https://developers.sber.ru/docs/ru/gigachat/api/main",
        ),
        "github": Provider(
            protocol="openai",
            public_endpoint="https://models.github.ai/inference",
            source="https://docs.github.com/en/github-models/quickstart",
        ),
        "groq": Provider(
            protocol="openai",
            public_endpoint="https://api.groq.com/openai/v1",
            source="https://console.groq.com/docs/openai",
        ),
        "hosted_vllm": Provider(
            protocol="openai",
            public_endpoint=None,
            source="https://docs.vllm.ai/en/latest/serving/openai_compatible_server/",
        ),
        "huggingface": Provider(
            protocol="openai",
            public_endpoint="https://router.huggingface.co/v1",
            source="https://huggingface.co/docs/inference-providers/index",
        ),
        "hyperbolic": Provider(
            protocol="openai",
            public_endpoint="https://api.hyperbolic.xyz/v1",
            source="https://docs.hyperbolic.xyz/docs/rest-api",
        ),
        "lm_studio": Provider(
            protocol="openai",
            public_endpoint=None,
            source="https://lmstudio.ai/docs/developer/openai-compat",
        ),
        "maritalk": Provider(
            protocol="openai",
            public_endpoint="https://chat.maritaca.ai/api",
            source="https://docs.maritaca.ai/",
        ),
        "minimax": Provider(
            protocol="openai",
            public_endpoint=None,
            source="https://platform.minimax.io/docs/guides/quickstart",
        ),
        "mistral": Provider(
            protocol="mistral",
            public_endpoint="https://api.mistral.ai/v1",
            source="https://docs.mistral.ai/api",
        ),
        "moonshot": Provider(
            protocol="openai",
            public_endpoint=None,
            source="https://platform.moonshot.ai/docs/overview",
        ),
        "nebius": Provider(
            protocol="openai",
            public_endpoint="https://api.tokenfactory.nebius.com/v1",
            source="https://docs.tokenfactory.nebius.com/api-reference/introduction",
        ),
        "novita": Provider(
            protocol="openai",
            public_endpoint="https://api.novita.ai/openai/v1",
            source="https://novita.ai/docs/guides/llm-api",
        ),
        "nvidia_nim": Provider(
            protocol="openai",
            public_endpoint="https://integrate.api.nvidia.com/v1",
            source="https://docs.api.nvidia.com/nim/reference/llm-apis",
        ),
        "oci": Provider(
            protocol="oci",
            public_endpoint=None,
            source="https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/latest/",
        ),
        "ollama": Provider(
            protocol="ollama",
            public_endpoint=None,
            source="https://docs.ollama.com/api/introduction",
        ),
        "openai": Provider(
            protocol="openai",
            public_endpoint="https://api.openai.com/v1",
            source="https://developers.openai.com/api/docs/guides/data-residency",
        ),
        "openrouter": Provider(
            protocol="openai",
            public_endpoint="https://openrouter.ai/api/v1",
            source="https://openrouter.ai/docs/quickstart",
        ),
        "ovhcloud": Provider(
            protocol="openai",
            public_endpoint="https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
            source="https://ovh.github.io/apache-airflow-provider-ovhcloud-ai/ai-endpoints",
        ),
        "perplexity": Provider(
            protocol="openai",
            public_endpoint="https://api.perplexity.ai",
            source="https://docs.perplexity.ai/docs/sonar/openai-compatibility",
        ),
        "replicate": Provider(
            protocol="replicate",
            public_endpoint="https://api.replicate.com/v1",
            source="https://replicate.com/docs/reference/http",
        ),
        "sagemaker": Provider(
            protocol="sagemaker",
            public_endpoint=None,
            source="https://docs.aws.amazon.com/general/latest/gr/sagemaker.html",
        ),
        "sambanova": Provider(
            protocol="openai",
            public_endpoint="https://api.sambanova.ai/v1",
            source="https://docs.sambanova.ai/docs/en/get-started/api-keys-urls",
        ),
        "sarvam": Provider(
            protocol="openai",
            public_endpoint="https://api.sarvam.ai/v1",
            source="https://docs.sarvam.ai/api-reference-docs/chat/chat-completions",
        ),
        "scaleway": Provider(
            protocol="openai",
            public_endpoint="https://api.scaleway.ai/v1",
            source="https://www.scaleway.com/en/docs/generative-apis/api-cli/using-chat-api",
        ),
        "snowflake": Provider(
            protocol="openai",
            public_endpoint=None,
            source="https://docs.snowflake.com/en/user-guide/snowflake-cortex/open_ai_sdk",
        ),
        "together_ai": Provider(
            protocol="openai",
            public_endpoint="https://api.together.ai/v1",
            source="https://docs.together.ai/docs/inference/openai-compatibility",
        ),
        "vertex_ai": Provider(
            protocol="vertex_ai",
            public_endpoint=None,
            source="https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations",
        ),
        "voyage": Provider(
            protocol="voyage",
            public_endpoint="https://api.voyageai.com/v1",
            source="https://docs.voyageai.com/reference/embeddings-api",
        ),
        "watsonx": Provider(
            protocol="watsonx",
            public_endpoint=None,
            source="https://cloud.ibm.com/apidocs/watsonx-ai#endpoint-url",
        ),
        "xai": Provider(
            protocol="openai",
            public_endpoint="https://api.x.ai/v1",
            source="https://docs.x.ai/developers/regions",
        ),
        "zai": Provider(
            protocol="openai",
            public_endpoint="https://api.z.ai/api/paas/v4",
            source="https://docs.z.ai/api-reference/introduction",
        ),
        "zhipu": Provider(
            protocol="openai",
            public_endpoint="https://open.bigmodel.cn/api/paas/v4",
            source="https://docs.bigmodel.cn/cn/api/introduction",
        ),
    }
)
"""By the word that `provider` holds in a model. An unknown word is no error: its model names an endpoint."""


def endpoint_of(provider: str) -> str | None:
    """Return the public endpoint of a provider; None where it has none or is not known."""
    known = PROVIDERS.get(provider)
    return None if known is None else known.public_endpoint
