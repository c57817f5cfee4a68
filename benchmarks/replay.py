"""What it costs to weigh a plan by usage: processor seconds of whole processes, with and without `--replay`.

The usage has every model of the fleet, asked for from 25 client regions in each of 168 hours: as an aggregate in
Parquet, written with DuckDB, and as the file that it is exported to.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
from fleet import write_fleet

from modelspec.change.demand import demand_file
from modelspec.diagnose.refusal import Refusal
from modelspec.load.find import read_tree
from modelspec.traffic.demand import DEMAND, demand_at
from modelspec.traffic.store import COLUMNS, DUCKDB_TYPES

PROGRAM = Path(sys.executable).with_name("modelspec")
CLIENTS, HOURS = 25, 168
GIT = ("git", "-c", "user.name=b", "-c", "user.email=b@example.com")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=5276)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root, usage, exported = (Path(scratch) / name for name in ("fleet", "usage", "usage.json.gz"))
        write_fleet(root, options.models)
        for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "state")):
            subprocess.run([*GIT, *command], cwd=root, check=True)
        models = sorted(path for path in (root / "models.d").rglob("*.yaml") if path.name[0] != "_")
        _write_usage(usage, root)
        demand = demand_at(usage, 7)
        assert demand is not None
        assert not isinstance(demand, Refusal)
        exported.write_bytes(demand_file(demand))
        print(
            f"{demand.requests:,} requests, {len(demand.asked):,} names, {exported.stat().st_size:,} bytes exported"
        )
        for changed in (1, 50, len(models)):
            for path in models[:changed]:
                _turned(path)
            plain = _seconds(options.runs, root)
            shutil.rmtree(usage / DEMAND, ignore_errors=True)
            _show(
                changed, plain, "the aggregate for the first time", _seconds(1, root, "--replay", str(usage))
            )
            for name, given in (("the aggregate", usage), ("the file", exported)):
                _show(changed, plain, name, _seconds(options.runs, root, "--replay", str(given)))


def _show(changed: int, plain: float, name: str, weighed: float) -> None:
    ratio = weighed / plain
    print(f"{changed} models changed: plan {plain:.2f} s, with {name} {weighed:.2f} s: {ratio:.2f}")


def _turned(path: Path) -> None:
    """Exchange the priority head of a model and its first fallback."""
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith("priority_head: ")), None)
    others = next((n for n, line in enumerate(lines) if line == "fallback_heads:"), None)
    if first is None or others is None:
        return
    head, other = lines[first].split(": ")[1], lines[others + 1].split("- ")[1]
    lines[first], lines[others + 1] = f"priority_head: {other}", f"  - {head}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_usage(folder: Path, root: Path) -> None:
    lines = (line for file in read_tree(root).models for line in file.data.decode().splitlines())
    names = [line.split(": ")[1].strip('"') for line in lines if line.startswith("model_id: ")]
    connection = duckdb.connect()
    connection.execute("CREATE TABLE m AS SELECT unnest(?) AS model", [names])
    given = {
        "layer": "'edge'",
        "date": "DATE '2026-11-01' + CAST(h // 24 AS INTEGER)", "model": "model",
        "client": "'r' || c",
        "head": "'head-' || (hash(model) % 57)", "code_class": "'2xx'", "requests": "1 + hash(model, c, h) % 9",
    }  # fmt: skip
    kinds = {
        "requests": {"measure": "'requests'", "hour": "h % 24"},
        "asked": {"measure": "'asked'", "hour": "h % 24", "asked": "model"},
        "duration": {"measure": "'duration'", "bucket": "200 + hash(model, h) % 100"},
    }
    for day in range(HOURS // 24):
        place = folder / f"v1/day=2026-11-{1 + day:02}"
        place.mkdir(parents=True)
        parts = []
        for name, more in kinds.items():
            values = {**given, **more}
            columns = ", ".join(
                f"CAST({values.get(column, '0' if 'int' in kind else chr(39) * 2)} AS {DUCKDB_TYPES[kind]}) AS {column}"
                for column, kind in COLUMNS.items()
            )
            hours = f"range({day * 24}, {day * 24 + (1 if name == 'duration' else 24)})"
            parts.append(f"SELECT {columns} FROM m, range({CLIENTS}) c(c), {hours} h(h)")  # noqa: S608
        connection.execute(f"COPY ({' UNION ALL '.join(parts)}) TO '{place}/x.parquet' (COMPRESSION zstd)")


def _seconds(runs: int, root: Path, *arguments: str) -> float:
    found: list[float] = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [PROGRAM, "plan", "--root", root, "--base", "HEAD", *arguments],
            stdout=subprocess.DEVNULL,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


if __name__ == "__main__":
    main()
