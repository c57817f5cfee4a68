"""Who names a model, a head or a region, in every file of the repository."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelspec.author.edit import Change, Put, Rekey, Unset
from modelspec.author.schemas.choices import PLACES, NameKind, steps
from modelspec.load import Reading, read
from modelspec.load.find import File, Tree
from modelspec.schema import DocumentKind
from modelspec.text.document import Pointer

MODELS = frozenset({NameKind.MODEL, NameKind.SENT})
HEADS = frozenset({NameKind.HEAD, NameKind.HEAD_OR_REGION, NameKind.HEAD_KEYS, NameKind.TIERS})
REGIONS = frozenset({NameKind.REGION, NameKind.HEAD_OR_REGION})

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
    kind: NameKind
    on_key: bool

    @property
    def shown(self) -> str:
        """Like `models.d/atlas.yaml:7: fallback_models.0`."""
        return f"{self.path}:{self.line}: {'.'.join(map(str, self.pointer))}"


def uses(tree: Tree, kinds: frozenset[NameKind], is_meant: Callable[[str], bool]) -> list[Use]:
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
            if (one[0] in kinds or one[0] is NameKind.SUBJECT) and is_meant(one[2])
        ]
        found.extend(_use(reading, one) for one in meant)
    return found


_Named = tuple[NameKind, Pointer, str, bool]


def _use(reading: Reading, named: _Named) -> Use:
    kind, pointer, name, on_key = named
    line = reading.document.span(pointer, on_key=on_key).line
    return Use(path=reading.file.path, line=line, pointer=pointer, name=name, kind=kind, on_key=on_key)


def _named(value: object, kind: DocumentKind) -> Iterator[_Named]:
    for way, what in PLACES.get(kind, {}).items():
        for pointer, found in _walk(value, steps(way), ()):
            yield from _names(what, pointer, found)


def _names(what: NameKind, pointer: Pointer, found: object) -> Iterator[_Named]:
    if what is NameKind.HEAD_KEYS:
        if isinstance(found, dict):
            yield from ((what, (*pointer, name), name, True) for name in found)
    elif isinstance(found, str):
        yield what, pointer, found, False
    elif what is NameKind.TIERS and isinstance(found, list):
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


_LISTS = {"waivers.yaml": "waivers", "routes.test.yaml": "tests"}
"""Files that are one list: an entry that is about the name goes whole."""


def pruned(files: Mapping[str, File], users: Sequence[Use]) -> dict[str, list[Change]]:
    """What to change where, so that no use is left."""
    changes: dict[str, list[Change]] = {}
    for path in dict.fromkeys(use.path for use in users):
        value = read(files[path]).value
        here = [use for use in users if use.path == path]
        changes[path] = list(_pruned(path, value, here))
    return changes


def fates(users: Sequence[Use]) -> list[str]:
    """A sentence for each thing that goes with the uses: a test or a waiver once, however often it names it."""
    gone: dict[tuple[str, Pointer], Use] = {}
    for use in users:
        gone.setdefault((use.path, _whole(use.path, use.pointer)), use)
    return [f"{path}:{use.line}: {'.'.join(map(str, pointer))} goes" for (path, pointer), use in gone.items()]


def _pruned(path: str, value: Any, users: Sequence[Use]) -> Iterable[Change]:  # noqa: ANN401 - a plain document
    pointers = {_whole(path, use.pointer) for use in users}
    # What goes as a whole takes what is inside along.
    outer = [one for one in pointers if not any(one[:n] in pointers for n in range(1, len(one)))]
    field = _LISTS.get(path)
    if field is not None and isinstance(value, dict):
        entries = {one for one in outer if len(one) == 2}  # noqa: PLR2004 - the list and a position
        if entries and len(entries) == len(value[field]):
            # An empty list stays: the file without its only field would not be one.
            return [Put(pointer=(field,), value=[])]
    return [Unset(pointer=pointer) for pointer in sorted(outer, key=_from_the_end, reverse=True)]


def _whole(path: str, pointer: Pointer) -> Pointer:
    """A routing test or a waiver that speaks of the name goes whole; of `down`, the one item."""
    if path in _LISTS and "down" not in pointer:
        return pointer[:2]
    return pointer


def _from_the_end(pointer: Pointer) -> tuple[tuple[bool, str, int], ...]:
    """Positions behind others go first, so that the positions before them stay what they are."""
    return tuple(
        (isinstance(step, str), step if isinstance(step, str) else "", step if isinstance(step, int) else 0)
        for step in pointer
    )


def renamed(users: Iterable[Use], names: Mapping[str, str]) -> dict[str, list[Change]]:
    """What to change where; `names` leads from old to new ones."""
    changes: dict[str, list[Change]] = {}
    for use in users:
        new = names[use.name]
        if new == use.name:
            continue
        change: Change = (
            Rekey(pointer=use.pointer, key=new) if use.on_key else Put(pointer=use.pointer, value=new)
        )
        changes.setdefault(use.path, []).append(change)
    return changes
