"""The account of an import: each value of the source is carried or told of, none is forgotten."""

from collections.abc import Iterator

from modelspec.importing.draft import Note, NoteKind, SourcePlace
from modelspec.load.foreign import Foreign
from modelspec.text.source import Span

Mark = tuple[str, Span]


def place_of(node: Foreign) -> SourcePlace:
    """Where a value is shown."""
    return SourcePlace(path=node.path, span=node.span)


class Ledger:
    """Knows by their places which scalars are accounted for; what aliases repeat is one."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._known: set[Mark] = set()

    def carried(self, *nodes: Foreign | None) -> None:
        """These stand in the result, whole."""
        for node in nodes:
            if node is not None:
                self._known.update((leaf.path, leaf.whole) for leaf in node.leaves())

    def tell(self, kind: NoteKind, node: Foreign, what: str, why: str) -> None:
        """Make a note of a value, which accounts for all of it."""
        self.carried(node)
        self.remark(kind, place_of(node), what, why)

    def remark(self, kind: NoteKind, place: SourcePlace, what: str, why: str) -> None:
        """Make a note of a place; what stands there is accounted for elsewhere."""
        self.notes.append(Note(kind=kind, place=place, what=what, why=why))

    def remark_node(self, kind: NoteKind, node: Foreign, what: str, why: str) -> None:
        """Make a note of the place of a value."""
        self.remark(kind, place_of(node), what, why)

    def unknown(
        self, node: Foreign, pointer: tuple[str, ...] = ()
    ) -> Iterator[tuple[tuple[str, ...], Foreign]]:
        """The largest parts of a value of which nothing is accounted for, with the way to them."""
        if not self._has_known(node):
            if any(leaf.value is not None for leaf in node.leaves()):
                yield pointer, node
            return
        for name, entry in node.entries.items():
            yield from self.unknown(entry, (*pointer, name))
        for position, item in enumerate(node.items):
            yield from self.unknown(item, (*pointer, str(position)))

    def _has_known(self, node: Foreign) -> bool:
        return any((leaf.path, leaf.whole) in self._known for leaf in node.leaves())
