"""Results for people: each failure with both sides and their places, then the coverage."""

import json
from collections.abc import Iterator, Sequence
from shlex import quote as quoted

from modelspec.ask.account_text import headline
from modelspec.ask.cases import Difference, Result
from modelspec.ask.coverage import Coverage, CoverageKind, Item
from modelspec.ask.places import Places, Spot
from modelspec.report.said import painter, said
from modelspec.routing.decide import Decision

_MOST = 5
"""Missing items of a kind that are named; the JSON has all."""

_STYLES = {"pass": "32", "fail": "1;31", "bold": "1"}


def cases_text(
    results: Sequence[Result], coverage: Coverage | None, places: Places, *, colour: bool, quiet: bool = False
) -> Iterator[str]:
    """The failures, the counts and the coverage; `quiet` leaves out all but the failures."""
    paint = painter(_STYLES, colour=colour)
    failed = [result for result in results if result.differences]
    for result in failed:
        yield paint("fail", f"failed: {said(result.case.name)}") + "\n"
        for line in _failure(result, places):
            yield f"  {line}\n"
        yield "\n"
    if quiet:
        return
    counts = f"{_counted(len(results), 'test')}: {len(results) - len(failed)} passed, {len(failed)} failed"
    yield paint("fail" if failed else "pass", counts) + "\n"
    if coverage is not None:
        yield from _coverage(coverage)


def _failure(result: Result, places: Places) -> Iterator[str]:
    case, decision = result.case, result.decision
    yield f"--> {_at(places.test(case.number))}"
    yield f"    {said(headline(decision))}"
    width = max(len(difference.field) for difference in result.differences)
    for difference in result.differences:
        spot = places.test(case.number, "expect", difference.field)
        yield f"{difference.field:<{width}}  expected  {shown(difference.expected)}  [{_at(spot)}]"
        yield f"{'':<{width}}  happened  {shown(difference.actual)}{_because(difference, decision, places)}"
    yield f"= help: {_help(result)}"


def _because(difference: Difference, decision: Decision, places: Places) -> str:
    """The line of the model's file that made it so."""
    route = decision.route
    if route is None:
        return ""
    match difference.field, decision.status:
        case "status", 403:
            spot = places.field(route, "access", "client_regions")
        case "status", 404:
            spot = places.field(route, "status")
        case (("head" | "region"), 200):
            spot = places.head_in_model(route, decision.first[0])
        case "deployments", 200:
            spot = places.target(route, 0, decision.first[0])
        case _:
            spot = places.model(route)
    return f"  [{_at(spot)}]"


def _help(result: Result) -> str:
    words = [quoted(said(result.decision.request.model))]
    if result.decision.request.origin is not None:
        words += ["--from", result.decision.request.origin]
    for name in result.decision.request.down:
        words += ["--down", name]
    return f"modelspec route {' '.join(words)} says why"


def shown(value: object) -> str:
    """One side of a difference on one line."""
    match value:
        case None | []:
            return "none"
        case str():
            return said(value)
        case list():
            return ", ".join(f"[{shown(each)}]" if isinstance(each, list) else shown(each) for each in value)
        case _:
            return said(json.dumps(value))


def _coverage(coverage: Coverage) -> Iterator[str]:
    yield f"coverage {coverage.percent} %: {len(coverage.exercised)} of {len(coverage.items)}\n"
    missing: dict[CoverageKind, list[Item]] = {kind: [] for kind in CoverageKind}
    for item in coverage.missing:
        missing[item.kind].append(item)
    for kind in CoverageKind:
        exercised, total = coverage.counted(kind)
        if total:
            yield f"  {kind.value:<8}  {exercised} of {total}{_named(missing[kind])}\n"
    if coverage.missing:
        yield "  = help: modelspec test --suggest writes the cases that are missing\n"


def _named(items: Sequence[Item]) -> str:
    if not items:
        return ""
    more = f" and {len(items) - _MOST} more" if len(items) > _MOST else ""
    return f"; not {', '.join(map(item_text, items[:_MOST]))}{more}"


def item_text(item: Item) -> str:
    """An item in a few words."""
    match item.kind:
        case CoverageKind.MODEL:
            return said(item.model_id)
        case CoverageKind.TIER if item.detail == "0":
            return f"{said(item.model_id)} at its first tier"
        case CoverageKind.TIER:
            return f"{said(item.model_id)} failing over to tier {item.detail}"
        case CoverageKind.FAILURE:
            return f"{item.detail} of {said(item.model_id)}"
        case _:
            return said(item.detail)


def _at(spot: Spot) -> str:
    return f"{said(spot.path)}:{spot.line}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
