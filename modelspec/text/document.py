"""A YAML file as a tree in which every key and every value knows where it stands."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from modelspec.text.source import START, Source, Span

Scalar = str | int | float | bool | None
Pointer = tuple[str | int, ...]
"""The way from the root of a document to a value: keys and 0-based positions."""

_BARE = re.compile(r"""[^\s."'\[\]=+]*[^\s."'\[\]=+-]""")


def field_path(pointer: Pointer) -> str:
    """A pointer as people read and type it: `deployments[0].weight`, and in quotes what a path is made of.

    Every place that is printed is written by this function, and `modelspec edit` takes what it returns.
    """
    words = ""
    for step in pointer:
        if isinstance(step, int):
            words += f"[{step}]"
        else:
            words += ("." if words else "") + (step if _BARE.fullmatch(step) else f'"{step}"')
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarNode:
    """A scalar: its value by the YAML 1.2 core schema, and whether it was written plain."""

    value: Scalar
    span: Span
    plain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNode:
    """A sequence; `aliases` holds the places of those items that are aliases: what they stand for is elsewhere."""

    items: tuple["Node", ...]
    span: Span
    flow: bool
    aliases: Mapping[int, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key and its value; `alias` is the place of a value that is an alias: what it stands for is elsewhere."""

    key: Span
    node: "Node"
    alias: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapNode:
    """A mapping: its keys are strings and stand in the order of the file."""

    entries: Mapping[str, Entry]
    span: Span
    flow: bool


Node = ScalarNode | ListNode | MapNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that could be read. `root` is None where reading it failed: then only the text is known."""

    source: Source
    root: Node | None

    def span(self, pointer: Pointer, *, on_key: bool = False) -> Span:
        """Where a value stands, or its key; of what is missing, the nearest thing around it.

        A block mapping or sequence is shown by its key: its own span would be many lines.
        """
        node, key = self.root, START
        for step in pointer:
            match node:
                case MapNode() if isinstance(step, str) and step in node.entries:
                    entry = node.entries[step]
                    node, key = entry.node, entry.key
                case ListNode() if isinstance(step, int) and 0 <= step < len(node.items):
                    node = node.items[step]
                    key = node.span
                    if isinstance(node, MapNode) and not node.flow:
                        key = next((e.key for e in node.entries.values()), node.span)
                case _:
                    return key
        if on_key or node is None or (not isinstance(node, ScalarNode) and not node.flow):
            return key
        return node.span

    def extent(self, pointer: Pointer, *, on_key: bool = False) -> Span:
        """All text of a value, with `on_key` its key too; of what is missing, of the nearest thing around it."""
        node, found = self.root, START
        for step in pointer:
            match node:
                case MapNode() if isinstance(step, str) and step in node.entries:
                    key, node = node.entries[step].key, node.entries[step].node
                    found = node.span
                    if on_key and (key.line, key.column) < (found.line, found.column):
                        found = Span(key.line, key.column, found.end_line, found.end_column)
                case ListNode() if isinstance(step, int) and 0 <= step < len(node.items):
                    node = node.items[step]
                    found = node.span
                case _:
                    break
        return found

    @property
    def value(self) -> object:
        """The plain value of the whole document; what stands behind an alias is copied."""
        return None if self.root is None else _plain(self.root)

    def texts(self) -> Iterator[tuple[Span, Scalar]]:
        """Every key and scalar value with its place, each key before its value."""
        if self.root is not None:
            yield from _texts(self.root)

    def scalars(self) -> Iterator[tuple[Pointer, ScalarNode]]:
        """Every scalar value with its pointer, in the order of the file; keys are not among them."""
        if self.root is not None:
            yield from _scalars((), self.root)


def _plain(node: Node) -> object:
    match node:
        case ScalarNode():
            return node.value
        case ListNode():
            return [_plain(item) for item in node.items]
        case MapNode():
            return {name: _plain(entry.node) for name, entry in node.entries.items()}


def _texts(node: Node) -> Iterator[tuple[Span, Scalar]]:
    match node:
        case ScalarNode():
            yield node.span, node.value
        case ListNode():
            for item in node.items:
                yield from _texts(item)
        case MapNode():
            for name, entry in node.entries.items():
                yield entry.key, name
                yield from _texts(entry.node)


def _scalars(pointer: Pointer, node: Node) -> Iterator[tuple[Pointer, ScalarNode]]:
    match node:
        case ScalarNode():
            yield pointer, node
        case ListNode():
            for position, item in enumerate(node.items):
                yield from _scalars((*pointer, position), item)
        case MapNode():
            for name, entry in node.entries.items():
                yield from _scalars((*pointer, name), entry.node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a finding points: into a document by pointer, or at an exact span of the text."""

    path: str
    pointer: Pointer = ()
    on_key: bool = False
    span: Span | None = None

    def below(self, *steps: str | int) -> "Place":
        """A place inside the value that is here."""
        return Place(path=self.path, pointer=(*self.pointer, *steps))
