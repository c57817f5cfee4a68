"""Results as JUnit XML, which CI systems show as tests. No times: the same results give the same bytes."""

from collections.abc import Iterator, Sequence

from modelspec.reasons.places import Places
from modelspec.reasons.text import headline
from modelspec.report.junit import xml
from modelspec.report.said import said
from modelspec.routes_test.coverage import Coverage
from modelspec.routes_test.run import Result
from modelspec.routes_test.text import shown


def render(
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
