"""Comments of a YAML text: libyaml drops them, so they are found between the places of the values."""

import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from modelspec.load.foreign import MAX_FOREIGN_BYTES, Foreign
from modelspec.secret import scan, telling_key
from modelspec.text.source import Source

_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_INSIDE = _OPEN | os.O_NOFOLLOW


def read_named(path: Path) -> bytes | str:
    """The bytes of a file that the user named, or why it cannot be read. Links are the user's own."""
    try:
        handle = os.open(path, _OPEN)
    except (OSError, ValueError) as error:
        return _why(error)
    return _content(handle)


def read_inside(folder: Path, path: str) -> bytes | str:
    """The bytes of a file that another file named, or why it is not read."""
    parts = path.split("/")
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path or ".." in parts or "://" in path:
        return "it is outside of the folder of the file that was imported"
    handle = -1
    try:
        handle = os.open(folder, _OPEN | os.O_DIRECTORY)
        for part in [part for part in parts if part not in ("", ".")]:
            inner = os.open(part, _INSIDE, dir_fd=handle)
            os.close(handle)
            handle = inner
    except (OSError, ValueError) as error:
        if handle >= 0:
            os.close(handle)
        return _why(error)
    return _content(handle)


def _content(handle: int) -> bytes | str:
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return "it is not a regular file"
        with os.fdopen(os.dup(handle), "rb") as file:
            data = file.read(MAX_FOREIGN_BYTES + 1)
    except OSError as error:
        return _why(error)
    finally:
        os.close(handle)
    if len(data) > MAX_FOREIGN_BYTES:
        return f"it is larger than {MAX_FOREIGN_BYTES // 1024 // 1024} MiB"
    return data


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return "it is a symbolic link" if "symbolic" in error.strerror else error.strerror.lower()
    return "no file can have that name"


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
