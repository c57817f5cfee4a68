"""`list`: the models as rows, for people, spreadsheets and programs."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from modelspec.authoring.effective import effective, heads_of
from modelspec.authoring.entries import Entry
from modelspec.report.said import said, without_secrets

Format = Literal["table", "json", "csv", "ids"]

_COLUMNS = ("model_id", "name", "region", "priority_head", "status", "tags")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With one of these a spreadsheet takes a cell for a formula:
https://owasp.org/www-community/attacks/CSV_Injection."""
_WIDEST = 48


def rows(entries: Sequence[Entry], format_: Format) -> Iterator[str]:
    """The pieces of the output, each with its line end; control characters and secrets are made harmless."""
    match format_:
        case "ids":
            yield from (f"{said(entry.model_id)}\n" for entry in entries)
        case "json":
            yield json.dumps([_object(entry) for entry in entries], ensure_ascii=False, indent=2) + "\n"
        case "csv":
            yield from _csv(entries)
        case "table":
            yield from _table(entries)


def harmless(value: Any) -> Any:  # noqa: ANN401 - any plain value
    """A plain value whose texts hold no secret."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, list):
        return [harmless(item) for item in value]
    if isinstance(value, dict):
        return {without_secrets(key): harmless(item) for key, item in value.items()}
    return value


def _object(entry: Entry) -> dict[str, Any]:
    value = effective(entry)
    found = {name: value.get(name) for name in _COLUMNS}
    return {
        str(key): harmless(item)
        for key, item in {**found, "heads": heads_of(value), "path": entry.path}.items()
    }


def _cells(entry: Entry) -> list[str]:
    value = effective(entry)
    cells = []
    for name in _COLUMNS:
        cell = value.get(name)
        cells.append(
            said(", ".join(map(str, cell)) if isinstance(cell, list) else "" if cell is None else str(cell))
        )
    return cells


def _csv(entries: Sequence[Entry]) -> Iterator[str]:
    yield ",".join((*_COLUMNS, "path")) + "\n"
    for entry in entries:
        line = io.StringIO()
        cells = [*_cells(entry), said(entry.path)]
        csv.writer(line, lineterminator="\n").writerow(
            [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
        )
        yield line.getvalue()


def _table(entries: Sequence[Entry]) -> Iterator[str]:
    table = [list(_COLUMNS), *map(_cells, entries)]
    table = [[_cut(cell) for cell in row] for row in table]
    widths = [max(len(row[column]) for row in table) for column in range(len(_COLUMNS))]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…"
