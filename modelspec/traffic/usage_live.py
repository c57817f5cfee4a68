"""usage.json: what the page shows of an aggregate, in a size that does not grow with the fleet."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from modelspec.emit.artifact import document
from modelspec.report.printable import as_written
from modelspec.traffic.evidence import ResidencyReport
from modelspec.traffic.prices import PriceList
from modelspec.traffic.query import Usage, UsageRow, UsageSpan
from modelspec.traffic.stage import KnownNames
from modelspec.traffic.store import OTHER
from modelspec.traffic.usage_report import CostedRow, costed

VERSION = 1
"""Incremented when a change may break a reader; a new field does not."""

_MODELS = 50
_HEADS = 200
_OWNERS = 50
_PAIRS = 400
_DAYS = 90
_SERIES = 1_500
"""Models with a series; with ids of 40 characters, 60 heads and 400 pairs of regions, the file has 290 KB."""
_SERIES_DAYS = 28
_LEVELS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveUsage:
    """An aggregate, the span of it that is shown, and what its requests are held against.

    `bounds` are the first and the last hour with requests; `residency` is None where nothing tells of single requests.
    """

    usage: Usage
    span: UsageSpan
    bounds: tuple[datetime, datetime] | None
    known: KnownNames
    prices: PriceList | None
    residency: ResidencyReport | None

    def rows(self, *by: str) -> list[CostedRow]:
        """The groups of the span, the largest first."""
        return costed(self.usage, by, self.span, self.prices)


def usage_document(live: LiveUsage) -> bytes:
    """The object of `schemas/usage.schema.json`, in ASCII; the same aggregate gives the same bytes.

    Names that no table knows, and groups beyond the largest, are one entry, `(other)`.
    """
    first, last = live.bounds or (None, None)
    if first is not None and live.span.since is not None:
        first = max(first, live.span.since)
    (total,) = live.rows() or (None,)
    residency = live.residency
    fields: dict[str, object] = {
        "schema_version": VERSION,
        "first_hour": None if first is None else f"{first:%Y-%m-%dT%H:00Z}",
        "last_hour": None if last is None else f"{last:%Y-%m-%dT%H:00Z}",
        "currency": "USD" if live.prices is None else live.prices.currency,
        "total": None if total is None else _figures(total),
        "residency": None
        if residency is None
        else {
            "judged": residency.judged,
            "unjudged": residency.unjudged,
            "outside": len(residency.breaches),
        },
        "series": _window(last),
    }
    owners = frozenset(live.usage.owners.values()) | {""}
    lists: dict[str, Iterable[object]] = {
        "days": _days(live),
        "models": _largest(live.rows("model"), "model_id", frozenset(live.known.homes), _MODELS),
        "heads": _largest(live.rows("head"), "head_id", frozenset(live.known.heads) | {""}, _HEADS),
        "owners": _largest(live.rows("owner"), "owner", owners, _OWNERS),
        "regions": _pairs(live),
        "model_days": _series(live, last),
    }
    return document(
        ((name, json.dumps(value)) for name, value in fields.items()),
        ((name, map(json.dumps, rows)) for name, rows in lists.items()),
    )


def _days(live: LiveUsage) -> Iterator[Mapping[str, object]]:
    rows = live.usage.summary(("day",), live.span, with_latency=False)
    for row in sorted(rows, key=lambda row: row.group)[-_DAYS:]:
        shares = _counts(row)
        kept = ("requests", "server_errors", "failovers")
        yield {"date": row.group[0].isoformat(), **{name: shares[name] for name in kept}}


def _window(last: datetime | None) -> Mapping[str, object] | None:
    """The days of every series."""
    if last is None:
        return None
    return {"last_day": last.date().isoformat(), "days": _SERIES_DAYS}


def _series(live: LiveUsage, last: datetime | None) -> Iterator[list[object]]:
    """By model: id, requests, those of its busiest day, and a character a day: `0` for none, up to `z` for the most."""
    if last is None:
        return
    begin = datetime.combine(last.date() - timedelta(days=_SERIES_DAYS - 1), datetime.min.time())
    since = begin if live.span.since is None else max(begin, live.span.since)
    found: dict[str, dict[date, int]] = {}
    for (model,), day, requests in live.usage.days(("model",), UsageSpan(since=since, until=live.span.until)):
        if model in live.known.homes and day <= last.date():
            found.setdefault(model, {})[day] = requests
    ranked = sorted(found.items(), key=lambda one: (-sum(one[1].values()), one[0]))
    for model, days in ranked[:_SERIES]:
        most = max(days.values())
        each = (days.get(begin.date() + timedelta(days=place), 0) for place in range(_SERIES_DAYS))
        yield [model, sum(days.values()), most, "".join(_level(number, most) for number in each)]


def _level(number: int, most: int) -> str:
    """A character for a number of at most `most`; only none at all is `0`."""
    steps = len(_LEVELS) - 1
    return _LEVELS[-(-number * steps // most)] if number else _LEVELS[0]


def _pairs(live: LiveUsage) -> Iterator[Mapping[str, object]]:
    """From region to region, in few figures: there are as many pairs as the square of the regions."""
    known = frozenset(live.known.allowed) | {""}
    groups: dict[tuple[str, ...], list[CostedRow]] = {}
    for row in live.usage.summary(("client", "served"), live.span):
        pair = tuple(name if name in known else OTHER for name in row.group)
        place = pair if len(groups) < _PAIRS or pair in groups else (OTHER, OTHER)
        groups.setdefault(place, []).append(CostedRow(row=row, cost=None))
    for (client, served), rows in groups.items():
        figures = _figures(rows[0] if len(rows) == 1 else _sum(rows))
        kept = ("requests", "server_errors", "failovers", "duration_p50_ms", "duration_p95_ms")
        yield {"client": client, "served": served, **{name: figures[name] for name in kept}}


def _largest(
    rows: Sequence[CostedRow], key: str, names: frozenset[str], most: int
) -> Iterator[Mapping[str, object]]:
    """The largest rows of known names; all others in one entry, whose latencies nothing can tell."""
    known = [one for one in rows if one.row.group[0] in names]
    for one in known[:most]:
        yield {key: as_written(one.row.group[0]), **_figures(one)}
    rest = [*known[most:], *(one for one in rows if one.row.group[0] not in names)]
    if rest:
        yield {key: OTHER, **_figures(_sum(rest))}


def _sum(rows: Sequence[CostedRow]) -> CostedRow:
    """Counts add up, quantiles do not."""
    classes: dict[str, int] = {}
    for one in rows:
        for name, number in one.row.classes.items():
            classes[name] = classes.get(name, 0) + number
    costs = [one.cost for one in rows if one.cost is not None]
    row = UsageRow(
        group=(OTHER,),
        requests=sum(one.row.requests for one in rows),
        classes=classes,
        retried=sum(one.row.retried for one in rows),
        failovers=sum(one.row.failovers for one in rows),
        input_tokens=sum(one.row.input_tokens for one in rows),
        output_tokens=sum(one.row.output_tokens for one in rows),
        cost_nano=0,
    )
    return CostedRow(row=row, cost=sum(costs) if costs else None)


def _counts(row: UsageRow) -> dict[str, Any]:
    return {
        "requests": row.requests,
        "client_errors": sum(n for name, n in row.classes.items() if name[0] == "4"),
        "server_errors": sum(n for name, n in row.classes.items() if name[0] in "5n"),
        "failovers": row.failovers,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
    }


def _figures(one: CostedRow) -> dict[str, Any]:
    fields = _counts(one.row) | {"cost": None if one.cost is None else round(one.cost, 6)}
    for name, latency in (("duration", one.row.duration), ("first_byte", one.row.first_byte)):
        for quantile in ("p50", "p95", "p99"):
            value = getattr(latency, quantile)
            fields[f"{name}_{quantile}_ms"] = None if value is None else round(value, 1)
    return fields
