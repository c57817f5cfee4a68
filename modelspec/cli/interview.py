"""The questions of `modelspec new`, for what was not given."""

from collections.abc import Mapping
from typing import Any

from modelspec.cli.prompts import PromptOption, one_of, some_of, text
from modelspec.fleet.model import Fleet, Head
from modelspec.fleet.providers import endpoint_of


def answers(fleet: Fleet, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is missing, by the names of the options; regions and heads are chosen from those of the fleet.

    Raises:
        click.Abort: the questions are broken off.
    """
    found: dict[str, Any] = {}
    model_id = given["model_id"] or _insisted("Model id, as clients send it")
    found["model_id"] = model_id
    found["name"] = given["name"] or text("Name, as people read it", model_id.rpartition("/")[2])
    region = given["region"] or one_of("Region", _regions(fleet))
    found["region"] = region
    found["head"] = given["head"] or one_of("First head", _heads(fleet, region))
    if not given["head"] and not given["fallback_heads"]:
        found["fallback_heads"] = tuple(some_of("Fallback heads", _heads(fleet, region, but=found["head"])))
    found.update(_upstream(given))
    return found


def _upstream(given: Mapping[str, Any]) -> dict[str, Any]:
    """Where it runs, if nothing was said of that."""
    if given["endpoint"] or given["endpoint_env"] or given["local_inference"]:
        return {}
    if given["provider"] and endpoint_of(given["provider"]) is not None:
        return {}
    url = text("Upstream URL (nothing: the head runs the model itself)")
    if not url:
        return {"local_inference": True}
    if given["api_key_env"] or given["api_key_file"] or given["api_key_vault"]:
        return {"endpoint": url}
    variable = text("Environment variable that holds its key (nothing: no key)")
    return {"endpoint": url, "api_key_env": variable or None}


def _insisted(question: str) -> str:
    while True:
        answer = text(question)
        if answer:
            return answer


def _regions(fleet: Fleet) -> list[PromptOption]:
    return [PromptOption(value=region.code, text=region.title) for region in fleet.regions.values()]


def _heads(fleet: Fleet, region: str, but: str | None = None) -> list[PromptOption]:
    """Those of the region first, otherwise as in heads.yaml; what is no active head says so."""
    heads = sorted(fleet.heads.values(), key=lambda head: head.region != region)
    return [
        PromptOption(value=head.head_id, text=_title(head, fleet)) for head in heads if head.head_id != but
    ]


def _title(head: Head, fleet: Fleet) -> str:
    region = fleet.regions.get(head.region)
    state = "" if head.status == "active" else f", {head.status}"
    return f"{head.head_id}, {head.region if region is None else region.title}{state}"
