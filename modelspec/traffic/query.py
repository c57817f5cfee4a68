"""Questions to an aggregate, as Ibis expressions: DuckDB answers them by default, ClickHouse or Spark where asked.

To give the same rows everywhere, no expression here uses `nunique`, `quantile`, null-dependent joins or division.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import reduce
from typing import Any, Protocol

import ibis

from modelspec.traffic.store import (
    ASKED,
    COLUMNS,
    DIRECT,
    DURATION,
    EDGE,
    EDGES,
    FIRST_BYTE,
    HEAD,
    REQUESTS,
    SUMS,
    milliseconds,
)

NAME = "modelspec_usage"
"""The table or view that engines know the aggregate by."""

DIMENSIONS = (
    "model", "client", "head", "served", "upstream", "class", "key_id", "owner",
    "asked", "edge", "commit", "day", "hour",
)  # fmt: skip
"""What results can be grouped by."""

_COLUMN_OF = {"class": "code_class", "day": "date"}
_MEASURE_OF = {"asked": ASKED, "edge": EDGES, "commit": EDGES}

QUANTILES = (50, 95, 99)
ENOUGH_FOR_FLOOR = 100
ENOUGH_FOR_P99 = 1_000
"""With 100 rows, the 99th percentile's interval covers it in 64 % of cases only."""


class Engine(Protocol):
    """Answers expressions over the table `NAME`."""

    def rows(self, expression: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - an Ibis table
        """The rows of an expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSpan:
    """Hours in UTC from `since` up to, and without, `until`; None means without a bound."""

    since: datetime | None = None
    until: datetime | None = None


ALWAYS = UsageSpan()


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds by quantile (50, 95, 99) over `rows` requests; the 99th is None below 1,000 rows."""

    rows: int
    p50: float | None
    p95: float | None
    p99: float | None


NOTHING = Latency(rows=0, p50=None, p95=None, p99=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """What one group of requests did; `group` has the values of the dimensions asked for, in their order."""

    group: tuple[Any, ...]
    requests: int
    classes: Mapping[str, int]
    retried: int
    failovers: int
    input_tokens: int
    output_tokens: int
    cost_nano: int
    duration: Latency = NOTHING
    first_byte: Latency = NOTHING


@dataclass(frozen=True, kw_only=True)
class Usage:
    """An aggregate that can be asked. `owners` leads from key ids to their owners."""

    engine: Engine
    owners: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        layers = {layer for (layer,) in self.engine.rows(_table().select("layer").distinct())}
        object.__setattr__(self, "layers", frozenset(layers))

    layers: frozenset[str] = field(init=False)

    def first_and_last(self) -> tuple[datetime, datetime] | None:
        """The hour of the first and of the last request that count; None where there is none.

        Days more than a week after all others, with less than a hundredth of the requests, are left out: one clock that
        is years ahead must not decide what the last seven days are.
        """
        table = self._of(REQUESTS)
        counts = table.group_by("date").agg(
            requests=table.requests.sum(), first=table.hour.min(), last=table.hour.max()
        )
        days = sorted(self.engine.rows(counts))
        total = sum(row[1] for row in days)
        late = 0
        for earlier, later in zip(days[-2::-1], days[:0:-1], strict=True):
            late += later[1]
            if late * 100 >= total:
                break
            if later[0] - earlier[0] > timedelta(days=7):
                days = days[: days.index(earlier) + 1]
        if not days:
            return None
        (first, _, hour, _), (last, _, _, end) = days[0], days[-1]
        return _at(first, hour), _at(last, end)

    def summary(
        self, by: Sequence[str], span: UsageSpan = ALWAYS, *, with_latency: bool = True
    ) -> list[UsageRow]:
        """Requests by `by`, of `DIMENSIONS`, the largest groups first, then by name.

        `asked`, `edge` and `commit` have counts alone. With `hour`, histograms, which are by day, have none.
        """
        measure = next((_MEASURE_OF[name] for name in by if name in _MEASURE_OF), REQUESTS)
        table = self._within(self._of(measure), span)
        keys = [_key(name) for name in by]
        named = self._named(table, by)
        with_class = list(dict.fromkeys([*keys, "code_class"]))
        counts = named.group_by(with_class).agg(**{name: named[name].sum().cast("int64") for name in SUMS})
        groups: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in self.engine.rows(counts.order_by(with_class)):
            group, sums = row[: len(by)], row[len(with_class) :]
            code_class = row[with_class.index("code_class")]
            held = groups.setdefault(group, {**dict.fromkeys(SUMS, 0), "classes": {}})
            for name, value in zip(SUMS, sums, strict=True):
                held[name] += value
            if sums[0]:
                held["classes"][code_class] = held["classes"].get(code_class, 0) + sums[0]
        latencies: dict[str, dict[tuple[Any, ...], Latency]] = {DURATION: {}, FIRST_BYTE: {}}
        if with_latency and measure == REQUESTS and "hour" not in by:
            latencies = {kind: self.latency(kind, by, span) for kind in latencies}
        rows = [
            UsageRow(
                group=group,
                **held,
                duration=latencies[DURATION].get(group, NOTHING),
                first_byte=latencies[FIRST_BYTE].get(group, NOTHING),
            )
            for group, held in groups.items()
        ]
        return sorted(rows, key=lambda row: (-row.requests, tuple(map(str, row.group))))

    def latency(
        self,
        measure: str,
        by: Sequence[str],
        span: UsageSpan = ALWAYS,
        *,
        classes: Sequence[str] = (),
        models: Sequence[str] | None = None,
    ) -> dict[tuple[Any, ...], Latency]:
        """Quantiles of `DURATION` or `FIRST_BYTE` by group, of whole days; of some `classes` and `models` or of all."""
        table = _only(self._within(self._of(measure), span), models)
        if classes:
            table = table.filter(table.code_class.isin(list(classes)))
        keys = [_key(name) for name in by]
        named = self._named(table, by)
        sums = named.group_by([*keys, "bucket"]).agg(rows=named.requests.sum().cast("int64"))
        up_to = ibis.window(group_by=keys, order_by="bucket", preceding=None, following=0)
        counted = sums.mutate(
            total=sums.rows.sum().over(ibis.window(group_by=keys)).cast("int64"),
            reached=sums.rows.sum().over(up_to).cast("int64"),
        )
        found = counted.group_by([*keys, "total"]).agg(
            **{
                f"p{quantile}": counted.bucket.min(
                    where=counted.reached * 100 >= counted.total * quantile
                ).cast("int64")
                for quantile in QUANTILES
            }
        )
        latencies = {}
        for row in self.engine.rows(found):
            total = row[len(by)]
            values = [milliseconds(bucket) for bucket in row[len(by) + 1 :]]
            p99 = values[2] if total >= ENOUGH_FOR_P99 else None
            latencies[row[: len(by)]] = Latency(rows=total, p50=values[0], p95=values[1], p99=p99)
        return latencies

    def asked(self, span: UsageSpan = ALWAYS) -> Iterator[tuple[str, str, str, str, int]]:
        """Requests by the name as asked, client region, model that took them and code class, in this order."""
        table = self._within(self._of(ASKED), span)
        keys = ["asked", "client", "model", "code_class"]
        counts = table.group_by(keys).agg(requests=table.requests.sum().cast("int64"))
        yield from self.engine.rows(counts.order_by(keys))

    def asked_hours(self, span: UsageSpan = ALWAYS) -> Iterator[tuple[str, str, date, int, int]]:
        """Requests by the name as asked, client region, date and hour in UTC, in this order."""
        table = self._within(self._of(ASKED), span)
        keys = ["asked", "client", "date", "hour"]
        counts = table.group_by(keys).agg(requests=table.requests.sum().cast("int64"))
        yield from self.engine.rows(counts.order_by(keys))

    def days(
        self, by: Sequence[str], span: UsageSpan = ALWAYS, *, models: Sequence[str] | None = None
    ) -> Iterator[tuple[tuple[Any, ...], date, int]]:
        """Requests by group and day, the unit of statistics, in the order of the groups and days.

        `models` leaves out all others.
        """
        table = _only(self._within(self._of(REQUESTS), span), models)
        keys = [*(_key(name) for name in by), "date"]
        named = self._named(table, by)
        counts = named.group_by(keys).agg(requests=named.requests.sum().cast("int64"))
        for row in self.engine.rows(counts.order_by(keys)):
            yield row[: len(by)], row[-2], row[-1]

    def sums(
        self,
        value: str,
        by: Sequence[str],
        span: UsageSpan = UsageSpan(),
        *,
        models: Sequence[str] | None = None,
    ) -> Iterator[tuple[tuple[Any, ...], int]]:
        """The sum of one of `SUMS` by group, in the order of the groups; rows that have none of it are left out.

        `models` leaves out all others.
        """
        measure = next((_MEASURE_OF[name] for name in by if name in _MEASURE_OF), REQUESTS)
        table = _only(self._within(self._of(measure), span), models)
        keys = [_key(name) for name in by]
        table = self._named(table.filter(table[value] > 0), by)
        counts = table.group_by(keys).agg(total=table[value].sum().cast("int64"))
        for row in self.engine.rows(counts.order_by(keys)):
            yield row[:-1], row[-1]

    def floors(
        self, measure: str, by: Sequence[str], span: UsageSpan = UsageSpan()
    ) -> dict[tuple[Any, ...], float]:
        """What the fastest answers with success took, by group of enough requests: their first percentile in ms."""
        table = self._within(self._of(measure), span)
        table = table.filter(table.code_class == "2xx")
        keys = [_key(name) for name in by]
        sums = table.group_by([*keys, "bucket"]).agg(rows=table.requests.sum().cast("int64"))
        up_to = ibis.window(group_by=keys, order_by="bucket", preceding=None, following=0)
        counted = sums.mutate(
            total=sums.rows.sum().over(ibis.window(group_by=keys)).cast("int64"),
            reached=sums.rows.sum().over(up_to).cast("int64"),
        )
        counted = counted.filter(
            (counted.total >= ENOUGH_FOR_FLOOR) & (counted.reached * 100 >= counted.total)
        )
        found = counted.group_by(keys).agg(bucket=counted.bucket.min().cast("int64"))
        return {row[:-1]: milliseconds(row[-1]) for row in self.engine.rows(found)}

    def _of(self, measure: str) -> Any:  # noqa: ANN401 - an Ibis table
        """The rows of a measure; of calls that heads logged beside an edge, tokens and cost alone."""
        table = _table()
        table = table.filter(table.measure == measure)
        if not (HEAD in self.layers and EDGE in self.layers):
            return table
        edges = _table()
        edges = edges.filter((edges.measure == REQUESTS) & (edges.layer == EDGE) & (edges.requests > 0))
        logged = edges.select("date", "head").distinct()
        heads = table.filter(table.layer == HEAD)
        beside = heads.semi_join(logged, ["date", "head"])
        if measure != REQUESTS:
            beside = beside.limit(0)
        parts = [
            table.filter(table.layer.isin([EDGE, DIRECT])),
            heads.anti_join(logged, ["date", "head"]),
            beside.mutate(
                requests=ibis.literal(0, "int64"),
                retried=ibis.literal(0, "int64"),
                failovers=ibis.literal(0, "int64"),
            ),
        ]
        return reduce(lambda one, other: one.union(other), (part.select(*COLUMNS) for part in parts))

    def _within(self, table: Any, span: UsageSpan) -> Any:  # noqa: ANN401
        """Rows of a span; histograms, whose hour is 0, by whole days."""
        if span.since is not None:
            day, hour = span.since.date(), span.since.hour
            is_by_day = table.measure.isin([DURATION, FIRST_BYTE])
            table = table.filter(
                (table.date > ibis.date(day.isoformat()))
                | ((table.date == ibis.date(day.isoformat())) & (is_by_day | (table.hour >= hour)))
            )
        if span.until is not None:
            day, hour = span.until.date(), span.until.hour
            table = table.filter(
                (table.date < ibis.date(day.isoformat()))
                | ((table.date == ibis.date(day.isoformat())) & (table.hour < hour))
            )
        return table

    def _named(self, table: Any, by: Sequence[str]) -> Any:  # noqa: ANN401
        """With the owner of each key as a column, if it is asked for."""
        if "owner" not in by:
            return table
        owned = sorted(self.owners.items())
        owner = table.key_id.cases(*owned, else_="") if owned else ibis.literal("")
        return table.mutate(owner=owner)


def _table() -> Any:  # noqa: ANN401
    return ibis.table(dict(COLUMNS), name=NAME)


def _only(table: Any, models: Sequence[str] | None) -> Any:  # noqa: ANN401
    return table if models is None else table.filter(table.model.isin(list(models)))


def _key(name: str) -> str:
    return _COLUMN_OF.get(name, name)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour))
