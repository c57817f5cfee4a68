"""The providers that we know: the protocol of each and, where it has one, its public endpoint."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from modelspec.text.names import Suggestions

ADDRESS_PARAM = re.compile(r"(?:^|_)(?:url|uri|base|endpoint|host|hostname|server|proxy)$")
"""Params that hold an address: `api_base`, `base_url`, `aws_bedrock_runtime_endpoint`."""
REGION_PARAMS: Mapping[str, Mapping[str, str]] = {
    "bedrock": {"aws_region_name": "aws"},
    "sagemaker": {"aws_region_name": "aws"},
    "vertex_ai": {"vertex_location": "gcp", "vertex_ai_location": "gcp"},
    "oci": {"oci_region": "oci"},
    "watsonx": {"watsonx_region_name": "ibm", "region_name": "ibm"},
}
"""
Params that hold a region, by provider, each with its cloud and the usual one first. The names are LiteLLM's:
https://docs.litellm.ai/docs/providers
"""
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


_TABLE = """
ai21 openai https://api.ai21.com/studio/v1
  https://docs.ai21.com/reference/jamba-1-6-api-ref
anthropic anthropic https://api.anthropic.com
  https://platform.claude.com/docs/en/api/overview
azure azure -
  https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference
azure_ai openai -
  https://learn.microsoft.com/en-us/azure/ai-foundry/foundry-models/concepts/endpoints
bedrock bedrock -
  https://docs.aws.amazon.com/general/latest/gr/bedrock.html
cerebras openai https://api.cerebras.ai/v1
  https://inference-docs.cerebras.ai/resources/openai
cloudflare openai -
  https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/
cohere cohere https://api.cohere.com/v2
  https://docs.cohere.com/reference/chat
dashscope openai -
  https://www.alibabacloud.com/help/en/model-studio/base-url
databricks openai -
  https://docs.databricks.com/aws/en/machine-learning/model-serving/query-chat-models
deepinfra openai https://api.deepinfra.com/v1/openai
  https://deepinfra.com/docs/advanced/openai_api
deepseek openai https://api.deepseek.com
  https://api-docs.deepseek.com/
fireworks_ai openai https://api.fireworks.ai/inference/v1
  https://docs.fireworks.ai/tools-sdks/openai-compatibility
friendliai openai https://api.friendli.ai/serverless/v1
  https://friendli.ai/docs/openapi/serverless/chat-completions
gemini gemini https://generativelanguage.googleapis.com
  https://ai.google.dev/api/all-methods
gigachat openai https://gigachat.devices.sberbank.ru/api/v1
  https://developers.sber.ru/docs/ru/gigachat/api/main
github openai https://models.github.ai/inference
  https://docs.github.com/en/github-models/quickstart
github_copilot openai https://api.githubcopilot.com
  https://docs.github.com/en/copilot/reference/copilot-allowlist-reference
groq openai https://api.groq.com/openai/v1
  https://console.groq.com/docs/openai
hosted_vllm openai -
  https://docs.vllm.ai/en/latest/serving/openai_compatible_server/
huggingface openai https://router.huggingface.co/v1
  https://huggingface.co/docs/inference-providers/index
hyperbolic openai https://api.hyperbolic.xyz/v1
  https://docs.hyperbolic.xyz/docs/rest-api
lm_studio openai -
  https://lmstudio.ai/docs/developer/openai-compat
maritalk openai https://chat.maritaca.ai/api
  https://docs.maritaca.ai/
minimax openai -
  https://platform.minimax.io/docs/guides/quickstart
mistral mistral https://api.mistral.ai/v1
  https://docs.mistral.ai/api
moonshot openai -
  https://platform.moonshot.ai/docs/overview
nebius openai https://api.tokenfactory.nebius.com/v1
  https://docs.tokenfactory.nebius.com/api-reference/introduction
novita openai https://api.novita.ai/openai/v1
  https://novita.ai/docs/guides/llm-api
nvidia_nim openai https://integrate.api.nvidia.com/v1
  https://docs.api.nvidia.com/nim/reference/llm-apis
oci oci -
  https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/latest/
ollama ollama -
  https://docs.ollama.com/api/introduction
openai openai https://api.openai.com/v1
  https://developers.openai.com/api/docs/guides/data-residency
openrouter openai https://openrouter.ai/api/v1
  https://openrouter.ai/docs/quickstart
ovhcloud openai https://oai.endpoints.kepler.ai.cloud.ovh.net/v1
  https://ovh.github.io/apache-airflow-provider-ovhcloud-ai/ai-endpoints
perplexity openai https://api.perplexity.ai
  https://docs.perplexity.ai/docs/sonar/openai-compatibility
replicate replicate https://api.replicate.com/v1
  https://replicate.com/docs/reference/http
sagemaker sagemaker -
  https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
sambanova openai https://api.sambanova.ai/v1
  https://docs.sambanova.ai/docs/en/get-started/api-keys-urls
sarvam openai https://api.sarvam.ai/v1
  https://docs.sarvam.ai/api-reference-docs/chat/chat-completions
scaleway openai https://api.scaleway.ai/v1
  https://www.scaleway.com/en/docs/generative-apis/api-cli/using-chat-api
snowflake openai -
  https://docs.snowflake.com/en/user-guide/snowflake-cortex/open_ai_sdk
text-completion-openai openai https://api.openai.com/v1
  https://developers.openai.com/api/reference/resources/completions
together_ai openai https://api.together.ai/v1
  https://docs.together.ai/docs/inference/openai-compatibility
vertex_ai vertex_ai -
  https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations
voyage voyage https://api.voyageai.com/v1
  https://docs.voyageai.com/reference/embeddings-api
watsonx watsonx -
  https://cloud.ibm.com/apidocs/watsonx-ai#endpoint-url
xai openai https://api.x.ai/v1
  https://docs.x.ai/developers/regions
zai openai https://api.z.ai/api/paas/v4
  https://docs.z.ai/api-reference/introduction
zhipu openai https://open.bigmodel.cn/api/paas/v4
  https://docs.bigmodel.cn/cn/api/introduction
"""
"""Word, protocol, public endpoint or `-`, and source."""

PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        word: Provider(protocol=protocol, public_endpoint=None if url == "-" else url, source=source)
        for word, protocol, url, source in zip(*[iter(_TABLE.split())] * 4, strict=True)
    }
)
"""By the word that `provider` holds in a model."""

_LITELLM = """
a2a a2a_agent abliteration ai21 ai21_chat aihubmix aiml aiohttp_openai amazon_nova anthropic anthropic_text
apertis assemblyai auto_router aws_polly aws_textract azure azure_ai azure_speech azure_text baseten bedrock
bedrock_mantle bespoke black_forest_labs bytez cerebras charity_engine chatgpt chutes clarifai cloudflare
codestral cognition cohere cohere_chat cometapi compactifai coralbricks cortecs crusoe cursor custom
custom_openai darkbloom dashscope databricks databricks_agent datarobot deepgram deepinfra deepseek
docker_model_runner dotprompt edenai elevenlabs empiriolabs empower fal_ai featherless_ai fireworks_ai
friendliai galadriel gdc gemini gigachat github github_copilot gmi gradient_ai groq helicone heroku hosted_vllm
huggingface humanloop hyperbolic inception inferenceapis infinity jina_ai lambda_ai langflow langfuse langgraph
laya lemonade libertai litellm_agent litellm_proxy llamafile llamagate lm_studio manus maritalk meta meta_llama
microsoft_365_copilot milvus minimax mistral modelscope mongodb moonshot morph nadir nano-gpt nebius neosantara
nlp_cloud novita nscale nvidia_nim nvidia_riva oci ollama ollama_chat oobabooga openai openai_like openrouter
ovhcloud parasail perplexity petals pg_vector pinstripes poe predibase prism publicai qwen_ai_platform qwencloud
ragflow recraft reducto reka replicate runwayml s3_vectors sagemaker sagemaker_chat sagemaker_nova sail sambanova
sap sarvam scaledown scaleway scx-ai snowflake soniox stability synthetic tencent tensormesh
text-completion-codestral text-completion-inception text-completion-openai together_ai topaz transcribe triton
typesafe v0 valkey veniceai vercel_ai_gateway vertex_ai vertex_ai_beta vllm volcengine voyage wandb watsonx
watsonx_text xai xiaomi_mimo xinference zai
"""

LITELLM_WORDS = frozenset(_LITELLM.split())
"""LiteLLM's names of providers, most of which we know nothing else of: a model must name their endpoint.

`provider_list` of LiteLLM 1.108: https://github.com/BerriAI/litellm/blob/main/litellm/types/utils.py
"""

SAME_AS: Mapping[str, str] = MappingProxyType(
    {"cohere_chat": "cohere", "ollama_chat": "ollama", "vertex_ai_beta": "vertex_ai"}
)
"""Names of LiteLLM that mean the same upstream as another one, by a newer or older interface."""

MEANT: Mapping[str, str] = MappingProxyType(
    {
        **SAME_AS,
        "alibaba": "dashscope",
        "aliyun": "dashscope",
        "amazon": "bedrock",
        "amazon_bedrock": "bedrock",
        "aws": "bedrock",
        "aws_bedrock": "bedrock",
        "azure_openai": "azure",
        "azureopenai": "azure",
        "claude": "anthropic",
        "fireworks": "fireworks_ai",
        "gcp": "vertex_ai",
        "google": "gemini",
        "google_ai": "gemini",
        "google_vertex": "vertex_ai",
        "google_vertex_ai": "vertex_ai",
        "gpt": "openai",
        "grok": "xai",
        "hf": "huggingface",
        "ibm": "watsonx",
        "jina": "jina_ai",
        "kimi": "moonshot",
        "mistral_ai": "mistral",
        "nvidia": "nvidia_nim",
        "qwen": "dashscope",
        "together": "together_ai",
        "vertex": "vertex_ai",
        "voyage_ai": "voyage",
    }
)
"""Words that people write for a provider, and its own."""

WORDS = (PROVIDERS.keys() | LITELLM_WORDS) - SAME_AS.keys()
"""Every word that `provider` may hold."""

PROVIDER_SUGGESTIONS = Suggestions(WORDS)
"""For words that are not among them."""


LITELLM_BASES: Mapping[str, str] = MappingProxyType(
    {
        "deepseek": "https://api.deepseek.com/beta",
        "github": "https://models.inference.ai.azure.com",
        "nebius": "https://api.studio.nebius.ai/v1",
        "novita": "https://api.novita.ai/v3/openai",
    }
)
"""The base that LiteLLM 1.108 adds `/chat/completions` to, where it is given no `api_base` and takes another than the
public endpoint."""

LITELLM_DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "dashscope": "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "minimax": "https://api.minimax.io/v1",
        "moonshot": "https://api.moonshot.ai/v1",
        "ollama": "http://localhost:11434",
    }
)
"""Where LiteLLM 1.108 sends requests without an `api_base`, for providers with several public endpoints or none."""

LITELLM_HOSTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cohere": ("api.cohere.ai",),
        "github": ("models.inference.ai.azure.com",),
        "nebius": ("api.studio.nebius.ai",),
    }
)
"""Hosts beside that of the public endpoint to which LiteLLM 1.108 may send a request and its key without `api_base`."""


def endpoint_of(provider: str) -> str | None:
    """Return the public endpoint of a provider; None where it has none or is not known."""
    known = PROVIDERS.get(provider)
    return None if known is None else known.public_endpoint
