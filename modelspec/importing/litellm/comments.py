"""Comments of a LiteLLM configuration, which libyaml drops: found between the values, and assigned to models."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelspec.importing.draft import Ledger, NoteKind
from modelspec.importing.litellm.values import Told, told
from modelspec.load.foreign import Foreign
from modelspec.load.redact import redacted
from modelspec.text.quote import quote
from modelspec.text.source import Source, Span, Spot

_ALONE = re.compile(r"[ \t]*#(.*)")
_BEHIND = re.compile(r"[\]},:\s]*?\s#(.*)")
_MODEL = re.compile(r"[ \t]*(?:-[ \t]+)?[\"']?model_name[\"']?[ \t]*:[ \t]*[\"']?([^\"'#]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment; `line` counts from 1, `alone` is whether nothing else is on the line.

    One that `is_secret` must not be copied: it contains a key, or a value named like one, perhaps in a line above; None
    is one in which prose stands beside such a name.
    """

    line: int
    column: int
    text: str
    alone: bool
    is_secret: bool | None

    @property
    def model(self) -> str | None:
        """The name of the model that is commented out from here, if one is."""
        found = _MODEL.match(self.text) if self.alone else None
        return found[1].strip()[:128] if found else None


def _is_secret(text: str, shown: str, place: int) -> bool | None:
    """Whether a comment holds a secret; None where it may. What is hidden may be beside a name in a line above."""
    kind = told(text[place:])
    if kind is Told.PROSE:
        return None
    return shown[place:] != text[place:] if kind is Told.NOTHING else kind is Told.SECRET


def comments(source: Source, roots: Iterable[Foreign], texts: Iterable[Foreign] = ()) -> list[Comment]:
    """Every comment of a text, in order; `roots` are all of its documents.

    `texts` are values that hold separate YAML, which is among `roots`.
    """
    ends: dict[int, int] = defaultdict(int)
    inside: set[int] = set()
    for root in roots:
        _measure(root, ends, inside, {id(text) for text in texts})
    found = []
    shown = Source(source.path, redacted(source.text).text).lines
    for number, line in enumerate(source.lines, 1):
        if "#" not in line or number in inside:
            continue
        end = ends.get(number, 0)
        match = _BEHIND.match(line, end) if end else _ALONE.match(line)
        if match is None and end == 0:
            # A key without a value, such as `model_list:`.
            match = re.search(r"\s#(.*)", line)
            end = 1 if match else 0
        if match is not None:
            found.append(
                Comment(
                    line=number,
                    column=match.start(1),
                    text=_clean(match[1]),
                    alone=end == 0,
                    is_secret=_is_secret(line, shown[number - 1], match.start(1)),
                )
            )
    return found


def _clean(text: str) -> str:
    """A comment's text without invisible characters and surrounding spaces."""
    return "".join(c for c in text.expandtabs(1) if c.isprintable())[:2000].removeprefix(" ").rstrip()


def _measure(root: Foreign, ends: dict[int, int], inside: set[int], seen: set[int]) -> None:
    """Find the last column of values on each line, and the lines inside a value."""
    pending = [root]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        pending += [*node.entries.values(), *node.items]
        span = node.whole
        if node.entries or node.items:
            continue
        if node.style in ("|", ">"):
            inside.update(range(span.line + 1, span.end_line))
        elif span.end_line > span.line:
            inside.update(range(span.line, span.end_line))
        ends[span.end_line] = max(ends[span.end_line], span.end_column - 1)


_YAML = re.compile(r"\s*(?:-\s+)?[\"']?[A-Za-z_][A-Za-z0-9_.-]*[\"']?\s*:(?:\s|$)|\s*-\s")
_SHOWN = 20
"""The most line numbers that one note lists."""
_MARK = re.compile(r"modelspec:", re.IGNORECASE)


class Remarks:
    """Assigns each comment to one model, or notes it; `files` maps paths to comments."""

    def __init__(self, files: Mapping[str, Sequence[Comment]], ledger: Ledger) -> None:
        self._ledger = ledger
        self._left = {path: {one.line: one for one in found} for path, found in files.items()}
        for path, left in self._left.items():
            self._note_models(path, left)

    def of(self, entries: Sequence[Foreign], model_id: str) -> Iterator[str]:
        """The comments above an entry, between its lines and after them."""
        for entry in entries:
            left = self._left.get(entry.path, {})
            first = entry.whole.line
            last = max((leaf.whole.end_line for leaf in entry.leaves() if leaf.path == entry.path), default=0)
            start = first
            while start - 1 in left and left[start - 1].alone:
                start -= 1
            for line in [line for line in left if start <= line <= max(first, last)]:
                comment = left.pop(line)
                if not comment.text or _MARK.match(comment.text):
                    continue
                if comment.is_secret is None:
                    why = "words stand beside the name of a secret in it: not imported"
                    self._note(NoteKind.ABSENT, entry.path, comment, f"a comment of {quote(model_id)}", why)
                elif comment.is_secret:
                    what = f"a comment of {quote(model_id)}"
                    why = "it contains a secret: rotate it; the comment is not imported"
                    self._note(NoteKind.SECRET, entry.path, comment, what, why)
                else:
                    yield comment.text

    def note_the_rest(self) -> None:
        """Note the comments that belong to no entry: one note per file, and one per comment with a secret."""
        for path, left in self._left.items():
            plain = []
            for comment in left.values():
                if comment.is_secret:
                    self._note_secret(path, comment)
                elif comment.text:
                    plain.append(comment)
            if plain:
                lines = ", ".join(str(comment.line) for comment in plain[:_SHOWN])
                why = f"not imported: lines {lines}{', …' if len(plain) > _SHOWN else ''}"
                self._note(NoteKind.ABSENT, path, plain[0], "comments that belong to no model", why)

    def _note_models(self, path: str, left: dict[int, Comment]) -> None:
        """Note the models that are commented out, and drop their lines."""
        for line in sorted(left):
            comment = left.get(line)
            if comment is None or comment.model is None:
                continue
            why = "it is commented out: delete it, or make it a model with 'status: disabled'"
            self._note(NoteKind.ABSENT, path, comment, f"the model {quote(comment.model)}", why)
            number = line
            while (inner := left.get(number)) is not None and inner.alone:
                if number > line and (inner.model is not None or not _YAML.match(inner.text)):
                    break
                if inner.is_secret:
                    self._note_secret(path, inner)
                del left[number]
                number += 1

    def _note_secret(self, path: str, comment: Comment) -> None:
        self._note(NoteKind.SECRET, path, comment, "a comment", "it contains a secret: rotate it")

    def _note(self, kind: NoteKind, path: str, comment: Comment, what: str, why: str) -> None:
        span = Span(comment.line, comment.column, comment.line, comment.column + 1)
        self._ledger.remark(kind, Spot(path, span), what, why)
