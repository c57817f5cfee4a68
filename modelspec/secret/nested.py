"""Mappings below telling keys: every value in them is hidden, but for the names in references to secrets."""

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"[{}\[\],]"
    r"|\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'"
    r"|(?<=[\"']):|:(?=[\s,\[\]{}\"']|\Z)"
    r"|(?<=\s)(?P<comment>\#[^\n]*+)"
    r"|(?:[^\s{}\[\],:]|:(?![\s,\[\]{}\"']|\Z))+",
    re.DOTALL,
)
_OPENING = re.compile(r"(?:[&!][^\s{}\[\],]*+[ \t]*+)*(?=\{(?!\{[^{}:]*+\}\}))")
_LINE = re.compile(r"\n(?P<indent>[ \t]*+)(?P<dashes>(?:-[ \t]++)*)(?P<rest>[^\n]*+)")
_ENTRY = re.compile(
    r"(?P<key>\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'#:{\[][^:\n]*+(?::(?!\s|\Z)[^:\n]*+)*)[ \t]*+:(?=\s|\Z)[ \t]*+"
)
_NOTHING = re.compile(r"(?:[&!][^\s]*+[ \t]*+)*(?P<block>[|>][-+0-9]*+)?[ \t]*+(?:#[^\n]*+)?\r?(?=\n|\Z)")
_QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\n]|'')*'")
_FAR = 16_384
"""Characters after which a mapping in braces is not looked for its end."""

_SIGNS = frozenset("{}[],:")
_OPEN, _CLOSE = frozenset("{["), frozenset("}]")

Range = tuple[int, int]
_REFERENCE = frozenset({"env", "file", "vault", "kubernetes"})
_KUBERNETES = frozenset({"secret", "key"})
_NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Nested:
    """A mapping: what is to be hidden, what names a secret's place and may be shown, and where all that ends.

    Up to `open`, no brace closes one that was opened before.
    """

    end: int
    open: int = 0
    hidden: list[Range] = field(default_factory=list)
    shown: list[Range] = field(default_factory=list)


@dataclass(slots=True)
class _Level:
    names: frozenset[str]
    column: int = 0
    key: str | None = None
    is_list: bool = False

    @property
    def shows(self) -> bool:
        return not self.is_list and self.key in self.names

    def below(self) -> frozenset[str]:
        """The keys that are names in what stands at the key."""
        if self.names is _REFERENCE:
            return _KUBERNETES if self.key == "kubernetes" else _NO_NAMES if self.shows else _REFERENCE
        return _NO_NAMES


def opening(text: str, place: int) -> int | None:
    """Where a mapping in braces begins that stands here, behind its anchor or tag; templates are none."""
    match = _OPENING.match(text, place)
    return match.end() if match else None


def in_braces(text: str, start: int, known_open: int, names: frozenset[str] = _REFERENCE) -> Nested:
    """The mapping that the brace at `start` opens; where it stays open, the rest of the line.

    Before `known_open` the end is not looked for on other lines, so that the time is linear.
    """
    far = min(len(text), start + _FAR)
    if start >= known_open:
        found = _braces(text, start, far, names)
        if not found.open:
            return found
        known_open = far
    rest = _braces(text, start, _line_end(text, start), names)
    return Nested(end=rest.end, open=known_open, hidden=rest.hidden, shown=rest.shown)


def _braces(text: str, start: int, limit: int, names: frozenset[str]) -> Nested:
    found = Nested(end=limit, open=limit)
    levels = [_Level(names, key="")]
    first = last = -1
    tokens = _TOKEN.finditer(text, start, limit)
    for part, match in ((match[0], match) for match in tokens if match["comment"] is None):
        if part not in _SIGNS:
            first = match.start() if first < 0 else first
            last = match.end()
            continue
        level = levels[-1]
        if first >= 0 and part == ":":
            level.key = text[first:last].strip("\"'")
        elif first >= 0:
            (found.shown if level.shows else found.hidden).append((first, last))
        first = -1
        if part in _OPEN:
            levels.append(_Level(level.below() if len(levels) > 1 else names, is_list=part == "["))
        elif part == ",":
            level.key = None
        elif part in _CLOSE:
            levels.pop()
            if len(levels) <= 1:
                return Nested(end=match.end(), hidden=found.hidden, shown=found.shown)
    if first >= 0:
        (found.shown if levels[-1].shows else found.hidden).append((first, last))
    return found


def below(text: str, column: int, place: int, known_open: int) -> Nested:
    """The lines under a key in a column, as far as they are further in than the key."""
    found: list[Range] = []
    shown: list[Range] = []
    levels: list[_Level] = []
    scalar: int | None = None
    end = _line_end(text, place)
    while match := _LINE.match(text, end):
        rest, width = match["rest"], len(match["indent"])
        if rest.strip() and (width < column or (width == column and not match["dashes"])):
            break
        end = match.end()
        start = match.start("rest")
        width += len(match["dashes"])
        if not rest.strip() or (rest.startswith("#") and scalar is None):
            continue
        if scalar is not None and width > scalar:
            (shown if levels[-1].shows else found).append((start, end))
            continue
        scalar = None
        while levels and levels[-1].column >= width:
            levels.pop()
        names = levels[-1].below() if levels else _REFERENCE
        # An anchor before a brace is no key.
        entry = None if opening(text, start) else _ENTRY.match(text, start, end)
        if entry is not None:
            levels.append(_Level(names, column=width, key=entry["key"].strip("\"' \t")))
            start = entry.end()
            names = levels[-1].below()
            if empty := _NOTHING.match(text, start):
                scalar = width if empty["block"] else None
                continue
        brace = opening(text, start)
        if brace is not None:
            inner = in_braces(text, brace, known_open, names)
            known_open = max(known_open, inner.open)
            found += inner.hidden
            shown += inner.shown
            end = _line_end(text, inner.end)
            continue
        quoted = _QUOTED.match(text, start)
        shows = bool(levels) and levels[-1].shows and (entry is not None or not match["dashes"])
        (shown if shows else found).append((start, quoted.end() if quoted else end))
    return Nested(end=end, open=known_open, hidden=found, shown=shown)


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end
