"""Where suggested cases go in routes.test.yaml, and how many of them there is room for."""

import re
from collections.abc import Iterable

from modelspec.catalog import Place
from modelspec.load.find import MAX_BYTES
from modelspec.load.limits import MAX_NODES
from modelspec.locate import Locator
from modelspec.routes_test.cases import FILE

_DASH = re.compile(r"( *)-(?: .*)?")


def dash_column(locator: Locator) -> int | None:
    """How many spaces stand before the dashes of the list `tests`; None where it is written in brackets."""
    source = locator.source(FILE)
    if source is None:
        return None
    span = locator.span(Place(path=FILE, pointer=("tests", 0)))
    before = source.lines[span.line - 1][: span.column - 1]
    above = reversed(source.lines[: span.line - 1])
    telling = (line for line in (before, *above) if line.strip() and not line.lstrip().startswith("#"))
    dash = _DASH.fullmatch(next(telling, ""))
    return None if dash is None else len(dash[1])


def fitting(pieces: Iterable[str], locator: Locator) -> tuple[list[str], int]:
    """The pieces that the file has room for, and how many are left out: a file that is too large is not read."""
    reading = locator.reading(FILE)
    size = 1024 if reading is None else len(reading.file.data) + 1
    nodes = 3 if reading is None else _nodes(reading.value)
    kept: list[str] = []
    left_out = 0
    for piece in pieces:
        size += len(piece.encode())
        nodes += sum(map(piece.count, ":,[{")) * 2 + 2
        if left_out or size > MAX_BYTES or nodes > MAX_NODES:
            left_out += 1
        else:
            kept.append(piece)
    return kept, left_out


def _nodes(value: object) -> int:
    match value:
        case dict():
            return 1 + sum(1 + _nodes(inner) for inner in value.values())
        case list():
            return 1 + sum(map(_nodes, value))
        case _:
            return 1
