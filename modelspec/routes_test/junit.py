"""Results as JUnit XML, which CI systems show as tests. No times: the same results give the same bytes."""

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from modelspec.reasons.places import Places
from modelspec.reasons.text import headline
from modelspec.report.said import without_secrets
from modelspec.routes_test.coverage import Coverage
from modelspec.routes_test.run import Result
from modelspec.routes_test.text import shown

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, escaped or not."""


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
        yield from _element("routing coverage", f"at least {fail_under:g} %", None, short, short)
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
    yield from _element(model, result.case.name, line, message, "\n".join(lines))


def _element(
    classname: str, name: str, line: int | None, message: str | None, text: str | None
) -> Iterator[str]:
    where = "" if line is None else f' file="routes.test.yaml" line="{line}"'
    opening = f"    <testcase classname={_attribute(classname)} name={_attribute(name)}{where}"
    if message is None:
        yield f"{opening}/>\n"
        return
    yield f"{opening}>\n"
    yield f'      <failure type="routing" message={_attribute(message)}>{escape(_legal(text or ""))}</failure>\n'
    yield "    </testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(_legal(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _legal(text: str) -> str:
    return _NO_XML.sub("", without_secrets(text))
