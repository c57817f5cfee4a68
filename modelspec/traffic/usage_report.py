"""What `modelspec usage` answers: rows of groups with their shares, latencies and cost, in every format."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelspec.report.printable import as_written, printable
from modelspec.text import markdown
from modelspec.text.quote import counted
from modelspec.traffic.prices import PriceList
from modelspec.traffic.query import Latency, Usage, UsageRow, UsageSpan
from modelspec.traffic.read import ReadReport

SCHEMA_VERSION = 1
"""Incremented when a change may break a reader; a new field does not."""

_MOST = 50
"""Groups that text and Markdown show; CSV and JSON have all."""

_NANO = 1_000_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for a formula."""

_HEADINGS = (
    "requests", "4xx", "5xx", "failover", "p50", "p95", "p99", "first p50", "first p95", "first p99",
    "tokens in", "tokens out", "cost",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CostedRow:
    """A row and what it cost, in the currency of the report; None where nothing says."""

    row: UsageRow
    cost: float | None

    @property
    def client_errors(self) -> float | None:
        """The share of 4xx."""
        return self._share("4")

    @property
    def server_errors(self) -> float | None:
        """The share of 5xx, and of requests without an answer."""
        return self._share("5n")

    @property
    def failovers(self) -> float | None:
        """The share that a head answered which is not of the first tier."""
        return self.row.failovers / self.row.requests if self.row.requests else None

    def _share(self, starts: str) -> float | None:
        if not self.row.requests:
            return None
        return sum(n for name, n in self.row.classes.items() if name[0] in starts) / self.row.requests


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """The rows by `by` of the requests from `first` up to and including the hour `last`, in UTC; both None without any.

    `currency` is that of the price list, or USD of the gateways' estimates. `total` has all rows in one.
    """

    by: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    total: CostedRow
    rows: tuple[CostedRow, ...]
    currency: str
    read: ReadReport | None = None


def usage_report(
    usage: Usage,
    by: Sequence[str],
    span: UsageSpan,
    bounds: tuple[datetime, datetime] | None,
    prices: PriceList | None,
    read: ReadReport | None = None,
) -> UsageReport:
    """Ask an aggregate; `bounds` are the first and the last hour that there are requests of."""
    rows = costed(usage, by, span, prices)
    (total,) = costed(usage, (), span, prices) or (CostedRow(row=_NONE, cost=None),)
    first, last = bounds or (None, None)
    if first is not None and span.since is not None:
        first = max(first, span.since)
    return UsageReport(
        by=tuple(by),
        first=first,
        last=last,
        total=total,
        rows=tuple(rows),
        currency="USD" if prices is None else prices.currency,
        read=read,
    )


_NONE = UsageRow(
    group=(), requests=0, classes={}, retried=0, failovers=0, input_tokens=0, output_tokens=0, cost_nano=0
)


def costed(usage: Usage, by: Sequence[str], span: UsageSpan, prices: PriceList | None) -> list[CostedRow]:
    """The groups of a span, the largest first, with what each cost."""
    rows = usage.summary(by, span)
    if prices is None:
        return [CostedRow(row=row, cost=row.cost_nano / _NANO if row.cost_nano else None) for row in rows]
    costs: dict[tuple[Any, ...], float] = {}
    if not {"asked", "edge", "commit"} & set(by):
        for one in usage.summary([*by, "model", "upstream", "served"], span, with_latency=False):
            *group, model, upstream, served = one.group
            cost = prices.cost(model, upstream or served, one.input_tokens, one.output_tokens)
            if cost is None and prices.currency == "USD" and one.cost_nano:
                cost = one.cost_nano / _NANO
            if cost is not None and (one.input_tokens or one.output_tokens or one.cost_nano):
                costs[tuple(group)] = costs.get(tuple(group), 0.0) + cost
    return [CostedRow(row=row, cost=costs.get(row.group)) for row in rows]


def usage_text(report: UsageReport) -> Iterator[str]:
    """A table for people, the largest groups first."""
    total = report.total.row
    yield f"{_count(total.requests)} {'request' if total.requests == 1 else 'requests'}"
    if report.first is not None and report.last is not None:
        yield f" from {report.first:%Y-%m-%d %H:00} to {report.last:%Y-%m-%d %H:59} UTC"
    yield "\n"
    if not report.rows:
        return
    rows = [[*map(printable, _group(one)), *_figures(one)] for one in report.rows[:_MOST]]
    if len(report.rows) > 1:
        rows.append([*["all", *[""] * len(report.by)][: len(report.by)], *_figures(report.total)])
    head = _head(report)
    names = len(report.by)
    shown = [place for place in range(len(head)) if place < names or any(row[place] for row in rows)]
    table = [[row[place] for place in shown] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    yield "\n"
    for row in table:
        cells = [
            cell.ljust(width) if place < names else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip() + "\n"
    if len(report.rows) > _MOST:
        yield f"{len(report.rows) - _MOST} more groups: --format csv or json shows all\n"


def read_text(read: ReadReport) -> Iterator[str]:
    """What became of the lines, for people."""
    parts = [f"read {_count(read.rows)} rows of {counted(read.files, 'file')}"]
    if read.repeats:
        parts.append(f"{_count(read.repeats)} repeated, counted once")
    if read.others:
        parts.append(f"{counted(read.others, 'line')} of other messages")
    if read.texts:
        parts.append(f"{counted(read.texts, 'line')} of other text")
    if read.unchanged:
        parts.append(f"{counted(read.unchanged, 'file')} with nothing new")
    yield ", ".join(parts) + "\n"
    broken = sum(read.faults.values())
    if broken:
        yield f"{counted(broken, 'line')} could not be read: "
        yield ", ".join(f"{_count(n)} {printable(why)}" for why, n in read.faults.most_common()) + "\n"
        yield from (f"  {printable(line)}\n" for line in read.named)
        if broken > len(read.named):
            yield f"  and {_count(broken - len(read.named))} more\n"


def usage_markdown(report: UsageReport) -> Iterator[str]:
    """The same table for a comment; no name in it steers anything."""
    yield "### Usage\n\n"
    yield f"{_count(report.total.row.requests)} requests"
    if report.first is not None and report.last is not None:
        yield f" from {report.first:%Y-%m-%d %H:00} to {report.last:%Y-%m-%d %H:59} UTC"
    yield ".\n\n"
    yield "| " + " | ".join(_head(report)) + " |\n"
    yield "|" + "---|" * len(report.by) + "--:|" * len(_HEADINGS) + "\n"
    for one in report.rows[:_MOST]:
        names = [markdown.code(printable(name)) if name else "" for name in _group(one)]
        yield "| " + " | ".join([*names, *_figures(one)]) + " |\n"
    if len(report.rows) > _MOST:
        yield f"\n{len(report.rows) - _MOST} more groups are omitted.\n"


def usage_csv(report: UsageReport) -> str:
    """All rows, in full digits; no cell is a formula."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    figures = [*_json_row(report.total, ()).keys()]
    flat = [name for name in figures if name not in ("group", "classes")]
    writer.writerow([*report.by, *flat])
    for one in report.rows:
        row = _json_row(one, report.by)
        cells = [printable(name) for name in _group(one)]
        writer.writerow(
            [
                *(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells),
                *("" if row[name] is None else row[name] for name in flat),
            ]
        )
    return lines.getvalue()


def usage_json(report: UsageReport) -> str:
    """The object of `schemas/usage-report.schema.json`, in ASCII; the same report gives the same bytes."""
    fields: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "by": report.by,
        "first_hour": None if report.first is None else f"{report.first:%Y-%m-%dT%H:00Z}",
        "last_hour": None if report.last is None else f"{report.last:%Y-%m-%dT%H:00Z}",
        "currency": report.currency,
        "total": _json_row(report.total, ()),
        "rows": [_json_row(one, report.by) for one in report.rows],
    }
    if report.read is not None:
        read = report.read
        fields["read"] = {
            "files": read.files,
            "unchanged": read.unchanged,
            "rows": read.rows,
            "repeats": read.repeats,
            "others": read.others,
            "texts": read.texts,
            "broken": [{"reason": why, "lines": n} for why, n in read.faults.most_common()],
            "named": [as_written(line) for line in read.named],
        }
    return json.dumps(fields, indent=1) + "\n"


def _json_row(one: CostedRow, by: Sequence[str]) -> dict[str, Any]:
    row = one.row
    fields: dict[str, Any] = {
        "group": dict(zip(by, _group(one), strict=True)),
        "requests": row.requests,
        "classes": dict(sorted(row.classes.items())),
        "client_error_share": _rounded(one.client_errors, 6),
        "server_error_share": _rounded(one.server_errors, 6),
        "failover_share": _rounded(one.failovers, 6),
        "retried": row.retried,
    }
    for name, latency in (("duration", row.duration), ("first_byte", row.first_byte)):
        for quantile in ("p50", "p95", "p99"):
            fields[f"{name}_{quantile}_ms"] = _rounded(getattr(latency, quantile), 1)
    fields |= {
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cost": _rounded(one.cost, 6),
    }
    return fields


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _head(report: UsageReport) -> list[str]:
    return [*report.by, *_HEADINGS[:-1], f"cost {report.currency}"]


def _group(one: CostedRow) -> list[str]:
    """The values of the dimensions as text; an hour has two digits."""
    return [f"{value:02d}" if isinstance(value, int) else as_written(str(value)) for value in one.row.group]


def _figures(one: CostedRow) -> list[str]:
    row = one.row
    return [
        _count(row.requests),
        *map(_percent, (one.client_errors, one.server_errors, one.failovers)),
        *_latency(row.duration),
        *_latency(row.first_byte),
        _count(row.input_tokens) if row.input_tokens else "",
        _count(row.output_tokens) if row.output_tokens else "",
        "" if one.cost is None else f"{one.cost:,.2f}",
    ]


def _latency(latency: Latency) -> Iterator[str]:
    for value in (latency.p50, latency.p95, latency.p99):
        yield "" if value is None else duration(value)


def duration(ms: float) -> str:
    """Milliseconds for people, to the two or three digits that buckets know: `85 ms`, `1.24 s`."""
    if ms < 1000:  # noqa: PLR2004 - a second
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.2f} s" if ms < 100_000 else f"{ms / 1000:.0f} s"  # noqa: PLR2004


def _percent(share: float | None) -> str:
    if share is None:
        return ""
    return "0 %" if share == 0 else f"{share * 100:.2f} %" if share < 0.1 else f"{share * 100:.0f} %"  # noqa: PLR2004


def _count(number: int) -> str:
    return f"{number:,}"
