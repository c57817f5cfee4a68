"""Drafts as the files of a repository."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.edit import block
from modelspec.importing.destination import Destination
from modelspec.importing.draft import Draft, Imported
from modelspec.importing.note import Place
from modelspec.load.find import MODELS, File

_FIELDS = (
    "model_id",
    "name",
    "region",
    "priority_head",
    "fallback_heads",
    "endpoint",
    "provider",
    "upstream_model",
    "api_key",
    "params",
    "deployments",
    "local_inference",
    "fallback_models",
    "aliases",
    "limits",
    "access",
    "status",
    "sunset",
    "replaced_by",
    "tags",
    "metadata",
)
_ODD = re.compile(r"[^A-Za-z0-9._@~+/-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A file of the result. `draft` is the model in it; `places` are where a file of settings comes from."""

    file: File
    draft: Draft | None = None
    places: Sequence[Place] = ()


def prepare(imported: Imported, to: Destination, folder: str) -> list[Prepared]:
    """Every file of the result; in a repository that is there already, models only, in a folder of their own."""
    top = MODELS if to.tree is None else f"{MODELS}/{folder}"
    taken: set[str] = set()
    prepared = []
    for draft in imported.models:
        path = _path(draft.model_id, top, taken)
        taken.add(path.lower())
        prepared.append(Prepared(file=File(path, _model(draft, to)), draft=draft))
    return prepared if to.tree is not None else [*_fixed(imported, to), *prepared]


def _path(model_id: str, top: str, taken: set[str]) -> str:
    """A path that follows the id and that no other model has, case aside."""
    name = _ODD.sub("_", model_id.removesuffix("/*")).lower()
    wanted = [f"{top}/{name.replace('/', '_')}.yaml", f"{top}/{name.replace('/', '-')}.yaml"]
    number = 2
    while True:
        for path in wanted:
            if path not in taken:
                return path
        wanted = [f"{top}/{number}/{name.replace('/', '_')}.yaml"]
        number += 1


def _model(draft: Draft, to: Destination) -> bytes:
    fields = {
        **draft.fields,
        "region": to.region,
        "priority_head": to.heads[0],
        **({"fallback_heads": list(to.heads[1:])} if to.heads[1:] else {}),
    }
    lines = [f"# {comment}".rstrip() for comment in draft.comments]
    for name in _FIELDS:
        if name in fields:
            lines += block(name, fields[name])
    return _text(lines)


def _fixed(imported: Imported, to: Destination) -> Iterator[Prepared]:
    regions = [{"code": to.region, "name": to.region_name}]
    heads = [{"head_id": head, "region": to.region, "url": url} for head, url in to.urls.items()]
    settings: Mapping[str, object] = {
        "targets": ["litellm"],
        **({"target_options": {"litellm": dict(imported.litellm)}} if imported.litellm else {}),
    }
    yield Prepared(file=File("regions.yaml", _text(block("regions", regions))))
    yield Prepared(file=File("heads.yaml", _text(block("heads", heads))))
    yield Prepared(
        file=File(
            "modelspec.yaml", _text(line for name, value in settings.items() for line in block(name, value))
        ),
        places=imported.litellm_places,
    )


def _text(lines: Iterator[str] | Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
