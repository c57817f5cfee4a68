"""Artifacts, and how their JSON is written."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

from modelspec.fleet.model import Location
from modelspec.fleet.reference import Reference
from modelspec.text.portable import portable

_NOTHING: Mapping[str, bytes] = MappingProxyType({})
_ROWS = 500
"""Rows that are in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A JSON document with one row for each model, which may be large.

    `row` makes the row of a model from its route and from what `before` says, and from nothing else that changes with
    other models. `before` ends with the `[` of the list; `after` is what follows the last row.
    """

    before: bytes
    models: Sequence[str]
    row: Callable[[int], str]
    after: bytes

    def pieces(self, known: Mapping[str, bytes] = _NOTHING) -> Iterator[bytes]:
        """The bytes in order; the rows that are `known` by the id of their model are not made."""
        yield self.before
        for start in range(0, len(self.models), _ROWS):
            written = []
            for number, model in enumerate(self.models[start : start + _ROWS], start):
                row = known.get(model)
                written.append(self.row(number).encode() if row is None else row)
            yield (b",\n" if start else b"\n") + b",\n".join(written)
        yield b"\n]" + self.after if self.models else b"]" + self.after


class Artifact:
    """One file of the build.

    `path` is relative to the output folder: segments of printable ASCII separated by `/`, none of them empty, `.`
    or `..`; whatever it is made of, it becomes `portable`.

    `content` are the bytes, or what makes them, called each time that they are asked for. Emitters yield artifacts one
    at a time, and each is written before the next, so only one is in memory.

    `made_of` are the ids of models, and other texts, from which the content follows: each model counts with all that
    its route says, and the regions, heads, settings and the program count always. What has not changed since an earlier
    build need not be made again. None: of anything, so it is always made. A page that says more than it is made of will
    be stale, so leave it out where in doubt.
    """

    __slots__ = ("_content", "made_of", "path")

    def __init__(
        self,
        *,
        path: str,
        content: bytes | Rows | Callable[[], bytes],
        made_of: Sequence[str] | None = None,
    ) -> None:
        self.path = portable(path)
        self._content = content
        self.made_of = made_of

    @property
    def rows(self) -> Rows | None:
        """The content, where it has one row for each model."""
        return self._content if isinstance(self._content, Rows) else None

    @property
    def content(self) -> bytes:
        """The bytes."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterable[bytes]:
        """The bytes, in pieces that are small even where the whole is large."""
        match self._content:
            case bytes(content):
                return (content,)
            case Rows() as rows:
                return rows.pieces()
            case make:
                return (make(),)


def plain(value: object) -> object:
    """What JSON cannot hold by itself: of all that outputs are made of, references and locations."""
    if isinstance(value, Location):
        return asdict(value)
    assert isinstance(value, Reference)
    return value.json


encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=plain).encode
"""A value on one line. Without indentation, Python uses its C encoder, which is three times faster."""


def _joined(head: Iterable[tuple[str, str]], lists: Iterable[tuple[str, Iterable[str]]]) -> str:
    """The fields of an object, encoded values and then lists, as they stand between its braces."""
    written = [f'"{name}": {encoded}' for name, encoded in head]
    for name, items in lists:
        rows = ",\n".join(items)
        written.append(f'"{name}": [\n{rows}\n]' if rows else f'"{name}": []')
    return ",\n".join(written)


def document(head: Iterable[tuple[str, str]], lists: Iterable[tuple[str, Iterable[str]]] = ()) -> bytes:
    """A JSON object: encoded values, then lists with one encoded item a line."""
    return f"{{\n{_joined(head, lists)}\n}}\n".encode()


def document_of_models(
    head: Iterable[tuple[str, str]],
    name: str,
    models: Sequence[str],
    row: Callable[[int], str],
    *,
    lists: Iterable[tuple[str, Iterable[str]]] = (),
    after: Iterable[tuple[str, Iterable[str]]] = (),
) -> Rows:
    """The same with a row for each of the models, in their order, between two groups of short lists."""
    rest = _joined((), after)
    return Rows(
        before=f'{{\n{_joined(head, lists)},\n"{name}": ['.encode(),
        models=models,
        row=row,
        after=f",\n{rest}\n}}\n".encode() if rest else b"\n}\n",
    )
