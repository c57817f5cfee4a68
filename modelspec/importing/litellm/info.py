"""`model_info` as metadata, and the access groups in it."""

import re
from collections.abc import Iterator, Mapping, Sequence

from modelspec.importing.draft import NoteKind, SourcePlace
from modelspec.importing.ledger import Ledger, place_of
from modelspec.importing.litellm.config import Part
from modelspec.importing.litellm.values import is_secret, is_visible
from modelspec.importing.sources import Comment, holds_secret
from modelspec.load.foreign import Foreign
from modelspec.text.document import Pointer
from modelspec.text.quote import quote
from modelspec.text.source import Span

_OPEN = {"public": "public", "internal": "internal"}
"""Access groups that stand for who may call a model at all, as our own configurations have them."""


def info_of(
    entries: Sequence[Foreign], model_id: str, ledger: Ledger, places: dict[Pointer, SourcePlace]
) -> dict[str, dict[str, object]]:
    """`access` and `metadata` of a model from the `model_info` of its entries; of several the first counts."""
    groups: list[str] = []
    metadata: dict[str, object] = {}
    for entry in entries:
        info = entry.entries.get("model_info")
        if info is None:
            continue
        for key, node in info.entries.items():
            if key == "access_groups":
                groups += _groups(node, model_id, ledger)
                places.setdefault(("access",), place_of(node))
            elif key == "id":
                ledger.tell(
                    NoteKind.LOST,
                    node,
                    f"model_info.id of {quote(model_id)}",
                    "LiteLLM's own id of a deployment",
                )
            else:
                _record(metadata, key, node, model_id, ledger)
                places.setdefault(("metadata", key), place_of(node))
    found: dict[str, dict[str, object]] = {}
    access: dict[str, object] = {}
    if "public" in groups:
        access["visibility"] = "public"
    kept = [group for group in dict.fromkeys(groups) if group not in _OPEN]
    if kept:
        access["groups"] = kept
    if access:
        found["access"] = access
    if metadata:
        found["metadata"] = metadata
    return found


def record_of(rests: Sequence[Mapping[str, object]]) -> object | None:
    """What is recorded of settings without effect: one mapping, or one a deployment where they differ."""
    if not any(rests):
        return None
    first = dict(rests[0])
    return first if all(dict(rest) == first for rest in rests) else [dict(rest) for rest in rests]


def _groups(node: Foreign, model_id: str, ledger: Ledger) -> list[str]:
    found = []
    for item in node.items or (node,):
        text = item.value
        if isinstance(text, str) and text and is_visible(text) and not is_secret("group", text):
            ledger.carried(item)
            found.append(text)
        elif text is not None:
            ledger.tell(NoteKind.LOST, item, f"access_groups of {quote(model_id)}", "not the name of a group")
    return found


def _record(metadata: dict[str, object], key: str, node: Foreign, model_id: str, ledger: Ledger) -> None:
    shown = f"model_info.{key} of {quote(model_id)}"
    value = _plain(node, key, shown, ledger)
    if value is _NOTHING:
        return
    if key in metadata and metadata[key] != value:
        ledger.tell(
            NoteKind.LOST, node, shown, "another deployment of the model says otherwise, and comes first"
        )
        return
    metadata[key] = value


_NOTHING = object()


def _plain(node: Foreign, key: str, shown: str, ledger: Ledger) -> object:
    """A plain value without secrets; `_NOTHING` where nothing is left, or nothing was there."""
    if node.value is None:
        return _NOTHING
    if node.entries:
        inner = {k: _plain(v, k, shown, ledger) for k, v in node.entries.items()}
        kept: Mapping[str, object] = {k: v for k, v in inner.items() if v is not _NOTHING}
        return kept or _NOTHING
    if node.items:
        items = [v for item in node.items if (v := _plain(item, key, shown, ledger)) is not _NOTHING]
        return items or _NOTHING
    if not isinstance(node.value, str | int | float):
        return _NOTHING
    value = node.value
    if isinstance(value, str) and value.startswith("os.environ/"):
        ledger.tell(
            NoteKind.LOST, node, shown, "metadata is published as it stands, so it names no variables"
        )
    elif is_secret(key, value) or is_secret("key", key):
        ledger.tell(
            NoteKind.SECRET,
            node,
            shown,
            "a secret, or beside the name of one: rotate it; metadata is published, so it is left out",
        )
    elif isinstance(value, str) and not is_visible(value):
        ledger.tell(NoteKind.LOST, node, shown, "it holds characters that cannot be seen")
    else:
        ledger.carried(node)
        return value
    return _NOTHING


_YAML = re.compile(r"\s*(?:-\s+)?[\"']?[A-Za-z_][A-Za-z0-9_.-]*[\"']?\s*:(?:\s|$)|\s*-\s")
_SHOWN = 20
"""Line numbers that one note lists."""
_MARK = re.compile(r"modelspec:", re.IGNORECASE)


class Remarks:
    """Gives each comment away once."""

    def __init__(self, parts: Sequence[Part], ledger: Ledger) -> None:
        self._ledger = ledger
        self._left: dict[str, dict[int, Comment]] = {}
        for part in parts:
            found = {comment.line: comment for comment in part.comments}
            self._left[part.root.path] = found
            self._tell_models(part.root.path, found)

    def of(self, entries: Sequence[Foreign], model_id: str) -> Iterator[str]:
        """The comments above an entry, between its lines and behind them."""
        for entry in entries:
            left = self._left.get(entry.path, {})
            first = entry.whole.line
            last = max(
                (leaf.whole.end_line for leaf in entry.leaves() if leaf.path == entry.path), default=first
            )
            start = first
            while start - 1 in left and left[start - 1].alone:
                start -= 1
            for line in [line for line in left if start <= line <= max(first, last)]:
                comment = left.pop(line)
                if not comment.text or _MARK.match(comment.text):
                    continue
                if holds_secret(comment.text):
                    self._tell(
                        NoteKind.SECRET,
                        entry.path,
                        comment,
                        f"a comment at {quote(model_id)}",
                        "it holds a secret: rotate it; the comment is not carried",
                    )
                else:
                    yield comment.text

    def tell_the_rest(self) -> None:
        """Make a note of the comments that belong to no entry: one a file, and one for each that holds a secret."""
        for path, left in self._left.items():
            for comment in left.values():
                if holds_secret(comment.text):
                    self._tell(NoteKind.SECRET, path, comment, "a comment", "it holds a secret: rotate it")
            plain = [comment for comment in left.values() if comment.text and not holds_secret(comment.text)]
            if plain:
                lines = ", ".join(str(comment.line) for comment in plain[:_SHOWN]) + (
                    ", …" if len(plain) > _SHOWN else ""
                )
                self._tell(
                    NoteKind.LOST,
                    path,
                    plain[0],
                    "comments that stand at no model",
                    f"not carried: lines {lines}",
                )

    def _tell_models(self, path: str, found: dict[int, Comment]) -> None:
        """Models that are commented out, each with the lines of it."""
        for line in sorted(found):
            comment = found.get(line)
            if comment is None or comment.model is None:
                continue
            self._tell(
                NoteKind.LOST,
                path,
                comment,
                f"the model {quote(comment.model)}",
                "it is commented out: delete it, or make it a model with 'status: disabled'",
            )
            number = line
            while (inner := found.get(number)) is not None and inner.alone:
                if number > line and (inner.model is not None or not _YAML.match(inner.text)):
                    break
                if holds_secret(inner.text):
                    self._tell(NoteKind.SECRET, path, inner, "a comment", "it holds a secret: rotate it")
                del found[number]
                number += 1

    def _tell(self, kind: NoteKind, path: str, comment: Comment, what: str, why: str) -> None:
        span = Span(comment.line, comment.column, comment.line, comment.column + 1)
        self._ledger.remark(kind, SourcePlace(path=path, span=span), what, why)
