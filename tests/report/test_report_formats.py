"""Each format of one set of diagnostics, byte by byte; `pytest --update-golden` updates the files."""

import re
from pathlib import Path

import pytest
from rich_diagnostics import DIAGNOSTICS, FILES, KEY, SUMMARY

from modelspec import __version__
from modelspec.report import REPORTS
from modelspec.report.github import step_summary

GOLDEN = Path(__file__).parent / "formats"


def rendered(name: str) -> str:
    output = "".join(REPORTS[name](DIAGNOSTICS, SUMMARY, FILES.get, colour=False))
    return output.replace(f'"version": "{__version__}"', '"version": "VERSION"')


@pytest.mark.parametrize("name", REPORTS)
def test_a_format_matches_its_golden_file(name: str, pytestconfig: pytest.Config) -> None:
    golden = GOLDEN / f"diagnostics.{REPORTS[name].suffix}"
    if pytestconfig.getoption("update_golden"):
        golden.write_text(rendered(name), encoding="utf-8")
    assert rendered(name) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_no_format_reveals_a_key(name: str) -> None:
    output = rendered(name)
    assert KEY not in output
    assert KEY[8:] not in output
    assert "*" * len(KEY) in output


@pytest.mark.parametrize("name", REPORTS)
def test_a_format_is_deterministic_and_has_no_time(name: str) -> None:
    assert rendered(name) == rendered(name)
    if name != "text":
        assert "seconds" not in rendered(name)
        assert not re.search(r"\d\d:\d\d:\d\d|20\d\d-", rendered(name))


@pytest.mark.parametrize("name", [name for name in REPORTS if name != "text"])
def test_colour_and_quiet_do_not_change_machine_formats(name: str) -> None:
    plain = "".join(REPORTS[name](DIAGNOSTICS, SUMMARY, FILES.get, colour=False, quiet=False))
    assert "".join(REPORTS[name](DIAGNOSTICS, SUMMARY, FILES.get, colour=True, quiet=True)) == plain


@pytest.mark.parametrize("name", REPORTS)
def test_an_output_ends_in_one_line_end(name: str) -> None:
    assert re.search(r"[^\n]\n\Z", rendered(name))


def test_no_summary_if_all_annotations_are_shown() -> None:
    assert step_summary(DIAGNOSTICS, SUMMARY) == ""
