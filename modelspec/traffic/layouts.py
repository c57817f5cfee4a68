"""The forms of logs that are understood, and what is taken from each: nothing but the fields named here is ever read.

What a gateway of modelspec wrote is read by the engine as it stands; of the others, and of lines that the engine
refuses, the rows are made here, line by line.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from modelspec.gateways import log

Row = dict[str, Any]
"""A row under the names of `FIELDS`; what is missing is not known."""

FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "time": (log.TIME, "VARCHAR"),
        "request_id": (log.REQUEST_ID, "VARCHAR"),
        "layer": (log.LAYER, "VARCHAR"),
        "key_id": ("modelspec.key_id", "VARCHAR"),
        "asked": (log.ASKED, "VARCHAR"),
        "model": (log.MODEL, "VARCHAR"),
        "edge": ("modelspec.edge", "VARCHAR"),
        "client": ("modelspec.client_region", "VARCHAR"),
        "head": (log.HEAD, "VARCHAR"),
        "status": (log.STATUS, "BIGINT"),
        "duration_ms": (log.DURATION, "DOUBLE"),
        "first_byte_ms": (log.FIRST_BYTE, "DOUBLE"),
        "attempts": ("modelspec.attempts", "BIGINT"),
        "commit": ("modelspec.commit", "VARCHAR"),
        "deployment": ("modelspec.deployment", "VARCHAR"),
        "input_tokens": ("gen_ai.usage.input_tokens", "BIGINT"),
        "output_tokens": ("gen_ai.usage.output_tokens", "BIGINT"),
        "cost": ("modelspec.cost", "DOUBLE"),
    }
)
"""What is read of a request: our name, the name in the emitted logs, the engine's type. Columns of Parquet files and
targets of `traffic.mapping` have our names."""

_TEXTS = frozenset(name for name, (_, kind) in FIELDS.items() if kind == "VARCHAR")
_LONGEST_TEXT = 256
"""Characters of a text that are kept; what modelspec declares is shorter."""

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""A time outside is none."""

_UNITS = MappingProxyType({"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3})
"""Milliseconds of a unit."""

_LARGEST = 1 << 53


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedField:
    """Where a field of a foreign log is: the keys that lead to it, or a value that is the same in every row."""

    path: tuple[str, ...] = ()
    unit: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMapping:
    """A foreign log: `fields` under the names of `FIELDS`, and what its lines have: texts at key paths."""

    fields: Mapping[str, MappedField]
    when: tuple[tuple[tuple[str, ...], str], ...] = ()


def mappings_of(listed: Sequence[Mapping[str, Any]]) -> tuple[LogMapping, ...]:
    """`traffic.mapping` of a modelspec.yaml of the right form."""
    return tuple(
        LogMapping(
            fields={target: _field(one) for target, one in mapping["fields"].items()},
            when=tuple((_path(one["path"]), one["value"]) for one in mapping.get("when") or ()),
        )
        for mapping in listed
    )


def _field(written: Any) -> MappedField:  # noqa: ANN401 - one of the forms of the schema
    if isinstance(written, dict):
        return MappedField(
            path=_path(written.get("path", ())), unit=written.get("unit"), value=written.get("value")
        )
    return MappedField(path=_path(written))


def _path(written: str | Sequence[str]) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(written)


class LineError(ValueError):
    """Why a line is no row."""


def rows_of(line: bytes, mappings: Sequence[LogMapping]) -> Iterator[Row]:
    """The requests that a line tells of: one, many (OTLP), or none (another message of the program).

    Raises:
        LineError: it is no JSON object, or a request without a usable time.
    """
    try:
        value = json.loads(line.decode("utf-8", "replace"), parse_constant=_nothing)
    except (ValueError, RecursionError):
        raise LineError("not JSON") from None
    if not isinstance(value, dict):
        raise LineError("not a JSON object")
    for row in _raw(value, mappings):
        yield _checked(row)


def _nothing(_name: str) -> None:
    """NaN and Infinity, which are no JSON, are no values: the engine reads such a line too."""


def _raw(value: Mapping[str, Any], mappings: Sequence[LogMapping]) -> Iterator[Row]:
    if log.LOG in value:
        yield {name: value[field] for name, (field, _) in FIELDS.items() if value.get(field) is not None}
        return
    for mapping in mappings:
        if all(_at(value, path) == text for path, text in mapping.when):
            row = {name: _mapped(value, one, name) for name, one in mapping.fields.items()}
            if row.get("time") is not None:
                yield row
                return
    if isinstance(value.get("resourceSpans"), list):
        yield from _spans(value["resourceSpans"])
    elif "call_type" in value and "startTime" in value:
        yield _litellm(value)


def _checked(row: Row) -> Row:
    """The row with every value of its type, or without it.

    Raises:
        LineError: its time is missing or cannot be.
    """
    checked: Row = {}
    for name, value in row.items():
        if value is None or name == "time":
            continue
        if name in _TEXTS:
            if isinstance(value, str | int) and not isinstance(value, bool):
                checked[name] = str(value)[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
            continue
        number = _number(value)
        if number is not None and 0 <= number < _LARGEST:
            checked[name] = number if FIELDS[name][1] == "DOUBLE" else int(number)
    checked["time"] = _time(row.get("time"), None)
    return checked


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _time(value: object, unit: str | None) -> str:
    """RFC 3339 in UTC with milliseconds, from that or from the number of a unit since 1970.

    Raises:
        LineError: it is neither.
    """
    try:
        if isinstance(value, str) and unit is None:
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        else:
            number = _number(value)
            if number is None:
                raise LineError("no time" if value is None else "the time is not one")
            moment = datetime.fromtimestamp(number * _UNITS[unit or "s"] / 1e3, UTC)
    except (ValueError, OverflowError, OSError) as error:
        if isinstance(error, LineError):
            raise
        raise LineError("the time is not one") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise LineError(f"the time is not within {FIRST_YEAR} to {LAST_YEAR}")
    return moment.isoformat(timespec="milliseconds")


def _at(value: object, path: Sequence[str]) -> object:
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _mapped(value: Mapping[str, Any], field: MappedField, name: str) -> object:
    if field.value is not None:
        return field.value
    found = _at(value, field.path)
    if found is None or field.unit is None:
        return found
    if name == "time":
        return _time(found, field.unit)
    number = _number(found)
    return None if number is None else number * _UNITS[field.unit]


def _litellm(value: Mapping[str, Any]) -> Row:
    """LiteLLM's own payload of a call; times are seconds since 1970.

    The field `response_time` is not used: of a stream it is the time of the first token.
    https://docs.litellm.ai/docs/proxy/logging_spec
    """
    start, first, end = (_number(value.get(key)) for key in ("startTime", "completionStartTime", "endTime"))
    failed = value.get("status") == "failure"
    code = _number(_at(value, ("error_information", "error_code"))) if failed else 200
    headers = _at(value, ("metadata", "requester_custom_headers"))
    row: Row = {
        "layer": "head",
        "time": None if start is None else _time(start, "s"),
        "request_id": _at(headers, ("x-request-id",)) or value.get("trace_id") or value.get("id"),
        "key_id": _at(value, ("metadata", "user_api_key_alias")),
        "model": value.get("model_group"),
        "asked": value.get("model_group"),
        "status": code if code is not None else 500,
        "deployment": value.get("model_id"),
        "input_tokens": value.get("prompt_tokens"),
        "output_tokens": value.get("completion_tokens"),
        "cost": value.get("response_cost"),
    }
    if start is not None and end is not None:
        row["duration_ms"] = (end - start) * 1e3
    if start is not None and first is not None:
        row["first_byte_ms"] = (first - start) * 1e3
    return row


_GEN_AI = "gen_ai."


def _spans(resources: Sequence[Any]) -> Iterator[Row]:
    """The GenAI spans of an OTLP JSON line: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/."""
    for resource in resources:
        shared = _attributes(_at(resource, ("resource", "attributes")))
        scopes = _at(resource, ("scopeSpans",))
        for scope in scopes if isinstance(scopes, list) else ():
            spans = _at(scope, ("spans",))
            for span in spans if isinstance(spans, list) else ():
                own = _attributes(_at(span, ("attributes",)))
                if any(key.startswith(_GEN_AI) for key in own):
                    yield _span(span, {**shared, **own})


def _span(span: Mapping[str, Any], found: Mapping[str, Any]) -> Row:
    row: Row = {name: found[field] for name, (field, _) in FIELDS.items() if field in found}
    start, end = (_number(span.get(key)) for key in ("startTimeUnixNano", "endTimeUnixNano"))
    failed = "error.type" in found or _at(span, ("status", "code")) in (2, "STATUS_CODE_ERROR")
    first = _number(found.get("gen_ai.response.time_to_first_chunk"))
    row.setdefault("layer", "head")
    row.setdefault("request_id", span.get("traceId"))
    row.setdefault("model", found.get(log.ASKED))
    row.setdefault("status", 500 if failed else 200)
    row["time"] = None if start is None else _time(start, "ns")
    if start is not None and end is not None:
        row.setdefault("duration_ms", (end - start) / 1e6)
    if first is not None:
        row.setdefault("first_byte_ms", first * 1e3)
    return row


def _attributes(listed: object) -> dict[str, Any]:
    """Attributes by name; OTLP writes integers as strings. Only those that a row can have are looked at."""
    found: dict[str, Any] = {}
    for one in listed if isinstance(listed, list) else ():
        key, value = _at(one, ("key",)), _at(one, ("value",))
        if isinstance(key, str) and key in _ATTRIBUTES and isinstance(value, Mapping):
            found[key] = next(
                (value[kind] for kind in ("stringValue", "intValue", "doubleValue") if kind in value), None
            )
    return found


_ATTRIBUTES = frozenset(field for field, _ in FIELDS.values()) | {
    "error.type",
    "gen_ai.operation.name",
    "gen_ai.response.time_to_first_chunk",
}
