"""The readable model files of a repository, each with its id and its effective values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.providers import endpoint_of
from modelspec.load import Reading, read
from modelspec.load.find import Tree
from modelspec.load.locate import Locator
from modelspec.report.printable import without_secrets
from modelspec.schema import defaults
from modelspec.text.names import nearest
from modelspec.text.quote import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model file that could be read and has an id; it may have other faults.

    `value` is what the file itself sets, `whole` includes the defaults of its folders; `locator` finds the lines.
    """

    model_id: str
    reading: Reading
    value: Mapping[str, Any]
    whole: Mapping[str, Any]
    locator: Locator

    @property
    def path(self) -> str:
        """The path of the file, from the root of the repository."""
        return self.reading.file.path


def entries_of(tree: Tree) -> list[ModelFile]:
    """Every model file that is a mapping with an id, in the order of the ids."""
    locator = Locator.of(tree)
    entries = []
    for file in tree.models:
        reading = locator.known[file.path] = read(file)
        value = reading.value
        model_id = value.get("model_id") if isinstance(value, dict) and not reading.faults else None
        if isinstance(value, dict) and isinstance(model_id, str) and model_id:
            whole = locator.effective(file.path) if tree.defaults else value
            entries.append(
                ModelFile(model_id=model_id, reading=reading, value=value, whole=whole, locator=locator)
            )
    return sorted(entries, key=lambda entry: (entry.model_id, entry.path))


def find_entry(entries: Sequence[ModelFile], name: str) -> ModelFile | Refusal:
    """The one model with an id."""
    found = [entry for entry in entries if entry.model_id == name]
    if len(found) == 1:
        return found[0]
    if found:
        places = " and ".join(entry.path for entry in found[:2])
        return Refusal(
            message=f"two files declare {quote(name)}: {places}",
            help="fix one of them by hand first",
        )
    owner = next((entry for entry in entries if name in _items(entry.value.get("aliases"))), None)
    if owner is not None:
        return Refusal(
            message=f"{quote(name)} is an alias of {quote(owner.model_id)}",
            help=f"use the id of the model: {quote(owner.model_id)}",
        )
    near = nearest(name, [entry.model_id for entry in entries])
    return Refusal(
        message=f"no model has the id {quote(without_secrets(name))}",
        help=f"did you mean {quote(near)}?" if near else "run modelspec list to see every model",
    )


def effective(entry: ModelFile) -> dict[str, Any]:
    """The plain value of a model with the defaults of its folders and fields filled in.

    Values that are not valid are passed on as they are.
    """
    value = {"fallback_heads": [], "aliases": [], "tags": [], **_defaults(), **entry.whole}
    for field in ("load_balancing", "access"):
        held = value.get(field, {})
        if isinstance(held, dict):
            value[field] = {**_defaults(field), **held}
    deployments = value.get("deployments")
    if "provider" not in entry.whole:
        del value["provider"]
    if not isinstance(deployments, list):
        return _with_upstream(value, entry.model_id)
    value["deployments"] = [
        _with_upstream(dict(item), entry.model_id) if isinstance(item, dict) else item for item in deployments
    ]
    return value


@cache
def _defaults(*path: str) -> Mapping[str, Any]:
    return defaults("model", *path)


def _with_upstream(value: dict[str, Any], model_id: str) -> dict[str, Any]:
    """A model or one of its deployments, with the values that follow from the other fields."""
    if "endpoint" in value or value.get("local_inference") is True:
        value.setdefault("provider", _defaults()["provider"])
    value.setdefault("upstream_model", model_id)
    provider = value.get("provider")
    public = endpoint_of(provider) if isinstance(provider, str) else None
    if public is not None and value.get("local_inference") is not True:
        value.setdefault("endpoint", public)
    return value


def heads_of(value: Mapping[str, Any]) -> list[str]:
    """Every head that a model sends traffic to, in the order of the tiers."""
    named = [value.get("priority_head"), *weights_of(value), *_items(value.get("fallback_heads"))]
    return list(dict.fromkeys(head for head in named if isinstance(head, str)))


def weights_of(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The heads that share the first tier of a model, with their weights."""
    balancing = value.get("load_balancing")
    weights = balancing.get("weights") if isinstance(balancing, dict) else None
    return weights if isinstance(weights, dict) else {}


def query_fields(entry: ModelFile) -> Mapping[str, Any]:
    """The fields that an expression can use, including derived ones."""
    value = effective(entry)
    folder = entry.path.rpartition("/")[0].partition("/")[2]
    return {**value, "path": entry.path, "folder": folder, "heads": heads_of(value)}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
