"""LiteLLM configurations beside what they must become; `pytest --update-golden` writes the expectations anew.

Read what it writes: a wrong expectation proves nothing.
"""

from pathlib import Path

import pytest
from importing_sources import TODAY, import_litellm, tree

from modelspec.importing import REPORTS, ImportOutcome
from modelspec.incremental import compile_fleet

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir())
FLEETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "documented": ("eu", ("head-eu=https://head-eu.example.com",)),
    "regions": ("eu", ("head-eu=https://head-eu.example.com",)),
    "json-style": ("eu", ("head-eu=https://a.example.com", "head-eu-2=https://b.example.com")),
}


def imported(case: str, into: Path) -> ImportOutcome:
    region, heads = FLEETS.get(case, (None, ()))
    outcome = import_litellm(GOLDEN / case / "config.yaml", into, region=region, heads=heads)
    assert isinstance(outcome, ImportOutcome)
    return outcome


@pytest.fixture
def is_update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.mark.parametrize("case", CASES)
def test_a_configuration_becomes_this_repository(case: str, tmp_path: Path, *, is_update: bool) -> None:
    folder = GOLDEN / case
    outcome = imported(case, tmp_path / "new")
    report = "".join(REPORTS["text"](outcome))
    made = tree(tmp_path / "new")
    if is_update:
        for path in sorted((folder / "expected").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for name, data in made.items():
            (folder / "expected" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "expected" / name).write_bytes(data)
        (folder / "report.txt").write_text(report, encoding="utf-8")
    assert (folder / "report.txt").exists(), "write it with --update-golden, then read it"
    assert report == (folder / "report.txt").read_text(encoding="utf-8")
    assert made == tree(folder / "expected")


@pytest.mark.parametrize("case", CASES)
def test_the_result_validates_or_its_faults_are_in_the_report(case: str, tmp_path: Path) -> None:
    outcome = imported(case, tmp_path / "new")
    compiled = compile_fleet(tmp_path / "new", today=TODAY)
    errors = {
        f"{found.code} in {found.path}:{found.span.line}"
        for found in compiled.diagnostics
        if found.severity == "error"
    }
    assert errors == {note.what for note in outcome.notes if note.kind == "fault"}


@pytest.mark.parametrize(
    "name", ["config.yaml", "report.txt", *(f"expected/models.d/{m}.yaml" for m in ("gpt-4o", "llama3"))]
)
def test_the_page_about_importing_shows_what_is_really_done(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs/import.md").read_text(encoding="utf-8")
    assert (GOLDEN / "documented" / name).read_text(encoding="utf-8") in page
