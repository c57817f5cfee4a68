"""Many small files of a finished day become one with the same sums: what hourly runs leave would be slow to read."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import duckdb

from modelspec.traffic.stage import quoted
from modelspec.traffic.store import KEYS, SUMS, VERSION, UsageFolder

MOST_FILES = 8
"""Of a day; with more, and a later day begun, they are merged."""


def merge_days(folder: UsageFolder, scratch: Path, engine: duckdb.DuckDBPyConnection) -> None:
    """Merge what is worth it, in a folder that is locked.

    Raises:
        OSError, duckdb.Error: the disk is full, or the like; the folder stays as it was.
    """
    days: dict[str, list[Path]] = {}
    for path in folder.files():
        days.setdefault(path.parent.name.removeprefix("day="), []).append(path)
    files: dict[str, Path] = {}
    replaced: list[str] = []
    for day in sorted(days)[:-1]:
        if len(days[day]) <= MOST_FILES:
            continue
        names = [path.relative_to(folder.path).as_posix() for path in days[day]]
        merged = scratch / f"merged-{day}.parquet"
        sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in SUMS)
        listed = ", ".join(quoted(str(path)) for path in days[day])
        rows = f"read_parquet([{listed}], hive_partitioning = false) GROUP BY ALL ORDER BY ALL"
        query = f"SELECT {', '.join(KEYS)}, {sums} FROM {rows}"  # noqa: S608 - our own columns, quoted paths
        engine.execute(
            f"COPY ({query}) TO {quoted(str(merged))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
        )
        place = f"{VERSION}/{days[day][0].parent.name}/{_digest(names)}.parquet"
        files[place] = merged
        replaced += names
    if files:
        state = folder.state()
        folder.commit(files, (), state, {}, _digest(files), replaced)


def _digest(names: Iterable[str]) -> str:
    return sha256("\n".join(sorted(names)).encode()).hexdigest()[:32]
