"""status.json and usage.json of the example fleet, as the page's tests plant them."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs

NOW = "2026-06-10T12:00:00Z"
SCHEMAS = Path(__file__).parents[2] / "schemas"

Document = dict[str, Any]


def _track(state: str = "up", **changes: object) -> Document:
    return {
        "state": state,
        "since": "2026-06-10T11:20:00Z" if state == "down" else "2026-06-01T08:00:00Z",
        "last_change": None,
        "reason": "connection refused" if state == "down" else "",
        "code": None,
        "latency_ms": 42,
        "certificate_expires": None,
        "recent": "1",
        "hours": "b" * (24 * 89 + 13),
        "latency_days": [],
        "hour_counts": [1, 1],
        "day_latency": [42, 1],
        **changes,
    }


def head(head_id: str, state: str = "up", declared: str = "active", **changes: object) -> Document:
    return {"head_id": head_id, "region": "eu", "declared": declared, **_track(state, **changes)}


def status(**changes: object) -> Document:
    """head-service-us-2 is down: `command-a` is on a fallback, `glm-5` without service."""
    document = {
        "schema_version": 1,
        "generated": NOW,
        "source": "probes",
        "hour": NOW,
        "counts": {kind: {"up": 1, "down": 1, "unknown": 0} for kind in ("heads", "upstreams")},
        "without_service": [{"model_id": "glm-5", "why": "no_head"}],
        "heads": [
            head("head-service-eu", hours="b" * 24 + "0" * 12 + "b" * 13),
            head("head-service-us-2", "down"),
            head("head-service-eu-3", "down", "offline"),
        ],
        "upstreams": [
            {"endpoint": {"env": "SOME_URL"}, "providers": ["openai"], "models": 3, **_track("unknown")},
            {"endpoint": "https://api.example.com/v1", "providers": ["openai"], "models": 3, **_track()},
        ],
        "models": {
            "mistral-7b": {"tier": 0, "heads": ["head-service-eu"], "since": "2026-06-01T08:00:00Z"},
            "command-a": {"tier": 1, "heads": ["head-service-us"], "since": "2026-06-10T11:20:00Z"},
            "glm-5": {"tier": None, "heads": [], "since": "2026-06-10T11:30:00Z"},
        },
        **changes,
    }
    _validate("status", document)
    return document


def figures(requests: int, **changes: object) -> Document:
    latencies = {
        f"{kind}_{quantile}_ms": 1234.5
        for kind in ("duration", "first_byte")
        for quantile in ("p50", "p95", "p99")
    }
    return {
        "requests": requests,
        "client_errors": requests // 50,
        "server_errors": requests // 100,
        "failovers": requests // 10,
        "input_tokens": requests * 100,
        "output_tokens": requests * 10,
        "cost": None,
        **latencies,
        **changes,
    }


def _pair(client: str, served: str, requests: int) -> Document:
    kept = ("requests", "server_errors", "failovers", "duration_p50_ms", "duration_p95_ms")
    return {"client": client, "served": served, **{name: figures(requests)[name] for name in kept}}


def usage(**changes: object) -> Document:
    document = {
        "schema_version": 1,
        "first_hour": "2026-06-01T00:00Z",
        "last_hour": "2026-06-10T11:00Z",
        "currency": "EUR",
        "total": figures(41_000_000, cost=1234.5),
        "residency": {"judged": 41_000_000, "unjudged": 0, "outside": 0},
        "series": {"last_day": "2026-06-10", "days": 28},
        "days": [
            {"date": f"2026-06-{day:02}", "requests": day * 1000, "server_errors": day, "failovers": 0}
            for day in range(1, 11)
        ],
        "models": [
            {"model_id": "mistral-7b", **figures(1_000_000, cost=12.5)},
            {"model_id": "(other)", **figures(5, duration_p50_ms=None, duration_p95_ms=None)},
        ],
        "heads": [{"head_id": "head-service-eu", **figures(2_000)}, {"head_id": "", **figures(3)}],
        "owners": [{"owner": "search@example.com", **figures(2_000)}, {"owner": "", **figures(3)}],
        "regions": [
            _pair("eu", "eu", 300),
            _pair("eu", "no", 100),
            _pair("us", "us", 50),
            _pair("us", "", 7),
        ],
        "model_days": [
            ["mistral-7b", 1_000_000, 200_000, "0" * 18 + "123456789z"],
            ["command-a", 50, 50, "0" * 27 + "z"],
        ],
        **changes,
    }
    _validate("usage", document)
    return document


def _validate(kind: str, document: Document) -> None:
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_bytes())
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(document)
