"""`new`: the file of a model that is not there yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from modelspec.authoring.draft import Draft
from modelspec.authoring.fields import field_order
from modelspec.authoring.naming import free_path, id_refusal
from modelspec.edit import block
from modelspec.editors import FOLDER, schema_line
from modelspec.load.find import Tree
from modelspec.quote import quote
from modelspec.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new model shall say: plain values by their fields; `folder` is one below models.d, or None."""

    model_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    folder: str | None = None


def draft_of_new(tree: Tree, wanted: Wanted) -> Draft | Refusal:
    """A file with the fields in the order of the schema, with the schema line where editors have schemas."""
    refusal = id_refusal(wanted.model_id)
    if refusal is not None:
        return refusal
    paths = frozenset(file.path for file in tree.models)
    path = free_path(wanted.model_id, paths, wanted.folder)
    if path is None:
        return Refusal(
            message=f"every file name that fits {quote(wanted.model_id)} is taken",
            help="name another folder with --folder, or rename the other file",
        )
    values = {"model_id": wanted.model_id, **wanted.values}
    lines = [
        *_schema_line(tree, path),
        *(line for name in field_order() if name in values for line in block(name, values[name])),
    ]
    text = "".join(f"{line}\n" for line in lines)
    return Draft(
        files={path: text.encode(errors="replace")},
        title=f"Add {wanted.model_id}",
        effects=(f"{wanted.model_id} is new, in {path}",),
    )


def _schema_line(tree: Tree, path: str) -> Iterator[str]:
    if (tree.root / FOLDER / "model.schema.json").is_file():
        yield schema_line(path)
