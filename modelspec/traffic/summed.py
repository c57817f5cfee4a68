"""The demand of the last days of an aggregate of usage."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modelspec.change.demand import Demand, Measured
from modelspec.diagnose.refusal import Refusal, unusable
from modelspec.traffic.engines import DuckEngine
from modelspec.traffic.query import Usage, UsageSpan
from modelspec.traffic.store import DURATION, FIRST_BYTE, UsageFolder

_HOUR = timedelta(hours=1)
_NANO = 1e9


def demand_in(folder: Path, days: int) -> Demand | Refusal | None:
    """The demand of the last `days` days of a folder that `modelspec usage` writes; None where it has no requests."""
    try:
        with TemporaryDirectory() as scratch:
            engine = DuckEngine.over(UsageFolder(path=folder).files(), Path(scratch))
            return engine if isinstance(engine, Refusal) else demand_from(Usage(engine=engine), days)
    except OSError as error:
        return unusable("read", folder, error, "name a folder that `modelspec usage` writes")


def demand_from(usage: Usage, days: int) -> Demand | None:
    """The demand of the last `days` days up to the last request; None where there is none.

    Names as asked are what edges logged. Where no edge did, the models that heads served stand for them.
    """
    bounds = usage.first_and_last()
    if bounds is None:
        return None
    until = bounds[1] + _HOUR
    since = max(bounds[0], until - timedelta(days=days))
    span = UsageSpan(since=since, until=until)
    hours = (until - since) // _HOUR
    asked: defaultdict[str, dict[str, int]] = defaultdict(dict)
    named = [*usage.sums("requests", ("asked", "client"), span)]
    for (name, client), count in named or usage.sums("requests", ("model", "client"), span):
        asked[name][client] = count
    return Demand(
        first=since.replace(tzinfo=UTC),
        hours=hours,
        asked=dict(asked),
        clients=_by_hour(usage.sums("requests", ("client", "day", "hour"), span), since, hours),
        heads=_by_hour(usage.sums("requests", ("head", "day", "hour"), span), since, hours),
        **_latencies(usage, span),
    )


def _by_hour(
    rows: Iterable[tuple[tuple[Any, ...], int]], since: datetime, hours: int
) -> Mapping[str, tuple[int, ...]]:
    """Counts of each hour of the window, by name."""
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0] * hours)
    for (name, day, hour), count in rows:
        number = (datetime.combine(day, time(hour)) - since) // _HOUR
        if 0 <= number < hours:
            found[name][number] += count
    return {name: tuple(counts) for name, counts in found.items()}


def _latencies(usage: Usage, span: UsageSpan) -> dict[str, Any]:
    """Latency and cost by model and head, and the network floors of client regions at heads.

    The floor of a model at a head is the mean of the floors of the clients that called it there.
    """
    floors = {
        **usage.floors(DURATION, ("client", "head"), span),
        **usage.floors(FIRST_BYTE, ("client", "head"), span),
    }
    seen: defaultdict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    totals: defaultdict[tuple[str, str], int] = defaultdict(int)
    for (model, head, client), count in usage.sums("requests", ("model", "head", "client"), span):
        totals[model, head] += count
        if (client, head) in floors:
            seen[model, head].append((floors[client, head], count))
    costs = dict(usage.sums("cost_nano", ("model", "head"), span))
    measured = {}
    for (model, head), latency in usage.latency(DURATION, ("model", "head"), span, classes=("2xx",)).items():
        if not head or latency.p50 is None or latency.p95 is None:
            continue
        whole = sum(count for _, count in seen[model, head])
        nano = costs.get((model, head))
        measured[model, head] = Measured(
            rows=latency.rows,
            p50=_milliseconds(latency.p50),
            p95=_milliseconds(latency.p95),
            floor=_milliseconds(sum(floor * count for floor, count in seen[model, head]) / whole)
            if whole
            else None,
            dollars=round(nano / _NANO / totals[model, head], 9) if nano and totals[model, head] else None,
        )
    return {"measured": measured, "floors": {key: _milliseconds(floor) for key, floor in floors.items()}}


def _milliseconds(value: float) -> float:
    """As a file has it, so that what is kept tells the same as what is read."""
    return round(value, 1)
