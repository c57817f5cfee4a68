"""The results of routing tests: text for people, JSON for programs, JUnit for CI systems."""

import json
from collections.abc import Iterator, Sequence
from shlex import quote as quoted

from modelspec.ask.account_formats import headline, spot_json
from modelspec.ask.cases import FILE, Difference, Result
from modelspec.ask.coverage import Coverage, CoverageKind, Item
from modelspec.ask.places import Places
from modelspec.report.junit import xml
from modelspec.report.printable import concealed, painter, printable, without_secrets
from modelspec.routing.decide import Decision
from modelspec.text.quote import counted, some
from modelspec.text.source import Spot

_MOST = 5
"""Missing items of a kind that the text lists; the JSON has all of them."""

_STYLES = {"pass": "32", "fail": "1;31"}


def cases_text(
    results: Sequence[Result], coverage: Coverage | None, places: Places, *, colour: bool, quiet: bool = False
) -> Iterator[str]:
    """Failures with expected and actual values and their places, counts, coverage; `quiet` leaves only failures."""
    paint = painter(_STYLES, colour=colour)
    failed = [result for result in results if result.differences]
    for result in failed:
        yield paint("fail", f"failed: {printable(result.case.name)}") + "\n"
        for line in _failure(result, places):
            yield f"  {line}\n"
        yield "\n"
    if quiet:
        return
    counts = f"{counted(len(results), 'test')}: {len(results) - len(failed)} passed, {len(failed)} failed"
    yield paint("fail" if failed else "pass", counts) + "\n"
    if coverage is not None:
        yield from _coverage(coverage)


def _failure(result: Result, places: Places) -> Iterator[str]:
    case, decision = result.case, result.decision
    yield f"--> {_at(places.test(case.number))}"
    yield f"    {printable(headline(decision))}"
    width = max(len(difference.field) for difference in result.differences)
    for difference in result.differences:
        spot = places.test(case.number, "expect", difference.field)
        yield f"{difference.field:<{width}}  expected  {shown(difference.expected)}  [{_at(spot)}]"
        yield f"{'':<{width}}  actual    {shown(difference.actual)}{_because(difference, decision, places)}"
    yield f"= help: {_help(result)}"


def _because(difference: Difference, decision: Decision, places: Places) -> str:
    """The line that caused the actual value."""
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
    words = [quoted(printable(result.decision.request.model))]
    if result.decision.request.origin is not None:
        words += ["--from", result.decision.request.origin]
    for name in result.decision.request.down:
        words += ["--down", name]
    return f"run modelspec route {' '.join(words)} to see why"


def shown(value: object) -> str:
    """One value of a difference, on one line."""
    match value:
        case None | []:
            return "none"
        case str():
            return printable(value)
        case list():
            return ", ".join(f"[{shown(each)}]" if isinstance(each, list) else shown(each) for each in value)
        case _:
            return printable(json.dumps(value))


def _coverage(coverage: Coverage) -> Iterator[str]:
    yield f"coverage {coverage.percent} %: {len(coverage.exercised)} of {len(coverage.items)}\n"
    missing: dict[CoverageKind, list[str]] = {kind: [] for kind in CoverageKind}
    for item in coverage.missing:
        missing[item.kind].append(_item(item))
    for kind, names in missing.items():
        exercised, total = coverage.counted(kind)
        if total:
            listed = f"; missing {some(names, _MOST)}" if names else ""
            yield f"  {kind.value:<8}  {exercised} of {total}{listed}\n"
    if coverage.missing:
        yield "  = help: run modelspec test --suggest to write the missing cases\n"


def _item(item: Item) -> str:
    match item.kind:
        case CoverageKind.MODEL:
            return printable(item.model_id)
        case CoverageKind.TIER if item.detail == "0":
            return f"{printable(item.model_id)} at its first tier"
        case CoverageKind.TIER:
            return f"{printable(item.model_id)} failing over to tier {item.detail}"
        case CoverageKind.FAILURE:
            return f"{item.detail} of {printable(item.model_id)}"
        case _:
            return printable(item.detail)


def _at(spot: Spot) -> str:
    return f"{printable(spot.path)}:{spot.line}"


SCHEMA_VERSION = 1
"""Incremented when a change may break a reader; a new field does not."""


def cases_json(results: Sequence[Result], coverage: Coverage | None, places: Places) -> str:
    """The object of `schemas/routing-tests.schema.json`, in ASCII; `coverage` is None if only some tests ran."""
    failed = sum(bool(result.differences) for result in results)
    fields = {
        "schema_version": SCHEMA_VERSION,
        "summary": {"tests": len(results), "passed": len(results) - failed, "failed": failed},
        "tests": [_result_json(result, places) for result in results],
        "coverage": None if coverage is None else _coverage_json(coverage),
    }
    return json.dumps(concealed(fields), indent=1) + "\n"


def _result_json(result: Result, places: Places) -> dict[str, object]:
    case, decision = result.case, result.decision
    request, route = case.request, decision.route
    return {
        "name": without_secrets(case.name),
        "passed": not result.differences,
        "source": spot_json(places.test(case.number)),
        "request": {"model": request.model, "from": request.origin, "down": request.down},
        "model_id": None if route is None else route.model_id,
        "model_path": None if route is None else route.about.path,
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


def _coverage_json(coverage: Coverage) -> dict[str, object]:
    return {
        "percent": coverage.percent,
        "exercised": len(coverage.exercised),
        "items": len(coverage.items),
        "kinds": {
            kind.value: dict(zip(("exercised", "items"), coverage.counted(kind), strict=True))
            for kind in CoverageKind
        },
        "missing": [
            {"kind": item.kind.value, "model_id": item.model_id or None, "detail": item.detail or None}
            for item in coverage.missing
        ],
    }


def cases_junit(
    results: Sequence[Result], coverage: Coverage | None, places: Places, *, fail_under: float | None
) -> Iterator[str]:
    """One test case per routing test, and one for the coverage if a minimum is set."""
    elements = ["".join(_case(result, places)) for result in results]
    failures = sum(bool(result.differences) for result in results)
    if coverage is not None and fail_under is not None:
        short = None
        if not coverage.reaches(fail_under):
            failures += 1
            short = f"coverage is {coverage.percent} %, below the required {fail_under:g} %"
        bar = f"at least {fail_under:g} %"
        elements.append("".join(_element("routing coverage", bar, "", short, [short or ""])))
    numbers = f'tests="{len(elements)}" failures="{failures}" errors="0"'
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="modelspec test" {numbers}>\n'
    yield f'  <testsuite name="{FILE}" {numbers} skipped="0">\n'
    yield from elements
    yield "  </testsuite>\n</testsuites>\n"


def _case(result: Result, places: Places) -> Iterator[str]:
    lines = [
        headline(result.decision),
        *(
            f"{each.field}: expected {shown(each.expected)}, got {shown(each.actual)}"
            for each in result.differences
        ),
    ]
    message = lines[1] if result.differences else None
    where = f' file="{FILE}" line="{places.test(result.case.number).line}"'
    yield from _element(result.decision.request.model, result.case.name, where, message, lines)


def _element(
    classname: str, name: str, where: str, message: str | None, lines: Sequence[str]
) -> Iterator[str]:
    opening = f'    <testcase classname="{xml(printable(classname))}" name="{xml(printable(name))}"{where}'
    if message is None:
        yield f"{opening}/>\n"
        return
    text = xml("\n".join(map(printable, lines)))
    yield f"{opening}>\n"
    yield f'      <failure type="routing" message="{xml(printable(message))}">{text}</failure>\n'
    yield "    </testcase>\n"
