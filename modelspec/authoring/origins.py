"""`show`: every value that counts for a model, with the place that it comes from."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from modelspec.authoring.effective import effective
from modelspec.authoring.entries import Entry
from modelspec.authoring.fields import field_order
from modelspec.authoring.rows import harmless
from modelspec.authoring.wording import shown
from modelspec.catalog import Place
from modelspec.document import Pointer
from modelspec.edit.change import found
from modelspec.providers import endpoint_of
from modelspec.report.said import said

Format = Literal["text", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value and where it is written; `line` is None where nobody wrote it, and `why` says what gives it then."""

    pointer: Pointer
    value: object
    path: str
    line: int | None
    why: str = ""


def values(entry: Entry) -> Iterator[Value]:
    """The effective values, in the order of the fields; what is no mapping is one value."""
    whole = effective(entry)
    order = {name: position for position, name in enumerate(field_order())}
    for name in sorted(whole, key=lambda one: order.get(one, len(order))):
        yield from _values(entry, (name,), whole[name])


def told(entry: Entry, format_: Format) -> Iterator[str]:
    """The pieces of the output, each with its line end."""
    all_values = list(values(entry))
    if format_ == "json":
        yield json.dumps(_object(entry, all_values), ensure_ascii=False, indent=2) + "\n"
        return
    ways = [_way(one) for one in all_values]
    texts = [shown(one.value) for one in all_values]
    widths = max(map(len, ways)), max(map(len, texts))
    for way, text, one in zip(ways, texts, all_values, strict=True):
        place = one.why if one.line is None else f"{said(one.path)}:{one.line}"
        yield f"{way.ljust(widths[0])}  {text.ljust(widths[1])}  {place}\n"


def _object(entry: Entry, all_values: Sequence[Value]) -> dict[str, Any]:
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


def _values(entry: Entry, pointer: Pointer, value: object) -> Iterator[Value]:
    is_reference = isinstance(value, dict) and value.keys() <= {"env", "file", "vault", "kubernetes"}
    if isinstance(value, dict) and value and not is_reference:
        for name, item in value.items():
            yield from _values(entry, (*pointer, name), item)
    elif pointer == ("deployments",) and isinstance(value, list) and value:
        for position, item in enumerate(value):
            yield from _values(entry, (*pointer, position), item)
    else:
        yield _value(entry, pointer, value)


def _value(entry: Entry, pointer: Pointer, value: object) -> Value:
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
