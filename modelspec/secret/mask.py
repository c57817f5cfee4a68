"""Hiding secrets in what is shown to people."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from modelspec.secret.names import telling_key
from modelspec.secret.scan import is_placeholder, scan
from modelspec.secret.view import resolved, suspect

Range = tuple[int, int]
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


_KEY = re.compile(
    r"(?<![^:=\n{}\[\],#\"'&?;])(?P<key>[^:=\n{}\[\],#\"'&?;]++)[\"']?(?:[ \t]*\r?\n[ \t]*)?"
    r"(?P<sign>:(?=\s|\Z|[\"'])|=)[ \t]*+"
)
_QUERY_VALUE = re.compile(r"[^\s&\"',;]*+")
_FLOW_VALUE = re.compile(r"[^,}\]\n]*+")
_ONLY_WORD = re.compile(r"[^\s]++(?=[ \t\r]*+(?:\n|\Z))")
_REST_OF_LINE = re.compile(r"[^\n]*+")
_EMPTY = re.compile(r"(?:[&!][^\s]*+[ \t]*+)?(?:[|>][-+0-9]*+)?[ \t]*+(?:#[^\n]*+)?\r?(?=\n|\Z)")
_BLOCK = re.compile(r"(?:[&!][^\s]*+[ \t]*+)?[|>]")
_ALIAS = re.compile(r"\*([^\s,\[\]{}]++)")
_ANCHOR = re.compile(r"&([^\s,\[\]{}]++)[ \t]*+")
_NEXT_LINE = re.compile(r"\n(?P<indent>[ \t]*+)(?P<rest>[^\n]*+)")
_ENTRY_OR_COMMENT = re.compile(r"[^\n]*?:(?:\s|\Z)|#")
_HARMLESS = re.compile(
    r"(?i:true|false|null|~|[0-9]{1,7}|[0-9]{0,5}\.[0-9]{1,5}|os\.environ/[a-z0-9_]*|\{.*|)"
)
_VISIBLE = re.compile(r"[^\s#]")


def mask(text: str) -> str:
    """The text with every secret, and every value beside a telling key, replaced by as many `*`.

    Lines and columns stay what they were. The text may be a whole file, a line of it, or no YAML at all. What has
    been masked once comes back unchanged.
    """
    if not suspect(text):
        return text
    # What is hidden may uncover what it was part of; each round hides more, so this ends.
    while (masked := _masked_once(text)) != text:
        text = masked
    return text


def _masked_once(text: str) -> str:
    ranges = [(hit.start, hit.end) for hit in scan(text)]
    ranges += _values_of_keys(text)
    if (view := resolved(text)) is not None:
        ranges += ((view.origins[start], view.origins[end]) for start, end in _values_of_keys(view.text))
    parts: list[str] = []
    done = 0
    for start, end in sorted(ranges):
        if end > done:
            parts += (text[done : max(start, done)], _VISIBLE.sub("*", text[max(start, done) : end]))
            done = end
    return "".join((*parts, text[done:]))


def _values_of_keys(text: str) -> Iterator[Range]:
    """What stands beside telling keys, anchored values that aliases put there included."""
    aliases: set[str] = set()
    names: set[int] = set()
    place = inside = known_open = 0
    while match := _KEY.search(text, place):
        # A value is passed over whole: what it holds is looked at once.
        place = match.end()
        if not telling_key(match["key"]):
            continue
        if alias := _ALIAS.match(text, place):
            aliases.add(alias[1])
            continue
        if _is_nested(text, match, place):
            # What stands in a mapping that was looked at already is hidden, but for its comments.
            if place >= inside or text.find("#", _line_start(text, place), place) >= 0:
                nested = _nested(text, match, place, known_open)
                inside, known_open = max(inside, nested.end), max(known_open, nested.open)
                names.update(start for start, _ in nested.shown)
                aliases.update(alias[1] for start, _ in nested.hidden if (alias := _ALIAS.match(text, start)))
                yield from _telling(text, nested.hidden)
            continue
        for start, end in _value(text, match, place):
            place = max(place, end)
            if start not in names and not _is_harmless(text[start:end]):
                yield start, end
    yield from _anchored(text, aliases)


def _anchored(text: str, aliases: set[str]) -> Iterator[Range]:
    place = known_open = 0
    while aliases and (anchor := _ANCHOR.search(text, place)):
        place = anchor.end()
        if anchor[1] in aliases:
            if _is_nested(text, anchor, place):
                nested = _nested(text, anchor, place, known_open)
                known_open = max(known_open, nested.open)
                yield from _telling(text, nested.hidden)
                continue
            for start, end in _value(text, anchor, place):
                place = max(place, end)
                if not _is_harmless(text[start:end]):
                    yield start, end


def _telling(text: str, ranges: list[Range]) -> Iterator[Range]:
    for start, end in ranges:
        if not _ALIAS.match(text, start) and not _is_harmless(text[start:end]):
            yield start, end


def _is_nested(text: str, before: re.Match[str], place: int) -> bool:
    """Whether a mapping may stand behind a key or an anchor, or on the lines below."""
    if before[0].endswith("="):
        return False
    below_it = _EMPTY.match(text, place) is not None and not _BLOCK.match(text, place)
    return below_it or opening(text, place) is not None


def _nested(text: str, before: re.Match[str], place: int, known_open: int) -> Nested:
    brace = opening(text, place)
    if brace is not None:
        return in_braces(text, brace, known_open)
    start = _line_start(text, before.start())
    return below(text, _column(text, start, before.start()), place, known_open)


def _column(text: str, start: int, key: int) -> int:
    """How far in the entry of a line is, a dash before it included."""
    return len(text[start:key]) - len(text[start:key].lstrip(" -"))


def _value(text: str, before: re.Match[str], start: int) -> Iterator[Range]:
    """What stands behind a key or an anchor."""
    key, line = before.start(), _line_start(text, start)
    if before[0].endswith("="):
        yield from _shown(text, start, _QUERY_VALUE)
    elif _EMPTY.match(text, start):
        yield from _lines_below(text, key, start)
    elif _QUOTED.match(text, start):
        yield from _shown(text, start, _QUOTED)
    elif text.find("{", line, start) >= 0:
        yield from _shown(text, start, _FLOW_VALUE)
    elif text.find("#", line, start) >= 0:
        # Prose in a comment is left alone; a single word is not.
        yield from _shown(text, start, _ONLY_WORD)
    elif not text.startswith("{", start):
        yield from _shown(text, start, _REST_OF_LINE)
        yield from _lines_below(text, key, start)


def _shown(text: str, start: int, form: re.Pattern[str]) -> Iterator[Range]:
    if match := form.match(text, start):
        yield match.span()


def _is_harmless(value: str) -> bool:
    value = value.strip().strip("\"'")
    return is_placeholder(value) or _HARMLESS.fullmatch(value) is not None


def _lines_below(text: str, key: int, place: int) -> Iterator[Range]:
    """The lines under a key that continue its value: further in than the key, and no entries of a mapping."""
    block = _BLOCK.match(text, place)
    start = _line_start(text, key)
    indent = _column(text, start, key)
    end = _line_end(text, place)
    while match := _NEXT_LINE.match(text, end):
        end = match.end()
        if not match["rest"].strip():
            continue
        if len(match["indent"]) <= indent:
            break
        if block is None and _ENTRY_OR_COMMENT.match(match["rest"]):
            break
        yield match.start("rest"), match.end("rest")


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1
