"""What answers questions to an aggregate: DuckDB in this process, or whatever Ibis can connect to."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import ibis

from modelspec.diagnose.refusal import Refusal
from modelspec.traffic.query import NAME
from modelspec.traffic.stage import connect, quoted
from modelspec.traffic.store import COLUMNS, DUCKDB_TYPES


@dataclass(frozen=True, slots=True)
class DuckEngine:
    """DuckDB over files; neither pandas nor pyarrow is needed."""

    connection: duckdb.DuckDBPyConnection

    @classmethod
    def over(cls, files: Sequence[Path], scratch: Path) -> "DuckEngine | Refusal":
        """Over files of the aggregate; `scratch` is a folder for what memory does not hold."""
        connection = connect(scratch)
        columns = ", ".join(f"{name} {DUCKDB_TYPES[kind]}" for name, kind in COLUMNS.items())
        if not files:
            connection.execute(f"CREATE TABLE {NAME} ({columns})")
            return cls(connection)
        listed = ", ".join(quoted(str(path)) for path in files)
        cast = ", ".join(f"CAST({name} AS {DUCKDB_TYPES[kind]}) AS {name}" for name, kind in COLUMNS.items())
        try:
            connection.execute(
                f"CREATE VIEW {NAME} AS SELECT {cast} FROM read_parquet([{listed}], hive_partitioning = false)"
            )
        except duckdb.Error:
            return Refusal(
                message="a file of the aggregate cannot be read, or has other columns",
                help="see that only `modelspec usage` writes below v1/, and aggregate the logs again",
            )
        return cls(connection)

    def rows(self, expression: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - an Ibis table
        """The rows of an expression."""
        return self.connection.execute(str(ibis.to_sql(expression, dialect="duckdb"))).fetchall()


@dataclass(frozen=True, slots=True)
class IbisEngine:
    """Whatever Ibis connects to; it has the aggregate as the table `modelspec_usage`."""

    backend: Any

    @classmethod
    def at(cls, url: str) -> "IbisEngine | Refusal":
        """Connect by an Ibis URL, such as `clickhouse://host/database`; the URL is never printed."""
        if find_spec("pyarrow") is None:
            return Refusal(
                message="--engine: pyarrow is missing, which Ibis takes the rows of other engines by",
                help="install Ibis with that engine, such as 'ibis-framework[clickhouse]': see docs/traffic.md",
            )
        try:
            backend = ibis.connect(url)
            backend.table(NAME)
            return cls(backend)
        except (ImportError, ValueError, OSError, AttributeError, ibis.common.exceptions.IbisError) as error:
            return Refusal(
                message=f"--engine: no connection, or no table {NAME} there ({type(error).__name__})",
                help="install Ibis with that engine, and check the URL: see docs/traffic.md",
            )

    def rows(self, expression: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - an Ibis table
        """The rows of an expression."""
        return [tuple(row.values()) for row in self.backend.to_pyarrow(expression).to_pylist()]
