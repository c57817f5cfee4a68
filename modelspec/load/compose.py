"""The careful reader: a file as a tree with exact spans, and every fault of its YAML.

It goes once over the events of PyYAML's C parser and builds as it goes. Limits are checked on each event,
before anything is built from it.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from modelspec.diagnose.diagnostic import Diagnostic, Label, file_error
from modelspec.load.limits import MAX_ALIASES, MAX_DEPTH, MAX_NODES
from modelspec.load.scalar import NotANumberError, TooLargeError, resolve
from modelspec.load.syntax import syntax_fault
from modelspec.text.document import Document, Entry, ListNode, MapNode, Node, ScalarNode
from modelspec.text.quote import quote
from modelspec.text.source import START, Source, Span

_OPEN = object()
"""What an anchor stands for while the node that it names is still being built."""


BREAKS = re.compile("\r(?!\n)|[\x85\u2028\u2029\ufeff]")
"""What only libyaml takes for the end of a line, and the byte order mark, which it skips. Such a file has a fault in
any case; without them its places are right."""


_TOO_DEEP = "exceeded maximum nesting depth"
"""libyaml's own limit of a thousand levels, from its release 0.2.6 on."""


class _StopError(Exception):
    """A limit was passed: nothing more is read of this file."""


def compose(source: Source) -> tuple[Document, list[Diagnostic]]:
    """The tree of a file and the faults of its YAML; the tree has no root where it could not be built."""
    return _compose(source, BREAKS.sub("\ufffd", source.text))


def _compose(source: Source, text: str) -> tuple[Document, list[Diagnostic]]:
    composer = _Composer(source, CParser(text))
    root: Node | None = None
    try:
        root = composer.document()
    except _StopError:
        pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        if error.problem == _TOO_DEEP and mark is not None and mark.index < len(text):
            # libyaml looks ahead and gives up before it reports the level that is one too many.
            return _compose(source, text[: mark.index])
        composer.faults.append(syntax_fault(source, error))
    except yaml.YAMLError:
        composer.fault(
            "MS008", START, "this is not valid YAML", "look for characters that YAML does not allow"
        )
    return Document(source=source, root=root), composer.faults


@dataclass
class _Composer:
    source: Source
    parser: CParser
    faults: list[Diagnostic] = field(default_factory=list)
    anchors: dict[str, tuple[Node | object, int]] = field(default_factory=dict)
    aliases: int = 0
    nodes: int = 0

    def fault(self, code: str, span: Span, message: str, help_: str, related: tuple[Label, ...] = ()) -> None:
        self.faults.append(file_error(code, self.source.path, span, message, help_, related))

    def stop(self, code: str, span: Span, message: str, help_: str) -> _StopError:
        self.fault(code, span, message, help_)
        return _StopError()

    def document(self) -> Node | None:
        following = self.parser.get_event
        following()
        event: Any = following()
        if isinstance(event, StreamEndEvent):
            self.fault("MS010", START, "this file is empty", "write a model, or delete the file")
            return None
        if event.version is not None and tuple(event.version) != (1, 2):
            self.fault(
                "MS013",
                event_span(event),
                "this file requires a YAML version other than 1.2",
                "delete the %YAML line",
            )
        root = self.node(following(), MAX_DEPTH)
        following()
        after = following()
        if isinstance(after, DocumentStartEvent):
            self.fault(
                "MS009",
                event_span(after),
                "a second document begins here; a file contains one",
                "move it to a file of its own",
            )
        if isinstance(root, ScalarNode) and root.value is None and root.plain:
            self.fault("MS010", START, "this file is empty", "write a model, or delete the file")
            return None
        return root

    def node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 - PyYAML's events are not typed
        if isinstance(event, AliasEvent):
            return self.alias(event)
        self.count(1, event_span(event))
        if event.tag is not None:
            self.fault(
                "MS013",
                _tag_span(self.source, event),
                "tags are not allowed",
                "delete the tag; quote the value if it is to be a string",
            )
        before = self.nodes - 1
        if event.anchor is not None:
            self.anchors[event.anchor] = (_OPEN, 0)
        if isinstance(event, ScalarEvent):
            node: Node = self.scalar(event)
        elif depth == 0:
            raise self.stop(
                "MS017",
                event_span(event),
                f"this is nested deeper than {MAX_DEPTH} levels",
                "flatten it",
            )
        elif isinstance(event, MappingStartEvent):
            node = self.mapping(event, depth)
        else:
            node = self.sequence(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.nodes - before)
        return node

    def count(self, nodes: int, span: Span) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self.stop(
                "MS019",
                span,
                f"this file contains more than {MAX_NODES:,} values, aliases expanded",
                "split it, or write less by alias",
            )

    def alias(self, event: Any) -> Node:  # noqa: ANN401
        span = event_span(event)
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise self.stop(
                "MS018", span, f"this file contains more than {MAX_ALIASES} aliases", "write the values out"
            )
        node, nodes = self.anchors.get(event.anchor, (None, 0))
        if node is None:
            self.fault(
                "MS020",
                span,
                f"no anchor is named {quote(event.anchor)} above this",
                "define the anchor first, or write the value out",
            )
        elif node is _OPEN:
            self.fault(
                "MS020", span, "this alias refers to the value that contains it", "write the value out"
            )
        else:
            self.count(nodes, span)
            assert isinstance(node, ScalarNode | ListNode | MapNode)
            return node
        return ScalarNode(value=None, span=span, plain=True)

    def scalar(self, event: Any) -> ScalarNode:  # noqa: ANN401
        span = event_span(event)
        if event.style:
            return ScalarNode(value=event.value, span=span, plain=False)
        try:
            value = resolve(event.value)
        except NotANumberError:
            self.fault(
                "MS015", span, "this is not a finite number", "write a finite number, or quote the string"
            )
            value = None
        except TooLargeError:
            self.fault(
                "MS016", span, "this integer does not fit in 64 bits", "quote it, if it is an identifier"
            )
            value = None
        return ScalarNode(value=value, span=span, plain=True)

    def sequence(self, start: Any, depth: int) -> ListNode:  # noqa: ANN401
        items: list[Node] = []
        aliases: dict[int, Span] = {}
        while not isinstance(event := self.parser.get_event(), SequenceEndEvent):
            if isinstance(event, AliasEvent):
                aliases[len(items)] = event_span(event)
            items.append(self.node(event, depth - 1))
        return ListNode(
            items=tuple(items), span=span_between(start, event), flow=bool(start.flow_style), aliases=aliases
        )

    def mapping(self, start: Any, depth: int) -> MapNode:  # noqa: ANN401
        entries: dict[str, Entry] = {}
        while not isinstance(event := self.parser.get_event(), MappingEndEvent):
            key, place = self.key(event, depth), event_span(event)
            event = self.parser.get_event()
            alias = event_span(event) if isinstance(event, AliasEvent) else None
            value = self.node(event, depth - 1)
            first = entries.get(key or "")
            if key is not None and first is None:
                entries[key] = Entry(key=place, node=value, alias=alias)
            elif key is not None and first is not None:
                self.fault(
                    "MS011",
                    place,
                    f"duplicate key {quote(key)}",
                    "keep one of the two",
                    (Label(path=self.source.path, span=first.key, text="first here"),),
                )
        return MapNode(entries=entries, span=span_between(start, event), flow=bool(start.flow_style))

    def key(self, event: Any, depth: int) -> str | None:  # noqa: ANN401
        before = len(self.faults)
        node = self.node(event, depth - 1)
        if len(self.faults) > before:
            return None
        if isinstance(event, ScalarEvent) and not event.style and event.value == "<<":
            self.fault(
                "MS014",
                node.span,
                "merge keys are not allowed",
                "write the fields out; an alias may stand for a whole value",
            )
            return None
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            self.fault("MS012", node.span, "this key is not a string", self._quoted_key(node.span))
            return None
        return node.value

    def _quoted_key(self, key: Span) -> str:
        before = self.source.lines[key.line - 1][: key.column - 1]
        return "write the number without a comma" if _THOUSANDS.search(before) else "quote the key"


_THOUSANDS = re.compile(r"[0-9],$")
"""What stands before the rest of a number such as 1,000, which YAML takes for a key."""


def event_span(event: Any) -> Span:  # noqa: ANN401
    """Where an event of PyYAML's parser stands."""
    return span_between(event, event)


def span_between(first: Any, last: Any) -> Span:  # noqa: ANN401
    """From the start of one event to the end of another."""
    start, end = first.start_mark, last.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _tag_span(source: Source, event: Any) -> Span:  # noqa: ANN401
    mark = event.start_mark
    line = source.lines[mark.line]
    begin = line.find("!", mark.column)
    if begin < 0:
        return event_span(event)
    end = begin
    while end < len(line) and line[end] not in " \t,[]{}":
        end += 1
    return Span(mark.line + 1, begin + 1, mark.line + 1, end + 1)
