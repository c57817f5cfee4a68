"""Ordinary documents: what looks random or telling in them is no secret."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import md5, sha1, sha256, sha384, sha512
from random import Random
from uuid import UUID

_MODELS = (
    "Qwen3-235B-A22B-Instruct-2507-FP8",
    "Meta-Llama-3.1-405B-Instruct-AWQ-INT4",
    "Mixtral-8x22B-Instruct-v0.1-GPTQ-4bit-32g-actorder",
    "DeepSeek-R1-Distill-Qwen-32B-Q4_K_M.gguf",
    "gemma-2-27b-it-bnb-4bit",
    "Phi-3.5-MoE-instruct",
    "NVIDIA-Nemotron-Nano-9B-v2",
    "Kimi-K2-Instruct-0905",
    "gpt-oss-120b-MXFP4",
    "claude-3-5-sonnet-20241022-v2:0",
    "au.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "text-embedding-3-large",
    "whisper-large-v3-turbo",
    "GLM-4.5-Air-FP8",
    "c4ai-command-r-plus-08-2024",
    "DeepSeekCoderV2LiteInstruct",
    "Llama3xLarge70BInstructTurbo",
    "pplx-70b-online",
    "xai/grok-4-fast-non-reasoning",
    "task-oriented-dialogue-2024-large",
)
_WORDS = (
    "sk-learn-2024",
    "sk-SK",
    "sk_SK",
    "risk-assessment-2024-q3-final-report",
    "task-550e8400-e29b-41d4-a716-446655440000",
    "disk-pool-0123456789abcdef01234567",
    "desk-eu-west-1a",
    "sk-learn-pipeline-for-classification",
    "mask-rcnn-resnet50-fpn-coco-2017",
    "en-GB",
    "zh-Hant-TW",
    "sr-Latn-RS",
    "hf_transfer_enabled_by_default",
    "r8_quantisation",
    "fw_version_2_14_3",
    "npm_config_cache_folder",
    "pypi-mirror-of-the-platform-team",
    "xai-explainability-working-group",
    "nvapi-compatible-endpoint-v2",
    "dapi-gateway",
    "akia",
    "AQ.",
    "SG.",
    "AIza",
    "Bearer authentication is required",
    "eyJ",
    "ya29",
    "s.o.",
    "glpat",
    "whsec",
    "key-value-cache",
    "secretary-bird",
    "v1.2.3-rc.1+build.20240229.sha.5114f85",
    "2024-06-01T12:34:56.789Z",
    "1.0.0-alpha.beta.1",
    "CVE-2024-3094",
    "ISO-27001:2022",
    "EU-AI-Act-Annex-III",
    "RFC-8615",
    "ThisIsACamelCaseNameOfARatherLongJavaClass",
    "getApplicationConfigurationPropertiesLoader",
    "AbstractSingletonProxyFactoryBeanDefinition",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "0000000000000000000000000000000000000000",
    "DonaudampfschifffahrtsgesellschaftKapitaen",
)
_KEYS = (
    "max_tokens: 4096",
    "max_output_tokens: '65536'",
    "token_limit: 128000",
    "tokenizer: cl100k_base",
    "input_tokens: 1",
    "eos_token: </s>",
    "pad_token: '[PAD]'",
    "secret_name: llm-keys",
    "key_id: 2024-01",
    "public_key: see the wiki",
    "keywords: [a, b]",
    "token_count: 12",
    "auth: oauth2",
    "authorization: required",
    "auth_type: bearer",
    "password: <ask the platform team>",
    "api_key: changeme",
    "api_key: YOUR_API_KEY",
    "api_key: sk-...",
    "token: null",
    "secret: false",
    "tokens: 128000",
    "cost_per_token: 0.000002",
    "credentials: none",
    "token_type: jwt",
    "secretRef: llm/keys",
    "passwordless: 'yes'",
    "author: Somebody Else",
    "authority: https://login.example.com",
    "sort_key: name",
    "primary_key: id",
    "partition_key: region",
    "foreign_keys: [a]",
    "image_token: <image>",
    "keyboard: qwertz",
    "monkey: banana",
    "bypass: direct",
    "compass: north",
    "api_key_env: OPENAI_API_KEY",
    "token_url: https://h.example/oauth/token",
    "password_policy: strict",
    "secrets: []",
    "bearer_format: JWT",
    "authors: [A. Writer]",
)


def ordinary_documents() -> Iterator[str]:
    """More than 200 distinct documents, the same in every run."""
    random = Random(2024)
    for number in range(20):
        raw = random.randbytes(64)
        yield f"digest: sha256:{sha256(raw).hexdigest()}\n"
        yield f"commit: {sha1(raw).hexdigest()}\nmd5: {md5(raw).hexdigest()}\n"
        yield f"integrity: sha512-{b64encode(sha512(raw).digest()).decode()}\n"
        yield f"integrity: sha384-{b64encode(sha384(raw).digest()).decode()}\n"
        yield f"id: {UUID(bytes=raw[:16])}\nrequest: req-{UUID(bytes=raw[16:32])}\n"
        yield f"arn: arn:aws:bedrock:us-east-1:{number:012d}:inference-profile/us.meta.llama3-3-70b-instruct-v1:0\n"
        yield f"image: registry.example.com/team/vllm-openai:v0.{number}.1@sha256:{sha256(raw[:9]).hexdigest()}\n"
        public = b64encode(raw[:32]).decode().rstrip("=")
        yield f"ssh: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{public} somebody@example.com\n"
        yield f"icon: data:image/png;base64,{b64encode(random.randbytes(300)).decode()}\n"
        yield f"see: https://docs.example.com/a/b/{sha1(raw[:5]).hexdigest()}?page={number}&utm_source=mail#section-{number}\n"
        lines = b64encode(random.randbytes(240)).decode()
        body = "\n".join("  " + lines[i : i + 64] for i in range(0, len(lines), 64))
        yield f"certificate: |\n  -----BEGIN CERTIFICATE-----\n{body}\n  -----END CERTIFICATE-----\n"
    for model in _MODELS:
        yield f"upstream: {model}\nfile: /models/{model}/config.json\n"
        file = "resolve/main/model-00001-of-00030.safetensors"
        yield f"# {model} is served from https://huggingface.co/org/{model}/{file}\nname: {model}\n"
    for word in _WORDS:
        yield f"note: {word}\nlist: [{word!r}]\n"
    for entry in _KEYS:
        yield f"metadata:\n  {entry}\n"
