"""Where in a YAML file somebody is typing: the path of the field, by indentation, since the text need not be valid."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LINE = re.compile(r"(?P<indent>[ ]*)(?P<dashes>(?:-[ ]+)*)(?P<rest>.*)")
_KEY = re.compile(r"(?P<key>[A-Za-z0-9_.*/@-]{1,128}|\"[^\"]{0,128}\"|'[^']{0,128}')[ ]*:(?:[ ]+|$)")
_MOST_LINES = 5_000
_LONGEST_LINE = 10_000
"""Nobody types further to the right."""

Path = tuple[str, ...]
"""Names of fields, and `[]` for an item of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingPlace:
    """What is being typed: a key, or the value of the field at `path`.

    `typed` is the text before the cursor that belongs to it; `beside` are the keys of the same mapping.
    """

    path: Path
    is_key: bool
    typed: str
    beside: frozenset[str] = frozenset()


def place_at(lines: Sequence[str], line: int, column: int) -> TypingPlace | None:
    """The place at a 0-based line and column in code points; None inside comments, and far to the right."""
    if line >= len(lines) or column > _LONGEST_LINE:
        return None
    before = lines[line][:column]
    if re.search(r"(?:^|\s)#", before):
        return None
    match = _LINE.match(before)
    assert match is not None
    steps, text, at = _steps(match)
    key = _KEY.match(text)
    beside: set[str] = set()
    if key is None:
        path, typed, is_key = _flow((), text, is_key=not text.startswith(("[", "{")))
        is_scalar_item = bool(steps) and is_key
    else:
        steps.append((at, _plain(key["key"])))
        path, typed, is_key = _flow((), text[key.end() :], is_key=False)
        is_scalar_item = False
    above = _above(lines, line, steps or [(at, "")], beside)
    whole = (*above, *(name for _, name in steps), *path)
    if is_scalar_item:
        # Behind a dash, it may be a name or the first key of a mapping: both are offered.
        return TypingPlace(path=whole, is_key=False, typed=typed, beside=frozenset(beside))
    if is_key and not path:
        beside |= _below(lines, line, at)
    return TypingPlace(path=whole, is_key=is_key, typed=typed, beside=frozenset(beside))


def _steps(match: "re.Match[str]") -> tuple[list[tuple[int, str]], str, int]:
    """The dashes of a line with their columns, the text behind them, and its column."""
    at = len(match["indent"])
    steps = [(at + dash.start(), "[]") for dash in re.finditer(r"-[ ]+", match["dashes"])]
    return steps, match["rest"], at + len(match["dashes"])


def _above(lines: Sequence[str], line: int, steps: Sequence[tuple[int, str]], beside: set[str]) -> Path:
    """The steps that lead to a line, out of those above it; keys on the way of the same mapping are put `beside`."""
    top, name = steps[0]
    is_first = True
    found: list[str] = []
    for number in range(line - 1, max(-1, line - _MOST_LINES), -1):
        if not lines[number].strip() or lines[number].lstrip().startswith("#"):
            continue
        for column, step in reversed([*_items(lines[number])]):
            is_parent = column < top or (column == top and name == "[]" and step != "[]")
            if is_parent:
                found.insert(0, step)
                top, name = column, step
                is_first = False
            elif is_first and column == top and step != "[]":
                beside.add(step)
        if top == 0 and name != "[]":
            if found:
                break
            is_first = True
    return tuple(found)


def _below(lines: Sequence[str], line: int, at: int) -> set[str]:
    """The keys of the same mapping that follow."""
    found = set()
    for text in lines[line + 1 : line + _MOST_LINES]:
        items = [*_items(text)]
        if not items:
            continue
        if items[0][0] < at:
            break
        found |= {name for column, name in items if column == at and name != "[]"}
    return found


def _items(text: str) -> Iterator[tuple[int, str]]:
    match = _LINE.match(text)
    assert match is not None
    steps, rest, at = _steps(match)
    yield from steps
    key = _KEY.match(rest)
    if key is not None:
        yield at, _plain(key["key"])


def _flow(path: Path, text: str, *, is_key: bool) -> tuple[Path, str, bool]:
    """The path inside brackets that are still open in `text`, what is typed there, and whether it is a key."""
    stack: list[list[str]] = []
    start, quoted = 0, ""
    for at, character in enumerate(text):
        if quoted:
            quoted = "" if character == quoted else quoted
        elif character in "'\"" and not text[start:at].strip():
            quoted = character
        elif character in "[{":
            stack.append(["[]"] if character == "[" else ["{"])
            start = at + 1
        elif character in "]}" and stack:
            stack.pop()
            start = at + 1
        elif character == "," and stack:
            if stack[-1][0] != "[]":
                stack[-1] = ["{"]
            start = at + 1
        elif character == ":" and stack and stack[-1] == ["{"] and text[at + 1 : at + 2] in ("", " "):
            stack[-1] = [_plain(text[start:at].strip())]
            start = at + 1
    typed = text[start:].lstrip()
    inner = [one[0] for one in stack]
    if inner and inner[-1] == "{":
        return (*path, *inner[:-1]), typed, True
    return (*path, *inner), typed, is_key if not stack else False


def _plain(key: str) -> str:
    return key[1:-1] if key[:1] in ("'", '"') else key
