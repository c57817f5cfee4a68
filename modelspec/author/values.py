"""`show`: every value that counts for a model, with the place that it comes from."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from modelspec.author.edit.change import found
from modelspec.author.edit.style import flow
from modelspec.author.entries import ModelFile
from modelspec.author.fields import field_order
from modelspec.fleet.providers import endpoint_of
from modelspec.report.said import said, without_secrets
from modelspec.text.document import Place, Pointer
from modelspec.text.quote import visible

_LONGEST = 60


def shown(value: object) -> str:
    """A value on one line, as a file has it; cut where it is long, starred out where it is a secret."""
    return visible(without_secrets(flow(value)), _LONGEST)


def counted(number: int, what: str) -> str:
    """Like `1 model` or `12 models`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Some names and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


_UPSTREAM = ("provider", "upstream_model", "endpoint")


def effective(entry: ModelFile) -> dict[str, Any]:
    """The plain value of a model with all defaults filled in, of folders and of fields; the given one stays as it is.

    Where a field holds something that it may not, the value is passed on as it is.
    """
    value = dict(entry.whole)
    value.setdefault("fallback_heads", [])
    _inside(value, "load_balancing", {"policy": "round_robin"})
    value.setdefault("local_inference", False)
    _inside(value, "access", {"visibility": "internal"})
    value.setdefault("status", "active")
    value.setdefault("aliases", [])
    value.setdefault("tags", [])
    deployments = value.get("deployments")
    if isinstance(deployments, list):
        value["deployments"] = [
            _upstream(dict(item), entry.model_id) if isinstance(item, dict) else item for item in deployments
        ]
        return value
    return _upstream(value, entry.model_id)


def _upstream(value: dict[str, Any], model_id: str) -> dict[str, Any]:
    value.setdefault("provider", "openai")
    value.setdefault("upstream_model", model_id)
    if (
        "endpoint" not in value
        and value.get("local_inference") is not True
        and isinstance(value["provider"], str)
    ):
        public = endpoint_of(value["provider"])
        if public is not None:
            value["endpoint"] = public
    return value


def _inside(value: dict[str, Any], field: str, defaults: Mapping[str, Any]) -> None:
    held = value.get(field, {})
    if isinstance(held, dict):
        value[field] = {**defaults, **held}


def heads_of(value: Mapping[str, Any]) -> list[str]:
    """Every head that a model names for traffic, in the order of the tiers."""
    balancing = value.get("load_balancing")
    weights = balancing.get("weights") if isinstance(balancing, dict) else None
    named = [value.get("priority_head"), *(weights if isinstance(weights, dict) else ())]
    fallback = value.get("fallback_heads")
    named.extend(fallback if isinstance(fallback, list) else ())
    return list(dict.fromkeys(head for head in named if isinstance(head, str)))


RowFormat = Literal["table", "json", "csv", "ids"]

_COLUMNS = ("model_id", "name", "region", "priority_head", "status", "tags")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With one of these a spreadsheet takes a cell for a formula:
https://owasp.org/www-community/attacks/CSV_Injection."""
_WIDEST = 48


def rows(entries: Sequence[ModelFile], format_: RowFormat) -> Iterator[str]:
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


def _object(entry: ModelFile) -> dict[str, Any]:
    value = effective(entry)
    found = {name: value.get(name) for name in _COLUMNS}
    return {
        str(key): harmless(item)
        for key, item in {**found, "heads": heads_of(value), "path": entry.path}.items()
    }


def _cells(entry: ModelFile) -> list[str]:
    value = effective(entry)
    cells = []
    for name in _COLUMNS:
        cell = value.get(name)
        cells.append(
            said(", ".join(map(str, cell)) if isinstance(cell, list) else "" if cell is None else str(cell))
        )
    return cells


def _csv(entries: Sequence[ModelFile]) -> Iterator[str]:
    yield ",".join((*_COLUMNS, "path")) + "\n"
    for entry in entries:
        line = io.StringIO()
        cells = [*_cells(entry), said(entry.path)]
        csv.writer(line, lineterminator="\n").writerow(
            [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
        )
        yield line.getvalue()


def _table(entries: Sequence[ModelFile]) -> Iterator[str]:
    table = [list(_COLUMNS), *map(_cells, entries)]
    table = [[_cut(cell) for cell in row] for row in table]
    widths = [max(len(row[column]) for row in table) for column in range(len(_COLUMNS))]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…"


Format = Literal["text", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value and where it is written; `line` is None where nobody wrote it, and `why` says what gives it then."""

    pointer: Pointer
    value: object
    path: str
    line: int | None
    why: str = ""


def values(entry: ModelFile) -> Iterator[Value]:
    """The effective values, in the order of the fields; what is no mapping is one value."""
    whole = effective(entry)
    order = {name: position for position, name in enumerate(field_order())}
    for name in sorted(whole, key=lambda one: order.get(one, len(order))):
        yield from _values(entry, (name,), whole[name])


def told(entry: ModelFile, format_: Format) -> Iterator[str]:
    """The pieces of the output, each with its line end."""
    all_values = list(values(entry))
    if format_ == "json":
        yield json.dumps(_origins_object(entry, all_values), ensure_ascii=False, indent=2) + "\n"
        return
    ways = [_way(one) for one in all_values]
    texts = [shown(one.value) for one in all_values]
    widths = max(map(len, ways)), max(map(len, texts))
    for way, text, one in zip(ways, texts, all_values, strict=True):
        place = one.why if one.line is None else f"{said(one.path)}:{one.line}"
        yield f"{way.ljust(widths[0])}  {text.ljust(widths[1])}  {place}\n"


def _origins_object(entry: ModelFile, all_values: Sequence[Value]) -> dict[str, Any]:
    return {
        "model_id": harmless(entry.model_id),
        "path": entry.path,
        "values": [
            {
                "field": _way(one),
                "value": harmless(one.value),
                "path": None if one.line is None else one.path,
                "line": one.line,
                "default": one.line is None,
            }
            for one in all_values
        ],
    }


def _way(one: Value) -> str:
    return said(".".join(f'"{step}"' if "." in str(step) else str(step) for step in one.pointer))


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
    written = found(entry.whole, pointer[:-1])
    is_written = isinstance(written, list) or (isinstance(written, dict) and pointer[-1] in written)
    if is_written:
        place = entry.locator.origin(Place(path=entry.path, pointer=pointer))
        return Value(pointer=pointer, value=value, path=place.path, line=entry.locator.span(place).line)
    why = "(default)"
    if pointer[-1] == "upstream_model":
        why = "(default: the model_id)"
    elif pointer[-1] == "endpoint":
        holder = found(effective(entry), pointer[:-1])
        provider = holder.get("provider") if isinstance(holder, dict) else None
        assert isinstance(provider, str)
        assert endpoint_of(provider) is not None
        why = f"(default: the public endpoint of {provider})"
    return Value(pointer=pointer, value=value, path=entry.path, line=None, why=why)
