"""The changes that take uses of a name away, one file after the other."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelspec.authoring.references import Use
from modelspec.document import Pointer
from modelspec.edit import Change, Put, Unset
from modelspec.load import read
from modelspec.load.find import File

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
