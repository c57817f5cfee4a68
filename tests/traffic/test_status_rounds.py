"""Rounds one after another: what they write, keep and tell, with sources and clocks of the test's own."""

import asyncio
import gc
import json
import os
import resource
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from loopback import fleet_at, repository

from modelspec.diagnose.refusal import Refusal
from modelspec.traffic import live
from modelspec.traffic.live import hold, replace_file
from modelspec.traffic.status import ProbedFleet
from modelspec.traffic.subjects import Probed, Watched
from modelspec.traffic.watch import Rounds, Station, once, watch

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Told:
    """A source that gives what it is told, and a clock that moves with each round."""

    def __init__(self, minutes: float = 10) -> None:
        self.down: set[str] = set()
        self.refusal: Refusal | None = None
        self.time = NOON
        self._step = timedelta(minutes=minutes)

    async def __call__(self, subjects: Iterable[Watched], /) -> Mapping[Watched, Probed] | Refusal:
        self.time += self._step
        if self.refusal is not None:
            return self.refusal
        return {
            one: Probed(is_up=one.key not in self.down, latency_ms=12, reason="told" * (one.key in self.down))
            for one in subjects
        }


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> ProbedFleet:
    root = repository(
        tmp_path_factory.mktemp("rounds") / "fleet",
        {"head-a": "https://a.example.com", "head-b": "https://b.example.com"},
        {"atlas": "https://up.example.com/v1"},
    )
    return fleet_at(root)


@pytest.fixture
def source() -> Told:
    return Told()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def station(fleet: ProbedFleet, source: Told, lines: list[str], tmp_path: Path) -> Station:
    return Station(
        fleet=lambda: fleet,
        source=source,
        name="probes",
        folder=tmp_path / "live",
        now=lambda: source.time,
        told=lines.append,
        changed=lines.append,
    )


def rounds_of(station: Station) -> Callable[[], Refusal | None]:
    rounds = Rounds(station)
    assert rounds.resume() is None

    def go() -> Refusal | None:
        fault = asyncio.run(rounds.round())
        rounds.tell(fault)
        return fault

    return go


def written(station: Station) -> dict[str, object]:
    value: dict[str, object] = json.loads((station.folder / "status.json").read_bytes())
    return value


def test_a_history_goes_on_from_one_process_to_the_next(station: Station, source: Told) -> None:
    for _ in range(8):
        assert not isinstance(once(station), Refusal)
    source.down = {"head-a"}
    picture = once(station)
    assert not isinstance(picture, Refusal)
    assert picture.is_well  # one failure is no change
    picture = once(station)
    assert not isinstance(picture, Refusal)
    assert not picture.is_well
    head = written(station)["heads"][0]  # type: ignore[index]
    assert (head["state"], head["hours"], head["reason"]) == ("down", "b7", "told")
    assert sorted(path.name for path in station.folder.iterdir()) == [".status.json.lock", "status.json"]


def test_a_change_and_a_fault_are_told_once(station: Station, source: Told, lines: list[str]) -> None:
    go = rounds_of(station)
    go()
    source.down = {"head-a"}
    for _ in range(4):
        go()
    source.refusal = Refusal(message="Prometheus is gone", help="")
    for _ in range(3):
        assert go() == source.refusal
    source.refusal, source.down = None, set()
    for _ in range(3):
        go()
    assert lines == [
        "head head-a is down: told",
        "Prometheus is gone",
        "the fault is over",
        "head head-a is up",
    ]


def test_where_a_source_fails_the_last_file_stays(station: Station, source: Told) -> None:
    go = rounds_of(station)
    go()
    before = written(station)
    source.refusal = Refusal(message="gone", help="")
    go()
    assert written(station) == before


def test_a_full_disk_is_told_and_survived(station: Station, lines: list[str], tmp_path: Path) -> None:
    go = rounds_of(station)
    go()
    before = written(station)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        assert [go() is not None for _ in range(3)] == [True] * 3
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert lines == [f"cannot write '{tmp_path}/live/status.json': File too large"]
    assert written(station) == before
    assert len([*station.folder.iterdir()]) == 1  # nothing half-written stays
    assert go() is None
    assert written(station)["generated"] != before["generated"]
    assert lines[1:] == ["the fault is over"]


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"",
        b'{"schema_version": 9}',
        b"[" * 50_000,
        b'{"schema_version": 1, "hour": "2030-01-01T00:00:00Z"}',
    ],
)
def test_a_file_that_cannot_be_used_is_kept_aside(station: Station, lines: list[str], content: bytes) -> None:
    station.folder.mkdir()
    (station.folder / "status.json").write_bytes(content)
    assert not isinstance(once(station), Refusal)
    assert (station.folder / "status.json.kept-20260601T120000Z").read_bytes() == content
    assert lines == [
        f"the old status.json cannot be used; it is kept as '{station.folder}/status.json.kept-20260601T120000Z'"
    ]
    assert written(station)["schema_version"] == 1


def test_a_broken_entry_is_kept_aside_and_the_rest_goes_on(station: Station, lines: list[str]) -> None:
    for _ in range(7):
        once(station)
    document = written(station)
    document["heads"][0]["hours"] = "?"  # type: ignore[index]
    (station.folder / "status.json").write_text(json.dumps(document))
    once(station)
    heads = written(station)["heads"]
    assert [head["hours"] for head in heads] == ["b", "bb"]  # type: ignore[attr-defined]
    assert "has 1 entries that cannot be used" in lines[0]
    assert len([*station.folder.glob("status.json.kept-*")]) == 1


def test_a_link_or_a_folder_in_its_place_is_kept_aside(station: Station, tmp_path: Path) -> None:
    station.folder.mkdir()
    planted = tmp_path / "planted"
    planted.write_text("{}")
    (station.folder / "status.json").symlink_to(planted)
    assert not isinstance(once(station), Refusal)
    assert planted.read_text() == "{}"
    assert not (station.folder / "status.json").is_symlink()
    (station.folder / "status.json").unlink()
    (station.folder / "status.json").mkdir()
    assert not isinstance(once(station), Refusal)


def test_what_is_too_large_is_not_read(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LARGEST", 10)
    station.folder.mkdir()
    (station.folder / "status.json").write_bytes(b" " * 11)
    assert not isinstance(once(station), Refusal)
    assert len([*station.folder.glob("status.json.kept-*")]) == 1


def test_one_process_writes(station: Station) -> None:
    held = hold(station.folder, "status.json")
    assert isinstance(held, int)
    for refused in (once(station), watch(station, 60)):
        assert isinstance(refused, Refusal)
        assert refused.message == f"another process is writing '{station.folder}/status.json'"
    os.close(held)
    assert not isinstance(once(station), Refusal)


def test_a_folder_that_cannot_be_made_is_refused(station: Station, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for refused in (
        once(replace(station, folder=tmp_path / "file/live")),
        replace_file(tmp_path / "file", "status.json", b""),
    ):
        assert isinstance(refused, Refusal)


def test_what_is_no_longer_declared_is_forgotten(
    station: Station, fleet: ProbedFleet, tmp_path: Path
) -> None:
    once(station)
    smaller = fleet_at(
        repository(
            tmp_path / "smaller", {"head-b": "https://b.example.com"}, {"atlas": "https://up.example.com/v1"}
        )
    )
    once(replace(station, fleet=lambda: smaller))
    assert [head["head_id"] for head in written(station)["heads"]] == ["head-b"]  # type: ignore[attr-defined]
    assert len(fleet.subjects) == 3


def test_ten_thousand_rounds_need_no_more_memory(fleet: ProbedFleet, tmp_path: Path) -> None:
    """Of 30 minutes each, by a clock of the test's own: 208 days, of which 90 are kept."""
    source = Told(minutes=30)
    station = Station(
        fleet=lambda: fleet,
        source=source,
        name="probes",
        folder=tmp_path,
        now=lambda: source.time,
        told=lambda _: None,
        changed=lambda _: None,
    )

    async def rounds(count: int) -> None:
        for number in range(count):
            source.down = {"head-a"} if number % 7 < 3 else set()
            assert await each.round() is None

    each = Rounds(station)
    asyncio.run(rounds(5000))
    gc.collect()
    before, size = sys.getallocatedblocks(), (tmp_path / "status.json").stat().st_size
    asyncio.run(rounds(5000))
    gc.collect()
    assert sys.getallocatedblocks() - before < 2000
    assert abs((tmp_path / "status.json").stat().st_size - size) < 200
