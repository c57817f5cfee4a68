"""The uses of a model, head or region in every file of the repository."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any

from modelspec.author.change import Change, Put, Rekey, Unset
from modelspec.author.schemas.choices import PLACES, NameKind, kind_of, steps
from modelspec.load import Reading, read
from modelspec.load.find import File, Tree
from modelspec.text.document import Pointer, field_path

MODELS = frozenset({NameKind.MODEL, NameKind.SENT})
HEADS = frozenset({NameKind.HEAD, NameKind.HEAD_OR_REGION, NameKind.HEAD_KEYS, NameKind.TIERS})
REGIONS = frozenset({NameKind.REGION, NameKind.HEAD_OR_REGION})

WIDENING = ("residency", "client_regions")
"""Lists whose absence allows everything: they become empty only where somebody says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A place that names something: `pointer` leads to the name or, if `on_key`, to the entry with that key."""

    path: str
    line: int
    pointer: Pointer
    name: str
    kind: NameKind
    on_key: bool

    @property
    def shown(self) -> str:
        """Like `models.d/atlas.yaml:7: fallback_models[0]`."""
        return f"{self.path}:{self.line}: {field_path(self.pointer)}"


def files_of(tree: Tree) -> dict[str, File]:
    """Every file that may name something, by path."""
    return {**dict(sorted(tree.fixed.items())), **{file.path: file for file in tree.models}}


def uses(tree: Tree, kinds: frozenset[NameKind], is_meant: Callable[[str], bool]) -> list[Use]:
    """Every use of a name that `is_meant`, among places of some kinds and the subjects of waivers, line by line."""
    return [
        use
        for reading in map(read, files_of(tree).values())
        if not reading.faults
        for use in sorted(
            (
                replace(one, line=reading.document.span(one.pointer, on_key=one.on_key).line)
                for one in _named(reading)
                if (one.kind in kinds or one.kind is NameKind.SUBJECT) and is_meant(one.name)
            ),
            key=attrgetter("line"),
        )
    ]


def _named(reading: Reading) -> Iterator[Use]:
    """Every place of a file that names something, still without its line."""
    path = reading.file.path
    for place, kind in PLACES[kind_of(path)].items():
        for pointer, value in _walk(reading.value, steps(place), ()):
            use = partial(Use, path=path, line=0, kind=kind, on_key=kind is NameKind.HEAD_KEYS)
            if kind is NameKind.HEAD_KEYS:
                names = value if isinstance(value, dict) else ()
                yield from (use(pointer=(*pointer, name), name=name) for name in names)
            elif isinstance(value, str):
                yield use(pointer=pointer, name=value)
            elif kind is NameKind.TIERS and isinstance(value, list):
                # Heads that share a tier are a nested list.
                for position, name in enumerate(value):
                    if isinstance(name, str):
                        yield use(pointer=(*pointer, position), name=name)


def _walk(value: object, rest: Sequence[str], pointer: Pointer) -> Iterator[tuple[Pointer, object]]:
    if not rest:
        yield pointer, value
    elif rest[0] == "[]":
        if isinstance(value, list):
            for position, item in enumerate(value):
                yield from _walk(item, rest[1:], (*pointer, position))
    elif isinstance(value, dict) and rest[0] in value:
        yield from _walk(value[rest[0]], rest[1:], (*pointer, rest[0]))


_LISTS = {"waivers.yaml": "waivers", "routes.test.yaml": "tests"}
"""Files that are one list: an entry that uses the name is removed as a whole."""


def pruned(files: Mapping[str, File], users: Sequence[Use]) -> dict[str, list[Change]]:
    """The changes by path that remove every use."""
    gone: dict[str, set[Pointer]] = {}
    for use in users:
        gone.setdefault(use.path, set()).add(_whole(use))
    return {
        path: _pruned(read(files[path]).value, pointers, _LISTS.get(path)) for path, pointers in gone.items()
    }


def _pruned(value: Any, pointers: set[Pointer], field: str | None) -> list[Change]:  # noqa: ANN401 - a plain document
    # What is removed as a whole includes what is nested in it.
    outer = [one for one in pointers if not any(one[:n] in pointers for n in range(1, len(one)))]
    if field is not None and sum(len(one) == 2 for one in outer) == len(value[field]):  # noqa: PLR2004 - the list and a position
        # The file needs its only field, so the list stays, empty.
        return [Put(pointer=(field,), value=[])]
    return [Unset(pointer=pointer) for pointer in sorted(outer, key=_from_the_end, reverse=True)]


def removal_effects(users: Sequence[Use]) -> list[str]:
    """A sentence for each thing that is removed with the uses; a test or waiver counts once."""
    gone: dict[tuple[str, Pointer], Use] = {}
    for use in users:
        gone.setdefault((use.path, _whole(use)), use)
    return [f"{path}:{use.line}: {field_path(pointer)} removed" for (path, pointer), use in gone.items()]


def _whole(use: Use) -> Pointer:
    """What is removed for a use: a whole routing test or waiver, except for an item of `down`."""
    return use.pointer[:2] if use.path in _LISTS and "down" not in use.pointer else use.pointer


def _from_the_end(pointer: Pointer) -> list[tuple[bool, str, int]]:
    """A key by which later positions are removed first, so that earlier ones hold."""
    return [(True, step, 0) if isinstance(step, str) else (False, "", step) for step in pointer]


def renamed(users: Iterable[Use], names: Mapping[str, str]) -> dict[str, list[Change]]:
    """The changes by path that rename every use; `names` maps old names to new ones."""
    changes: dict[str, list[Change]] = {}
    for use in users:
        new = names[use.name]
        if new != use.name:
            change = (
                Rekey(pointer=use.pointer, key=new) if use.on_key else Put(pointer=use.pointer, value=new)
            )
            changes.setdefault(use.path, []).append(change)
    return changes
