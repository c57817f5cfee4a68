"""`usage.json`, the live file that the page shows beside what is declared."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from modelspec.traffic.columns import OTHER
from modelspec.traffic.known import KnownNames
from modelspec.traffic.query import Usage, UsageRow, UsageSpan

SCHEMA_VERSION = 1


def usage_document(
    usage: Usage, span: UsageSpan, bounds: tuple[datetime, datetime] | None, known: KnownNames
) -> bytes:
    """The object of `schemas/usage.schema.json`, in ASCII; the same aggregate gives the same bytes.

    Models and heads that no table knows are one entry, `(other)`: a page has no place for them.
    """
    first, last = bounds or (None, None)
    if first is not None and span.since is not None:
        first = max(first, span.since)
    days = sorted(usage.summary(("day",), span, with_latency=False), key=lambda row: row.group)
    (total,) = usage.summary((), span) or (None,)
    fields: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "first_hour": None if first is None else f"{first:%Y-%m-%dT%H:00Z}",
        "last_hour": None if last is None else f"{last:%Y-%m-%dT%H:00Z}",
        "total": None if total is None else _figures(total),
        "days": [{"date": row.group[0].isoformat(), "requests": row.requests} for row in days],
        "models": _named(usage.summary(("model",), span), "model_id", frozenset(known.homes)),
        "heads": _named(usage.summary(("head",), span), "head_id", frozenset(known.heads)),
        "regions": [
            {"client": row.group[0], "served": row.group[1], **_figures(row)}
            for row in usage.summary(("client", "served"), span)
            if row.group[0] in known.allowed or not row.group[0]
        ],
    }
    return (json.dumps(fields, indent=1) + "\n").encode()


def _named(rows: Sequence[UsageRow], key: str, names: frozenset[str]) -> list[dict[str, Any]]:
    """The rows of known names; the requests of all others in one entry, without latencies."""
    found = [{key: row.group[0], **_figures(row)} for row in rows if row.group[0] in names]
    others = sum(row.requests for row in rows if row.group[0] not in names)
    if others:
        found.append({key: OTHER, "requests": others})
    return found


def _figures(row: UsageRow) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "requests": row.requests,
        "client_errors": sum(n for name, n in row.classes.items() if name[0] == "4"),
        "server_errors": sum(n for name, n in row.classes.items() if name[0] in "5n"),
        "failovers": row.failovers,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
    }
    for name, latency in (("duration", row.duration), ("first_byte", row.first_byte)):
        for quantile in ("p50", "p95", "p99"):
            value = getattr(latency, quantile)
            fields[f"{name}_{quantile}_ms"] = None if value is None else round(value, 1)
    return fields
