"""The demand that an aggregate holds, out of logs as gateways write them."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from modelspec_command import Command
from small_fleets import write_repository
from usage_logs import FILES, START, Aggregated, edge_row, head_row, lines

from modelspec.change.demand import Demand, demand_file, demand_of
from modelspec.diagnose.refusal import Refusal
from modelspec.traffic.demand import demand_at, demand_in


@pytest.fixture
def into(tmp_path: Path) -> Aggregated:
    return Aggregated(tmp_path / "usage")


def demand(into: Aggregated, tmp_path: Path, rows: list[dict[str, object]], days: int = 7) -> Demand:
    (tmp_path / "one.log").write_bytes(lines(rows))
    into.read(tmp_path / "one.log")
    found = demand_in(into.path, days)
    assert isinstance(found, Demand)
    return found


def at(days: float) -> str:
    return (START + timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_names_clients_hours_and_heads_are_counted(into: Aggregated, tmp_path: Path) -> None:
    rows = [
        *(edge_row(n) for n in range(3)),
        edge_row(3, asked="big", client="uk", head="head-uk-1"),
        edge_row(4, asked="nothing", model=None, head=None, status=404),
        edge_row(5, client=None),
        {**edge_row(6), "time": at(2 / 24)},
    ]
    found = demand(into, tmp_path, rows)
    assert (found.first, found.hours) == (datetime(2026, 11, 2, 8, tzinfo=UTC), 3)
    assert found.asked == {"atlas": {"eu": 4, "": 1}, "big": {"uk": 1}, "nothing": {"eu": 1}}
    assert found.clients == {"eu": (4, 0, 1), "uk": (1, 0, 0), "": (1, 0, 0)}
    assert found.heads == {"head-eu-1": (4, 0, 1), "head-uk-1": (1, 0, 0), "": (1, 0, 0)}
    assert found.requests == 7


def test_only_the_last_days_count(into: Aggregated, tmp_path: Path) -> None:
    rows = [{**edge_row(n), "time": at(n)} for n in range(10)]
    assert demand(into, tmp_path, rows).requests == 7
    one = demand_in(into.path, 1)
    assert isinstance(one, Demand)
    assert (one.requests, one.hours) == (1, 24)


def test_latency_cost_and_floors_are_measured(into: Aggregated, tmp_path: Path) -> None:
    near = [edge_row(n, duration=1000, first_byte=20) for n in range(150)]
    far = [edge_row(n, duration=1200, first_byte=180, client="us") for n in range(150, 300)]
    failed = [edge_row(n, duration=9, first_byte=1, status=503) for n in range(300, 310)]
    paid = [head_row(n, cost=0.5) for n in range(150)]
    (tmp_path / "head.log").write_bytes(lines(paid))
    into.read(tmp_path / "head.log")
    found = demand(into, tmp_path, [*near, *far, *failed])
    one = found.measured["atlas", "head-eu-1"]
    assert one.rows == 300
    assert one.p50 == pytest.approx(1000, rel=0.011)
    assert one.p95 == pytest.approx(1200, rel=0.011)
    assert found.floors["eu", "head-eu-1"] == pytest.approx(20, rel=0.03)
    assert found.floors["us", "head-eu-1"] == pytest.approx(180, rel=0.011)
    assert one.floor == pytest.approx((160 * 20 + 150 * 180) / 310, rel=0.03)
    assert demand_of(demand_file(found)) is not None


def test_heads_alone_tell_by_models(into: Aggregated, tmp_path: Path) -> None:
    found = demand(into, tmp_path, [head_row(n) for n in range(4)])
    assert found.asked == {"atlas": {"": 4}}


def test_a_folder_without_requests_is_no_demand(tmp_path: Path) -> None:
    assert demand_in(tmp_path, 7) is None
    assert demand_in(tmp_path / "gone", 7) is None


def test_a_folder_with_another_parquet_is_refused(into: Aggregated) -> None:
    day = into.path / "v1/day=2026-11-02"
    day.mkdir(parents=True)
    (day / "x.parquet").write_bytes(b"PAR1 no")
    assert isinstance(demand_in(into.path, 7), Refusal)


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pipe").symlink_to("/dev/null")
    assert isinstance(demand_at(tmp_path / "pipe", 7), Refusal)
    assert demand_at(tmp_path / "gone", 7) is None


def test_sums_are_kept_until_the_aggregate_grows(
    into: Aggregated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = demand(into, tmp_path, [edge_row(n) for n in range(9)])
    assert demand_at(into.path, 7) == rounded(first)
    with monkeypatch.context() as patched:
        patched.setattr("modelspec.traffic.demand.find_spec", lambda _: None)
        assert demand_at(into.path, 7) == rounded(first)  # without the engine
        refused = demand_at(into.path, 6)
        assert isinstance(refused, Refusal)
        assert "[traffic]" in refused.help
    demand(into, tmp_path, [edge_row(n) for n in range(20)])
    grown = demand_at(into.path, 7)
    assert isinstance(grown, Demand)
    assert grown.requests == 20


def rounded(found: Demand) -> Demand:
    """As a file has it."""
    read = demand_of(demand_file(found))
    assert read is not None
    return read


def test_sums_that_are_broken_are_made_again(into: Aggregated, tmp_path: Path) -> None:
    first = demand(into, tmp_path, [edge_row(n) for n in range(9)])
    demand_at(into.path, 7)
    (kept,) = (into.path / "demand").iterdir()
    kept.write_bytes(b"no")
    again = demand_at(into.path, 7)
    assert isinstance(again, Demand)
    assert again.requests == first.requests
    assert kept.read_bytes() != b"no"


def test_old_sums_go(into: Aggregated, tmp_path: Path) -> None:
    demand(into, tmp_path, [edge_row(n) for n in range(3)])
    for days in range(1, 7):
        assert isinstance(demand_at(into.path, days), Demand)
    assert len([*(into.path / "demand").iterdir()]) == 5
    assert demand_at(tmp_path / "empty", 7) is None


def test_usage_is_exported_for_plans(command: Command, into: Aggregated, tmp_path: Path) -> None:
    root = write_repository(tmp_path / "fleet", FILES)
    demand(into, tmp_path, [{**edge_row(n), "time": at(n)} for n in range(40)])
    file = tmp_path / "out/usage.json.gz"
    outcome = command.run("usage", "--root", root, "--from", into.path, "--export", file)
    assert outcome.code == 0, outcome
    exported = demand_at(file, 7)
    assert isinstance(exported, Demand)
    assert (exported.requests, exported.days) == (28, 28)
    assert b"team-a" not in gzip.decompress(file.read_bytes())  # no key id
    outcome = command.run("usage", "--root", root, "--from", tmp_path / "empty", "--export", file)
    assert outcome.code != 0
