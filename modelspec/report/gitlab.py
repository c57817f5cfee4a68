"""Diagnostics as a Code Quality report of GitLab: one JSON array, all of it ASCII, one fault a line.

The form is GitLab's own (docs.gitlab.com, "Code Quality report format"), a part of what Code Climate once defined.
"""

import json
from collections.abc import Iterator, Sequence

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.report.contract import Sources, Summary
from modelspec.report.places import as_written, fingerprints
from modelspec.report.said import said

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}

_encode = json.JSONEncoder().encode


def render(
    diagnostics: Sequence[Diagnostic],
    summary: Summary,  # noqa: ARG001  every report is called the same way
    sources: Sources,  # noqa: ARG001  the same reason
    *,
    colour: bool,  # noqa: ARG001  the same reason
    quiet: bool = False,  # noqa: ARG001  the same reason
) -> Iterator[str]:
    """The opening bracket, then one piece a diagnostic."""
    yield "["
    separator = "\n"
    for diagnostic, fingerprint in zip(diagnostics, fingerprints(diagnostics), strict=True):
        yield separator + _encode(_object(diagnostic, fingerprint))
        separator = ",\n"
    yield "\n]\n" if diagnostics else "]\n"


def _object(diagnostic: Diagnostic, fingerprint: str) -> dict[str, object]:
    advice = f" (help: {said(diagnostic.help)})" if diagnostic.help else ""
    begin = max(diagnostic.span.line, 1)
    return {
        "description": f"{diagnostic.code}: {said(diagnostic.message)}{advice}",
        "check_name": diagnostic.code,
        "fingerprint": fingerprint,
        "severity": SEVERITIES[diagnostic.severity],
        "location": {
            "path": as_written(diagnostic.path),
            "lines": {"begin": begin, "end": max(diagnostic.span.end_line, begin)},
        },
    }
