"""Another program's YAML, read as PyYAML's safe loader would read it (YAML 1.1, merge keys), each value with its place.

It is held to none of our rules, only to limits. Nothing in it is executed: a tag changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from modelspec.diagnose.diagnostic import Diagnostic, file_error
from modelspec.load.compose import event_span, span_between
from modelspec.load.scalar import resolve11
from modelspec.load.syntax import syntax_fault
from modelspec.load.text import control_characters
from modelspec.text.document import Scalar
from modelspec.text.quote import quote
from modelspec.text.source import START, Source, Span, Spot

MAX_FOREIGN_BYTES = 4 * 1024 * 1024
"""Bytes of one foreign file: whole fleets stand in one."""
MAX_FOREIGN_DEPTH = 64
MAX_FOREIGN_ALIASES = 20_000
MAX_FOREIGN_NODES = 500_000
"""With what aliases and merge keys repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A value of a foreign file.

    `span` is where it is shown: a block collection by its key. `whole` reaches to its end. `style` is how a scalar is
    written: empty for a plain one, else one of `'"|>`.
    """

    path: str
    span: Span
    whole: Span
    value: "Scalar | Mapping[str, Foreign] | tuple[Foreign, ...]"
    style: str = ""

    @property
    def spot(self) -> Spot:
        """Where it is shown."""
        return Spot(self.path, self.span)

    @property
    def entries(self) -> "Mapping[str, Foreign]":
        """What a mapping holds; nothing for any other value."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> "tuple[Foreign, ...]":
        """What a list holds; nothing for any other value."""
        return self.value if isinstance(self.value, tuple) else ()

    def leaves(self) -> "Iterator[Foreign]":
        """Every scalar in it, in the order of the file; one that aliases repeat comes again."""
        if isinstance(self.value, Mapping):
            for entry in self.value.values():
                yield from entry.leaves()
        elif isinstance(self.value, tuple):
            for item in self.value:
                yield from item.leaves()
        else:
            yield self


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """Something that a reader would stumble over; `unread` is what gets lost by it."""

    span: Span
    message: str
    unread: Foreign | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFile:
    """The documents of a file; `fault` says why reading ended before its end."""

    source: Source
    documents: tuple[Foreign, ...]
    oddities: tuple[Oddity, ...]
    fault: Diagnostic | None


class _ForeignStopError(Exception):
    """A limit was passed."""


def read_foreign(source: Source) -> ForeignFile:
    """Read a text; never raises, whatever it holds."""
    unreadable = next(control_characters(source), None)
    if unreadable is not None:
        return ForeignFile(source=source, documents=(), oddities=(), fault=unreadable)
    # What only libyaml takes for the end of a line would put every place behind it wrong.
    text = source.text.translate({0x85: "\ufffd", 0x2028: "\ufffd", 0x2029: "\ufffd", 0xFEFF: "\ufffd"})
    reader = _ForeignReader(source, CParser(text))
    documents: list[Foreign] = []
    fault: Diagnostic | None = None
    try:
        documents.extend(reader.documents())
    except _ForeignStopError as stop:
        fault = file_error(
            "MS008", source.path, reader.last, str(stop), "split the file, and import its parts"
        )
    except yaml.MarkedYAMLError as error:
        fault = syntax_fault(source, error)
    except yaml.YAMLError:
        fault = file_error(
            "MS008",
            source.path,
            START,
            "this is not valid YAML",
            "look for characters that YAML does not allow",
        )
    return ForeignFile(
        source=source,
        documents=() if fault else tuple(documents),
        oddities=tuple(reader.oddities),
        fault=fault,
    )


@dataclass
class _ForeignReader:
    source: Source
    parser: CParser
    oddities: list[Oddity] = field(default_factory=list)
    anchors: dict[str, tuple[Foreign | None, int]] = field(default_factory=dict)
    aliases: int = 0
    nodes: int = 0
    last: Span = START

    def documents(self) -> Iterator[Foreign]:
        following = self.parser.get_event
        following()
        while not isinstance(following(), StreamEndEvent):
            self.anchors.clear()
            while not isinstance(event := following(), DocumentEndEvent):
                yield self.node(event, MAX_FOREIGN_DEPTH, None)

    def node(self, event: Any, depth: int, key: Span | None) -> Foreign:  # noqa: ANN401 - PyYAML's events
        span = self.last = event_span(event)
        if isinstance(event, AliasEvent):
            return self.alias(event, span)
        self.count(1)
        if depth == 0:
            raise _ForeignStopError(f"this is nested deeper than {MAX_FOREIGN_DEPTH} levels")
        before = self.nodes - 1
        if event.tag is not None:
            self.oddities.append(Oddity(span=span, message="this tag is ignored"))
        if event.anchor is not None:
            self.anchors[event.anchor] = (None, 0)
        if isinstance(event, ScalarEvent):
            value: Scalar = event.value if event.style or event.tag else resolve11(event.value)
            node = self.made(value, span, span, event.style or "")
        elif isinstance(event, MappingStartEvent):
            entries, whole = self.mapping(event, depth)
            shown = span if event.flow_style or key is None else key
            node = self.made(entries, shown, whole)
        else:
            items, whole = self.sequence(event, depth)
            node = self.made(items, span if event.flow_style or key is None else key, whole)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.nodes - before)
        return node

    def made(
        self,
        value: Scalar | Mapping[str, Foreign] | tuple[Foreign, ...],
        shown: Span,
        whole: Span,
        style: str = "",
    ) -> Foreign:
        return Foreign(path=self.source.path, span=shown, whole=whole, value=value, style=style)

    def count(self, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_FOREIGN_NODES:
            raise _ForeignStopError(
                f"this file contains more than {MAX_FOREIGN_NODES:,} values, aliases expanded"
            )

    def alias(self, event: Any, span: Span) -> Foreign:  # noqa: ANN401
        self.aliases += 1
        if self.aliases > MAX_FOREIGN_ALIASES:
            raise _ForeignStopError(f"this file contains more than {MAX_FOREIGN_ALIASES:,} aliases")
        node, nodes = self.anchors.get(event.anchor, (None, 0))
        if node is None:
            self.oddities.append(Oddity(span=span, message=f"no anchor is named {quote(event.anchor)} above"))
            return self.made(None, span, span)
        self.count(nodes)
        return node

    def sequence(self, start: Any, depth: int) -> tuple[tuple[Foreign, ...], Span]:  # noqa: ANN401
        items: list[Foreign] = []
        while not isinstance(event := self.parser.get_event(), SequenceEndEvent):
            items.append(self.node(event, depth - 1, event_span(event)))
        return tuple(items), span_between(start, event)

    def mapping(self, start: Any, depth: int) -> tuple[dict[str, Foreign], Span]:  # noqa: ANN401
        own: dict[str, Foreign] = {}
        merged: dict[str, Foreign] = {}
        while not isinstance(event := self.parser.get_event(), MappingEndEvent):
            key = self.node(event, depth - 1, None)
            is_merge = isinstance(event, ScalarEvent) and not event.style and event.value == "<<"
            value = self.node(self.parser.get_event(), depth - 1, key.whole)
            if is_merge:
                self.merge(merged, value)
                continue
            name = event.value if isinstance(event, ScalarEvent) else str(_plain(key))[:200]
            if name in own:
                self.oddities.append(
                    Oddity(
                        span=own[name].span,
                        message=f"duplicate key {quote(name)}; the later value wins",
                        unread=own[name],
                    )
                )
            own[name] = value
        return {**{name: node for name, node in merged.items() if name not in own}, **own}, span_between(
            start, event
        )

    def merge(self, into: dict[str, Foreign], value: Foreign) -> None:
        """Of several merged mappings the first wins."""
        for one in value.items or (value,):
            if not isinstance(one.value, Mapping):
                self.oddities.append(Oddity(span=one.span, message="the value merged here is not a mapping"))
            self.count(len(one.entries))
            for name, node in one.entries.items():
                into.setdefault(name, node)


def _plain(node: Foreign) -> object:
    if isinstance(node.value, Mapping):
        return "a mapping"
    return "a list" if isinstance(node.value, tuple) else node.value
