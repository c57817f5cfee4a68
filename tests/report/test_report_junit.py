from collections.abc import Sequence
from typing import Any

from junitparser import Failure, JUnitXml, Skipped
from rich_diagnostics import DIAGNOSTICS, SUMMARY

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.report import REPORTS, Summary
from modelspec.report.printable import printable
from modelspec.text.visible import visible


def suite(diagnostics: Sequence[Diagnostic], summary: Summary = SUMMARY) -> Any:
    text = "".join(REPORTS["junit"](diagnostics, summary, lambda _: None, colour=False))
    (only,) = JUnitXml.fromstring(text.encode())
    return only


def test_a_reader_counts_what_was_found() -> None:
    found = suite(DIAGNOSTICS)
    assert (found.name, found.tests, found.errors) == ("modelspec", len(DIAGNOSTICS), 0)
    assert (found.failures, found.skipped) == (SUMMARY.errors, SUMMARY.warnings + SUMMARY.infos)
    counted = suite(DIAGNOSTICS)
    counted.update_statistics()
    assert (counted.tests, counted.failures, counted.skipped) == (found.tests, found.failures, found.skipped)


def test_errors_fail_and_the_others_are_skipped() -> None:
    for case, diagnostic in zip(suite(DIAGNOSTICS), DIAGNOSTICS, strict=True):
        (outcome,) = case.result
        assert type(outcome) is (Failure if diagnostic.severity == "error" else Skipped)
        assert outcome.type == diagnostic.code
        assert outcome.message == printable(diagnostic.message)
        assert case.classname == visible(diagnostic.path)


def test_the_text_of_a_case_has_the_location_and_the_help() -> None:
    (case,) = [case for case in suite(DIAGNOSTICS) if "MS201" in case.name]
    assert case.result[0].text == (
        "error[MS201]: no region is named 'eu-wset'\n"
        "--> models.d/atlas.yaml:3:9\n"
        "::: regions.yaml:2:12: 'eu-west' is declared here\n"
        "help: did you mean 'eu-west'?"
    )


def test_names_of_cases_differ_within_a_file() -> None:
    cases = [(case.classname, case.name) for case in suite(DIAGNOSTICS)]
    assert len(set(cases)) == len(cases)
    assert ("models.d/bison.yaml", "MS103: a tag must be a string, not a number (2)") in cases


def test_a_clean_run_is_a_passed_case() -> None:
    found = suite([], Summary.of([], files=3, models=1))
    (case,) = found
    assert case.is_passed
    assert (case.classname, case.name) == ("modelspec", "no faults")
    assert (found.tests, found.failures, found.skipped) == (1, 0, 0)
