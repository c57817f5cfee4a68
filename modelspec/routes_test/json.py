"""Results for programs: one JSON object, described by `schemas/routing-tests.schema.json`."""

import json
from collections.abc import Sequence

from modelspec.reasons.places import Places
from modelspec.report.said import without_secrets
from modelspec.routes_test.coverage import Coverage, Kind
from modelspec.routes_test.run import Result

SCHEMA_VERSION = 1
"""Counts changes that a reader could stumble over; a new field is none."""


def render(results: Sequence[Result], coverage: Coverage | None, places: Places) -> str:
    """The object, in ASCII; `coverage` is null where only some of the tests were run."""
    failed = sum(bool(result.differences) for result in results)
    return (
        json.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                "summary": {"tests": len(results), "passed": len(results) - failed, "failed": failed},
                "tests": [_result(result, places) for result in results],
                "coverage": None if coverage is None else _coverage(coverage),
            },
            indent=1,
        )
        + "\n"
    )


def _result(result: Result, places: Places) -> dict[str, object]:
    case, decision = result.case, result.decision
    spot = places.test(case.number)
    return {
        "name": without_secrets(case.name),
        "passed": not result.differences,
        "source": {"path": spot.path, "line": spot.line},
        "request": {
            "model": case.request.model,
            "from": case.request.origin,
            "down": case.request.down,
        },
        "model_id": None if decision.route is None else decision.route.model_id,
        "model_path": None if decision.route is None else decision.route.about.path,
        "status": decision.status,
        "tiers": [list(tier.weights) for tier in decision.tiers],
        "differences": [
            {
                "field": each.field,
                "line": places.test(case.number, "expect", each.field).line,
                "expected": each.expected,
                "actual": each.actual,
            }
            for each in result.differences
        ],
    }


def _coverage(coverage: Coverage) -> dict[str, object]:
    return {
        "percent": coverage.percent,
        "exercised": len(coverage.exercised),
        "items": len(coverage.items),
        "kinds": {
            kind.value: dict(zip(("exercised", "items"), coverage.counted(kind), strict=True))
            for kind in Kind
        },
        "missing": [
            {"kind": item.kind.value, "model_id": item.model_id or None, "detail": item.detail or None}
            for item in coverage.missing
        ],
    }
