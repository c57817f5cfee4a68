"""A draft as a unified diff, safe to print."""

from collections.abc import Iterator, Mapping
from difflib import unified_diff

from modelspec.authoring.draft import Draft
from modelspec.load import source_of
from modelspec.load.find import File
from modelspec.report.visible import visible
from modelspec.secret import mask


def difference(before: Mapping[str, File], draft: Draft) -> Iterator[str]:
    """The lines of the diff, each with its line end; what looks like a secret is starred out on both sides."""
    old_paths = set(draft.moved.values())
    for path, data in draft.files.items():
        if data is None and path in old_paths:
            continue
        old_path = draft.moved.get(path, path)
        old = before.get(old_path)
        lines = unified_diff(
            _lines(old),
            _lines(None if data is None else File(path, data)),
            "/dev/null" if old is None else f"a/{visible(old_path)}",
            "/dev/null" if data is None else f"b/{visible(path)}",
            lineterm="",
        )
        told = False
        for line in lines:
            told = True
            yield f"{line}\n"
        if not told and old_path != path:
            yield f"rename from {visible(old_path)}\nrename to {visible(path)}\n"


def _lines(file: File | None) -> list[str]:
    if file is None:
        return []
    lines = mask(source_of(file).text).split("\n")
    if lines[-1] == "":
        lines.pop()
    return [visible(line.removesuffix("\r")) for line in lines]
