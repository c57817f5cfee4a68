"""What a run makes of logs with text among their lines, and of many small files of one day."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from usage_logs import Aggregated, edge_row, head_row, lines

from modelspec.traffic import merge, store
from modelspec.traffic.store import UsageFolder
from modelspec.traffic.usage_report import read_text

TEXT = b"INFO:     Uvicorn running on http://0.0.0.0:4000\nTraceback (most recent call last):\n  File x\n[1, 2]\n"


@pytest.fixture
def into(tmp_path: Path) -> Aggregated:
    return Aggregated(path=tmp_path / "usage")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "gateway.log"


def test_text_in_a_log_of_litellm_is_one_number(into: Aggregated, log: Path) -> None:
    rows = lines(head_row(n) for n in range(40))
    compact = rows.replace(b'": ', b'":').replace(b', "', b',"')
    log.write_bytes(TEXT + compact + b'{"cut": \n' + b"\xff\xfe\x00\n" + TEXT * 30)
    report = into.read(log)
    assert (report.rows, report.texts) == (40, 31 * 4)
    assert report.named == [f"{log}:45: not JSON", f"{log}:46: not JSON"]
    said = "".join(read_text(report))
    assert "124 lines of other text" in said
    assert "2 lines could not be read: 2 not JSON" in said


def test_text_that_litellm_writes_later_is_known_by_the_beginning(into: Aggregated, log: Path) -> None:
    log.write_bytes(lines(head_row(n) for n in range(40)))
    into.read(log)
    with log.open("ab") as file:
        file.write(TEXT)
    report = into.read(log)
    assert (report.texts, report.named) == (4, [])


def test_text_in_any_other_log_is_named(into: Aggregated, log: Path) -> None:
    log.write_bytes(lines(edge_row(n) for n in range(10)) + TEXT * 10)
    report = into.read(log)
    assert (report.texts, len(report.named)) == (0, 20)
    assert dict(report.faults) == {"not JSON": 30, "not a JSON object": 10}


def hourly(into: Aggregated, folder: Path, runs: int, first: int = 0) -> None:
    """A run of the first day after each few requests."""
    folder.mkdir(exist_ok=True)
    for number in range(first, first + runs):
        log = folder / f"{number}.log"
        log.write_bytes(lines(edge_row(20 * number + n) for n in range(20)))
        into.read(log)


def next_day(into: Aggregated, log: Path) -> None:
    row = edge_row(0, request_id="later")
    row["time"] = "2026-11-03T09:00:00.000Z"
    log.write_bytes(lines([row]))
    into.read(log)


def test_many_files_of_a_finished_day_become_one(
    into: Aggregated, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "MOST_FILES", 3)
    folder = UsageFolder(path=into.path)
    day = date(2026, 11, 2)
    hourly(into, tmp_path / "logs", 4)
    assert len(folder.files(day, day)) == 4, "the day is not over"
    rows = into.rows()
    old = folder.files()
    next_day(into, log)
    assert len(folder.files(day, day)) == 1
    later = day + timedelta(days=1)
    assert [row for row in into.rows() if row[2] != later] == rows
    assert all(path.is_file() for path in old), "a reader may be at it"
    hourly(into, tmp_path / "logs", 1, first=4)
    assert not any(path.exists() for path in old)
    assert into.requests == 5 * 20 + 1
    assert len(folder.files(day, day)) == 2
    hourly(into, tmp_path / "logs", 5, first=0)  # what was read is still known
    assert into.requests == 5 * 20 + 1


@pytest.mark.parametrize("breaks_at", ["pending.json", "sources.json"])
def test_a_merge_that_is_killed_changes_no_sum(
    into: Aggregated, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, breaks_at: str
) -> None:
    hourly(into, tmp_path / "logs", 4)
    next_day(into, log)
    rows, files = into.rows(), UsageFolder(path=into.path).files()
    monkeypatch.setattr(merge, "MOST_FILES", 3)
    write = vars(store)["_write"]
    writes: list[str] = []

    def breaking(path: Path, value: object) -> None:
        writes.append(path.name)
        if writes.count(path.name) == 2 and path.name == breaks_at:
            raise OSError("killed")
        write(path, value)

    monkeypatch.setattr(store, "_write", breaking)
    log.write_bytes(lines([edge_row(0, request_id="later still")]))
    into.read(log)
    assert writes.count(breaks_at) == 2, "the merge was tried"
    monkeypatch.setattr(store, "_write", write)
    assert sum(row[-6] for row in into.rows()) == sum(row[-6] for row in rows) + 5
    assert set(files) <= set(UsageFolder(path=into.path).files())
    next_day(into, tmp_path / "other.log")
    hourly(into, tmp_path / "more", 1, first=9)
    assert len(UsageFolder(path=into.path).files(date(2026, 11, 2), date(2026, 11, 2))) == 1
