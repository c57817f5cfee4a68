"""The part of a faulty document that is worth explaining.

The validator makes an error of every fault, whether anybody asks for it or not: a hundred thousand of them take many
seconds, and help nobody. So a large document is cut before it is explained.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelspec.schema.fault import TOLD, Fault
from modelspec.schema.gate import compiled
from modelspec.schema.trace import resolve
from modelspec.schema.wording import path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema_rs import Draft202012Validator

Pointer = tuple[str | int, ...]

SMALL = 500
"""Values of a document that is explained whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A list or a mapping with more faulty entries than are told: where it is, how many, and how to call it."""

    place: Pointer
    number: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A document less the entries behind the first faulty ones of each list, so that no position changes."""

    document: object
    left_out: tuple[LeftOut, ...]

    def closing(self, faults: "Iterable[Fault]") -> list[Fault]:
        """Say of each list what is not told of it, at its key, under the code of its last fault."""
        backwards = list(faults)[::-1]
        return [
            Fault(
                code=next(f.code for f in backwards if f.pointer[: len(left.place)] == left.place),
                pointer=left.place,
                on_key=isinstance(left.place[-1], str),
                message=f"{left.name} has {left.number} faulty entries; those behind the first {TOLD} are not told",
                label="more faults",
                help="correct the first ones, then check again",
            )
            for left in self.left_out
        ]


def smaller(value: object, most: int) -> bool:
    """Whether a value holds fewer than so many values."""
    pending = [value]
    seen = 0
    while pending and seen < most:
        seen += 1
        part = pending.pop()
        if isinstance(part, dict):
            pending += part.values()
        elif isinstance(part, list):
            pending += part
    return not pending


def excerpt(document: object, schema: dict[str, Any]) -> Excerpt:
    """Cut a document that does not satisfy one of our own schemas; what is left does not satisfy it either."""
    if smaller(document, SMALL):
        return Excerpt(document=document, left_out=())
    cutter = _Cutter(schema)
    cut = cutter.cut(document, schema, ())
    return Excerpt(document=cut, left_out=tuple(cutter.left_out))


class _Cutter:
    """Walks a document along its schema, through what is faulty."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.left_out: list[LeftOut] = []
        self._root = root
        self._validators: dict[int, Draft202012Validator] = {}
        self._declared: set[str] = set()

    def cut(self, value: object, schema: dict[str, Any], place: Pointer) -> object:
        if "$ref" in schema:
            schema = {**resolve(self._root, schema["$ref"]), **schema}
        if isinstance(value, list) and "items" in schema:
            return [item for _, item in self._first(list(enumerate(value)), schema["items"], place)]
        if isinstance(value, dict):
            return self._mapping(value, schema, place)
        return value

    def _mapping(self, value: dict[str, object], schema: dict[str, Any], place: Pointer) -> dict[str, object]:
        known = schema.get("properties", {})
        self._declared.update(known)
        for free in schema.get("patternProperties", {}).values():
            return {str(key): item for key, item in self._first(list(value.items()), free, place)}
        return {
            name: self.cut(item, known[name], (*place, name)) if name in known else item
            for name, item in value.items()
        }

    def _first(
        self, entries: "Iterable[tuple[str | int, object]]", schema: dict[str, Any], place: Pointer
    ) -> list[tuple[str | int, object]]:
        """Keep the entries up to the last faulty one that is told."""
        validator = self._validator(schema)
        kept: list[tuple[str | int, object]] = []
        faulty = 0
        for step, entry in entries:
            fits = validator.is_valid(entry)
            faulty += not fits
            if fits and faulty < TOLD:
                kept.append((step, entry))
            elif not fits and faulty <= TOLD:
                kept.append((step, self.cut(entry, schema, (*place, step))))
        if faulty > TOLD:
            name = path(place, frozenset(self._declared), private=True)
            self.left_out.append(LeftOut(place=place, number=faulty, name=name))
        return kept

    def _validator(self, schema: dict[str, Any]) -> "Draft202012Validator":
        if id(schema) not in self._validators:
            self._validators[id(schema)] = compiled({**schema, "$defs": self._root.get("$defs", {})})
        return self._validators[id(schema)]
