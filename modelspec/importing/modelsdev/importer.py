"""The catalogue models.dev as models: one for each model of each provider."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.fleet.providers import PROVIDERS, endpoint_of
from modelspec.importing.draft import (
    Imported,
    ModelDraft,
    Note,
    NoteKind,
    SourcePlace,
    Wishes,
    is_legal,
    legal_id,
    variable_of,
)
from modelspec.importing.modelsdev.catalogue import CatalogueEntry, Checkout, Table, resolved
from modelspec.secret import is_placeholder, scan, steers_process, telling_key
from modelspec.text.names import nearest
from modelspec.text.quote import quote
from modelspec.text.source import START
from modelspec.url import judge

_WORDS = {
    "amazon-bedrock": "bedrock",
    "azure-cognitive-services": "azure",
    "cloudflare-workers-ai": "cloudflare",
    "fireworks-ai": "fireworks_ai",
    "github-models": "github",
    "google": "gemini",
    "google-vertex": "vertex_ai",
    "google-vertex-anthropic": "vertex_ai",
    "lmstudio": "lm_studio",
    "moonshotai": "moonshot",
    "nvidia": "nvidia_nim",
    "togetherai": "together_ai",
    "zhipuai": "zhipu",
}
"""The catalogue's ids of providers that have another word here."""
_PACKAGES = {"@ai-sdk/anthropic": "anthropic", "@ai-sdk/google": "gemini", "@ai-sdk/azure": "azure"}
"""AI SDK packages whose protocol is not OpenAI's."""
_REGIONS = {
    "bedrock": ("aws_region_name", "AWS_REGION"),
    "vertex_ai": ("vertex_location", "GOOGLE_VERTEX_LOCATION"),
}
_KEYLESS = frozenset({"bedrock", "vertex_ai"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_ELSEWHERE = frozenset({"name", "status", "provider"})
_LONGEST_NAME = 128


class ModelsDev:
    """`modelspec import modelsdev DIR`."""

    name = "modelsdev"

    def read(self, source: Path, wishes: Wishes) -> Imported | Refusal:
        """Read the providers that are wished for, or all."""
        checkout = Checkout(source)
        known = checkout.providers()
        if not known:
            return Refusal(
                message=f"{shown(str(source))} is no checkout of models.dev: it has no providers/",
                help="name the top folder of the checkout, the one that holds providers/ and models/",
            )
        unknown = next((provider for provider in wishes.providers if provider not in known), None)
        if unknown is not None:
            near = nearest(unknown, known)
            return Refusal(
                message=f"the catalogue has no provider {quote(unknown)}",
                help=f"did you mean {quote(near)}?"
                if near
                else "its providers are the folders in providers/",
            )
        chosen = list(dict.fromkeys(wishes.providers)) or known
        paths = [(provider, model) for provider in chosen for model in checkout.models(provider)]
        notes: list[Note] = []
        models: list[ModelDraft] = []
        taken: set[str] = set()
        for number, (provider, model) in enumerate(paths, 1):
            if wishes.progress is not None:
                wishes.progress(number, len(paths))
            draft = _draft(checkout, provider, model, notes)
            if draft is None or (wishes.wanted is not None and not wishes.wanted(draft.fields)):
                continue
            if draft.model_id.lower() in taken:
                notes.append(
                    _lost(checkout.entry(_path(provider, model)), "another model has that name, case aside")
                )
                continue
            taken.add(draft.model_id.lower())
            models.append(draft)
        return Imported(models=models, notes=notes)


def _path(provider: str, model: str) -> str:
    return f"providers/{provider}/models/{model}.toml"


def _lost(entry: CatalogueEntry, why: str) -> Note:
    place = SourcePlace(path=entry.path, span=START)
    return Note(kind=NoteKind.LOST, place=place, what="the model", why=f"{why}: not carried")


def _draft(checkout: Checkout, provider: str, model: str, notes: list[Note]) -> ModelDraft | None:
    entry = checkout.entry(_path(provider, model))
    offered = checkout.entry(f"providers/{provider}/provider.toml")
    table = resolved(checkout, entry.path)
    if isinstance(table, str) or offered.fault:
        why = table if isinstance(table, str) else f"provider.toml cannot be read: {offered.fault}"
        notes.append(_lost(entry, why))
        return None
    wanted = f"{provider}/{model}"
    model_id = legal_id(wanted)
    if not is_legal(model_id):
        notes.append(_lost(entry, f"no id can be made of {quote(wanted)}"))
        return None
    if model_id != wanted:
        place = SourcePlace(path=entry.path, span=START)
        why = f"an id cannot hold it: it is {quote(model_id)} now"
        notes.append(Note(kind=NoteKind.CHANGED, place=place, what=f"the name {quote(wanted)}", why=why))
    title = table.get("name")
    usable = isinstance(title, str) and 0 < len(title) <= _LONGEST_NAME and title.isprintable()
    fields: dict[str, object] = {"model_id": model_id, "name": title if usable else model_id}
    fields.update(_served(provider, model, offered.table, table, notes, entry))
    status = table.get("status")
    if status == "deprecated":
        fields["status"] = "deprecated"
    elif isinstance(status, str) and status.isidentifier():
        fields["tags"] = [status]
    metadata = {key: value for key, value in table.items() if key not in _ELSEWHERE}
    kept = dict(_kept(metadata, entry, notes))
    if kept:
        fields["metadata"] = kept
    own = SourcePlace(path=entry.path, span=START)
    places: dict[tuple[str | int, ...], SourcePlace] = {(): own}
    places.update((("metadata", key), SourcePlace(path=entry.path, span=entry.span(key))) for key in kept)
    return ModelDraft(model_id=model_id, fields=fields, places=places)


def _served(
    provider: str, model: str, offered: Table, table: Table, notes: list[Note], entry: CatalogueEntry
) -> Iterator[tuple[str, object]]:
    """Where the model is served: the catalogue names an API only where the AI SDK does not know it."""
    override = table.get("provider")
    own = override if isinstance(override, Mapping) else {}
    package = own.get("npm", offered.get("npm"))
    word = _word(provider, package)
    api = own.get("api", offered.get("api"))
    region = _REGIONS.get(word)
    if region is not None:
        yield "params", {region[0]: {"env": region[1]}}
    elif isinstance(api, str) and not judge(api, local=False) and "$" not in api:
        if api.rstrip("/") != endpoint_of(word):
            yield "endpoint", api
    elif isinstance(api, str) or endpoint_of(word) is None:
        variable = variable_of(provider, "API_BASE")
        yield "endpoint", {"env": variable}
        why = f"the catalogue says none that can be written: set {variable}, or write it out"
        notes.append(
            Note(
                kind=NoteKind.CHANGED,
                place=SourcePlace(path=entry.path, span=START),
                what="the endpoint",
                why=why,
            )
        )
    if word != "openai":
        yield "provider", word
    yield "upstream_model", model
    variables = offered.get("env")
    names = [v for v in variables if isinstance(v, str)] if isinstance(variables, list) else []
    keys = [v for v in names if _VARIABLE.fullmatch(v) and telling_key(v) and not steers_process(v)]
    if keys and word not in _KEYLESS:
        yield "api_key", {"env": keys[0]}


def _word(provider: str, package: object) -> str:
    word = _WORDS.get(provider, provider.replace("-", "_"))
    return word if word in PROVIDERS else _PACKAGES.get(str(package), "openai")


def _kept(table: Table, entry: CatalogueEntry, notes: list[Note]) -> Iterator[tuple[str, object]]:
    """What is recorded of a model, less what could be a secret or cannot be written as JSON."""
    for key, value in table.items():
        plain = _plain(value)
        if plain is None:
            continue
        text = str(plain)
        telling = telling_key(key) and isinstance(plain, str) and not is_placeholder(plain)
        if telling or not key.isprintable() or any(hit.certain for hit in scan(f"{key}: {text}")):
            place = SourcePlace(path=entry.path, span=entry.span(key))
            why = "it may be a secret, and metadata is published: left out"
            notes.append(Note(kind=NoteKind.SECRET, place=place, what=f"{quote(key)} of a model", why=why))
            continue
        yield key, plain


def _plain(value: object) -> object:
    """A value as JSON has it; None where it has none."""
    if isinstance(value, Mapping):
        return {k: p for k, v in value.items() if (p := _plain(v)) is not None}
    if isinstance(value, list):
        return [p for v in value if (p := _plain(v)) is not None]
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
