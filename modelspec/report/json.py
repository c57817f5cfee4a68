"""Diagnostics for programs: one ASCII JSON object, one diagnostic a line; see `schemas/diagnostics.schema.json`.

The same input gives the same bytes: no time, no colour.
"""

import json
from collections.abc import Iterator

from modelspec import __version__
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.report.contract import Outcome, one_a_line
from modelspec.report.printable import as_written, printable, without_secrets
from modelspec.text.source import Span

SCHEMA_VERSION = 1
"""Increases with breaking changes; a new field is not one."""

_encode = json.JSONEncoder().encode


def render(outcome: Outcome) -> Iterator[str]:
    """The head of the object, then one piece per diagnostic."""
    tool = {"name": "modelspec", "version": __version__}
    names = ("files", "models", "errors", "warnings", "infos")
    counts = {name: getattr(outcome.summary, name) for name in names}
    yield (
        f'{{\n"schema_version": {SCHEMA_VERSION},\n"tool": {_encode(tool)},\n"summary": {_encode(counts)},\n'
        '"diagnostics": ['
    )
    yield from one_a_line(_encode(_object(diagnostic)) for diagnostic in outcome.diagnostics)
    yield "\n}\n"


def _object(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": printable(diagnostic.message),
        **_place(diagnostic.path, diagnostic.span),
        "label": printable(diagnostic.label),
        "help": printable(diagnostic.help),
        "subject": as_written(without_secrets(diagnostic.subject)),
        "related": [
            {**_place(label.path, label.span), "message": printable(label.text)}
            for label in diagnostic.related
        ],
    }


def _place(path: str, span: Span) -> dict[str, object]:
    return {"path": as_written(path), **{name: getattr(span, name) for name in span.__slots__}}
