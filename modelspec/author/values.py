"""The output of `list` and `show`: rows of models, and the values of a model with their origins."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from modelspec.author.change import value_at
from modelspec.author.entries import ModelFile, effective, heads_of
from modelspec.author.fields import in_order
from modelspec.author.style import flow
from modelspec.check.defaults import read_defaults
from modelspec.check.examine import Surroundings, examine_model
from modelspec.check.setup import read_setup
from modelspec.fleet.location import whereabouts
from modelspec.load.find import Tree
from modelspec.report.printable import as_written, concealed, concealed_pointer, printable
from modelspec.text.document import Place, Pointer, field_path
from modelspec.text.quote import visible

_LONGEST = 60


def shown(value: object, pointer: Pointer = ()) -> str:
    """The value at a pointer on one line as YAML, cut if it is long and masked if it is a secret."""
    return visible(flow(concealed(value, *pointer)), _LONGEST)


def counted(number: int, what: str) -> str:
    """Like `1 model` or `12 models`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


_COLUMNS = ("model_id", "name", "region", "priority_head", "status", "tags")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that starts with one of these for a formula:
https://owasp.org/www-community/attacks/CSV_Injection."""
_WIDEST = 48


def rows(entries: Sequence[ModelFile], format_: str) -> Iterator[str]:
    """The output in pieces that end in a line end; control characters are escaped and secrets masked."""
    match format_:
        case "ids":
            yield from (f"{printable(entry.model_id)}\n" for entry in entries)
        case "json":
            yield json.dumps([_object(entry) for entry in entries], ensure_ascii=False, indent=2) + "\n"
        case "csv":
            yield _csv(entries)
        case _:
            yield from _table(entries)


def _object(entry: ModelFile) -> object:
    value = effective(entry)
    row = {name: value.get(name) for name in _COLUMNS}
    return concealed({**row, "heads": heads_of(value), "path": entry.path})


def _cells(entry: ModelFile) -> list[str]:
    value = effective(entry)
    return [_cell(value.get(name)) for name in _COLUMNS]


def _cell(value: object) -> str:
    if isinstance(value, list):
        return printable(", ".join(str(concealed(item)) for item in value))
    return "" if value is None else printable(str(concealed(value)))


def _csv(entries: Sequence[ModelFile]) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow((*_COLUMNS, "path"))
    for entry in entries:
        cells = [*_cells(entry), printable(entry.path)]
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return lines.getvalue()


def _table(entries: Sequence[ModelFile]) -> Iterator[str]:
    table = [[_cut(cell) for cell in row] for row in (_COLUMNS, *map(_cells, entries))]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(map(str.ljust, row, widths)).rstrip() + "\n"


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value and where it is set; for a default, `line` is None and `why` names its origin."""

    pointer: Pointer
    value: object
    path: str
    line: int | None
    why: str = ""


def values(entry: ModelFile) -> Iterator[Value]:
    """The effective values in the order of the fields; mappings are split into their values."""
    whole = effective(entry)
    for name in in_order(whole):
        yield from _values(entry, (name,), whole[name])


def locations(entry: ModelFile, tree: Tree) -> Iterator[Value]:
    """Where each upstream runs; nothing where the model or the fleet has a fault."""
    locator = entry.locator
    setup = read_setup(tree, locator)
    around = Surroundings(setup=setup, locator=locator, defaults=read_defaults(tree, locator).folders)
    model = examine_model(entry.reading.file, around).model
    if model is None:
        return
    for upstream in model.deployments:
        words = whereabouts(upstream, model, setup.whole).location.words
        pointer = (*upstream.pointer, "location")
        yield Value(pointer=pointer, value=words, path=entry.path, line=None, why="(derived)")


def origins(entry: ModelFile, tree: Tree, format_: str) -> Iterator[str]:
    """Every value with its origin, in pieces that end in a line end."""
    found = [*values(entry), *locations(entry, tree)]
    if format_ == "json":
        described = {
            "model_id": concealed(entry.model_id),
            "path": as_written(entry.path),
            "values": [_described(one) for one in found],
        }
        yield json.dumps(described, ensure_ascii=False, indent=2) + "\n"
        return
    places = [one.why if one.line is None else f"{printable(one.path)}:{one.line}" for one in found]
    table = [
        (_name(one), shown(one.value, one.pointer), place) for one, place in zip(found, places, strict=True)
    ]
    widths = [max(len(row[column]) for row in table) for column in range(2)]
    for name, text, place in table:
        yield f"{name.ljust(widths[0])}  {text.ljust(widths[1])}  {place}\n"


def _described(one: Value) -> dict[str, Any]:
    return {
        "field": _name(one),
        "value": concealed(one.value, *one.pointer),
        "path": None if one.line is None else as_written(one.path),
        "line": one.line,
        "default": one.line is None,
    }


def _name(one: Value) -> str:
    return printable(field_path(concealed_pointer(one.pointer)))


def _values(entry: ModelFile, pointer: Pointer, value: object) -> Iterator[Value]:
    is_reference = isinstance(value, dict) and value.keys() <= {"env", "file", "vault", "kubernetes"}
    if isinstance(value, dict) and value and not is_reference:
        for name, item in value.items():
            yield from _values(entry, (*pointer, name), item)
    elif pointer == ("deployments",) and isinstance(value, list) and value:
        for position, item in enumerate(value):
            yield from _values(entry, (*pointer, position), item)
    else:
        yield _value(entry, pointer, value)


def _value(entry: ModelFile, pointer: Pointer, value: object) -> Value:
    written = value_at(entry.whole, pointer[:-1])
    is_written = isinstance(written, list) or (isinstance(written, dict) and pointer[-1] in written)
    if is_written:
        place = entry.locator.origin(Place(path=entry.path, pointer=pointer))
        return Value(pointer=pointer, value=value, path=place.path, line=entry.locator.span(place).line)
    why = "(default)"
    if pointer[-1] == "upstream_model":
        why = "(default: the model_id)"
    elif pointer[-1] == "endpoint":
        provider = value_at(effective(entry), (*pointer[:-1], "provider"))
        why = f"(default: the public endpoint of {provider})"
    return Value(pointer=pointer, value=value, path=entry.path, line=None, why=why)
