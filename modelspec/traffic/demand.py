"""The demand that a plan and a drill are weighed by: out of an aggregate of usage, or of a file with its sums.

The sums of an aggregate are kept beside it, in `demand/`, until it grows: to read 20 million counts takes seconds, a
plan itself one or two. Neither they nor a file need the engine of the aggregate.
"""

import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from modelspec.author.init import with_extra
from modelspec.change.demand import VERSION, Demand, Measured, demand_file, demand_of
from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.traffic.live import replace_file
from modelspec.traffic.store import DURATION, FIRST_BYTE, UsageFolder

if TYPE_CHECKING:
    from modelspec.traffic.query import Usage, UsageSpan

DEMAND = "demand"
REPLAYED_DAYS = 7
"""What `plan --replay` and `drill --usage` take where no `--days` says otherwise."""
_NEEDS = ("duckdb", "ibis", "sqlglot")
_LARGEST_FILE = 256 * 1024 * 1024
"""Bytes of a compressed file that are read."""
_KEPT = 4
_HOUR = timedelta(hours=1)
_NANO = 1e9


def demand_at(path: Path, days: int) -> Demand | Refusal | None:
    """The demand of the last `days` days of a folder, or that of a file; None where there is nothing at all."""
    if path.is_dir():
        return _of_folder(UsageFolder(path=path), days)
    try:
        found = _read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return unusable("read", path, error, "name an aggregate of usage that can be read")
    if found is None:
        return Refusal(
            message=f"{shown(path)} is not usage that can be replayed",
            help="name a folder that `modelspec usage` writes, or a file that it exports",
        )
    return found


def _read(path: Path) -> Demand | None:
    """What a regular file of a size to read holds.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - pathlib opens no descriptors
        about = os.fstat(descriptor)
        is_readable = stat.S_ISREG(about.st_mode) and about.st_size <= _LARGEST_FILE
        return demand_of(file.read(_LARGEST_FILE)) if is_readable else None


def _of_folder(folder: UsageFolder, days: int) -> Demand | Refusal | None:
    try:
        files = folder.files()
        if not files:
            return None
        kept = folder.path / DEMAND
        name = _name(folder.path, files, days)
        with suppress(OSError):
            found = _read(kept / name)
            if found is not None:
                return found
    except OSError as error:
        return unusable("read", folder.path, error, "name a folder that `modelspec usage` writes")
    if not all(map(find_spec, _NEEDS)):
        return Refusal(message="an aggregate of usage needs a few packages more", help=with_extra("traffic"))
    summed = demand_in(folder.path, days)
    if isinstance(summed, Demand):
        # Where nothing can be kept, the next plan takes as long.
        replace_file(kept, name, demand_file(summed))
        _clear(kept, name)
    return summed


def _name(root: Path, files: list[Path], days: int) -> str:
    """A name for the sums of these files, which are never changed once they are written."""
    digest = sha256(f"{VERSION} {days}\n".encode())
    for path in files:
        digest.update(f"{path.relative_to(root)} {path.stat().st_size}\n".encode())
    return f"{digest.hexdigest()[:32]}.json.gz"


def _clear(kept: Path, name: str) -> None:
    """Remove sums of what the aggregate was."""
    with suppress(OSError):
        others = [path for path in kept.glob("*.json.gz") if path.name != name]
        for path in sorted(others, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            path.unlink()


def demand_in(folder: Path, days: int) -> Demand | Refusal | None:
    """The demand of the last `days` days of a folder that `modelspec usage` writes; None where it has no requests."""
    from modelspec.traffic.engines import DuckEngine  # noqa: PLC0415 - only this pays for the engine
    from modelspec.traffic.query import Usage  # noqa: PLC0415

    try:
        with TemporaryDirectory() as scratch:
            engine = DuckEngine.over(UsageFolder(path=folder).files(), Path(scratch))
            return engine if isinstance(engine, Refusal) else demand_from(Usage(engine=engine), days)
    except OSError as error:
        return unusable("read", folder, error, "name a folder that `modelspec usage` writes")


def demand_from(usage: "Usage", days: int) -> Demand | None:
    """The demand of the last `days` days up to the last request; None where there is none.

    Names as asked are what edges logged. Where no edge did, the models that heads served stand for them.
    """
    from modelspec.traffic.query import UsageSpan  # noqa: PLC0415

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


def _latencies(usage: "Usage", span: "UsageSpan") -> dict[str, Any]:
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
