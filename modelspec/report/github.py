"""Diagnostics as pull request annotations: workflow commands of GitHub Actions.

A command is `::error file=…,line=…::text`; see `ActionCommand` and `IssueCommandExtension` in
github.com/actions/runner for how a runner reads it.
"""

from collections.abc import Iterator, Sequence

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.report.contract import Outcome, Summary, ranked
from modelspec.report.printable import advised, printable, printable_path
from modelspec.text.markdown import code, escaped
from modelspec.text.source import START

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_TEXT = str.maketrans(_ESCAPES)
_IN_PROPERTY = str.maketrans({**_ESCAPES, ":": "%3A", ",": "%2C"})

SHOWN = 10
"""Annotations of each command that GitHub shows for one step; the others are only in its log."""


def render(outcome: Outcome) -> Iterator[str]:
    """One line a diagnostic, ranked, so that GitHub shows the most important ones."""
    for diagnostic in ranked(outcome.diagnostics):
        command = f"{COMMANDS[diagnostic.severity]} {_properties(diagnostic)}"
        yield f"::{command}::{advised(diagnostic).translate(_IN_TEXT)}\n"


def _properties(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    properties: dict[str, str | int] = {"file": printable_path(diagnostic.path), "line": span.line}
    if span.end_line == span.line:
        properties |= {"col": span.column, "endLine": span.end_line, "endColumn": span.end_column}
    else:
        # A runner accepts columns only if the range is on one line.
        properties |= {"endLine": span.end_line}
    properties["title"] = diagnostic.code
    return ",".join(f"{name}={str(value).translate(_IN_PROPERTY)}" for name, value in properties.items())


MOST_BYTES = 1024 * 1024
"""The limit for the summary of a step; GitHub rejects a larger one."""

# For the line that counts the missing rows.
_RESERVE = 200


def step_summary(diagnostics: Sequence[Diagnostic], summary: Summary, *, room: int = MOST_BYTES) -> str:
    """Ranked diagnostics as Markdown of at most `room` bytes; empty if GitHub shows them all as annotations.

    If they do not fit, the last line counts the missing ones.
    """
    rest = _beyond_annotations(diagnostics)
    if not rest or room < _RESERVE:
        return ""
    shown = len(diagnostics) - len(rest)
    faults = f"{len(diagnostics):,} faults in {summary.files:,} files"
    head = (
        f"### modelspec: {faults}\n\nGitHub shows {shown:,} of them as annotations. These are the others.\n\n"
        "| | Rule | Place | Fault |\n|---|---|---|---|\n"
    )
    parts = [head]
    room -= len(head.encode()) + _RESERVE
    if room < 0:
        return _missing(len(rest))
    for number, diagnostic in enumerate(rest):
        row = _row(diagnostic)
        room -= len(row.encode())
        if room < 0:
            parts.append(_missing(len(rest) - number))
            break
        parts.append(row)
    return "".join((*parts, "\n"))


def _beyond_annotations(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    order = ranked(diagnostics)
    by_severity = [[one for one in order if one.severity is severity] for severity in Severity]
    return [one for group in by_severity for one in group[SHOWN:]]


def _row(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    path = printable_path(diagnostic.path)
    place = path if span == START else f"{path}:{span.line}:{span.column}"
    fault = escaped(printable(diagnostic.message))
    if diagnostic.help:
        fault += f"<br>help: {escaped(printable(diagnostic.help))}"
    return f"| {diagnostic.severity.value} | {diagnostic.code} | {code(place)} | {fault} |\n"


def _missing(count: int) -> str:
    return f"\n{count:,} more are not shown here because of the size limit: `modelspec validate` shows all of them.\n"
