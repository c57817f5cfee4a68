"""Rows of logs on their way into the aggregate: counted once, joined, summed up by day, in bounded memory.

A chunk of lines becomes rows of numbers, which point to descriptions (model, head, key, …). Every two million of
them are freed from repeats and summed up into partial files. Rows of heads wait until all rows of edges are known.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from modelspec.routing.decide import Index
from modelspec.routing.table import Route, RoutingTable
from modelspec.traffic import statements as sql
from modelspec.traffic.chunks import Chunk, LineFault
from modelspec.traffic.layouts import FIELDS, LineError, LogMapping, rows_of
from modelspec.traffic.store import WINDOW_MS, described_beside

ROUND = 2_000_000
"""Rows that are freed from repeats and summed up together: some 200 MB."""

MEMORY = "500MB"

_HALVINGS = 4
"""How often a chunk with a line that the engine refuses is halved before its lines are read one by one."""

_MARK = b'"modelspec.log"'


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """The names of a table. `heads` leads to regions; `upstreams` from (model, number of the deployment) to a region.

    `names` leads from all that clients may ask for, wildcards as they are declared, to models. `first` are the heads of
    a model's first tier, `homes` its region, `allowed` the regions that may serve the models of a region; None: any.
    """

    index: Index
    heads: Mapping[str, str]
    names: Mapping[str, str]
    upstreams: Mapping[tuple[str, int], str]
    first: Mapping[str, frozenset[str]]
    homes: Mapping[str, str]
    allowed: Mapping[str, frozenset[str] | None]


def known_names(table: RoutingTable) -> KnownNames:
    """Prepare a table."""
    index = Index(table)
    residency = {region.code: region.residency for region in table.regions}
    return KnownNames(
        index=index,
        heads={head.head_id: head.region for head in table.heads},
        names={name: index.names[name].model_id for name in index.names},
        upstreams={
            (route.model_id, number): region
            for route in table.routes
            for number, region in enumerate(_regions(route))
            if region
        },
        first={route.model_id: frozenset(route.tiers[0].weights) for route in table.routes if route.tiers},
        homes={route.model_id: route.region for route in table.routes},
        allowed={code: None if codes is None else frozenset(codes) for code, codes in residency.items()},
    )


def _regions(route: Route) -> list[str]:
    """The region of each of the model's own upstreams, where one alone is known."""
    return [
        target.location.regions[0] if len(target.location.regions) == 1 else "" for target in route.targets
    ]


@dataclass(kw_only=True)
class Stage:
    """Takes chunks, gives the aggregate of the run. `scratch` is an empty folder of its own."""

    scratch: Path
    known: KnownNames
    mappings: Sequence[LogMapping] = ()
    seen: Sequence[Path] = ()
    round_size: int = ROUND
    rows: int = 0
    repeats: int = 0
    others: int = 0
    _pending: int = 0
    _files: int = 0
    _texts: int = 0
    _edges: list[str] = field(default_factory=list)
    _heads: list[str] = field(default_factory=list)
    _partials: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = connect(self.scratch)
        for statement in sql.SETUP:
            self.engine.execute(statement)
        known = self.known
        self._fill("names", known.names.items())
        self._fill("models", known.homes.items())
        self._fill("heads", known.heads.items())
        self._fill("allowed", ((code, codes is not None) for code, codes in known.allowed.items()))
        self._fill("inside", ((home, code) for home, codes in known.allowed.items() for code in codes or ()))
        self._fill("first_heads", ((model, head) for model, heads in known.first.items() for head in heads))
        self._fill("upstreams", ((*key, region) for key, region in known.upstreams.items()))

    def close(self) -> None:
        """Let go of the engine."""
        self.engine.close()

    def _fill(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        path = self.scratch / "names.jsonl"
        columns = [(row[0], row[1]) for row in self.engine.execute(f"DESCRIBE {table}").fetchall()]
        with path.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(dict(zip([name for name, _ in columns], row, strict=True))) + "\n")
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns)
        self.engine.execute(
            f"INSERT INTO {table} SELECT * FROM read_json(?, columns = {{{types}}}, format = 'newline_delimited')",
            [str(path)],
        )
        path.unlink()

    def add(self, chunk: Chunk, source: int) -> Iterator[LineFault]:
        """Take the lines of a chunk; what is no row comes back."""
        start = chunk.data.find(b"{")
        if _MARK in chunk.data[start : chunk.data.find(b"\n", start)]:
            yield from self._emitted(chunk, source, _HALVINGS)
        else:
            yield from self._one_by_one(chunk.data, chunk.line, source)
        if self._pending >= self.round_size:
            self._finish_round()

    def _emitted(self, chunk: Chunk, source: int, halvings: int) -> Iterator[LineFault]:
        data, line = chunk.data, chunk.line
        lines = chunk.breaks + (not data.endswith(b"\n"))
        path = self.scratch / "chunk.jsonl"
        path.write_bytes(data)
        try:
            self.engine.execute(sql.chunk(sql.emitted(str(path))), {"src": source, "first": line})
            found = self.engine.execute(sql.CHECK).fetchone()
        except duckdb.Error:
            found = None
        if found == (lines, 0):
            self._spool(lines)
            return
        middle = data.find(b"\n", len(data) // 2) + 1
        if not halvings or not 0 < middle < len(data):
            yield from self._one_by_one(data, line, source)
            return
        breaks = data.count(b"\n", 0, middle)
        first = Chunk(data=data[:middle], line=line, breaks=breaks, end=chunk.end - len(data) + middle)
        rest = Chunk(data=data[middle:], line=line + breaks, breaks=chunk.breaks - breaks, end=chunk.end)
        yield from self._emitted(first, source, halvings - 1)
        yield from self._emitted(rest, source, halvings - 1)

    def _one_by_one(self, data: bytes, line: int, source: int) -> Iterator[LineFault]:
        path = self.scratch / "rows.jsonl"
        made = 0
        with path.open("w", encoding="utf-8") as file:
            for number, text in enumerate(data.split(b"\n"), line):
                if not text.strip():
                    continue
                before = made
                try:
                    for row in rows_of(text, self.mappings):
                        file.write(json.dumps({"line": number, **row}) + "\n")
                        made += 1
                    self.others += made == before
                except LineError as error:
                    yield LineFault(line=number, reason=str(error), is_text=_is_text(text))
        if made:
            self.engine.execute(sql.chunk(sql.made(str(path))), {"src": source})
            self._spool(made)

    def add_parquet(self, path: str, source: int, rows: int) -> Iterator[LineFault]:
        """Take rows of a Parquet file, in parts.

        Raises:
            duckdb.Error: it cannot be read, or lacks the columns.
        """
        columns = dict(
            row[:2]
            for row in self.engine.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
        )
        picked = _picked(set(columns), self.mappings)
        names = ", ".join(
            f"try_cast({_cast(picked[name], columns)} AS {kind}) AS {name}"
            if name in picked
            else f"CAST(NULL AS {kind}) AS {name}"
            for name, (_, kind) in FIELDS.items()
        )
        for start in range(0, rows, 100_000):
            raw = f"""SELECT file_row_number + 1 AS line, {names}
                FROM read_parquet($path, file_row_number = true)
                WHERE file_row_number >= {start} AND file_row_number < {start + 100_000}"""
            self.engine.execute(sql.chunk(raw), {"src": source, "path": path})
            for (line,) in self.engine.execute(sql.UNTIMED).fetchall():
                yield LineFault(line=line, reason="the time is not one")
            self.engine.execute(sql.TIMED)
            self._spool(self._count("c"))
            if self._pending >= self.round_size:
                self._finish_round()

    def _spool(self, rows: int) -> None:
        """Put the rows of `c` beside the others, and their descriptions."""
        execute = self.engine.execute
        execute(sql.DESCRIBED)
        counts = execute(sql.EXCESS).fetchone() or ()
        excess = [name for (name, most), n in zip(sql.KEPT.items(), counts, strict=True) if n > most]
        is_capped = bool(excess)
        if is_capped:
            execute(sql.WEIGHED)
        for name in excess:
            execute(sql.capped(name))
        execute(sql.DESCRIBE_CAPPED if is_capped else sql.DESCRIBE)
        execute(sql.SPOOL_CAPPED if is_capped else sql.SPOOL)
        self._pending += rows
        self.rows += rows

    def _finish_round(self) -> None:
        if not self._pending:
            return
        execute = self.engine.execute
        for statement in sql.MEET:
            execute(statement)
        before = self._count("spool")
        if self._one(sql.REPEATED):
            execute(sql.without_repeats("spool"))
        seen = self._seen()
        if seen:
            execute(sql.without_seen("spool", seen))
        self.repeats += before - self._count("spool")
        for statement in (*sql.COUNT_EDGES, sql.BREACHES_OF_EDGES):
            execute(statement)
        self._set_aside("SELECT d, h, ms, g FROM spool WHERE is_edge", self._edges)
        self._set_aside("SELECT * FROM spool WHERE NOT is_edge", self._heads)
        self._set_aside("SELECT * FROM partial", self._partials)
        execute(sql.EMPTY["partial"])
        execute(sql.EMPTY["spool"])
        self._pending = 0

    def _count(self, table: str) -> int:
        return self._one(f"SELECT count(*) FROM {table}")

    def _one(self, query: str) -> int:
        found = self.engine.execute(query).fetchone()
        return int(found[0]) if found else 0

    def _set_aside(self, select: str, files: list[str]) -> None:
        path = str(self.scratch / f"part-{self._files:05d}.parquet")
        self._files += 1
        done = self.engine.execute(f"COPY ({select}) TO {quoted(path)} {sql.ASIDE}")
        counted = done.fetchone()
        if counted and counted[0]:
            files.append(path)
        else:
            Path(path).unlink()

    def _seen(self) -> str:
        """What earlier rounds and runs have counted, as an expression; empty where there is nothing."""
        parts = [
            f"SELECT d, ms FROM read_parquet({_listed(files)})"
            for files in (self._edges, self._heads)
            if files
        ]
        parts.extend(
            f"SELECT d, ms FROM read_parquet({_listed([str(path) for path in self.seen])})"
            for _ in self.seen[:1]
        )
        return " UNION ALL ".join(parts)

    def finish(self) -> list[date]:
        """Sum up what is left, join the rows of heads; the days that there are."""
        self._finish_round()
        if self._heads:
            self._join_heads()
        if not self._partials:
            return []
        self._rank()
        dates = self.engine.execute(
            f"SELECT DISTINCT date FROM read_parquet({_listed(self._partials)}) ORDER BY date"
        ).fetchall()
        return [day for (day,) in dates]

    def _join_heads(self) -> None:
        execute = self.engine.execute
        edges = [f"SELECT h, ms, g FROM read_parquet({_listed(self._edges)})"] if self._edges else []
        if self.seen:
            listed = _listed([str(path) for path in self.seen])
            names = _listed([str(described_beside(path)) for path in self.seen])
            execute(
                f"""INSERT INTO fresh SELECT g, {", ".join(sql.TEXTS)} FROM read_parquet({names}) WHERE g IN (
                SELECT g FROM read_parquet({listed}) WHERE is_edge
                AND h IN (SELECT h FROM read_parquet({_listed(self._heads)})))"""
            )
            for statement in sql.MEET:
                execute(statement)
            edges.append(f"SELECT h, ms, g FROM read_parquet({listed}) WHERE is_edge")
        known = " UNION ALL ".join(edges) or "SELECT h, ms, g FROM spool"
        execute(sql.reach(known))
        for path in self._heads:
            execute(f"CREATE OR REPLACE TEMP TABLE waiting AS SELECT * FROM read_parquet({quoted(path)})")
            for statement in (*sql.match(known), *sql.COUNT_HEADS):
                execute(statement)
            self._set_aside("SELECT * FROM partial", self._partials)
            execute(sql.EMPTY["partial"])

    def _rank(self) -> None:
        self.engine.execute(sql.RANK)
        values = self.engine.execute(sql.VALUES).fetchone() or ()
        self._texts = sum(values)
        for statement in sql.encode(values):
            self.engine.execute(statement)

    def write_day(self, day: date, path: Path) -> None:
        """Write the aggregate of one day."""
        partials = f"read_parquet({_listed(self._partials)})"
        is_summed = len(self._partials) == 1 and not self._heads
        moment = f"DATE '{day.isoformat()}'"
        is_coded = self._one(f"SELECT count(*) FROM {partials} WHERE date = {moment}") > 8 * self._texts
        rows = sql.day_file(partials, is_summed=is_summed, is_coded=is_coded).replace("$day", moment)
        self.engine.execute(
            f"COPY ({rows}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
        )

    def write_seen(self, path: Path) -> int | None:
        """Write what later runs compare their rows with, those of the last hours; the time of the last one.

        The descriptions of the rows of edges are in a file beside it, each once.
        """
        parts = [
            f"SELECT d, h, ms, g, {is_edge} AS is_edge FROM read_parquet({_listed(files)})"
            for files, is_edge in ((self._edges, "true"), (self._heads, "false"))
            if files
        ]
        if not parts:
            return None
        together = " UNION ALL ".join(parts)
        newest = self.engine.execute(
            f"SELECT least(max(ms), approx_quantile(ms, 0.99) + {WINDOW_MS}) FROM ({together})"
        ).fetchone()
        last = int(newest[0]) if newest else 0
        recent = f"SELECT * FROM ({together}) WHERE ms >= {last - WINDOW_MS}"
        self.engine.execute(f"COPY ({recent}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION snappy)")
        described = f"""SELECT * FROM dims WHERE layer <> 'head'
            AND g IN (SELECT g FROM read_parquet({quoted(str(path))}) WHERE is_edge)"""
        self.engine.execute(
            f"COPY ({described}) TO {quoted(str(described_beside(path)))} (FORMAT parquet, COMPRESSION zstd)"
        )
        return last

    def breaches(self) -> Iterator[tuple[object, ...]]:
        """Rows that touched a region outside, in the order of the columns of the table `breaches`."""
        found = self.engine.execute("SELECT * FROM breaches ORDER BY ms, src, line")
        while rows := found.fetchmany(10_000):
            yield from rows


def _is_text(line: bytes) -> bool:
    try:
        text = line.decode().lstrip()
    except UnicodeDecodeError:
        return False
    return not text.startswith("{") and "\0" not in text


def connect(scratch: Path, memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """An engine that keeps to `memory`, and beyond it uses the folder."""
    engine = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": memory,
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute("SET enable_progress_bar = false")
    return engine


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _listed(paths: Sequence[str]) -> str:
    return "[" + ", ".join(map(quoted, paths)) + "]"


def _picked(columns: set[str], mappings: Sequence[LogMapping]) -> dict[str, str]:
    """Which column holds which field.

    Raises:
        duckdb.Error: there is no time or nothing that is a request's.
    """
    choices = [
        {name: log_name for name, (log_name, _) in FIELDS.items()},
        {name: name for name in FIELDS},
        *(
            {name: one.path[0] for name, one in mapping.fields.items() if len(one.path) == 1}
            for mapping in mappings
        ),
    ]
    for choice in choices:
        picked = {name: column for name, column in choice.items() if column in columns}
        if "time" in picked and ("model" in picked or "asked" in picked):
            return picked
    raise duckdb.InvalidInputException("no columns of requests")


def _cast(column: str, columns: dict[str, str]) -> str:
    name = '"' + column.replace('"', '""') + '"'
    return f"CAST({name} AS VARCHAR)" if "TIMESTAMP" in columns[column] else name
