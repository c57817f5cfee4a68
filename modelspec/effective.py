"""Everything that holds for a model, each value with the line that gives it."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelspec.catalog import Place
from modelspec.document import Pointer
from modelspec.locate import Locator
from modelspec.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value of a model and where it is written: in the model's own file, or in the defaults of a folder.

    `value` is a scalar, or an empty list or mapping: what holds others is told by these.
    """

    pointer: Pointer
    value: object
    path: str
    span: Span


def effective(locator: Locator, path: str) -> Iterator[Given]:
    """The values of the model at a path, in the order of the fields: those that defaults give come first.

    Nothing that a model leaves out is among them unless a folder gives it. Of a file that cannot be understood only the
    defaults are told. `Locator.effective` has the same values in one mapping.
    """
    for field, whole in locator.effective(path).items():
        for pointer, value in _leaves((field,), whole):
            place = locator.origin(Place(path=path, pointer=pointer))
            yield Given(pointer=pointer, value=value, path=place.path, span=locator.span(place))


def _leaves(pointer: Pointer, value: object) -> Iterator[tuple[Pointer, object]]:
    match value:
        case dict() if value:
            for key, item in value.items():
                yield from _leaves((*pointer, key), item)
        case list() if value:
            for position, item in enumerate(value):
                yield from _leaves((*pointer, position), item)
        case _:
            yield pointer, value
