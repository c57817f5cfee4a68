"""What of a file may be shown. Its values are those that its parser sees, not what lines of text look like.

Aliases, anchors, quotes, brackets and blocks make no difference then. Of a file that is no YAML, nothing but the names
of its fields is shown.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    MappingStartEvent,
    ScalarEvent,
)

from modelspec.load.compose import BREAKS
from modelspec.secret import (
    covered,
    is_harmless,
    is_plain_key,
    known,
    looks_like_key,
    mask,
    spoken,
    telling_key,
)
from modelspec.secret.names import names_place
from modelspec.secret.view import NAMING, VALUED
from modelspec.url import URL_FIELDS, private_parts

Range = tuple[int, int]

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_HEADER = re.compile(r"[^\n]*\n?")
_COMMENT = re.compile(r"(?:(?<=\s)|\A|(?<=[\]}\"',]))#[^\n]*(?:\n[ \t]*#[^\n]*)*")
_FIELD = re.compile(
    r"(?m)^(?:\ufeff?[ \t]*+)(?:-[ \t]++)*[\"']?[a-z][a-z_]{0,40}+[\"']?[ \t]*:(?=\s|\Z)[ \t]*[\[{\"'|>&*!-]?"
)
_REFERENCES = re.compile(
    r"(?:(?:endpoint|url)[\"']?[ \t]*:[ \t]*(?:[&!{*\r\n]|[^\n]*[@#])|params[\"']?[ \t]*:)"
)
_OF_KUBERNETES = ("secret", "key")
_SHORTEST = 6
"""Characters of a value that is looked for in messages as well: shorter ones are words of ours."""
_BEGINNING = 24
"""Characters by which a value is known that a message cuts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """The text of a file with as many `*` for what must not be shown, and what finds that in a message."""

    text: str
    values: re.Pattern[str] | None = None

    def clean(self, message: str) -> str:
        """A message about the file without its hidden values."""
        return message if self.values is None else self.values.sub(lambda found: "*" * len(found[0]), message)


def has_references(text: str) -> bool:
    """Whether a field that is not telling may hold a mapping that is meant as a reference, or a URL with a secret."""
    return _REFERENCES.search(text) is not None


def redacted(text: str) -> Redacted:
    """What may be shown of a file; of sound YAML that is not `suspect` and `has_references` not, that is all of it."""
    found = _hidden(BREAKS.sub("\ufffd", text))
    if found is None:
        return Redacted(text=_fields_only(text))
    ranges, values = found
    ranges += known(text)
    values |= {text[start:end] for start, end in ranges}
    return Redacted(text=covered(text, ranges), values=_finder(values))


def _finder(values: set[str]) -> re.Pattern[str] | None:
    """What finds the values in messages: whole, cut or line by line."""
    lines = {line.strip().strip("\"'") for value in values for line in (value, *value.splitlines())}
    long = sorted((line for line in lines if len(line) >= _SHORTEST), key=len, reverse=True)
    forms = [
        re.escape(form)
        for line in long
        for form in dict.fromkeys((line, *map(_in_json, (line, line), (0, 1))))
    ]
    forms += [rf"{re.escape(line[:_BEGINNING])}[^'\n]*" for line in long if len(line) > _BEGINNING]
    return re.compile("|".join(forms)) if forms else None


def _in_json(line: str, is_ascii: int) -> str:
    return json.dumps(line, ensure_ascii=bool(is_ascii))[1:-1]


def _fields_only(text: str) -> str:
    ends = [match.span() for match in _FIELD.finditer(text)]
    starts = [0, *(end for _, end in ends)]
    return covered(text, list(zip(starts, [*(start for start, _ in ends), len(text)], strict=True)))


def _hidden(text: str, *, is_comment: bool = False) -> tuple[list[Range], set[str]] | None:
    """The ranges and values of what must not be shown; None where the text is no YAML. In a comment prose may stand."""
    walk = _EventWalk(text, is_comment=is_comment)
    try:
        walk.run()
    except (yaml.YAMLError, ValueError):
        return None
    ranges, values = walk.hidden()
    for start, end in walk.comments():
        comment = text[start:end]
        found = (
            _hidden(comment.replace("#", " "), is_comment=True) if ":" in comment or "=" in comment else None
        )
        inner = [*(found[0] if found else ()), *spoken(comment)]
        ranges += ((start + first, start + last) for first, last in inner)
    return ranges, values


class _Scalar(NamedTuple):
    start: int
    end: int
    value: str
    is_key: bool = False
    is_name: bool = False
    """Whether it names the place of a secret."""
    stands_for: Range | None = None
    """Of an alias: the scalars that it repeats."""


@dataclass(slots=True)
class _Level:
    """A collection that is open: where its scalars begin, and what its keys have said so far."""

    first: int
    anchor: str | None
    is_map: bool
    is_secret: bool
    """Whether a key around it is telling: then all of it is hidden at once, at the end of that key's value."""
    in_kubernetes: bool = False
    key: str | None = None
    awaits_key: bool = True
    names_a_secret: bool = False
    values: list[Range] = field(default_factory=list)


class _EventWalk:
    """One pass over the events of a text."""

    def __init__(self, text: str, *, is_comment: bool) -> None:
        self.text = text
        self.is_comment = is_comment
        self.scalars: list[_Scalar] = []
        self.covered: set[int] = set()
        self.anchors: dict[str, Range] = {}
        self.repeated: set[Range] = set()
        self.urls: set[int] = set()
        self.levels: list[_Level] = []

    def run(self) -> None:
        parser = CParser(self.text)
        while (event := parser.get_event()) is not None:
            if isinstance(event, ScalarEvent):
                self.scalar(event)
            elif isinstance(event, AliasEvent):
                meant = self.anchors.get(event.anchor or "", (0, 0))
                self.scalars.append(_Scalar(0, 0, "", stands_for=meant))
                self.done(len(self.scalars) - 1, len(self.scalars), None)
            elif isinstance(event, CollectionStartEvent):
                self.open(event)
            elif isinstance(event, CollectionEndEvent):
                level = self.levels.pop()
                if level.names_a_secret:
                    for part in level.values:
                        self.hide(*part)
                self.named(level.anchor, level.first)
                self.done(level.first, len(self.scalars), None)

    def open(self, event: Any) -> None:  # noqa: ANN401 - PyYAML's events are not typed
        outer = self.levels[-1] if self.levels else None
        inside = outer is not None and outer.is_map and not outer.awaits_key
        self.levels.append(
            _Level(
                first=len(self.scalars),
                anchor=event.anchor,
                is_map=isinstance(event, MappingStartEvent),
                is_secret=outer is not None
                and (outer.is_secret or (inside and (self.tells(outer) or self.is_reference()))),
                in_kubernetes=inside and outer is not None and outer.key == "kubernetes",
            )
        )

    def scalar(self, event: Any) -> None:  # noqa: ANN401
        first = len(self.scalars)
        level = self.levels[-1] if self.levels else None
        is_key = level is not None and level.is_map and level.awaits_key
        key = None if level is None or is_key else level.key
        start, end = event.start_mark.index, event.end_mark.index
        start = _PROPERTIES.match(self.text, start, end).end()  # type: ignore[union-attr]  # it may be empty
        if event.style in ("|", ">"):
            start = min(_HEADER.match(self.text, start).end(), end)  # type: ignore[union-attr]
        in_kubernetes = level is not None and level.in_kubernetes
        names = key is not None and in_kubernetes == (key in _OF_KUBERNETES) and names_place(key, event.value)
        if key in ("env", "file", "vault") and looks_like_key(event.value):
            self.covered.add(first)
        self.scalars.append(_Scalar(start, end, event.value, is_key=is_key, is_name=names))
        if key is not None and end == start and ":" not in self.text[self.scalars[first - 1].end : start]:
            # `{X}` is a set: what reads as a key is a value.
            self.scalars[first - 1] = self.scalars[first - 1]._replace(is_key=False)
        self.done(first, first + 1, event.value)
        self.named(event.anchor, first)

    def named(self, anchor: str | None, first: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (first, len(self.scalars))

    def is_reference(self) -> bool:
        """Whether a mapping at the key of the innermost level is meant as a reference; else it is hidden."""
        if self.is_comment or self.levels[0].key == "metadata":
            return False
        return self.levels[-1].key == "endpoint" or (len(self.levels) > 1 and self.levels[-2].key == "params")

    def tells(self, level: _Level) -> bool:
        key = level.key
        if key is None or not telling_key(key) or (self.is_comment and " " in key):
            return False
        return not (level.in_kubernetes and key in _OF_KUBERNETES)

    def done(self, first: int, last: int, value: str | None) -> None:
        """Take a key or a value of the innermost level, the scalars from `first` to before `last`."""
        level = self.levels[-1] if self.levels else None
        if level is None or not level.is_map:
            return
        if level.awaits_key:
            level.key, level.awaits_key = value, False
            return
        level.awaits_key = True
        name = (level.key or "").casefold()
        if value is not None and name in URL_FIELDS:
            self.urls.add(first)
        if name in VALUED:
            level.values.append((first, last))
        if name in NAMING and value is not None and telling_key(value):
            level.names_a_secret = True
        if not level.is_secret and (self.tells(level) or (value is None and self.is_reference())):
            self.hide(first, last)

    def hide(self, first: int, last: int) -> None:
        """Cover the scalars from `first` to before `last`, and what aliases among them stand for."""
        pending = [(first, last)]
        while pending:
            for number in range(*pending.pop()):
                one = self.scalars[number]
                if one.stands_for is not None and one.stands_for not in self.repeated:
                    self.repeated.add(one.stands_for)
                    pending.append(one.stands_for)
                if not (one.is_name or is_harmless(one.value) or (one.is_key and is_plain_key(one.value))):
                    self.covered.add(number)

    def hidden(self) -> tuple[list[Range], set[str]]:
        """The ranges of what is covered, and of what reads as a secret; the values of the first."""
        ranges = [self.scalars[number][:2] for number in self.covered]
        for number, one in enumerate(self.scalars):
            if number in self.covered or one.end <= one.start:
                continue
            written = self.text[one.start : one.end]
            said = [*spoken(written)] if ":" in written or "=" in written else []
            if number in self.urls:
                said += (part for part in private_parts(written) if not is_harmless(written[slice(*part)]))
            ranges += ((one.start + first, one.start + last) for first, last in said)
            tells = mask(one.value) != one.value or (number in self.urls and any(private_parts(one.value)))
            if not said and tells and one.value not in written:
                ranges.append((one.start, one.end))
        return ranges, {self.scalars[number].value for number in self.covered}

    def comments(self) -> Iterator[Range]:
        """The comments: what begins with # between the scalars, lines that follow one another together."""
        place = 0
        for start, end in (*sorted(one[:2] for one in self.scalars), (len(self.text), len(self.text))):
            while (match := _COMMENT.search(self.text, place, max(start, place))) is not None:
                yield match.span()
                place = match.end()
            place = max(place, end)
