"""Results for programs: one JSON object, described by `schemas/routing-tests.schema.json`."""

import json
from collections.abc import Iterator, Sequence

from modelspec.ask.account_text import headline
from modelspec.ask.cases import Result
from modelspec.ask.cases_text import shown
from modelspec.ask.coverage import Coverage, CoverageKind
from modelspec.ask.places import Places
from modelspec.report.junit import xml
from modelspec.report.said import said, without_secrets

SCHEMA_VERSION = 1
"""Counts changes that a reader could stumble over; a new field is none."""


def cases_json(results: Sequence[Result], coverage: Coverage | None, places: Places) -> str:
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
    """One test case a routing test, and one for the coverage where a bar is set for it."""
    failures = sum(bool(result.differences) for result in results)
    count = len(results)
    short = None
    if coverage is not None and fail_under is not None:
        count += 1
        if not coverage.reaches(fail_under):
            failures += 1
            short = f"coverage is {coverage.percent} %, and {fail_under:g} % is asked for"
    numbers = f'tests="{count}" failures="{failures}" errors="0"'
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="modelspec test" {numbers}>\n'
    yield f'  <testsuite name="routes.test.yaml" {numbers} skipped="0">\n'
    for result in results:
        yield from _case(result, places)
    if coverage is not None and fail_under is not None:
        yield from _element("routing coverage", f"at least {fail_under:g} %", None, short, [short or ""])
    yield "  </testsuite>\n</testsuites>\n"


def _case(result: Result, places: Places) -> Iterator[str]:
    line = places.test(result.case.number).line
    lines = [
        headline(result.decision),
        *(
            f"{each.field}: expected {shown(each.expected)}, happened {shown(each.actual)}"
            for each in result.differences
        ),
    ]
    message = lines[1] if result.differences else None
    model = result.decision.request.model
    yield from _element(model, result.case.name, line, message, lines)


def _element(
    classname: str, name: str, line: int | None, message: str | None, lines: Sequence[str]
) -> Iterator[str]:
    where = "" if line is None else f' file="routes.test.yaml" line="{line}"'
    opening = f'    <testcase classname="{_shown(classname)}" name="{_shown(name)}"{where}'
    if message is None:
        yield f"{opening}/>\n"
        return
    text = "\n".join(map(_shown, lines))
    yield f"{opening}>\n"
    yield f'      <failure type="routing" message="{_shown(message)}">{text}</failure>\n'
    yield "    </testcase>\n"


def _shown(text: str) -> str:
    return xml(said(text))
