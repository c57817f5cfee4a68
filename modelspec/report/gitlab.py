"""Diagnostics as a GitLab Code Quality report: one ASCII JSON array, one diagnostic a line.

The format is GitLab's own (docs.gitlab.com, "Code Quality report format"), a subset of the Code Climate format.
"""

import json
from collections.abc import Iterator

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.report.contract import Outcome, one_a_line
from modelspec.report.printable import as_written, fingerprints, printable

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}

_encode = json.JSONEncoder().encode


def render(outcome: Outcome) -> Iterator[str]:
    """The opening bracket, then one piece per diagnostic."""
    marked = zip(outcome.diagnostics, fingerprints(outcome.diagnostics), strict=True)
    yield "["
    yield from one_a_line(_encode(_object(diagnostic, mark)) for diagnostic, mark in marked)
    yield "\n"


def _object(diagnostic: Diagnostic, fingerprint: str) -> dict[str, object]:
    advice = f" (help: {printable(diagnostic.help)})" if diagnostic.help else ""
    begin = max(diagnostic.span.line, 1)
    return {
        "description": f"{diagnostic.code}: {printable(diagnostic.message)}{advice}",
        "check_name": diagnostic.code,
        "fingerprint": fingerprint,
        "severity": SEVERITIES[diagnostic.severity],
        "location": {
            "path": as_written(diagnostic.path),
            "lines": {"begin": begin, "end": max(diagnostic.span.end_line, begin)},
        },
    }
