"""A fleet whose upstreams are servers on loopback: one model for each feature of LiteLLM."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from small_fleets import FIXED, compiled, routed

from modelspec.gateways import GatewayOptions
from modelspec.gateways.litellm.emit import emit
from modelspec.gateways.litellm.names import environment_name

HEAD = "head-eu-1"
VARIABLES = {
    "ONE_KEY": "key-of-one",
    "BEDROCK_ID": "AKIDEXAMPLE",
    "BEDROCK_SECRET": "secret-of-bedrock",
    environment_name("file", "/run/secrets/anthropic"): "key-in-a-file",
    environment_name("vault", "kv/llm/mistral#api_key"): "key-in-a-vault",
    environment_name("kubernetes", "llm/azure"): "key-in-kubernetes",
    # Keys of the gateway for other purposes: no model may get any of them.
    "OPENAI_API_KEY": "gateways-own-openai",
    "ANTHROPIC_API_KEY": "gateways-own-anthropic",
    "MISTRAL_API_KEY": "gateways-own-mistral",
    "COHERE_API_KEY": "gateways-own-cohere",
    "GEMINI_API_KEY": "gateways-own-gemini",
    "OLLAMA_API_KEY": "gateways-own-ollama",
    "HOSTED_VLLM_API_KEY": "gateways-own-vllm",
    "AZURE_API_KEY": "gateways-own-azure",
    "GROQ_API_KEY": "gateways-own-groq",
    "OPENROUTER_API_KEY": "gateways-own-openrouter",
    "AWS_ACCESS_KEY_ID": "gateways-own-aws",
    "AWS_SECRET_ACCESS_KEY": "gateways-own-aws",
}
OWN = {
    "general_settings": {"forward_client_headers_to_llm_api": True},
    "litellm_settings": {"callbacks": ["own_log.handler"]},
}
"""Settings of the organisation."""
OWN_LOG = """
from litellm.integrations.custom_logger import CustomLogger

class OwnLog(CustomLogger):
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        print("the own log of", kwargs["model"], flush=True)

handler = OwnLog()
"""
HOSTILE_NAME = """it's "quoted" {{7*7}} ${HOME} %(asctime)s %s os.environ/HOME \\n #x: [a, *b]"""
"""A name of an upstream with the syntax of shells, templates, YAML, Python and LiteLLM."""
_MODELS = """
# openai
endpoint: ONE/v1
api_key: {env: ONE_KEY}
upstream_model: org/up-openai
aliases: [openai-latest]
access: {visibility: public}
# azure
provider: azure
endpoint: ONE
upstream_model: up-azure
api_key: {kubernetes: {secret: llm, key: azure}}
params: {api_version: "2024-10-21", timeout: 30, max_retries: 1}
# anthropic
provider: anthropic
endpoint: ONE
upstream_model: up-anthropic
api_key: {file: /run/secrets/anthropic}
# mistral
provider: mistral
endpoint: ONE/v1
upstream_model: up-mistral
api_key: {vault: "kv/llm/mistral#api_key"}
# bedrock
provider: bedrock
endpoint: {env: BEDROCK_URL}
upstream_model: jp.anthropic.claude-sonnet-4-6
params:
  aws_region_name: ap-northeast-1
  aws_access_key_id: {env: BEDROCK_ID}
  aws_secret_access_key: {env: BEDROCK_SECRET}
# cohere
provider: cohere
endpoint: ONE/v2
upstream_model: up-cohere
# gemini
provider: gemini
endpoint: ONE
upstream_model: up-gemini
# ollama
provider: ollama
endpoint: ONE
upstream_model: gemma3:27b
# ollama-embed
provider: ollama
endpoint: ONE
upstream_model: nomic-embed-text
# cohere-embed
provider: cohere
endpoint: ONE/v2
upstream_model: embed-v4.0
# cohere-rerank
provider: cohere
endpoint: ONE/v2
upstream_model: up-own
model_info: {mode: rerank}
# asks
endpoint: ONE/v1
upstream_model: up-asks
request:
  max_tokens: 128
  temperature: 0.5
  stop: [END]
  extra_headers: {X-Title: Fleet, HTTP-Referer: "https://fleet.example.com"}
  extra_body: {top_k: 5, chat_template_kwargs: {enable_thinking: false}}
model_info:
  mode: chat
  base_model: gpt-4.1
  max_input_tokens: 4321
  input_cost_per_token: 2e-6
  output_cost_per_token: 3.0e-6
# asks-anthropic
provider: anthropic
endpoint: ONE
upstream_model: claude-sonnet-4-6
request: {max_tokens: 4096, thinking: {type: enabled, budget_tokens: 2048}}
# asks-reasoning
provider: azure
endpoint: ONE
upstream_model: gpt-5.4
request: {reasoning_effort: low}
# vllm
provider: hosted_vllm
endpoint: {env: VLLM_URL}
upstream_model: org/up-vllm
# local
local_inference: true
upstream_model: org/up-local
# weighted
deployments:
  - {endpoint: ONE/v1, weight: 3}
  - {endpoint: TWO/v1}
# by-rpm
deployments:
  - {endpoint: ONE/v1, rpm: 30000, tpm: 90000000}
  - {endpoint: TWO/v1, rpm: 10000}
# unlike
deployments:
  - {endpoint: ONE/v1, rpm: 60}
  - {endpoint: TWO/v1}
# ordered
deployments:
  - {endpoint: BAD/v1}
  - {endpoint: TWO/v1, order: 2}
# falls
endpoint: BAD/v1
aliases: [falls-alias]
fallback_models: {error: [elsewhere]}
# falls-in-turn
endpoint: BAD/v1
fallback_models: {error: [fails-elsewhere]}
# falls-to-local
endpoint: BAD/v1
fallback_models: {error: [local-elsewhere]}
# falls-to-wildcard
endpoint: BAD/v1
fallback_models: {error: [far/away/model]}
# falls-to-alias
endpoint: BAD/v1
fallback_models: {error: [openai-latest]}
# window
endpoint: LONG/v1
fallback_models: {context_window: [openai]}
# window-error-only
endpoint: LONG/v1
fallback_models: {error: [openai]}
# window-any
endpoint: LONG/v1
fallback_models: [openai]
# policy
endpoint: RUDE/v1
fallback_models: {content_policy: [elsewhere]}
# policy-error-only
endpoint: RUDE/v1
fallback_models: {error: [elsewhere]}
# limited
endpoint: ONE/v1
limits: {rpm: 2}
# router/*
endpoint: ONE/v1
aliases: [other/*]
access: {visibility: private, groups: [research]}
# router/deep/*
endpoint: TWO/v1
upstream_model: up-deep
# router/deep/one
endpoint: ONE/v1
upstream_model: up-exact
# openrouter/*
provider: openrouter
endpoint: ONE/v1
# fixed/*
endpoint: ONE/v1
upstream_model: up-fixed
# a+b~c@d:e/f.g
endpoint: ONE/v1
upstream_model: NAME
access: {visibility: private, groups: ["{{7*7}} ${X} it's #1", research]}
"""
_ELSEWHERE = """
# elsewhere
endpoint: TWO/v1
upstream_model: up-elsewhere
access: {visibility: private, groups: [elsewhere]}
# fails-elsewhere
endpoint: BAD/v1
fallback_models: {error: [elsewhere]}
# far/*
endpoint: TWO/v1
upstream_model: "*"
# local-elsewhere
local_inference: true
upstream_model: org/up-local-elsewhere
# unrelated
endpoint: TWO/v1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """The two files of a head, and where it writes its log."""

    config: Path
    variables: Path
    log: Path


def emitted(folder: Path, urls: Mapping[str, str]) -> Emitted:
    """Compile the fleet with these upstreams for ONE, TWO, BAD, LONG and RUDE, and write the files of the head."""
    models = dict(_models(_MODELS, "head-eu-1", urls)) | dict(_models(_ELSEWHERE, "head-uk-1", urls))
    heads = FIXED["heads.yaml"].replace("http://10.0.0.1:8000/v1", urls["ONE"] + "/v1")
    health = "health_path: /health/readiness"
    heads = heads.replace(health, f"{health}, inference_url: {urls['TWO']}/v1")
    rules = "targets: [litellm]\nrules: {MS318: warning, MS509: off}\n"
    fixed = {**FIXED, "heads.yaml": heads, "modelspec.yaml": rules}
    log = folder / "log" / "calls.jsonl"
    log.parent.mkdir(exist_ok=True)
    settings = {"num_retries": 0, "allowed_fails": 1000, "enforce_limits": True, "log": {"path": str(log)}}
    options = GatewayOptions(options=settings, edges={}, commit="c" * 40, litellm=OWN)
    (folder / "own_log.py").write_text(OWN_LOG, encoding="utf-8")
    routing = routed(compiled(folder / "fleet", models, fixed))
    files = {artifact.path: artifact.content for artifact in emit(routing, options)}
    paths = {"config": folder / f"{HEAD}.yaml", "variables": folder / f"{HEAD}.env.json"}
    for path in paths.values():
        path.write_bytes(files[f"gateways/litellm/{path.name}"])
    (folder / "modelspec_log.py").write_bytes(files["gateways/litellm/modelspec_log.py"])
    return Emitted(**paths, log=log)


def _models(text: str, head: str, urls: Mapping[str, str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for part in text.strip().removeprefix("# ").split("\n# "):
        model_id, _, body = part.partition("\n")
        for word, url in urls.items():
            body = body.replace(f"endpoint: {word}", f"endpoint: {url}")
        body = (
            body.replace("NAME\n", "'" + HOSTILE_NAME.replace("'", "''") + "'\n")
            if "NAME\n" in body
            else body
        )
        lines = [f'model_id: "{model_id}"', "name: A model", "region: us", f"priority_head: {head}", body]
        found.append((f"m{len(found)}-{head}", "\n".join(lines) + "\n"))
    return found
