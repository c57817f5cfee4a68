"""What is to change in a document, and what the document says then."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, assert_never

from modelspec.text.document import Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Give the field at `pointer` a value; mappings on the way that are missing are made."""

    pointer: Pointer
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Unset:
    """Take the field or item at `pointer` away; nothing happens where there is none."""

    pointer: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Put a value at the end of the list at `pointer`, which is made where it is missing."""

    pointer: Pointer
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """Take every item that equals `value` out of the list at `pointer`; a list that is empty then goes as well."""

    pointer: Pointer
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekey:
    """Give the entry at `pointer` another key, at its place; nothing happens where there is none."""

    pointer: Pointer
    key: str


Change = Put | Unset | Append | Discard | Rekey


def changed(document: object, change: Change) -> object:
    """The plain value of a document after a change; the given one stays as it is.

    Raises:
        KeyError: something on the way is no mapping or list, so that the change has no place there.
    """
    copy = deepcopy(document)
    match change:
        case Put(pointer=pointer, value=value):
            _put(copy, pointer, value)
        case Unset(pointer=pointer):
            _unset(copy, pointer)
        case Append(pointer=pointer, value=value):
            listed = found(copy, pointer)
            if listed is not None and not isinstance(listed, list):
                raise KeyError(pointer)
            _put(copy, pointer, [*(listed or ()), value])
        case Discard(pointer=pointer, value=value):
            listed = found(copy, pointer) or []
            if not isinstance(listed, list):
                raise KeyError(pointer)
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


def found(document: Any, pointer: Pointer) -> object:  # noqa: ANN401 - any plain value
    """The value at a pointer, or None."""
    for step in pointer:
        is_item = isinstance(document, list) and isinstance(step, int) and 0 <= step < len(document)
        if not is_item and not (isinstance(document, Mapping) and step in document):
            return None
        document = document[step]
    return document


def same(one: object, other: object) -> bool:
    """Whether two plain values are the same in YAML, where 1, 1.0 and true are three things."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def _rekey(document: Any, pointer: Pointer, key: str) -> None:  # noqa: ANN401 - any plain value
    *way, last = pointer
    holder = found(document, tuple(way))
    if not isinstance(holder, dict) or last not in holder or last == key:
        return
    if key in holder:
        raise KeyError(pointer)
    entries = [(key if name == last else name, value) for name, value in holder.items()]
    holder.clear()
    holder.update(entries)


def _put(document: Any, pointer: Pointer, value: object) -> None:  # noqa: ANN401 - any plain value
    *way, last = pointer
    for number, step in enumerate(way):
        if isinstance(document, dict) and isinstance(step, str):
            if document.get(step) is None:
                document[step] = {}
            document = document[step]
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            raise KeyError(pointer[: number + 1])
    fits = (
        isinstance(document, dict)
        if isinstance(last, str)
        else isinstance(document, list) and last < len(document)
    )
    if not fits:
        raise KeyError(pointer)
    document[last] = value


def _unset(document: Any, pointer: Pointer) -> None:  # noqa: ANN401 - the same
    *way, last = pointer
    holder = found(document, tuple(way))
    if isinstance(holder, dict):
        holder.pop(last, None)
    elif isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        del holder[last]
    else:
        return
    if not holder and way:
        # An empty mapping or list says nothing, and the schemas of lists ask for an item.
        _unset(document, tuple(way))
