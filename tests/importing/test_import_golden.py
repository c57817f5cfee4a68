"""LiteLLM configurations and their expected results; `golden_cases` describes the format."""

from pathlib import Path

import pytest
from golden_cases import cases
from importing_sources import TODAY, import_litellm
from modelspec_command import tree

from modelspec.importing import REPORTS, ImportOutcome
from modelspec.incremental import compile_fleet

CASES = cases(Path(__file__).parent / "cases")


def imported(name: str, into: Path) -> ImportOutcome:
    """Import the configuration of a case; it lies beside the result."""
    case = CASES[name]
    source = case.write(into.with_name(f"{name}.source"))
    region = next(iter(case.all("region")), None)
    outcome = import_litellm(source / "config.yaml", into, region=region, heads=case.all("head"))
    assert isinstance(outcome, ImportOutcome)
    return outcome


@pytest.mark.parametrize("name", CASES)
def test_a_configuration_becomes_this_repository(name: str, tmp_path: Path, *, update: bool) -> None:
    report = "".join(REPORTS["text"](imported(name, tmp_path / "new")))
    made = tree(tmp_path / "new")
    CASES[name].settle({"report.txt": report, **dict(sorted(made.items()))}, update=update)


@pytest.mark.parametrize("name", CASES)
def test_the_result_validates_or_its_faults_are_in_the_report(name: str, tmp_path: Path) -> None:
    outcome = imported(name, tmp_path / "new")
    compiled = compile_fleet(tmp_path / "new", today=TODAY)
    errors = {
        f"{found.code} in {found.path}:{found.span.line}"
        for found in compiled.diagnostics
        if found.severity == "error"
    }
    assert errors == {
        note.what for note in outcome.notes if note.kind == "breaks" and note.what.startswith("MS")
    }
    assert len(errors) == outcome.faults


def test_the_page_shows_the_actual_result() -> None:
    page = (Path(__file__).parents[2] / "docs/import.md").read_text(encoding="utf-8")
    case = CASES["documented"]
    shown = ["report.txt", "models.d/gpt-4o.yaml", "models.d/llama3.yaml"]
    for content in [case.files["config.yaml"], *(case.expected[name] for name in shown)]:
        assert content
        assert content.decode() in page
