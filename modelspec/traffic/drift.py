"""Drift: where what the gateways do and what the repository declares have parted."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from modelspec.report.printable import as_written, printable
from modelspec.routing.table import RoutingTable
from modelspec.text.quote import counted
from modelspec.traffic.columns import OTHER
from modelspec.traffic.known import KnownNames
from modelspec.traffic.query import Usage, UsageSpan

SCHEMA_VERSION = 1
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
        yield f", and {counted(same, 'edge')} run this commit\n" if same else "\n"


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
