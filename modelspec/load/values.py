"""The fast gate of reading: the values of an ordinary file, or None for a file that needs a careful reader.

An ordinary file is what nearly every file is: one mapping in one document, string keys, no anchors, tags,
directives or merge keys, no key twice, within the limits. `compose` reads the rest and says what is wrong; both
give the same values.
"""

from collections.abc import Callable, Mapping
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from modelspec.load.limits import MAX_DEPTH, MAX_NODES
from modelspec.load.scalar import resolve
from modelspec.text.document import Scalar

Values = dict[str, object]
Marks = Mapping[str, tuple[Any, Any]]
"""Of each field at the top level, the events that its key and its value begin with, which know where they stand."""

_MEMO_SIZE = 50_000
"""Entries after which a memo is emptied: an attacker's files must not make it grow for ever."""

_scalars: dict[str, Scalar] = {}
_keys: dict[str, str] = {}


class _CarefulError(Exception):
    """This file is not an ordinary one."""


def values(data: bytes) -> tuple[Values, Marks] | None:
    """The values of a file, and where those at its top level stand.

    `data` is UTF-8 without a byte order mark and has passed the checks of `text`.
    """
    if (
        len(data) >= MAX_NODES  # a node takes at least a byte: below this there cannot be too many
        or b"&" in data
        or b"*" in data
        or b"!" in data
        or b"<<" in data
        or data.startswith(b"%")
    ):
        return None
    if len(_scalars) > _MEMO_SIZE or len(_keys) > _MEMO_SIZE:
        _scalars.clear()
        _keys.clear()
    marks: dict[str, tuple[Any, Any]] = {}
    try:
        following = CParser(data).get_event
        following()
        if following().__class__ is not DocumentStartEvent or following().__class__ is not MappingStartEvent:
            return None
        root = _mapping(following, MAX_DEPTH, marks)
        following()
        if following().__class__ is not StreamEndEvent:
            return None
    except (_CarefulError, yaml.YAMLError, ValueError):
        return None
    return root, marks


def _mapping(following: Callable[[], Any], depth: int, marks: dict[str, tuple[Any, Any]] | None) -> Values:
    if not depth:
        raise _CarefulError
    mapping: Values = {}
    while (event := following()).__class__ is not MappingEndEvent:
        key = _keys.get(event.value) if event.__class__ is ScalarEvent else None
        if key is None:
            key = _new_key(event)
        if key in mapping:
            raise _CarefulError
        if marks is None:
            event = following()
        else:
            marks[key] = event, (event := following())
        kind = event.__class__
        if kind is ScalarEvent:
            text = event.value
            if event.style:
                mapping[key] = text
            else:
                mapping[key] = _scalars[text] if text in _scalars else _new_scalar(text)
        elif kind is MappingStartEvent:
            mapping[key] = _mapping(following, depth - 1, None)
        else:
            mapping[key] = _sequence(following, depth - 1)
    return mapping


def _sequence(following: Callable[[], Any], depth: int) -> list[object]:
    if not depth:
        raise _CarefulError
    sequence: list[object] = []
    while (event := following()).__class__ is not SequenceEndEvent:
        kind = event.__class__
        if kind is ScalarEvent:
            text = event.value
            if event.style:
                sequence.append(text)
            else:
                sequence.append(_scalars[text] if text in _scalars else _new_scalar(text))
        elif kind is MappingStartEvent:
            sequence.append(_mapping(following, depth - 1, None))
        else:
            sequence.append(_sequence(following, depth - 1))
    return sequence


def _new_scalar(text: str) -> Scalar:
    value = resolve(text)
    _scalars[text] = value
    return value


def _new_key(event: Any) -> str:  # noqa: ANN401 - PyYAML's events are not typed
    if event.__class__ is not ScalarEvent:
        raise _CarefulError
    text: str = event.value
    if event.style:
        return text
    if not isinstance(resolve(text), str):
        raise _CarefulError
    return _keys.setdefault(text, text)
