"""The dozen questions, put to DuckDB and to another engine over one aggregate: ClickHouse (chdb) or Spark.

For an environment that has both. Writes a line for each question; ends with 1 where answers differ.
"""

import random
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import ibis
from usage_logs import Aggregated, edge_row, head_row, lines

from modelspec.traffic.engines import IbisEngine
from modelspec.traffic.query import NAME, Usage, UsageSpan
from modelspec.traffic.store import COLUMNS, DURATION, UsageFolder

TYPES = {"string": "String", "date": "Date", "int16": "Int16", "int64": "Int64"}
OWNERS = {"a": "x", "b": "y"}


def clickhouse(files: list[Path]) -> ibis.BaseBackend:
    """A table of ClickHouse, its columns without NULL, as the store has them."""
    import clickhouse_connect  # noqa: PLC0415 - each engine has an environment of its own

    client = clickhouse_connect.get_client(interface="chdb")
    columns = ", ".join(f"`{name}` {TYPES[kind]}" for name, kind in COLUMNS.items())
    client.command(f"CREATE TABLE {NAME} ({columns}) ENGINE = MergeTree ORDER BY tuple()")
    names = ", ".join(f"`{name}`" for name in COLUMNS)
    for file in files:
        client.command(f"INSERT INTO {NAME} SELECT {names} FROM file('{file}', Parquet)")
    return ibis.clickhouse.from_connection(client)


def spark(files: list[Path]) -> ibis.BaseBackend:
    """A view of Spark over the files themselves, in local mode."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
    }
    builder = SparkSession.builder.master("local[2]").appName("modelspec")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.read.parquet(*map(str, files)).createOrReplaceTempView(NAME)
    return ibis.pyspark.connect(session)


ENGINES = {"clickhouse": clickhouse, "spark": spark}


def main(engine: str, folder: Path) -> int:
    rng = random.Random(1)
    rows = [
        edge_row(
            number * 37,
            model=rng.choice(("atlas", "bison", None)),
            client=rng.choice(("eu", "uk", None)),
            head=rng.choice(("head-eu-1", "head-us-1", None)),
            duration=int(rng.lognormvariate(7, 1)),
            status=rng.choice((200, 200, 429, 500)),
            key_id=rng.choice(("a", "b")),
        )
        for number in range(5000)
    ]
    rows += [head_row(number) for number in range(0, 9000, 37)]
    log, into = folder / "x.log", Aggregated(folder / "usage")
    log.write_bytes(lines(rows))
    into.read(log)
    connection = ENGINES[engine]([*UsageFolder(path=into.path).files()])
    one = Usage(engine=into.usage.engine, owners=OWNERS)
    other = Usage(engine=IbisEngine(connection), owners=OWNERS)
    bounds = one.first_and_last()
    assert bounds is not None
    span = UsageSpan(since=bounds[0].replace(hour=12), until=bounds[1])
    differing = 0
    for name, ask in questions(span).items():
        is_equal = ask(one) == ask(other)
        differing += not is_equal
        sys.stdout.write(f"{name}: {'equal' if is_equal else 'DIFFERENT'}\n")
    return int(differing > 0)


def questions(span: UsageSpan) -> dict[str, Callable[[Usage], object]]:
    asked: dict[str, Callable[[Usage], object]] = {
        "of a span": lambda usage: usage.summary(("head",), span),
        "latency of answers": lambda usage: usage.latency(DURATION, ("model", "head"), classes=("2xx",)),
        "asked": lambda usage: list(usage.asked()),
        "asked by hour": lambda usage: list(usage.asked_hours(span)),
        "days": lambda usage: list(usage.days(("model",))),
        "first and last": lambda usage: usage.first_and_last(),
    }
    for by in (
        (),
        ("model",),
        ("client", "served"),
        ("owner", "class"),
        ("day", "hour"),
        ("asked",),
        ("edge",),
    ):
        asked[f"by {by}"] = partial(Usage.summary, by=by)
    return asked


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(main(sys.argv[1], Path(scratch)))
