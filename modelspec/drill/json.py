"""Drills for programs: one JSON object, described by `schemas/drill.schema.json`."""

import json

from modelspec.drill.drill import OVERLOAD, Outcome, Report

SCHEMA_VERSION = 1
"""Counts changes that a reader could stumble over; a new field is none."""


def render(report: Report) -> str:
    """The object, in ASCII; the same report gives the same bytes."""
    return (
        json.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                "average": report.average,
                "overload": OVERLOAD,
                "drills": [_drill(outcome) for outcome in report.outcomes],
            },
            indent=1,
        )
        + "\n"
    )


def _drill(outcome: Outcome) -> dict[str, object]:
    return {
        "down": outcome.down,
        "heads": outcome.heads,
        "lost": [{"model_id": loss.route.model_id, "before": loss.before} for loss in outcome.losses],
        "moved": [
            {
                "model_id": move.route.model_id,
                "before": move.before,
                "after": move.after,
                "leaves_region": move.leaves,
            }
            for move in outcome.moves
        ],
        "loads": [
            {
                "head_id": load.head,
                "capacity": load.capacity,
                "before": load.before,
                "after": load.after,
                "overloaded": load.overloaded,
            }
            for load in outcome.loads
        ],
    }
