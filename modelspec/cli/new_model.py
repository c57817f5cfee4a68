"""The new model of `modelspec new`: from its options, and from questions for what is missing."""

from collections.abc import Mapping
from typing import Any

import click

from modelspec.author.assignments import change_of, reference_to_variable
from modelspec.author.change import changed
from modelspec.author.models import NewModel, is_read
from modelspec.cli.questions import Options, one_of, some_of, text
from modelspec.cli.stderr import misuse
from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.model import Fleet, Head
from modelspec.fleet.providers import endpoint_of
from modelspec.report.printable import without_secrets

_KEYS = ("api_key_env", "api_key_file", "api_key_vault")
_LISTS = ("fallback_heads", "fallback_models", "aliases", "tags")
_TEXTS = ("endpoint", "provider", "upstream_model")


def new_model_of(given: Mapping[str, Any]) -> NewModel:
    """The model that the options describe.

    Raises:
        click.UsageError: an option is not valid.
    """
    values = {
        "name": given["name"],
        "region": given["region"],
        "priority_head": given["head"],
        **{field: list(dict.fromkeys(given[field])) for field in _LISTS},
        **{field: given[field] for field in _TEXTS},
        "local_inference": given["local_inference"],
    }
    if given["endpoint_env"]:
        values["endpoint"] = _variable(given["endpoint_env"], "--endpoint-env")
    values["api_key"] = _key(given)
    values["metadata"] = _metadata(given["metadata"])
    return NewModel(
        model_id=given["model_id"],
        values={field: value for field, value in values.items() if value},
        folder=_folder(given["folder"]),
    )


def _key(given: Mapping[str, Any]) -> dict[str, str] | None:
    named = [name for name in _KEYS if given[name]]
    if len(named) > 1:
        raise click.UsageError(
            "a model has one key: pass only one of --api-key-env, --api-key-file, --api-key-vault"
        )
    if not named:
        return None
    option, reference = f"--{named[0].replace('_', '-')}", given[named[0]]
    if named == ["api_key_env"]:
        return _variable(reference, option)
    if without_secrets(reference) != reference:
        raise click.UsageError(f"{option} takes a reference; this looks like a key")
    return {named[0].removeprefix("api_key_"): reference}


def _variable(name: str, option: str) -> dict[str, str]:
    reference = reference_to_variable(name)
    if isinstance(reference, Refusal):
        raise misuse(reference, option)
    return reference


def _metadata(assignments: tuple[str, ...]) -> dict[str, Any]:
    """Raises click.UsageError if one of them is not valid."""
    document: Any = {}
    for assignment in assignments:
        change = change_of(f"metadata.{assignment}")
        if isinstance(change, Refusal):
            raise misuse(change, "--metadata")
        try:
            document = changed(document, change)
        except KeyError:
            raise click.UsageError("--metadata: a field is nested in another that is not a mapping") from None
    found: dict[str, Any] = document.get("metadata", {})
    return found


def _folder(folder: str | None) -> str | None:
    """Raises click.UsageError if it is outside models.d, or if models in it would not be read."""
    if folder is None:
        return None
    parts = folder.strip("/").removeprefix("models.d/").split("/")
    if not all(is_read(part) and part.isprintable() for part in parts):
        raise click.UsageError(
            "--folder must be a folder below models.d, and no part of it may begin with . or _"
        )
    return "/".join(parts)


def ask_missing(fleet: Fleet, given: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for what is missing, by the names of the options.

    Raises:
        click.Abort: the user cancels.
    """
    found: dict[str, Any] = {}
    model_id = given["model_id"]
    while not model_id:
        model_id = text("Model id, as clients send it")
    found["model_id"] = model_id
    found["name"] = given["name"] or text("Name, as people read it", model_id.rpartition("/")[2])
    regions = [(region.code, region.title) for region in fleet.regions.values()]
    region = given["region"] or one_of("Region", regions)
    found["region"] = region
    found["head"] = given["head"] or one_of("First head", _heads(fleet, region))
    if not given["head"] and not given["fallback_heads"]:
        others = [option for option in _heads(fleet, region) if option[0] != found["head"]]
        found["fallback_heads"] = tuple(some_of("Fallback heads", others))
    found.update(_upstream(given))
    return found


def _upstream(given: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for the upstream, unless the options give it."""
    if given["endpoint"] or given["endpoint_env"] or given["local_inference"]:
        return {}
    if given["provider"] and endpoint_of(given["provider"]) is not None:
        return {}
    url = text("Upstream URL (empty: the head runs the model itself)")
    if not url:
        return {"local_inference": True}
    if given["api_key_env"] or given["api_key_file"] or given["api_key_vault"]:
        return {"endpoint": url}
    variable = text("Environment variable that holds its key (empty: no key)")
    return {"endpoint": url, "api_key_env": variable or None}


def _heads(fleet: Fleet, region: str) -> Options:
    """All heads, those of the region first, in the order of heads.yaml; one that is not active shows its status."""
    heads = sorted(fleet.heads.values(), key=lambda head: head.region != region)
    return [(head.head_id, _title(head, fleet)) for head in heads]


def _title(head: Head, fleet: Fleet) -> str:
    region = fleet.regions.get(head.region)
    state = "" if head.status == "active" else f", {head.status}"
    return f"{head.head_id}, {head.region if region is None else region.title}{state}"
