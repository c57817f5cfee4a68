import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.report import REPORTS, Summary
from modelspec.text.source import START, Span

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "schemas/diagnostics.schema.json").read_text(encoding="utf-8")
)
BARE = Diagnostic(code="MS404", severity=Severity.INFO, message="unused", path="heads.yaml", span=START)
FULL = Diagnostic(
    code="MS201",
    severity=Severity.ERROR,
    message="no region is named 'eu-wset'",
    path="models.d/atlas.yaml",
    span=Span(3, 9, 3, 16),
    label="used here",
    help="did you mean 'eu-west'?",
    related=(Label(path="regions.yaml", span=Span(4, 5, 4, 12), text="'eu-west' is declared here"),),
    subject="atlas",
)


@pytest.mark.parametrize("diagnostics", [[], [BARE], [FULL, BARE]])
def test_the_json_report_follows_its_published_schema(diagnostics: list[Diagnostic]) -> None:
    summary = Summary.of(diagnostics, files=3, models=1, seconds=1.0)
    report = json.loads("".join(REPORTS["json"](diagnostics, summary, lambda _: None, colour=False)))
    Draft202012Validator(SCHEMA).validate(report)


def test_the_schema_describes_every_field_of_the_report() -> None:
    summary = Summary.of([FULL], files=3, models=1)
    report = json.loads("".join(REPORTS["json"]([FULL], summary, lambda _: None, colour=False)))
    diagnostic = SCHEMA["properties"]["diagnostics"]["items"]
    assert list(report) == list(SCHEMA["properties"]) == SCHEMA["required"]
    assert list(report["diagnostics"][0]) == list(diagnostic["properties"]) == diagnostic["required"]
