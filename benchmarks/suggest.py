"""What `modelspec suggest` says of a year of usage: nothing where there is no fact, and the leads that are planted.

A generated fleet, an aggregate of 365 days with every model called from every region, and a run each week. Counts have
noise of their own by week and by day (log-normal, `--noise`), and that of counting. First nothing leads; then some
models have a client region that leads by so many points. Processor seconds are of this process.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import process_time

import duckdb
from fleet import write_fleet

from modelspec.diagnose.refusal import Refusal
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled
from modelspec.routing.decide import Index
from modelspec.routing.table import Route
from modelspec.traffic.demand import demand_from
from modelspec.traffic.engines import DuckEngine
from modelspec.traffic.observed import Observed
from modelspec.traffic.query import Usage
from modelspec.traffic.store import COLUMNS, DUCKDB_TYPES, UsageFolder
from modelspec.traffic.suggest import proposals
from modelspec.traffic.suggested import suggest

FIRST, DAYS = date(2026, 1, 1), 365
LEADS = (5, 10, 15, 20, 25, 30)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=5276)
    parser.add_argument("--planted", type=int, default=100, help="models for each lead")
    parser.add_argument("--noise", type=float, default=0.3, help="standard deviation of the logarithm")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "fleet"
        write_fleet(root, options.models)
        compiled = compile_fleet(root, today=FIRST)
        assert compiled.table is not None
        routes = [route for route in compiled.table.routes if route.tiers]
        usage = _usage(Path(scratch) / "null", routes, compiled, {}, options.noise)
        _null(usage, Index(compiled.table), compiled)
        free = [route for route in routes if _is_free(route, Index(compiled.table))]
        chosen = free[: options.planted * len(LEADS)]
        planted = {route.model_id: LEADS[number % len(LEADS)] for number, route in enumerate(chosen)}
        usage = _usage(Path(scratch) / "planted", chosen, compiled, planted, options.noise)
        _planted(usage, Index(compiled.table), compiled, planted)


def _null(usage: Usage, index: Index, compiled: Compiled) -> None:
    started = process_time()
    runs = [(seen, proposals(seen)) for seen in _weeks(usage, index, compiled)]
    seconds = (process_time() - started) / len(runs)
    found = [one for _, ones in runs for one in ones]
    print(f"{len(index.routes):,} models, no fact: {len(found)} proposals in {len(runs)} weekly runs")
    print(f"  {seconds:.2f} s of processor time a run")


def _planted(usage: Usage, index: Index, compiled: Compiled, planted: Mapping[str, int]) -> None:
    first: dict[str, int] = {}
    last: Observed | None = None
    for last in _weeks(usage, index, compiled, "home"):
        for one in proposals(last):
            first.setdefault(one.subject, last.length)
    others = [model for model in first if model not in planted]
    by_lead: defaultdict[int, list[int]] = defaultdict(list)
    for model, days in first.items():
        by_lead[planted[model]].append(days)
    print(f"planted: {len(others)} models found that have no lead")
    for lead in LEADS:
        found, whole = by_lead[lead], sum(one == lead for one in planted.values())
        after = f", after {median(found):.0f} days (median)" if found else ""
        print(f"  {lead} points: {len(found)} of {whole} found within the year{after}")
    assert last is not None
    started = process_time()
    report = suggest(compiled, last, demand_from(usage, last.rule.days), FIRST)
    seconds = process_time() - started
    print(
        f"{len(report.suggestions)} passed, {len(report.dropped)} did not, {seconds:.1f} s of processor time"
    )


def _is_free(route: Route, index: Index) -> bool:
    return (
        not route.about.weights
        and route.status == "active"
        and route.client_regions is None
        and index.regions[route.region].residency is None
        and not route.local_inference
    )


def _weeks(usage: Usage, index: Index, compiled: Compiled, *kinds: str) -> Iterator[Observed]:
    rule = compiled.setup.settings.suggest
    seen = Observed.of(usage, index, replace(rule, kinds=kinds or rule.kinds), ())
    assert seen is not None
    for days in range(seen.rule.days, DAYS + 1, 7):
        last = FIRST + timedelta(days=days - 1)
        yield replace(seen, last=last, until=datetime.combine(last, time.min) + timedelta(days=1))


def _usage(
    folder: Path, routes: Sequence[Route], compiled: Compiled, leads: Mapping[str, int], noise: float
) -> Usage:
    """A year of the models of some routes. Normal values come from hashes (Box and Muller), the same every time."""
    assert compiled.table is not None
    regions = [region.code for region in compiled.table.regions]
    heads = {head.head_id: head.region for head in compiled.table.heads}
    connection = duckdb.connect()
    connection.execute("CREATE TABLE m (model VARCHAR, head VARCHAR, client VARCHAR, share DOUBLE)")
    lines = folder.with_suffix(".csv")
    with lines.open("w", encoding="utf-8") as file:
        for route in routes:
            head = next(iter(route.tiers[0].weights))
            lead = leads.get(route.model_id, 0) / 100
            top = next(code for code in regions if code != heads[head])
            for code in regions:
                share = (1 - lead) / len(regions) + (lead if code == top else 0)
                file.write(f'"{route.model_id}",{head},{code},{share}\n')
    connection.execute(f"COPY m FROM '{lines}' (FORMAT csv)")
    uniform = "(hash({0}, 2) % 1000003) / 1000003"
    normal = "sqrt(-2 * ln((hash({0}, 1) % 1000003 + 1) / 1000004)) * cos(2 * pi() * " + uniform + ")"
    place = folder / f"v1/day={FIRST.isoformat()}"
    place.mkdir(parents=True)
    by_week, by_day, counting = (
        normal.format(f"model, client, {key}") for key in ("n // 7, 'w'", "n, 'd'", "n, 'c'")
    )
    wanted = f"(40 + hash(model) % 400) * share * exp({noise} * ({by_week}) / 2 + {noise} * ({by_day}))"
    connection.execute(
        "CREATE TABLE counted AS SELECT model, head, client, n, "  # noqa: S608
        f"CAST(greatest(0, round(w + sqrt(w) * ({counting}))) AS BIGINT) AS requests "
        f"FROM (SELECT *, {wanted} AS w FROM m, range({DAYS}) days(n))"
    )
    given = {
        "layer": "'edge'", "date": f"DATE '{FIRST.isoformat()}' + CAST(n AS INTEGER)", "hour": "12",
        "model": "model", "client": "client", "head": "head", "code_class": "'2xx'", "requests": "requests",
    }  # fmt: skip
    parts = []
    measures: dict[str, dict[str, str]] = {"requests": {}, "asked": {"asked": "model"}}
    for measure, more in measures.items():
        values = {**given, **more, "measure": f"'{measure}'"}
        columns = ", ".join(
            f"CAST({values.get(column, _nothing(kind))} AS {DUCKDB_TYPES[kind]}) AS {column}"
            for column, kind in COLUMNS.items()
        )
        parts.append(f"SELECT {columns} FROM counted WHERE requests > 0")  # noqa: S608
    connection.execute(f"COPY ({' UNION ALL '.join(parts)}) TO '{place}/x.parquet' (COMPRESSION zstd)")
    engine = DuckEngine.over(UsageFolder(path=folder).files(), folder)
    assert not isinstance(engine, Refusal)
    return Usage(engine=engine)


def _nothing(kind: str) -> str:
    return "0" if "int" in kind else "''"


if __name__ == "__main__":
    main()
