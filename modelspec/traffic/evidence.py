"""What happened, held against what is declared: residency by evidence, with the lines of log and rule; drift."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from modelspec.ask.places import Places
from modelspec.report.printable import as_written, printable, printable_path
from modelspec.routing.table import RoutingTable
from modelspec.text.quote import counted
from modelspec.text.source import Spot
from modelspec.traffic.query import ALWAYS, Usage, UsageSpan
from modelspec.traffic.stage import KnownNames
from modelspec.traffic.store import OTHER

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


_MOST = 20
"""Names that the text lists of one kind; the JSON has all."""

_LEAST_DIGITS = 7
"""Of a commit: shorter ones name no single commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedName:
    """A model or head in logs that is not declared, with the requests that were answered with 2xx."""

    kind: str
    name: str
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeCommit:
    """The commit that an edge ran last, by its log."""

    edge: str
    commit: str
    is_expected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """`days` are covered by the aggregate, up to the number asked for.

    `undeclared` are served without a declaration; `idle` are active models without a request in these days; `edges` is
    empty where no log names one. `expected` are the commit and the digest of the repository.
    """

    days: int
    asked_days: int
    undeclared: tuple[ServedName, ...]
    idle: tuple[str, ...]
    edges: tuple[EdgeCommit, ...]
    expected: tuple[str, ...]

    @property
    def has_drift(self) -> bool:
        """Whether anything runs that is not what the repository says; an idle model is none of that."""
        return bool(self.undeclared) or any(not one.is_expected for one in self.edges)


def drift_report(
    usage: Usage, table: RoutingTable, known: KnownNames, *, days: int, expected: Sequence[str]
) -> DriftReport:
    """Hold the last `days` days of an aggregate against a table; `expected` are names of what edges should run."""
    bounds = usage.first_and_last()
    if bounds is None:
        return DriftReport(
            days=0, asked_days=days, undeclared=(), idle=(), edges=(), expected=tuple(expected)
        )
    first, last = bounds
    until = last + timedelta(hours=1)
    span = UsageSpan(since=until - timedelta(days=days))
    covered = min(days, (last.date() - first.date()).days + 1)
    undeclared: dict[tuple[str, str], int] = {}
    served: set[str] = set()
    for row in usage.summary(("model", "head"), span, with_latency=False):
        model, head = row.group
        served.add(model)
        answered = row.classes.get("2xx", 0)
        for kind, name, names in (("model", model, known.homes), ("head", head, known.heads)):
            if answered and name and name not in names:
                undeclared[kind, name] = undeclared.get((kind, name), 0) + answered
    return DriftReport(
        days=covered,
        asked_days=days,
        undeclared=tuple(
            ServedName(kind=kind, name=name, requests=n)
            for (kind, name), n in sorted(undeclared.items(), key=lambda one: (-one[1], one[0]))
        ),
        idle=tuple(
            route.model_id
            for route in table.routes
            if route.status == "active" and route.tiers and route.model_id not in served
        ),
        edges=tuple(_edges(usage, span, expected)),
        expected=tuple(expected),
    )


def _edges(usage: Usage, span: UsageSpan, expected: Sequence[str]) -> Iterator[EdgeCommit]:
    """The commit of each edge's last hour; of several in it, the one with the most requests."""
    latest: dict[str, tuple[tuple[object, ...], str]] = {}
    for row in usage.summary(("edge", "commit", "day", "hour"), span, with_latency=False):
        edge, commit, day, hour = row.group
        rank = (day, hour, row.requests, commit)
        if edge and edge != OTHER and (edge not in latest or rank > latest[edge][0]):
            latest[edge] = (rank, commit)
    for edge, (_, commit) in sorted(latest.items()):
        yield EdgeCommit(edge=edge, commit=commit, is_expected=any(_same(commit, one) for one in expected))


def _same(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _LEAST_DIGITS and longer.startswith(shorter)


def drift_text(report: DriftReport) -> Iterator[str]:
    """One paragraph a kind."""
    if not report.days:
        yield "no request is in the aggregate: nothing can be said\n"
        return
    yield f"{counted(report.days, 'day')} of requests"
    yield f", of {report.asked_days} asked for\n" if report.days < report.asked_days else "\n"
    for one in report.undeclared[:_MOST]:
        yield f"served, not declared: {one.kind} {printable(one.name)}, {counted(one.requests, 'request')}\n"
    if len(report.undeclared) > _MOST:
        yield f"  and {len(report.undeclared) - _MOST} more: --format json names all\n"
    for edge in report.edges:
        if not edge.is_expected:
            said = (
                f"commit {printable(edge.commit)}" if edge.commit else "a commit that its log does not name"
            )
            yield f"another commit: edge {printable(edge.edge)} runs {said}\n"
    if report.idle:
        more = f" and {len(report.idle) - _MOST} more" if len(report.idle) > _MOST else ""
        names = ", ".join(map(printable, report.idle[:_MOST]))
        yield f"declared, not called in {counted(report.days, 'day')}: {names}{more}\n"
    same = sum(edge.is_expected for edge in report.edges)
    if not report.has_drift:
        yield "no drift: what is served is declared"
        runs = "runs" if same == 1 else "run"
        yield f", and {counted(same, 'edge')} {runs} this commit\n" if same else "\n"


def drift_json(report: DriftReport) -> str:
    """The object of `schemas/drift.schema.json`, in ASCII."""
    fields = {
        "schema_version": SCHEMA_VERSION,
        "days": report.days,
        "asked_days": report.asked_days,
        "expected": report.expected,
        "undeclared": [
            {"kind": one.kind, "name": as_written(one.name), "requests": one.requests}
            for one in report.undeclared
        ],
        "idle": report.idle,
        "edges": [
            {"edge": as_written(one.edge), "commit": as_written(one.commit), "is_expected": one.is_expected}
            for one in report.edges
        ],
    }
    return json.dumps(fields, indent=1) + "\n"
