"""Comments of a configuration: those of entries go with their models, the rest is told of."""

import re
from collections.abc import Iterator, Sequence

from modelspec.importing.comments import Comment, holds_secret
from modelspec.importing.ledger import Ledger
from modelspec.importing.litellm.config import Part
from modelspec.importing.note import Kind, Place
from modelspec.load.foreign import Foreign
from modelspec.quote import quote
from modelspec.source import Span

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
                        Kind.SECRET,
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
                    self._tell(Kind.SECRET, path, comment, "a comment", "it holds a secret: rotate it")
            plain = [comment for comment in left.values() if comment.text and not holds_secret(comment.text)]
            if plain:
                lines = ", ".join(str(comment.line) for comment in plain[:_SHOWN]) + (
                    ", …" if len(plain) > _SHOWN else ""
                )
                self._tell(
                    Kind.LOST,
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
                Kind.LOST,
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
                    self._tell(Kind.SECRET, path, inner, "a comment", "it holds a secret: rotate it")
                del found[number]
                number += 1

    def _tell(self, kind: Kind, path: str, comment: Comment, what: str, why: str) -> None:
        span = Span(comment.line, comment.column, comment.line, comment.column + 1)
        self._ledger.remark(kind, Place(path=path, span=span), what, why)
