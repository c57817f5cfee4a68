"""Diagnostics as JUnit XML, which most CI systems show as tests.

One suite, one case a diagnostic. An error is a failed case. JUnit has no word for a warning: a case that passed
hides its text in nearly every viewer, one that failed is red where the run is green, so warnings and infos are
skipped cases, whose text is shown. A run without diagnostics is one case that passed. No time, no host.
"""

from collections import Counter
from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.report.contract import Outcome
from modelspec.report.said import said
from modelspec.text.visible import visible

OUTCOMES = {Severity.ERROR: "failure", Severity.WARNING: "skipped", Severity.INFO: "skipped"}

# What is left to escape: `visible` and `said` write as text whatever XML cannot hold.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})

_PASSED = '<testcase classname="modelspec" name="no faults"/>\n'


def render(outcome: Outcome) -> Iterator[str]:
    """The suite with its counts, then one piece a case."""
    diagnostics, summary = outcome.diagnostics, outcome.summary
    tests, skipped = max(len(diagnostics), 1), summary.warnings + summary.infos
    counts = f'tests="{tests}" failures="{summary.errors}" errors="0"'
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="modelspec" {counts}>\n'
        f'<testsuite name="modelspec" {counts} skipped="{skipped}">\n'
    )
    if not diagnostics:
        yield _PASSED
    seen: Counter[tuple[str, str]] = Counter()
    for diagnostic in diagnostics:
        # GitLab keeps one case of each name in a class, so equal faults are numbered.
        name = f"{diagnostic.code}: {said(diagnostic.message)}"
        seen[diagnostic.path, name] += 1
        times = seen[diagnostic.path, name]
        yield _case(diagnostic, name if times == 1 else f"{name} ({times})")
    yield "</testsuite>\n</testsuites>\n"


def _case(diagnostic: Diagnostic, name: str) -> str:
    path = xml(visible(diagnostic.path))
    message = xml(said(diagnostic.message))
    opening = f'<testcase classname="{path}" name="{xml(name)}" file="{path}">\n'
    text = xml("\n".join(_lines(diagnostic)))
    # Jenkins shows the message of a skipped case, GitLab its text.
    outcome = OUTCOMES[diagnostic.severity]
    result = f'<{outcome} type="{diagnostic.code}" message="{message}">{text}</{outcome}>\n'
    return f"{opening}{result}</testcase>\n"


def _lines(diagnostic: Diagnostic) -> Iterator[str]:
    span = diagnostic.span
    yield f"{diagnostic.severity.value}[{diagnostic.code}]: {said(diagnostic.message)}"
    yield f"--> {visible(diagnostic.path)}:{span.line}:{span.column}"
    for label in diagnostic.related:
        yield f"::: {visible(label.path)}:{label.span.line}:{label.span.column}: {said(label.text)}"
    if diagnostic.help:
        yield f"help: {said(diagnostic.help)}"


def xml(text: str) -> str:
    """A text without invisible characters, as content or as the value of an attribute."""
    return text.translate(_ENTITIES)
