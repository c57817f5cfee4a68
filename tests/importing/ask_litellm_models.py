"""Run by LiteLLM's own Python: what its router makes of configurations, in a comparable form.

Standard input is a JSON list of configurations, as text. For each, the output maps every name that clients may send to
its deployments, in the order in which they are tried, each with its share of the requests, and to its fallbacks.
"""

import json
import sys
from typing import Any

import litellm
import yaml
from litellm.router_utils.fallback_event_handlers import get_fallback_model_group

_LISTS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
_SETTINGS = ("fallbacks", "default_fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
_METRICS = ("weight", "rpm", "tpm")
_SAME = {"cohere_chat": "cohere", "ollama_chat": "ollama", "vertex_ai_beta": "vertex_ai"}


def _router(text: str) -> litellm.Router:
    config = yaml.safe_load(text)
    router = config.get("router_settings") or {}
    library = config.get("litellm_settings") or {}
    given = {name: router.get(name) or library.get(name) for name in _SETTINGS}
    given = {name: value for name, value in given.items() if value}
    return litellm.Router(
        model_list=config["model_list"], model_group_alias=router.get("model_group_alias"), **given
    )


def _deployments(router: litellm.Router, name: str) -> list[Any]:
    found = router.get_model_list(model_name=name) or []
    params = [dict(one["litellm_params"]) for one in found]
    orders = sorted({one.get("order") or 0 for one in params})
    turns = []
    for order in orders:
        peers = [one for one in params if (one.get("order") or 0) == order]
        metric = next((m for m in _METRICS if any(one.get(m) for one in peers)), None)
        weights = [float(one.get(metric) or 0) if metric else 1.0 for one in peers]
        active = [(one, w / sum(weights)) for one, w in zip(peers, weights, strict=True) if w]
        idle = [(one, 0.0) for one, w in zip(peers, weights, strict=True) if not w]
        for group in (active, idle):
            share = 1 / len(group) if group and not group[0][1] else None
            if group:
                turns.append(sorted([*_words(one), round(share or w, 6)] for one, w in group))
    return turns


def _words(params: dict[str, Any]) -> list[Any]:
    model, provider, _, _ = litellm.get_llm_provider(
        model=params["model"],
        custom_llm_provider=params.get("custom_llm_provider"),
        api_base=params.get("api_base") or params.get("base_url"),
    )
    base = params.get("api_base") or params.get("base_url")
    return [
        _SAME.get(provider, provider),
        model,
        base,
        params.get("api_version"),
        params.get("rpm"),
        params.get("tpm"),
    ]


def _fallbacks(router: litellm.Router, name: str) -> list[Any]:
    """By cause, as the router looks them up: a cause without its own list uses the general one."""
    found = []
    for cause in _LISTS:
        known = getattr(router, cause)
        if cause != "fallbacks" and not known:
            known = router.fallbacks
        group, _ = get_fallback_model_group(fallbacks=known or [], model_group=name)
        names = [one["model"] if isinstance(one, dict) else one for one in group or []]
        found.append([router.model_group_alias.get(one, one) for one in names if one != name])
    return found


def _answer(text: str) -> dict[str, Any]:
    router = _router(text)
    names = {one["model_name"] for one in router.model_list} | set(router.model_group_alias)
    return {name: [_deployments(router, name), _fallbacks(router, name)] for name in sorted(names)}


sys.stdout.write("\n" + json.dumps([_answer(text) for text in json.load(sys.stdin)]))
