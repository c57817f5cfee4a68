"""Changes of a document, and its value after a change."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, assert_never

from modelspec.text.document import Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Set the field at `pointer`; missing mappings on its path are created."""

    pointer: Pointer
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Unset:
    """Remove the field or item at `pointer`, if there is one."""

    pointer: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Add a value to the end of the list at `pointer`, which is created if it is missing."""

    pointer: Pointer
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """Remove every item equal to `value` from the list at `pointer`, and the list if it is empty then."""

    pointer: Pointer
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekey:
    """Change the key of the entry at `pointer`, if there is one; it keeps its place."""

    pointer: Pointer
    key: str


Change = Put | Unset | Append | Discard | Rekey


def changed(document: object, change: Change) -> object:
    """The plain value of a document after a change; the original is not modified.

    Raises:
        KeyError: with the pointer to what cannot be: the value around it is not a mapping or list, or too short.
    """
    copy = deepcopy(document)
    match change:
        case Put(pointer=pointer, value=value):
            _put(copy, pointer, value)
        case Unset(pointer=pointer):
            _unset(copy, pointer)
        case Append(pointer=pointer, value=value):
            listed = value_at(copy, pointer)
            if listed is not None and not isinstance(listed, list):
                raise KeyError((*pointer, 0))
            _put(copy, pointer, [*(listed or ()), value])
        case Discard(pointer=pointer, value=value):
            listed = value_at(copy, pointer) or []
            if not isinstance(listed, list):
                raise KeyError((*pointer, 0))
            rest = [item for item in listed if not same(item, value)]
            if rest:
                _put(copy, pointer, rest)
            elif listed:
                _unset(copy, pointer)
        case Rekey(pointer=pointer, key=key):
            _rekey(copy, pointer, key)
        case _:
            assert_never(change)
    return copy


def value_at(document: Any, pointer: Pointer) -> object:  # noqa: ANN401 - any plain value
    """The value at a pointer, or None if there is none."""
    for step in pointer:
        is_item = isinstance(document, list) and isinstance(step, int) and 0 <= step < len(document)
        if not is_item and not (isinstance(document, Mapping) and step in document):
            return None
        document = document[step]
    return document


def same(one: object, other: object) -> bool:
    """Whether two plain values are the same in YAML, where 1, 1.0 and true differ."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def _rekey(document: Any, pointer: Pointer, key: str) -> None:  # noqa: ANN401 - any plain value
    *path, last = pointer
    holder = value_at(document, tuple(path))
    if not isinstance(holder, dict) or last not in holder or last == key:
        return
    if key in holder:
        raise KeyError(pointer)
    entries = [(key if name == last else name, value) for name, value in holder.items()]
    holder.clear()
    holder.update(entries)


def _put(document: Any, pointer: Pointer, value: object) -> None:  # noqa: ANN401 - any plain value
    for number, step in enumerate(pointer, 1):
        is_key = isinstance(document, dict) and isinstance(step, str)
        if not is_key and not (isinstance(document, list) and isinstance(step, int) and step < len(document)):
            raise KeyError(pointer[:number])
        if number == len(pointer):
            document[step] = value
        elif is_key and document.get(step) is None:
            document[step] = {}
        document = document[step]


def _unset(document: Any, pointer: Pointer) -> None:  # noqa: ANN401 - the same
    *path, last = pointer
    holder = value_at(document, tuple(path))
    if isinstance(holder, dict):
        holder.pop(last, None)
    elif isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        del holder[last]
    else:
        return
    if not holder and path:
        # Empty mappings and lists mean nothing, and schemas require an item in lists.
        _unset(document, tuple(path))
