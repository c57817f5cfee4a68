"""Aggregates add up: over machines, days, runs and rounds they say what one reading of everything says."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usage_logs import Aggregated, edge_row, head_row, known, lines

from modelspec.diagnose.refusal import Refusal
from modelspec.traffic import statements
from modelspec.traffic.engines import DuckEngine
from modelspec.traffic.query import Usage
from modelspec.traffic.read import read_logs
from modelspec.traffic.store import UsageFolder

VARIED = ("model", "client", "head", "status", "duration")
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.integers(0, 400_000),
            "model": st.sampled_from(("atlas", "bison", None)),
            "client": st.sampled_from(("eu", "uk", "us", None)),
            "head": st.sampled_from(("head-eu-1", "head-us-1", None)),
            "status": st.sampled_from((200, 404, 429, 500, 0)),
            "duration": st.integers(-1, 10**7),
            "machine": st.integers(0, 2),
        }
    ),
    min_size=1,
    max_size=25,
)


def usage_over(*paths: Path) -> Usage:
    files = [file for path in paths for file in UsageFolder(path=path).files()]
    engine = DuckEngine.over(files, paths[0])
    assert not isinstance(engine, Refusal)
    return Usage(engine=engine)


def told(usage: Usage) -> list[Any]:
    questions = ((), ("model",), ("client", "served"), ("head", "class"), ("asked",), ("day", "hour"))
    return [usage.summary(by) for by in questions] + [list(usage.asked_hours()), usage.first_and_last()]


@settings(max_examples=8, deadline=None)
@given(rows=ROWS)
def test_machines_merged_say_what_one_reading_says(rows: list[dict[str, Any]]) -> None:
    """Each machine logs requests of its own, and reads its log in two runs."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = [
            (
                row["machine"],
                edge_row(row["number"], request_id=f"r{place}", **{name: row[name] for name in VARIED}),
            )
            for place, row in enumerate(rows)
        ]
        whole = Aggregated(folder / "whole")
        (folder / "all.log").write_bytes(lines(row for _, row in made))
        whole.read(folder / "all.log", round_size=7)
        machines = sorted({machine for machine, _ in made})
        for machine in machines:
            own = [row for one, row in made if one == machine]
            log = folder / f"{machine}.log"
            for end in (len(own) // 2, len(own)):
                log.write_bytes(lines(own[:end]))
                Aggregated(folder / f"m{machine}").read(log)
        merged = usage_over(*(folder / f"m{machine}" for machine in machines))
        assert told(merged) == told(whole.usage)


def test_rounds_change_nothing(tmp_path: Path) -> None:
    rng = random.Random(5)
    rows = [edge_row(n, model=rng.choice(("atlas", "bison"))) for n in range(600)]
    rows += [head_row(n, model=row["modelspec.model"]) for n, row in enumerate(rows) if n % 3]
    rows += rng.sample(rows, 100)
    rng.shuffle(rows)
    log = tmp_path / "x.log"
    log.write_bytes(lines(rows))
    one, many = Aggregated(tmp_path / "one"), Aggregated(tmp_path / "many")
    one.read(log)
    # A small chunk for each round: chunks are taken whole.
    parts = []
    for number in range(0, len(rows), 50):
        part = tmp_path / f"{number:04d}.log"
        part.write_bytes(lines(rows[number : number + 50]))
        parts.append(part)
    assert many.read(*parts, round_size=50).repeats == 100
    assert many.rows() == one.rows()
    assert one.requests == 600


def test_the_same_logs_give_the_same_bytes(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(lines(edge_row(n, model=("atlas", "bison")[n % 2]) for n in range(500)))
    contents = []
    for name in ("a", "b"):
        into = Aggregated(tmp_path / name)
        into.read(log)
        contents.append(
            {path.relative_to(into.path): path.read_bytes() for path in into.path.rglob("v1/*/*.parquet")}
        )
    assert contents[0] == contents[1]


def test_texts_written_as_numbers_are_the_same_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("", "it's", 'a"b', "ÿ\n", "z\0z")
    log = tmp_path / "x.log"
    log.write_bytes(
        lines(edge_row(n, duration=1.02 ** (n % 400), key_id=names[n % 5], asked="a") for n in range(1000))
    )
    found = []
    for most in (statements.MOST_CODED, 1, 0):
        monkeypatch.setattr(statements, "MOST_CODED", most)
        into = Aggregated(tmp_path / str(most))
        into.read(log)
        (file,) = UsageFolder(path=into.path).files()
        found.append(duckdb.execute(f"FROM read_parquet('{file}', hive_partitioning = false)").fetchall())
    assert found[0] == found[1] == found[2]
    assert {row[10] for row in found[0]} == {*names}
    assert len(found[0]) > 300


_READ = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {path!r}
from usage_logs import known
from modelspec.traffic import store
from modelspec.traffic.read import read_logs

left = {steps}

def counted(step):
    def counting(*given, **options):
        global left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return step(*given, **options)
    return counting

store._flush = counted(store._flush)
Path.replace = counted(Path.replace)
Path.unlink = counted(Path.unlink)
read_logs([Path({log!r})], store.UsageFolder(path=Path({into!r})), known())
"""


def test_a_kill_at_any_step_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    """Every step that changes what is on disk, from the first chunk to the end of the run."""
    log, into = tmp_path / "x.log", Aggregated(tmp_path / "usage")
    log.write_bytes(lines(edge_row(n, request_id=None) for n in range(30)))
    into.read(log)
    total, ended = 30, False
    for steps in (10, 12, 14, 16, 18, 20, 22, 24, 60):
        with log.open("ab") as file:
            file.write(lines(edge_row(n, request_id=None) for n in range(30)))
        code = _READ.format(path=sys.path, log=str(log), into=str(into.path), steps=steps)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        ended = done.returncode == 0
        assert into.requests in (total, total + 30)
        into.read(log)
        total += 30
        assert into.requests == total
    assert ended
    state = json.loads((into.path / "sources.json").read_text())
    assert [one["offset"] for one in state["sources"]] == [log.stat().st_size]
    assert not list(into.path.glob(".run-*"))
    kept = {path.relative_to(into.path).as_posix() for path in UsageFolder(path=into.path).files()}
    assert {path.relative_to(into.path).as_posix() for path in into.path.rglob("v1/*/*.parquet")} == kept


def test_two_runs_at_once_do_not_meet(tmp_path: Path) -> None:
    log, folder = tmp_path / "x.log", UsageFolder(path=tmp_path / "usage")
    log.write_bytes(lines([edge_row(1)]))
    with folder.writing() as scratch:
        assert isinstance(scratch, Path)
        found = read_logs([log], folder, known())
    assert isinstance(found, Refusal)
    assert "another run is writing" in found.message


def test_a_broken_aggregate_is_said(tmp_path: Path) -> None:
    path = tmp_path / "v1/day=2026-11-02/x.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 and no more")
    assert isinstance(DuckEngine.over([path], tmp_path), Refusal)
    duckdb.execute(f"COPY (SELECT 1 AS a) TO '{path}' (FORMAT parquet)")
    assert isinstance(DuckEngine.over([path], tmp_path), Refusal)
