"""Measures `modelspec usage`: reading logs, and asking the aggregate of many requests.

Logs are generated as an emitted edge writes them (some 560 bytes a line), the aggregate of `--requests` as reading them
would have made it. Everything is in processor seconds of this process, on one thread; run it on a quiet machine.
"""

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from modelspec.diagnose.refusal import Refusal
from modelspec.routing.decide import Index
from modelspec.routing.table import RoutingTable
from modelspec.traffic.engines import DuckEngine
from modelspec.traffic.query import Usage
from modelspec.traffic.read import read_logs
from modelspec.traffic.stage import KnownNames
from modelspec.traffic.store import DURATION, UsageFolder

MODELS, REGIONS, HEADS = 5_276, 25, 57
_SECONDS_A_DAY = 86_400


def main() -> None:
    """Print the figures that the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=300_000, help="lines of the log that is read")
    parser.add_argument(
        "--requests", type=int, default=2_000_000, help="requests of the aggregate that is asked"
    )
    parser.add_argument("--days", type=int, default=28, help="days of the aggregate")
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="modelspec-benchmark-"))
    try:
        _reading(scratch, options.rows)
        _asking(scratch, options.requests, options.days)
    finally:
        shutil.rmtree(scratch)


@contextmanager
def _measured() -> Iterator[Callable[[], float]]:
    started = time.process_time()
    ended: list[float] = []
    yield lambda: ended[0]
    ended.append(time.process_time() - started)


def _known() -> KnownNames:
    models = [f"org{number % 40}/model-{number}" for number in range(MODELS)]
    return KnownNames(
        index=Index(RoutingTable(regions=(), heads=(), routes=())),
        heads={f"head-{number}": f"r{number % REGIONS}" for number in range(HEADS)},
        names={name: name for name in models},
        upstreams={},
        first={name: frozenset((f"head-{number % HEADS}",)) for number, name in enumerate(models)},
        homes={name: f"r{number % REGIONS}" for number, name in enumerate(models)},
        allowed={f"r{number}": None for number in range(REGIONS)},
    )


_REQUESTS = f"""SELECT *, 'org' || (m % 40) || '/model-' || m AS model,
        'r' || CASE WHEN u1 < 0.8 THEN m % {REGIONS} ELSE CAST(floor(u2 * {REGIONS}) AS INTEGER) END AS client,
        'head-' || CASE WHEN u3 < 0.95 THEN m % {HEADS} ELSE (m + 7) % {HEADS} END AS head,
        CASE WHEN u2 < 0.95 THEN 200 WHEN u2 < 0.97 THEN 429 ELSE 503 END AS status,
        CAST(exp(7 + 1.2 * (u4 + u5 + u6 - 1.5)) AS BIGINT) AS duration
    FROM (SELECT i, random() AS u1, random() AS u2, random() AS u3, random() AS u4, random() AS u5, random() AS u6,
        least({MODELS - 1}, CAST(floor(-300 * ln(1 - random())) AS INTEGER)) AS m FROM range($rows) r(i))"""  # noqa: S608


def _reading(scratch: Path, rows: int) -> None:
    """Lines a second and core, with everything: repeats, counts, histograms, files."""
    log = scratch / "edge.log"
    generator = duckdb.connect()
    generator.execute("SELECT setseed(0.5)")
    generator.execute(
        f"""COPY (SELECT 1 AS "modelspec.log", 'edge' AS "modelspec.layer",
        strftime(TIMESTAMP '2026-11-02' + to_milliseconds(i * {_SECONDS_A_DAY * 1000 // rows}),
            '%Y-%m-%dT%H:%M:%S.%gZ') AS "time", uuid() AS "modelspec.request_id",
        client || '-key-' || (i % 4) AS "modelspec.key_id", model AS "gen_ai.request.model", model AS "modelspec.model",
        'edge-1' AS "modelspec.edge", client AS "modelspec.client_region", head AS "modelspec.head",
        status AS "http.response.status_code", '-' AS "modelspec.flags", duration AS "modelspec.duration_ms",
        duration // 3 AS "modelspec.first_byte_ms", 2000 AS "http.request.body.size",
        3000 AS "http.response.body.size", 1 AS "modelspec.attempts", '0123456789abcdef' AS "modelspec.commit"
        FROM ({_REQUESTS})) TO '{log}' (FORMAT json)""",  # noqa: S608
        {"rows": rows},
    )
    size = log.stat().st_size
    with _measured() as seconds:
        report = read_logs([log], UsageFolder(path=scratch / "read"), _known(), is_final=True)
    assert not isinstance(report, Refusal)
    assert report.rows == rows
    print(
        f"reading {rows:,} lines of {size // rows} bytes: {rows / seconds():,.0f} lines and "
        f"{size / seconds() / 1e6:.0f} MB a second of processor, peak {_peak():.0f} MB"
    )


def _asking(scratch: Path, requests: int, days: int) -> None:
    """The matrix of regions and the quantiles of all models, from the aggregate."""
    folder = scratch / "asked"
    generator = duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(scratch / "spill")})
    for number in range(days):
        day = folder / f"v1/day=2026-11-{number + 1:02d}"
        day.mkdir(parents=True)
        generator.execute("CREATE OR REPLACE TEMP TABLE r AS " + _REQUESTS, {"rows": requests // days})
        generator.execute(_AGGREGATE.format(day=f"2026-11-{number + 1:02d}", path=day / "benchmark.parquet"))
    generator.close()
    files = UsageFolder(path=folder).files()
    size = sum(path.stat().st_size for path in files)
    engine = DuckEngine.over(files, scratch)
    assert isinstance(engine, DuckEngine)
    engine.connection.execute("SET threads = 1")
    usage = Usage(engine=engine)
    before = _peak()
    with _measured() as matrix:
        rows = usage.summary(("client", "served"), with_latency=False)
    assert sum(row.requests for row in rows) == requests // days * days
    with _measured() as quantiles:
        found = usage.latency(DURATION, ("model",))
    print(
        f"asking the aggregate of {requests:,} requests, {size / 1e6:.0f} MB: "
        f"client x served {matrix():.2f} s, p50, p95 and p99 of {len(found):,} models {quantiles():.2f} s, "
        f"peak {_peak():.0f} MB, of which {before:.0f} MB before"
    )


_AGGREGATE = """COPY (WITH named AS (SELECT *, 'r' || CAST(substr(head, 6) AS INTEGER) % 25 AS served,
        CASE WHEN status = 200 THEN '2xx' ELSE CAST(status AS VARCHAR) END AS code_class,
        client || '-key-' || (i % 4) AS key_id,
        CAST(floor(ln(greatest(duration, 1)) / ln(1.02)) AS SMALLINT) AS b FROM r)
    SELECT *, '' AS upstream, '' AS asked, '' AS edge, '' AS commit, 0 AS retried, 0 AS failovers, 0 AS input_tokens,
        0 AS output_tokens, 0 AS cost_nano, 'edge' AS layer, DATE '{day}' AS date FROM (
        SELECT 'requests' AS measure, model, client, head, served, code_class, key_id, CAST(i % 24 AS SMALLINT) AS hour,
            CAST(0 AS SMALLINT) AS bucket, count(*) AS requests FROM named GROUP BY ALL
        UNION ALL SELECT 'duration', model, client, head, served, code_class, key_id, 0, b, count(*)
            FROM named GROUP BY ALL
        UNION ALL SELECT 'first_byte', model, client, head, served, code_class, key_id, 0, b - 55, count(*)
            FROM named GROUP BY ALL)
    ORDER BY measure, model, client, head, hour, bucket) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"""


def _peak() -> float:
    """Megabytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
