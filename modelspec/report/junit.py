"""Diagnostics as JUnit XML, which most CI systems show as tests.

One suite, one case per diagnostic. An error is a failed case. JUnit has no warnings: most viewers hide the text of a
passed case, and a failed one would be red although the run is green, so warnings and infos are skipped cases, whose
text is shown. A run without diagnostics is one passed case. No time, no host.
"""

from collections import Counter
from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.report.contract import Outcome
from modelspec.report.printable import printable, printable_path

OUTCOMES = {Severity.ERROR: "failure", Severity.WARNING: "skipped", Severity.INFO: "skipped"}

# `visible` and `printable` have already replaced the characters that XML does not allow.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})

_PASSED = '<testcase classname="modelspec" name="no faults"/>\n'


def render(outcome: Outcome) -> Iterator[str]:
    """The suite with its counts, then one piece per case."""
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
        # GitLab keeps one case of each name in a class, so equal diagnostics are numbered.
        name = f"{diagnostic.code}: {printable(diagnostic.message)}"
        seen[diagnostic.path, name] += 1
        times = seen[diagnostic.path, name]
        yield _case(diagnostic, name if times == 1 else f"{name} ({times})")
    yield "</testsuite>\n</testsuites>\n"


def _case(diagnostic: Diagnostic, name: str) -> str:
    path = xml(printable_path(diagnostic.path))
    message = xml(printable(diagnostic.message))
    opening = f'<testcase classname="{path}" name="{xml(name)}" file="{path}">\n'
    text = xml("\n".join(_lines(diagnostic)))
    # Jenkins shows the message of a skipped case, GitLab the text.
    outcome = OUTCOMES[diagnostic.severity]
    result = f'<{outcome} type="{diagnostic.code}" message="{message}">{text}</{outcome}>\n'
    return f"{opening}{result}</testcase>\n"


def _lines(diagnostic: Diagnostic) -> Iterator[str]:
    span = diagnostic.span
    yield f"{diagnostic.severity.value}[{diagnostic.code}]: {printable(diagnostic.message)}"
    yield f"--> {printable_path(diagnostic.path)}:{span.line}:{span.column}"
    for label in diagnostic.related:
        yield f"::: {printable_path(label.path)}:{label.span.line}:{label.span.column}: {printable(label.text)}"
    if diagnostic.help:
        yield f"help: {printable(diagnostic.help)}"


def xml(text: str) -> str:
    """A text without invisible characters, escaped for content and attribute values."""
    return text.translate(_ENTITIES)
