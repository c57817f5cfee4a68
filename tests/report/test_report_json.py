import json

from modelspec import __version__
from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.report import REPORTS, Summary
from modelspec.text.source import START, Span

SUMMARY = Summary(files=28, models=26, errors=2, warnings=1, infos=3, seconds=0.1234)
REGION = Diagnostic(
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


def render(*diagnostics: Diagnostic, summary: Summary = SUMMARY, colour: bool = False) -> str:
    return "".join(REPORTS["json"](diagnostics, summary, lambda _: None, colour=colour))


def test_it_is_one_object_with_one_diagnostic_a_line() -> None:
    bare = Diagnostic(
        code="MS404",
        severity=Severity.INFO,
        message="unused",
        path="heads.yaml",
        span=START,
        subject="head-br",
    )
    assert render(REGION, bare) == (
        "{\n"
        '"schema_version": 1,\n'
        f'"tool": {{"name": "modelspec", "version": "{__version__}"}},\n'
        '"summary": {"files": 28, "models": 26, "errors": 2, "warnings": 1, "infos": 3},\n'
        '"diagnostics": [\n'
        '{"code": "MS201", "severity": "error", "message": "no region is named \'eu-wset\'", '
        '"path": "models.d/atlas.yaml", "line": 3, "column": 9, "end_line": 3, "end_column": 16, '
        '"label": "used here", "help": "did you mean \'eu-west\'?", "subject": "atlas", '
        '"related": [{"path": "regions.yaml", "line": 4, "column": 5, "end_line": 4, "end_column": 12, '
        '"message": "\'eu-west\' is declared here"}]},\n'
        '{"code": "MS404", "severity": "info", "message": "unused", '
        '"path": "heads.yaml", "line": 1, "column": 1, "end_line": 1, "end_column": 1, '
        '"label": "", "help": "", "subject": "head-br", "related": []}\n'
        "]\n"
        "}\n"
    )


def test_without_diagnostics_the_list_is_empty() -> None:
    assert json.loads(render())["diagnostics"] == []
    assert render().endswith('"diagnostics": []\n}\n')


def test_the_time_changes_nothing() -> None:
    slower = Summary(files=28, models=26, errors=2, warnings=1, infos=3, seconds=99.0)
    assert render(REGION) == render(REGION, summary=slower)


def test_colour_is_ignored() -> None:
    assert render(REGION, colour=True) == render(REGION)


def test_the_output_is_ascii_and_names_come_back_as_they_are() -> None:
    odd = Diagnostic(
        code="MS009",
        severity=Severity.ERROR,
        message="東京 \u202e \x1b[2J",
        path="models.d/東京\n\u202e.yaml",
        span=START,
        subject="a\u200bb",
    )
    output = render(odd)
    assert output.isascii()
    (back,) = json.loads(output)["diagnostics"]
    assert back["path"] == "models.d/東京\n\u202e.yaml"
    assert back["subject"] == "a\u200bb"
    assert back["message"] == "東京 \\u202e \\x1b[2J"


def test_a_file_name_that_is_not_text_stays_readable_for_every_json_reader() -> None:
    odd = Diagnostic(code="MS009", severity=Severity.ERROR, message="", path="a\udcff.yaml", span=START)
    (back,) = json.loads(render(odd))["diagnostics"]
    assert back["path"] == "a\\udcff.yaml"
