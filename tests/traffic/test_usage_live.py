"""usage.json: the figures of an aggregate that the page shows, and a size that does not grow with the fleet."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from usage_logs import Aggregated, edge_row, head_row, known, lines

from modelspec.traffic.evidence import ResidencyReport
from modelspec.traffic.query import ALWAYS, Latency, Usage, UsageRow, UsageSpan
from modelspec.traffic.stage import KnownNames
from modelspec.traffic.usage_live import LiveUsage, usage_document

SCHEMA = Path(__file__).parents[2] / "schemas/usage.schema.json"
DAY = 24 * 3600


def document(usage: Usage, names: KnownNames, **changes: Any) -> dict[str, Any]:
    residency = ResidencyReport(breaches=(), judged=7, unjudged=1)
    fields = {"span": ALWAYS, "bounds": usage.first_and_last(), "prices": None, "residency": residency}
    content = usage_document(LiveUsage(usage=usage, known=names, **{**fields, **changes}))
    value: dict[str, Any] = json.loads(content.decode("ascii"))
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_bytes())).validate(value)
    return value


@pytest.fixture
def usage(tmp_path: Path) -> Usage:
    path = tmp_path / "edge.log"
    path.write_bytes(
        lines(
            [
                *(edge_row(n) for n in range(8)),
                edge_row(DAY, model="bison", head="head-us-1", key_id="team-b", duration=3000),
                edge_row(DAY + 1, model="bison", head="head-us-1", client="mars"),
                edge_row(DAY + 2, model="unknown-model", head=None, status=404, first_byte=None),
                *(head_row(n) for n in range(8)),
            ]
        )
    )
    folder = Aggregated(tmp_path / "usage")
    folder.read(path)
    return Usage(engine=folder.usage.engine, owners={"team-a": "Alice <b>"})


def test_each_group_has_its_figures(usage: Usage) -> None:
    value = document(usage, known())
    assert (value["first_hour"], value["last_hour"]) == ("2026-11-02T08:00Z", "2026-11-03T08:00Z")
    assert value["total"]["requests"] == 11
    assert value["total"]["cost"] == 2.0
    assert value["residency"] == {"judged": 7, "unjudged": 1, "outside": 0}
    assert value["days"] == [
        {"date": "2026-11-02", "requests": 8, "server_errors": 0, "failovers": 0},
        {"date": "2026-11-03", "requests": 3, "server_errors": 0, "failovers": 0},
    ]
    assert {row["model_id"]: row["requests"] for row in value["models"]} == {
        "atlas": 8,
        "bison": 2,
        "(other)": 1,
    }
    assert {row["head_id"]: row["requests"] for row in value["heads"]} == {
        "head-eu-1": 8,
        "head-us-1": 2,
        "": 1,
    }
    assert {row["owner"]: row["requests"] for row in value["owners"]} == {"Alice <b>": 10, "": 1}
    assert {(row["client"], row["served"]): row["requests"] for row in value["regions"]} == {
        ("eu", "eu"): 8,
        ("eu", "us"): 1,
        ("eu", ""): 1,
        ("(other)", "us"): 1,
    }


def test_a_series_ends_on_the_last_day(usage: Usage) -> None:
    value = document(usage, known())
    assert value["series"] == {"last_day": "2026-11-03", "days": 28}
    assert value["model_days"] == [
        ["atlas", 8, 8, "0" * 26 + "z0"],
        ["bison", 2, 2, "0" * 27 + "z"],
    ]


def test_nothing_is_said_of_residency_where_no_request_is_known(usage: Usage) -> None:
    assert document(usage, known(), residency=None)["residency"] is None


def test_an_aggregate_without_requests_is_described_too(tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_bytes(b"")
    folder = Aggregated(tmp_path / "usage")
    folder.read(tmp_path / "empty.log")
    value = document(folder.usage, known())
    assert (value["total"], value["series"], value["models"]) == (None, None, [])


@dataclass(frozen=True)
class LargeUsage:
    """Answers like an aggregate of a fleet in which every model is called every day, from every region."""

    models: int
    heads: int
    regions: int

    @property
    def owners(self) -> dict[str, str]:
        return {f"key-{n}": f"owner-{n}@example.com" for n in range(500)}

    def groups(self, name: str) -> list[Any]:
        match name:
            case "model":
                return [f"provider-{n % 50:02}/a-model-with-a-long-name-{n:05}" for n in range(self.models)]
            case "head":
                return [f"head-service-{n:03}" for n in range(self.heads)]
            case "owner":
                return [*self.owners.values()]
            case "day":
                return [date(2025, 1, 1) + timedelta(days=n) for n in range(400)]
            case _:
                return [f"region-{n}" for n in range(self.regions)]

    def summary(self, by: Sequence[str], _span: UsageSpan, **_: object) -> list[UsageRow]:
        groups: list[tuple[Any, ...]] = [()]
        for name in by:
            groups = [(*group, one) for group in groups for one in self.groups(name)]
        return [_row(group) for group in groups]

    def days(self, _by: Sequence[str], span: UsageSpan) -> Iterator[tuple[tuple[str], date, int]]:
        assert span.since is not None
        for model in self.groups("model"):
            for n in range(28):
                yield (model,), span.since.date() + timedelta(days=n), 1 + n * 3571


def _row(group: tuple[Any, ...]) -> UsageRow:
    latency = Latency(rows=10**6, p50=1234.5, p95=12345.6, p99=23456.7)
    return UsageRow(
        group=group,
        requests=12_345_678,
        classes={"2xx": 12_000_000, "4xx": 300_000, "5xx": 45_678},
        retried=1,
        failovers=123_456,
        input_tokens=1_234_567_890,
        output_tokens=123_456_789,
        cost_nano=10**15,
        duration=latency,
        first_byte=latency,
    )


def test_the_size_is_bounded_in_a_large_fleet() -> None:
    large = LargeUsage(models=5_276, heads=60, regions=30)
    names = KnownNames(
        index=known().index,
        heads=dict.fromkeys(large.groups("head"), "region-1"),
        names={},
        upstreams={},
        first={},
        homes=dict.fromkeys(large.groups("model"), "region-1"),
        allowed=dict.fromkeys(large.groups("client")),
    )
    bounds = datetime.fromisoformat("2025-01-01T00:00"), datetime.fromisoformat("2026-02-04T12:00")
    live = LiveUsage(
        usage=large,  # type: ignore[arg-type]  # it answers the questions that are asked
        span=ALWAYS,
        bounds=bounds,
        known=names,
        prices=None,
        residency=None,
    )
    content = usage_document(live)
    value = json.loads(content)
    assert len(content) <= 300_000
    assert len(value["models"]) == 51
    assert value["models"][-1]["model_id"] == "(other)"
    assert value["models"][-1]["requests"] == (5_276 - 50) * 12_345_678
    assert sum(row["requests"] for row in value["regions"]) == 900 * 12_345_678
    assert len(value["model_days"]) == 1_500
    assert len(value["days"]) == 90
