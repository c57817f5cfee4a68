"""Comments of a YAML text: libyaml drops them, so they are found between the places of the values."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from modelspec.load.foreign import Foreign
from modelspec.secret import scan, telling_key
from modelspec.source import Source

_ALONE = re.compile(r"[ \t]*#(.*)")
_BEHIND = re.compile(r"[\]},:\s]*?\s#(.*)")
_TOLD = re.compile(r"([A-Za-z0-9_.-]{1,64})[ \t]*[:=][ \t]*[^\s#]")
_MODEL = re.compile(r"[ \t]*(?:-[ \t]+)?[\"']?model_name[\"']?[ \t]*:[ \t]*[\"']?([^\"'#]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment: `line` begins at 1; `alone` says that nothing else stands on the line."""

    line: int
    column: int
    text: str
    alone: bool

    @property
    def model(self) -> str | None:
        """The name of a model that is commented out, if it begins one."""
        found = _MODEL.match(self.text) if self.alone else None
        return found[1].strip()[:128] if found else None


def comments(source: Source, roots: Iterable[Foreign], texts: Iterable[Foreign] = ()) -> list[Comment]:
    """Every comment of a text, in its order; `roots` are all of its documents.

    `texts` are values of them that hold YAML of their own, which is among `roots`.
    """
    ends: dict[int, int] = defaultdict(int)
    inside: set[int] = set()
    for root in roots:
        _measure(root, ends, inside, {id(text) for text in texts})
    found = []
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
            found.append(Comment(line=number, column=match.start(1), text=_clean(match[1]), alone=end == 0))
    return found


def holds_secret(text: str) -> bool:
    """Whether a comment may not be copied: it holds a key, or a value beside the name of one."""
    if any(hit.certain for hit in scan(text)):
        return True
    return any(telling_key(found[1]) for found in _TOLD.finditer(text))


def _clean(text: str) -> str:
    """A comment's text without what cannot be seen, and without a space before or behind."""
    return "".join(c for c in text.expandtabs(1) if c.isprintable())[:2000].removeprefix(" ").rstrip()


def _measure(root: Foreign, ends: dict[int, int], inside: set[int], seen: set[int]) -> None:
    """The last column of the values on each line, and the lines that lie inside of a value."""
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
