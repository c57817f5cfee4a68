"""Who names a model, a head or a region, in every file of the repository."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from modelspec.document import Pointer
from modelspec.editors.places import PLACES, Names, steps
from modelspec.load import Reading, read
from modelspec.load.find import Tree
from modelspec.schema import DocumentKind

MODELS = frozenset({Names.MODEL, Names.SENT})
HEADS = frozenset({Names.HEAD, Names.HEAD_OR_REGION, Names.HEAD_KEYS, Names.TIERS})
REGIONS = frozenset({Names.REGION, Names.HEAD_OR_REGION})

_KINDS: dict[str, DocumentKind] = {
    "regions.yaml": "regions",
    "heads.yaml": "heads",
    "modelspec.yaml": "modelspec",
    "routes.test.yaml": "routes.test",
    "waivers.yaml": "waivers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A place that names something: `pointer` leads to the name or, `on_key`, to the entry whose key it is."""

    path: str
    line: int
    pointer: Pointer
    name: str
    kind: Names
    on_key: bool

    @property
    def shown(self) -> str:
        """Like `models.d/atlas.yaml:7: fallback_models.0`."""
        return f"{self.path}:{self.line}: {'.'.join(map(str, self.pointer))}"


def uses(tree: Tree, kinds: frozenset[Names], is_meant: Callable[[str], bool]) -> list[Use]:
    """Every place of some kinds whose name is meant, and every waiver for it, file by file."""
    found: list[Use] = []
    files = [
        *((tree.fixed[name], _KINDS[name]) for name in sorted(tree.fixed)),
        *((f, "model") for f in tree.models),
    ]
    for file, kind in files:
        reading = read(file)
        if reading.faults or not isinstance(reading.value, dict):
            continue
        meant = [
            one
            for one in _named(reading.value, kind)
            if (one[0] in kinds or one[0] is Names.SUBJECT) and is_meant(one[2])
        ]
        found.extend(_use(reading, one) for one in meant)
    return found


_Named = tuple[Names, Pointer, str, bool]


def _use(reading: Reading, named: _Named) -> Use:
    kind, pointer, name, on_key = named
    line = reading.document.span(pointer, on_key=on_key).line
    return Use(path=reading.file.path, line=line, pointer=pointer, name=name, kind=kind, on_key=on_key)


def _named(value: object, kind: DocumentKind) -> Iterator[_Named]:
    for way, what in PLACES.get(kind, {}).items():
        for pointer, found in _walk(value, steps(way), ()):
            yield from _names(what, pointer, found)


def _names(what: Names, pointer: Pointer, found: object) -> Iterator[_Named]:
    if what is Names.HEAD_KEYS:
        if isinstance(found, dict):
            yield from ((what, (*pointer, name), name, True) for name in found)
    elif isinstance(found, str):
        yield what, pointer, found, False
    elif what is Names.TIERS and isinstance(found, list):
        # Heads that share a tier are a list in the list.
        for position, name in enumerate(found):
            if isinstance(name, str):
                yield what, (*pointer, position), name, False


def _walk(value: object, way: Sequence[str], pointer: Pointer) -> Iterator[tuple[Pointer, object]]:
    if not way:
        yield pointer, value
    elif way[0] == "[]":
        if isinstance(value, list):
            for position, item in enumerate(value):
                yield from _walk(item, way[1:], (*pointer, position))
    elif isinstance(value, dict) and way[0] in value:
        yield from _walk(value[way[0]], way[1:], (*pointer, way[0]))
