"""What was asked for in a window of time, summed: what a plan and a drill can be weighed by.

It comes from an aggregate of usage (`modelspec.traffic.demand`), or from a file that holds the same sums, so that a
pipeline without the aggregate's engine can read it.
"""

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

VERSION = 1
LARGEST = 64 * 1024 * 1024
"""Bytes of the text that are read: ten times the largest fleet's."""
_MOST_HOURS = 24 * 400
_HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Latency of a model at a head in milliseconds, over so many requests.

    `floor` is the mean network floor of the clients that it was measured for; None where that is not known. `dollars`
    is what a request cost, None where the gateway estimated nothing.
    """

    rows: int
    p50: float
    p95: float
    floor: float | None = None
    dollars: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Requests of `hours` hours from `first` on.

    `asked` leads from the name as asked to the client's region (empty where it is not known) to requests. `clients` and
    `heads` have the requests of each hour, by client region and by the head that answered. `measured` is by model and
    head, `floors` by client region and head: the fastest answers, in milliseconds.
    """

    first: datetime
    hours: int
    asked: Mapping[str, Mapping[str, int]]
    clients: Mapping[str, tuple[int, ...]]
    heads: Mapping[str, tuple[int, ...]]
    measured: Mapping[tuple[str, str], Measured]
    floors: Mapping[tuple[str, str], float]

    @property
    def days(self) -> float:
        """The length of the window."""
        return self.hours / _HOURS_A_DAY

    @property
    def scale(self) -> float:
        """What sums are divided by: the days, or 1 for less than a day, which says nothing of the hours it lacks."""
        return max(1.0, self.days)

    @property
    def unit(self) -> str:
        """What counts are of, once they are divided: `a day`, or `in 5 hours`."""
        if self.hours >= _HOURS_A_DAY:
            return "a day"
        return "in 1 hour" if self.hours == 1 else f"in {self.hours} hours"

    @property
    def requests(self) -> int:
        """All of them."""
        return sum(sum(clients.values()) for clients in self.asked.values())


def demand_file(demand: Demand) -> bytes:
    """A demand as a gzipped JSON file, the same bytes for the same sums."""
    value = {
        "schema_version": VERSION,
        "first": demand.first.astimezone(UTC).strftime("%Y-%m-%dT%H:00:00Z"),
        "hours": demand.hours,
        "asked": {name: dict(sorted(clients.items())) for name, clients in sorted(demand.asked.items())},
        "clients": dict(sorted(demand.clients.items())),
        "heads": dict(sorted(demand.heads.items())),
        "measured": [
            [*key, one.rows, *map(_rounded, (one.p50, one.p95, one.floor)), one.dollars]
            for key, one in sorted(demand.measured.items())
        ],
        "floors": [[*key, _rounded(floor)] for key, floor in sorted(demand.floors.items())],
    }
    text = json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    return gzip.compress(text, mtime=0)


def demand_of(content: bytes) -> Demand | None:
    """What `demand_file` wrote; None for another kind of file, whatever it holds."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            text = file.read(LARGEST + 1)
        return _demand(json.loads(text)) if len(text) <= LARGEST else None
    except (ValueError, TypeError, KeyError, EOFError, OSError, OverflowError, RecursionError, zlib.error):
        return None


def _demand(value: Mapping[str, Any]) -> Demand:
    """A demand of the right form.

    Raises:
        ValueError: it has another form. So do TypeError and KeyError mean.
    """
    hours = _count(value["hours"])
    if value["schema_version"] != VERSION or not 0 < hours <= _MOST_HOURS:
        raise ValueError("another version")
    first = datetime.fromisoformat(value["first"])
    if first.tzinfo is None:
        raise ValueError("not in UTC")
    return Demand(
        first=first,
        hours=hours,
        asked={
            _text(name): {_text(client): _count(requests) for client, requests in _items(clients)}
            for name, clients in _items(value["asked"])
        },
        clients=dict(_series(value["clients"], hours)),
        heads=dict(_series(value["heads"], hours)),
        measured={
            (_text(model), _text(head)): Measured(
                rows=_count(rows),
                p50=_number(p50),
                p95=_number(p95),
                floor=None if floor is None else _number(floor),
                dollars=None if dollars is None else _number(dollars),
            )
            for model, head, rows, p50, p95, floor, dollars in value["measured"]
        },
        floors={(_text(client), _text(head)): _number(floor) for client, head, floor in value["floors"]},
    )


def _series(value: object, hours: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, counts in _items(value):
        series = tuple(map(_count, counts))
        if len(series) != hours:
            raise ValueError("not a count for each hour")
        yield _text(name), series


def _items(value: object) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    raise ValueError("not a mapping")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("not a text")


def _count(value: object) -> int:
    if type(value) is int and 0 <= value < 1 << 53:
        return value
    raise ValueError("not a count")


def _number(value: object) -> float:
    if isinstance(value, int | float) and 0 <= value < 1 << 53:
        return float(value)
    raise ValueError("not a number")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
