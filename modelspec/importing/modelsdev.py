"""A checkout of the models.dev catalogue as models: one for each model of each provider."""

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.fleet.providers import PROVIDERS, endpoint_of
from modelspec.importing.destination import ImportDestination
from modelspec.importing.draft import (
    Imported,
    ImportRequest,
    ModelDraft,
    Note,
    NoteKind,
    is_legal,
    legal_id,
    title_of,
    variable_of,
)
from modelspec.importing.sources import read_named
from modelspec.load.unread import MAX_BYTES
from modelspec.secret import is_placeholder, scan, steers_process, telling_key
from modelspec.text.names import nearest
from modelspec.text.quote import quote
from modelspec.text.source import START, Span, Spot
from modelspec.url import judge

_DEEPEST = 16
_ENDING = ".toml"

Table = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A file: its path in the checkout, its content, or why it could not be read."""

    path: str
    table: Table = field(default_factory=dict)
    text: str = ""
    fault: str = ""

    def span(self, key: str) -> Span:
        """The likely place of a top-level key: tomllib reports no places."""
        found = re.search(rf"^[ \t]*\[*{re.escape(key)}\b", self.text, re.MULTILINE)
        if found is None:
            return START
        line = self.text.count("\n", 0, found.start()) + 1
        return Span(line, 1, line, 1 + len(found[0]))


class Checkout:
    """Reads the files of one checkout, each once."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))
        self._read: dict[str, CatalogueEntry] = {}

    def providers(self) -> list[str]:
        """The ids of all providers, sorted."""
        return sorted(_names(self._root / "providers", folders=True))

    def models(self, provider: str) -> Iterator[str]:
        """The ids of a provider's models, sorted: their paths below `models` without the ending."""
        top = self._root / "providers" / provider / "models"
        yield from sorted(_below(top, "", self._is_inside, _DEEPEST))

    def entry(self, path: str) -> CatalogueEntry:
        """A file by its path in the checkout."""
        if path not in self._read:
            self._read[path] = self._entry(path)
        return self._read[path]

    def _entry(self, path: str) -> CatalogueEntry:
        parts = path.split("/")
        if ".." in parts or "" in parts or "\\" in path or "\0" in path:
            return CatalogueEntry(path=path, fault="it is not a path in a checkout")
        real = Path(os.path.realpath(self._root / path))
        if not self._is_inside(real):
            return CatalogueEntry(path=path, fault="a link leads out of the checkout")
        data = read_named(real)
        if isinstance(data, str):
            return CatalogueEntry(path=path, fault=data)
        if len(data) > MAX_BYTES:
            return CatalogueEntry(path=path, fault=f"it is larger than {MAX_BYTES // 1024} KiB")
        try:
            text = data.decode()
            return CatalogueEntry(path=path, table=tomllib.loads(text), text=text)
        except (ValueError, RecursionError):
            # The error message may quote a secret.
            return CatalogueEntry(path=path, fault="it is not valid TOML")

    def _is_inside(self, path: Path) -> bool:
        return path == self._root or self._root in path.parents


def _names(folder: Path, *, folders: bool) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir() == folders and entry.name[0] != "."]
    except OSError:
        return []


def _below(folder: Path, prefix: str, is_inside: Callable[[Path], bool], depth: int) -> Iterator[str]:
    if not depth or not is_inside(Path(os.path.realpath(folder))):
        return
    for name in _names(folder, folders=False):
        if name.endswith(_ENDING):
            yield prefix + name.removesuffix(_ENDING)
    for name in _names(folder, folders=True):
        yield from _below(folder / name, f"{prefix}{name}/", is_inside, depth - 1)


_LONGEST_CHAIN = 16
_OWN = frozenset({"base_model", "base_model_omit", "extends"})


def resolved(checkout: Checkout, path: str, chain: tuple[str, ...] = ()) -> Table | str:
    """A model with everything that it inherits, or why it cannot be read. Tables are merged, other values replaced.

    `chain` are the files that inherit from it.
    """
    if path in chain or len(chain) == _LONGEST_CHAIN:
        return "it inherits from itself, or through too long a chain"
    entry = checkout.entry(path)
    if entry.fault:
        return f"{path}: {entry.fault}" if chain else entry.fault
    parent, omitted = _parent(entry.table)
    own = {key: value for key, value in entry.table.items() if key not in _OWN}
    if parent is None:
        return own
    base = resolved(checkout, parent, (*chain, path))
    if isinstance(base, str):
        return f"it inherits from {parent}, which cannot be read: {base}"[:500]
    for path_ in omitted:
        base = _less(base, path_.split("."))
    return _merged(base, own)


def _parent(table: Table) -> tuple[str | None, Iterable[str]]:
    base, extends = table.get("base_model"), table.get("extends")
    if isinstance(base, str):
        return f"models/{base}.toml", _texts(table.get("base_model_omit"))
    if isinstance(extends, Mapping) and isinstance(extends.get("from"), str):
        provider, _, model = str(extends["from"]).partition("/")
        return f"providers/{provider}/models/{model}.toml", _texts(extends.get("omit"))
    return None, ()


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _less(table: Table, path: list[str]) -> Table:
    """A table without the part that a path leads to."""
    first, *rest = path
    inner = table.get(first)
    if rest and isinstance(inner, Mapping):
        return {**table, first: _less(inner, rest)}
    return {key: value for key, value in table.items() if key != first or rest}


def _merged(base: Table, own: Table) -> Table:
    merged = dict(base)
    for key, value in own.items():
        before = merged.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(before, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return merged


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
"""The catalogue's ids of providers that have another name here."""
_PACKAGES = {"@ai-sdk/anthropic": "anthropic", "@ai-sdk/google": "gemini", "@ai-sdk/azure": "azure"}
"""AI SDK packages whose protocol is not OpenAI's."""
_REGIONS = {
    "bedrock": ("aws_region_name", "AWS_REGION"),
    "vertex_ai": ("vertex_location", "GOOGLE_VERTEX_LOCATION"),
}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_ELSEWHERE = frozenset({"name", "status", "provider"})


class ModelsDev:
    """`modelspec import modelsdev DIR`."""

    name = "modelsdev"

    def read(self, request: ImportRequest, to: ImportDestination) -> Imported | Refusal:  # noqa: ARG002 - the protocol's signature
        """Read the requested providers, or all."""
        checkout = Checkout(request.source)
        known = checkout.providers()
        if not known:
            return Refusal(
                message=f"{shown(str(request.source))} is not a checkout of models.dev: it has no providers/",
                help="name the top folder of the checkout, which holds providers/ and models/",
            )
        for provider in request.providers:
            if provider not in known:
                near = nearest(provider, known)
                return Refusal(
                    message=f"the catalogue has no provider {quote(provider)}",
                    help=f"did you mean {quote(near)}?"
                    if near
                    else "its providers are the folders in providers/",
                )
        chosen = list(dict.fromkeys(request.providers)) or known
        names = [(provider, model) for provider in chosen for model in checkout.models(provider)]
        models: dict[str, ModelDraft] = {}
        notes: list[Note] = []
        for number, (provider, model) in enumerate(names, 1):
            if request.progress is not None:
                request.progress(number, len(names))
            offer = _Offer(checkout, provider, model, notes)
            draft = offer.draft()
            if draft is None or not request.wants(draft):
                continue
            if models.setdefault(draft.model_id.lower(), draft) is not draft:
                offer.note(
                    NoteKind.ABSENT, "the model", "another model has that name, ignoring case: not imported"
                )
        return Imported(models=list(models.values()), notes=notes)


class _Offer:
    """One model of one provider; notes are added to `notes`."""

    def __init__(self, checkout: Checkout, provider: str, model: str, notes: list[Note]) -> None:
        self._checkout = checkout
        self._provider = provider
        self._model = model
        self._notes = notes
        self._entry = checkout.entry(f"providers/{provider}/models/{model}.toml")

    def note(self, kind: NoteKind, what: str, why: str, span: Span = START) -> None:
        """Add a note on its file."""
        self._notes.append(Note(kind=kind, spot=Spot(self._entry.path, span), what=what, why=why))

    def draft(self) -> ModelDraft | None:
        """The model with everything that it inherits; None, and a note, if it cannot be imported."""
        offered = self._checkout.entry(f"providers/{self._provider}/provider.toml")
        table = resolved(self._checkout, self._entry.path)
        name = f"{self._provider}/{self._model}"
        model_id = legal_id(name)
        if isinstance(table, str):
            lost = table
        elif offered.fault:
            lost = f"provider.toml cannot be read: {offered.fault}"
        elif not is_legal(model_id):
            lost = f"{quote(name)} cannot be turned into a model_id"
        else:
            return self._drafted(model_id, name, table, offered.table)
        self.note(NoteKind.ABSENT, "the model", f"{lost}: not imported")
        return None

    def _drafted(self, model_id: str, name: str, table: Table, offered: Table) -> ModelDraft:
        if model_id != name:
            why = f"not a valid model_id: it is {quote(model_id)} now"
            self.note(NoteKind.CHANGED, f"the name {quote(name)}", why)
        fields: dict[str, object] = {
            "model_id": model_id,
            "name": title_of(table.get("name"), model_id),
            **dict(self._served(offered, table)),
        }
        status = table.get("status")
        if status == "deprecated":
            fields["status"] = "deprecated"
        elif isinstance(status, str) and status.isidentifier():
            fields["tags"] = [status]
        kept = dict(self._kept({key: value for key, value in table.items() if key not in _ELSEWHERE}))
        if kept:
            fields["metadata"] = kept
        path = self._entry.path
        return ModelDraft(
            model_id=model_id,
            fields=fields,
            spots={
                (): Spot(path, START),
                **{("metadata", key): Spot(path, self._entry.span(key)) for key in kept},
            },
        )

    def _served(self, offered: Table, table: Table) -> Iterator[tuple[str, object]]:
        """Where the model is served: the catalogue has an API only where the AI SDK does not know it."""
        override = table.get("provider")
        own = override if isinstance(override, Mapping) else {}
        package, api = (own.get(name, offered.get(name)) for name in ("npm", "api"))
        word = _word(self._provider, package)
        region = _REGIONS.get(word)
        endpoint: object = None
        if region is not None:
            yield "params", {region[0]: {"env": region[1]}}
        elif isinstance(api, str) and not judge(api, local=False) and "$" not in api:
            endpoint = None if api.rstrip("/") == endpoint_of(word) else api
        elif isinstance(api, str) or endpoint_of(word) is None:
            variable = variable_of(self._provider, "API_BASE")
            endpoint = {"env": variable}
            why = f"the catalogue has no usable one: set {variable}, or enter the URL"
            self.note(NoteKind.CHANGED, "the endpoint", why)
        if endpoint is not None:
            yield "endpoint", endpoint
        if endpoint is None or word != "openai":
            yield "provider", word
        yield "upstream_model", self._model
        keys = [v for v in _texts(offered.get("env")) if _VARIABLE.fullmatch(v) and telling_key(v)]
        key = next((v for v in keys if not steers_process(v)), None)
        if key is not None and word not in _REGIONS:
            yield "api_key", {"env": key}

    def _kept(self, table: Table) -> Iterator[tuple[str, object]]:
        """The metadata of a model, without possible secrets and values that JSON cannot hold."""
        for key, value in table.items():
            plain = _plain(value)
            if plain is None:
                continue
            telling = telling_key(key) and isinstance(plain, str) and not is_placeholder(plain)
            if telling or not key.isprintable() or any(hit.certain for hit in scan(f"{key}: {plain}")):
                why = "it may be a secret, and metadata is published: left out"
                self.note(NoteKind.SECRET, f"{quote(key)} of a model", why, self._entry.span(key))
            else:
                yield key, plain


def _word(provider: str, package: object) -> str:
    word = _WORDS.get(provider, provider.replace("-", "_"))
    return word if word in PROVIDERS else _PACKAGES.get(str(package), "openai")


def _plain(value: object) -> object:
    """The value as JSON; None where JSON cannot hold it."""
    if isinstance(value, Mapping):
        return {k: p for k, v in value.items() if (p := _plain(v)) is not None}
    if isinstance(value, list):
        return [p for v in value if (p := _plain(v)) is not None]
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
