"""Diagnostics as annotations of a pull request: the workflow commands of GitHub Actions.

A command is `::error file=…,line=…::text`; what a runner does with each part is in `ActionCommand` and
`IssueCommandExtension` of github.com/actions/runner.
"""

from collections.abc import Iterator, Sequence

from modelspec.diagnostic import Diagnostic, Severity
from modelspec.report.contract import Sources
from modelspec.report.rank import ranked
from modelspec.report.said import said
from modelspec.report.summary import Summary
from modelspec.report.visible import visible

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}

SHOWN = 10
"""Annotations of each command that GitHub shows of one step; the others stand in its log alone."""


def render(
    diagnostics: Sequence[Diagnostic],
    summary: Summary,  # noqa: ARG001  every report is called the same way
    sources: Sources,  # noqa: ARG001  the same reason
    *,
    colour: bool,  # noqa: ARG001  the same reason
    quiet: bool = False,  # noqa: ARG001  the same reason
) -> Iterator[str]:
    """One line a diagnostic, ranked: what GitHub shows is what weighs most."""
    for diagnostic in ranked(diagnostics):
        yield f"::{COMMANDS[diagnostic.severity]} {_properties(diagnostic)}::{_text(diagnostic)}\n"


def _properties(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    properties: dict[str, str | int] = {"file": visible(diagnostic.path), "line": span.line}
    if span.end_line == span.line:
        properties |= {"col": span.column, "endLine": span.end_line, "endColumn": span.end_column}
    else:
        # A runner takes columns only within one line.
        properties |= {"endLine": span.end_line}
    properties["title"] = diagnostic.code
    return ",".join(f"{name}={_property_escaped(str(value))}" for name, value in properties.items())


def _text(diagnostic: Diagnostic) -> str:
    advice = f"\nhelp: {said(diagnostic.help)}" if diagnostic.help else ""
    return _escaped(said(diagnostic.message) + advice)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property_escaped(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
