"""Entries of heads.yaml and regions.yaml: finding one, adding one, changing one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modelspec.authoring.draft import Draft, edited
from modelspec.edit import Append, Change
from modelspec.load import read
from modelspec.load.find import File, Tree
from modelspec.nearest import nearest
from modelspec.quote import quote
from modelspec.refusal import Refusal
from modelspec.report.said import without_secrets

What = Literal["head", "region"]

_FILES: Mapping[What, tuple[str, str, str]] = {
    "head": ("heads.yaml", "heads", "head_id"),
    "region": ("regions.yaml", "regions", "code"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A head or a region, and where in its file it stands."""

    what: What
    name: str
    file: File
    position: int
    value: Mapping[str, Any]
    all: tuple[Mapping[str, Any], ...]

    @property
    def pointer(self) -> tuple[str | int, ...]:
        """To its entry."""
        return (_FILES[self.what][1], self.position)


def find_listed(tree: Tree, what: What, name: str) -> Listed | Refusal:
    """The one head or region of a name."""
    path, field, key = _FILES[what]
    items = _items(tree, what)
    if isinstance(items, Refusal):
        return items
    for position, item in enumerate(items):
        if item.get(key) == name:
            return Listed(
                what=what, name=name, file=tree.fixed[path], position=position, value=item, all=tuple(items)
            )
    known = [item[key] for item in items if isinstance(item.get(key), str)]
    near = nearest(name, known)
    return Refusal(
        message=f"no {what} is named {quote(without_secrets(name))}",
        help=f"did you mean {quote(near)}?" if near else f"{path} declares {field}: {', '.join(known[:20])}",
    )


def draft_of_addition(tree: Tree, what: What, value: Mapping[str, Any]) -> Draft | Refusal:
    """One more head or region, behind the last one."""
    path, field, key = _FILES[what]
    items = _items(tree, what)
    if isinstance(items, Refusal):
        return items
    name = str(value[key])
    if any(item.get(key) == name for item in items):
        return Refusal(message=f"a {what} {quote(name)} is there already", help=f"change it in {path}")
    files = edited(tree.fixed, {path: [Append(pointer=(field,), value=dict(value))]})
    if isinstance(files, Refusal):
        return files
    return Draft(files=files, title=f"Add {what} {name}", effects=(f"{what} {name} is new, in {path}",))


def draft_of_changes(listed: Listed, changes: list[Change], title: str, effect: str) -> Draft | Refusal:
    """A head or a region with some changes in its own entry."""
    files = edited({listed.file.path: listed.file}, {listed.file.path: changes})
    return files if isinstance(files, Refusal) else Draft(files=files, title=title, effects=(effect,))


def _items(tree: Tree, what: What) -> list[Mapping[str, Any]] | Refusal:
    path, field, _ = _FILES[what]
    file = tree.fixed.get(path)
    value = None if file is None else read(file).value
    items = value.get(field) if isinstance(value, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return Refusal(
            message=f"{path} lists no {field} that could be read",
            help="modelspec validate says what is wrong with it",
        )
    return items
