"""Residency by evidence: each request that touched a region outside, with the line of the log and that of the rule."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelspec.ask.places import Places
from modelspec.report.printable import as_written, printable, printable_path
from modelspec.text.quote import counted
from modelspec.text.source import Spot
from modelspec.traffic.known import KnownNames
from modelspec.traffic.query import ALWAYS, Usage, UsageSpan

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachSeen:
    """A request that touched a region outside: where it stands in a log, and the rule that it broke.

    `served` is the region of the head, `upstream` that of the head's upstream where the head's log tells it. `rule` is
    the place of the residency that applies now, `allowed` what it allows; None where the model is gone.
    """

    file: str
    line: int
    time: str
    layer: str
    model: str
    head: str
    served: str
    upstream: str
    edge: str
    commit: str
    rule: Spot | None
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidencyReport:
    """`breaches` in the order of time; `judged` are all requests that were held against a rule or need none.

    `unjudged` are requests to models or heads that no table knows: nothing can be said of them.
    """

    breaches: tuple[BreachSeen, ...]
    judged: int
    unjudged: int


def breaches_of(
    found: Iterable[Mapping[str, Any]], known: KnownNames, places: Places, span: UsageSpan = ALWAYS
) -> tuple[BreachSeen, ...]:
    """Each request once, by its row at the edge if that one touched the region, in the order of time."""
    first: dict[object, Mapping[str, Any]] = {}
    ranked = sorted(found, key=lambda one: (one["layer"] != "edge", one["time"], one["file"], one["line"]))
    for one in ranked:
        if _is_within(one["time"], span):
            first.setdefault(one["request"] or (one["file"], one["line"]), one)
    chosen = sorted(first.values(), key=lambda one: (one["time"], one["file"], one["line"]))
    return tuple(_breach(one, known, places) for one in chosen)


def _is_within(text: str, span: UsageSpan) -> bool:
    moment = datetime.fromisoformat(text).replace(tzinfo=None)
    return (span.since is None or moment >= span.since) and (span.until is None or moment < span.until)


def _breach(one: Mapping[str, Any], known: KnownNames, places: Places) -> BreachSeen:
    home = known.homes.get(one["model"])
    allowed = None if home is None else known.allowed[home]
    fields = {
        name: one[name]
        for name in (
            "file",
            "line",
            "time",
            "layer",
            "model",
            "head",
            "served",
            "upstream",
            "edge",
            "commit",
        )
    }
    return BreachSeen(
        **fields,
        rule=None if home is None or allowed is None else places.region(home, "residency"),
        allowed=tuple(sorted(allowed or ())),
    )


def residency_report(
    usage: Usage, breaches: Sequence[BreachSeen], known: KnownNames, span: UsageSpan = ALWAYS
) -> ResidencyReport:
    """Count what could be judged, beside the breaches."""
    judged = unjudged = 0
    for row in usage.summary(("model", "head"), span, with_latency=False):
        model, head = row.group
        if head and (model not in known.homes or head not in known.heads):
            unjudged += row.requests
        else:
            judged += row.requests
    return ResidencyReport(breaches=tuple(breaches), judged=judged, unjudged=unjudged)


def residency_text(report: ResidencyReport) -> Iterator[str]:
    """One paragraph a request, then a summary in one line."""
    for one in report.breaches:
        yield f"{printable_path(one.file)}:{one.line}: {one.time[:19].replace('T', ' ')} UTC: "
        yield f"{printable(one.model)} at {printable(one.head or 'an unknown head')}"
        where = ", ".join(
            words
            for words in (
                f"which is in {one.served}" if one.served else "",
                f"whose upstream runs in {one.upstream}" if one.upstream else "",
            )
            if words
        )
        yield f", {printable(where)}\n" if where else "\n"
        if one.rule is not None:
            yield f"  {one.rule.path}:{one.rule.span.line}: its requests may be served in "
            yield f"{', '.join(one.allowed) or 'no region'}\n"
        by = f"edge {printable(one.edge)}" if one.edge else "the gateway"
        yield f"  {by} ran commit {printable(one.commit) if one.commit else '(not in the log)'}\n"
    if report.breaches:
        yield "\n"
    total = counted(report.judged, "request")
    if report.breaches:
        yield f"{total}: {len(report.breaches)} touched a region outside of the residency of their model\n"
    else:
        yield f"{total}: none touched a region outside of the residency of its model\n"
    if report.unjudged:
        yield f"{counted(report.unjudged, 'request')} to models or heads that no table knows could not be judged\n"


def residency_json(report: ResidencyReport) -> str:
    """The object of `schemas/usage-residency.schema.json`, in ASCII."""
    return (
        json.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                "judged": report.judged,
                "unjudged": report.unjudged,
                "breaches": [
                    {
                        "file": as_written(one.file),
                        "line": one.line,
                        "time": one.time,
                        "model": as_written(one.model),
                        "head": as_written(one.head),
                        "served": one.served,
                        "upstream": one.upstream,
                        "edge": as_written(one.edge),
                        "commit": as_written(one.commit),
                        "rule": None
                        if one.rule is None
                        else {
                            "path": one.rule.path,
                            "line": one.rule.span.line,
                            "column": one.rule.span.column,
                        },
                        "allowed": one.allowed,
                    }
                    for one in report.breaches
                ],
            },
            indent=1,
        )
        + "\n"
    )
