"""Lines as emitted gateways write them, small fleets that know them, and an aggregate of them that can be asked."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from small_fleets import compiled, model, routed

from modelspec.diagnose.refusal import Refusal
from modelspec.traffic.engines import DuckEngine
from modelspec.traffic.query import Usage
from modelspec.traffic.read import ReadReport, read_logs
from modelspec.traffic.stage import KnownNames, known_names
from modelspec.traffic.store import UsageFolder

START = datetime(2026, 11, 2, 8, tzinfo=UTC)

FILES = {
    "atlas": model("atlas", "fallback_heads: [head-uk-1]", "aliases: [big]"),
    "bison": model("bison", "upstream_region: us", region="us", head="head-us-1"),
    "open": model("open/*", "provider: openai", region="us", head="head-us-1"),
}
"""atlas may be served in eu and uk alone, the others anywhere."""


@cache
def known() -> KnownNames:
    with TemporaryDirectory() as folder:
        return known_names(routed(compiled(Path(folder), FILES)))


def edge_row(number: int, **changes: Any) -> dict[str, Any]:
    """Request `number`, one a second: a client in eu calls atlas at its first head."""
    row = {
        "modelspec.log": 1,
        "modelspec.layer": "edge",
        "time": (START + timedelta(seconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "modelspec.request_id": f"request-{number}",
        "modelspec.key_id": "team-a",
        "gen_ai.request.model": "atlas",
        "modelspec.model": "atlas",
        "modelspec.edge": "edge-eu",
        "modelspec.client_region": "eu",
        "modelspec.head": "head-eu-1",
        "http.response.status_code": 200,
        "modelspec.flags": None,
        "modelspec.duration_ms": 1000,
        "modelspec.first_byte_ms": 100,
        "http.request.body.size": 10,
        "http.response.body.size": 20,
        "modelspec.attempts": 1,
        "modelspec.commit": "c0ffee",
    }
    return {**row, **{_FIELDS.get(name, name): value for name, value in changes.items()}}


def head_row(number: int, **changes: Any) -> dict[str, Any]:
    """The call that the head made for request `number`."""
    row = {
        "modelspec.log": 1,
        "modelspec.layer": "head",
        "time": (START + timedelta(seconds=number, milliseconds=5)).isoformat(timespec="milliseconds"),
        "modelspec.request_id": f"request-{number}",
        "modelspec.model": "atlas",
        "modelspec.head": "head-eu-1",
        "modelspec.deployment": "atlas#0",
        "gen_ai.provider.name": "openai",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 10,
        "http.response.status_code": 200,
        "modelspec.duration_ms": 990,
        "modelspec.first_byte_ms": 90,
        "modelspec.cost": 0.25,
    }
    return {**row, **{_FIELDS.get(name, name): value for name, value in changes.items()}}


_FIELDS = {
    "model": "modelspec.model",
    "asked": "gen_ai.request.model",
    "head": "modelspec.head",
    "client": "modelspec.client_region",
    "key_id": "modelspec.key_id",
    "request_id": "modelspec.request_id",
    "status": "http.response.status_code",
    "duration": "modelspec.duration_ms",
    "first_byte": "modelspec.first_byte_ms",
    "attempts": "modelspec.attempts",
    "commit": "modelspec.commit",
    "edge": "modelspec.edge",
    "deployment": "modelspec.deployment",
    "cost": "modelspec.cost",
}


def lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@dataclass(frozen=True, slots=True)
class Aggregated:
    """An aggregate below `path`."""

    path: Path

    def read(self, *logs: Path, **options: Any) -> ReadReport:
        report = read_logs(logs, UsageFolder(path=self.path), known(), **options)
        assert not isinstance(report, Refusal), report
        return report

    @property
    def usage(self) -> Usage:
        engine = DuckEngine.over(UsageFolder(path=self.path).files(), self.path)
        assert not isinstance(engine, Refusal), engine
        return Usage(engine=engine)

    def counts(self, *by: str) -> dict[Any, int]:
        return {row.group if len(by) > 1 else row.group[0]: row.requests for row in self.usage.summary(by)}

    @property
    def requests(self) -> int:
        return sum(row.requests for row in self.usage.summary(()))

    def rows(self) -> list[tuple[Any, ...]]:
        """Every sum in the aggregate, whatever files it is in."""
        engine = DuckEngine.over(UsageFolder(path=self.path).files(), self.path)
        assert not isinstance(engine, Refusal)
        return engine.connection.execute(
            """SELECT * EXCLUDE (requests, retried, failovers, input_tokens, output_tokens, cost_nano),
            sum(requests), sum(retried), sum(failovers), sum(input_tokens), sum(output_tokens), sum(cost_nano)
            FROM modelspec_usage GROUP BY ALL ORDER BY ALL"""
        ).fetchall()
