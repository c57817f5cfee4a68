import json
from collections.abc import Sequence

from jsonschema import Draft202012Validator
from rich_diagnostics import DIAGNOSTICS, SUMMARY

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.report import REPORTS

# What docs.gitlab.com requires of a report; GitLab publishes no schema.
TEXT = {"type": "string", "minLength": 1}
LINE = {"type": "integer", "minimum": 1}
ASKED = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "additionalProperties": False,
            "properties": {
                "description": TEXT,
                "check_name": TEXT,
                "fingerprint": TEXT,
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": TEXT,
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": {"begin": LINE, "end": LINE},
                        },
                    },
                },
            },
        },
    }
)


def text(diagnostics: Sequence[Diagnostic]) -> str:
    return "".join(REPORTS["gitlab"](diagnostics, SUMMARY, lambda _: None, colour=False))


def test_a_report_has_the_fields_that_gitlab_requires() -> None:
    report = json.loads(text(DIAGNOSTICS))
    ASKED.validate(report)
    assert len(report) == len(DIAGNOSTICS) == len({issue["fingerprint"] for issue in report})
    assert not [issue["location"]["path"] for issue in report if issue["location"]["path"].startswith("./")]


def test_a_clean_run_is_an_empty_array() -> None:
    assert text([]) == "[]\n"


def test_an_issue_stands_alone() -> None:
    (issue,) = [issue for issue in json.loads(text(DIAGNOSTICS)) if issue["check_name"] == "MS201"]
    assert issue["description"] == "MS201: no region is named 'eu-wset' (help: did you mean 'eu-west'?)"
    assert issue["severity"] == "critical"
    assert issue["location"] == {"path": "models.d/atlas.yaml", "lines": {"begin": 3, "end": 3}}


def test_severities_differ() -> None:
    report = json.loads(text(DIAGNOSTICS))
    assert {(issue["check_name"], issue["severity"]) for issue in report} >= {
        ("MS501", "critical"),
        ("MS402", "minor"),
        ("MS404", "info"),
    }
