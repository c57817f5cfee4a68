"""Which connection settings modelspec's LiteLLM target hands on, and providers that it reaches as OpenAI."""

from collections.abc import Mapping
from types import MappingProxyType

from modelspec.importing.litellm.values import Value
from modelspec.litellm import COMMON_PARAMS, FORMS, Kind
from modelspec.providers import REGION

LIKE_OPENAI: Mapping[str, str | None] = MappingProxyType(
    {
        "abliteration": "https://api.abliteration.ai/v1",
        "aihubmix": "https://aihubmix.com/v1",
        "baseten": "https://inference.baseten.co/v1",
        "chutes": "https://llm.chutes.ai/v1",
        "custom_openai": None,
        "empower": "https://app.empower.dev/api/v1",
        "featherless_ai": "https://api.featherless.ai/v1",
        "galadriel": "https://api.galadriel.com/v1",
        "gmi": "https://api.gmi-serving.com/v1",
        "lambda_ai": "https://api.lambda.ai/v1",
        "litellm_proxy": None,
        "llamafile": "http://127.0.0.1:8080/v1",
        "meta_llama": "https://api.llama.com/compat/v1",
        "nano-gpt": "https://nano-gpt.com/api/v1",
        "openai_like": None,
        "parasail": "https://api.parasail.io/v1",
        "poe": "https://api.poe.com/v1",
        "publicai": "https://api.publicai.co/v1",
        "synthetic": "https://api.synthetic.new/openai/v1",
        "veniceai": "https://api.venice.ai/api/v1",
        "vercel_ai_gateway": "https://ai-gateway.vercel.sh/v1",
        "volcengine": "https://ark.cn-beijing.volces.com/api/v3",
        "wandb": "https://api.inference.wandb.ai/v1",
        "xinference": None,
    }
)
"""Words of LiteLLM for servers that speak OpenAI's protocol, with the endpoint that it implies.

From `llms/openai_like/providers.json` and `get_llm_provider_logic.py` of its version 1.108.
"""


def parted(provider: str, settings: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """The settings that are handed on, and the rest."""
    form = FORMS.get(provider)
    if form is None:
        return dict(settings), {}
    allowed = {**COMMON_PARAMS, **form.params}
    handed = {n: v for n, v in settings.items() if n in allowed and _fits(v, allowed[n])}
    return handed, {n: v for n, v in settings.items() if n not in handed}


def _fits(value: Value, kind: Kind) -> bool:
    if kind is Kind.TEXT:
        return isinstance(value, str | dict)
    if kind is Kind.REGION:
        return isinstance(value, dict) or (isinstance(value, str) and REGION.fullmatch(value) is not None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value > 0 if kind is Kind.SECONDS else value >= 0 and value == int(value)
