import shutil
from pathlib import Path

import pytest
import yaml
from golden_cases import BASES
from hypothesis import given, settings
from small_fleets import FLEETS, compiled, model, routed, write_repository
from test_decide import tables

from modelspec.ask.cases import cases_of
from modelspec.ask.cases import run as run_cases
from modelspec.ask.coverage import CoverageKind, measure
from modelspec.ask.suggest import dash_column, fitting, suggestions, suggestions_yaml
from modelspec.cli import run
from modelspec.load.find import File
from modelspec.load.locate import Locator
from modelspec.routing.decide import Index
from modelspec.routing.table import RoutingTable

FLEET = BASES / "ask"


def completed(table: RoutingTable) -> str:
    """The suggestions for a fleet without tests."""
    index = Index(table)
    return "tests:\n" + "".join(suggestions_yaml(index, suggestions(index, measure(index, [])), indent=2))


def _typed(text: str) -> dict[str, list[dict[str, object]]]:
    """Parsed by PyYAML, which follows YAML 1.1."""
    loaded: dict[str, list[dict[str, object]]] = yaml.safe_load(text)
    return loaded


@settings(max_examples=150, deadline=None)
@given(tables())
def test_the_suggestion_passes_and_covers_everything(table: RoutingTable) -> None:
    text = completed(table)
    index = Index(table)
    cases = list(cases_of(_typed(text))) if index.routes else []
    results = run_cases(index, cases)
    assert [result.differences for result in results] == [()] * len(results)
    coverage = measure(index, [result.decision for result in results])
    assert coverage.missing == ()
    assert coverage.percent == 100.0


@pytest.mark.parametrize("name", FLEETS)
def test_the_suggested_file_compiles_and_covers_everything(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_repository(tmp_path, FLEETS[name])
    assert run(["test", "--root", str(root), "--suggest"]) == 0
    (root / "routes.test.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert run(["test", "--root", str(root), "--fail-under", "100"]) == 0
    assert "coverage 100.0 %" in capsys.readouterr().out
    assert run(["test", "--root", str(root), "--suggest"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "nothing is missing" in err


@pytest.mark.parametrize(
    "start",
    [
        "tests:\n  - {model: atlas, expect: {status: 200}}\n",
        "tests:\n- model: atlas\n  expect: {status: 200}\n",
        "# first\ntests:\n    -   name: one\n        model: atlas\n        expect: {status: 200}",
        "tests:\n  -\n    # why\n\n    model: atlas\n    expect: {status: 200}\n",
    ],
)
def test_suggestions_are_indented_like_the_existing_list(
    start: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(FLEET, root)
    file = root / "routes.test.yaml"
    file.write_text(start, encoding="utf-8")
    assert run(["test", "--root", str(root), "--suggest"]) == 0
    file.write_text(start + capsys.readouterr().out, encoding="utf-8")
    assert run(["test", "--root", str(root), "--fail-under", "100"]) == 0
    assert "coverage 100.0 %" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "tests: [{model: atlas, expect: {status: 200}}]\n",
        "tests:\n  [\n    {model: a, expect: {status: 200}}]\n",
    ],
)
def test_reports_a_list_in_brackets(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(FLEET, root)
    (root / "routes.test.yaml").write_text(text.replace("model: a,", "model: atlas,"), encoding="utf-8")
    assert run(["test", "--root", str(root), "--suggest"]) == 0
    assert "in brackets" in capsys.readouterr().err


def test_suggestions_replace_a_file_without_tests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "fleet"
    shutil.copytree(FLEET, root)
    file = root / "routes.test.yaml"
    file.write_text("tests: []\n", encoding="utf-8")
    assert run(["test", "--root", str(root)]) == 1
    assert "start with: modelspec test --suggest" in capsys.readouterr().err
    assert run(["test", "--root", str(root), "--suggest"]) == 0
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    assert run(["test", "--root", str(root), "--fail-under", "100"]) == 0


HOSTILE = [
    "no",
    "null",
    "0x1F",
    "1e5",
    "0o7",
    "1.5",
    "12",
    "true",
    "1:30",
    "a:b",
    "y",
    "A~z",
    "2026-01-01",
    "inf",
]


def test_names_that_look_like_other_types_stay_strings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    regions = 'regions:\n  - {code: "no", name: N, residency: ["no"]}\n  - {code: "y", name: Y}\n'
    heads = "".join(
        f'  - {{head_id: "{name}", region: "no", url: https://h{n}.example.net}}\n'
        for n, name in enumerate(("no", "1e5", "12", "null", "0x1f"))
    )
    models = {
        f"m{n}": model(f'"{name}"', 'fallback_heads: ["1e5", "12", "0x1f"]', "access: {client_regions: ['no']}",
                       region='"no"', head='"null"')
        for n, name in enumerate(HOSTILE)
    }  # fmt: skip
    models["wild"] = model(
        '"on/*"', 'aliases: ["off/*", "~/x"]'.replace('"~/x"', '"9/x"'), region='"no"', head='"no"'
    )
    root = write_repository(tmp_path, models, {"regions.yaml": regions, "heads.yaml": f"heads:\n{heads}"})
    assert run(["test", "--root", str(root), "--suggest"]) == 0
    out = capsys.readouterr().out
    # YAML 1.1, which this parser follows, must give the same strings as 1.2.
    asked = {str(each["model"]) for each in _typed(out)["tests"]}
    assert asked == {*HOSTILE, "on/any", "off/any", "9/x"}
    (root / "routes.test.yaml").write_text(out, encoding="utf-8")
    assert run(["test", "--root", str(root), "--fail-under", "100"]) == 0
    assert "coverage 100.0 %" in capsys.readouterr().out


def test_a_wildcard_is_tested_by_a_name_that_only_it_matches(tmp_path: Path) -> None:
    models = {
        "any": model("router/*"),
        "one": model("router/any"),
        "two": model("router/any1", "aliases: [router/any2]"),
    }
    table = routed(compiled(tmp_path, models))
    assert "model: router/any3" in completed(table)


def test_omits_suggestions_that_do_not_fit_the_file() -> None:
    empty = Locator(files={})
    kept, left_out = fitting(["x" * 200_000, "y" * 100_000, "z"], empty)
    assert ([len(piece) for piece in kept], left_out) == ([200_000], 2)
    kept, left_out = fitting(["a: b\n"] * 6_000, empty)
    assert (len(kept), left_out) == (4_999, 1_001)
    assert dash_column(empty) is None
    file = File(
        path="routes.test.yaml", data=b"tests:\n" + b"  - {model: a, expect: {status: 200}}\n" * 2_000
    )
    kept, left_out = fitting(["- a: b\n"] * 3_000, Locator(files={"routes.test.yaml": file}))
    assert (len(kept), left_out) == (1_499, 1_501)


def test_reports_omitted_suggestions_of_a_large_fleet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = {f"m{n}": model(f"m{n}", "fallback_heads: [head-uk-1]") for n in range(600)}
    root = write_repository(tmp_path, models)
    assert run(["test", "--root", str(root), "--suggest"]) == 0
    out, err = capsys.readouterr()
    assert "are left out" in err
    (root / "routes.test.yaml").write_text(out, encoding="utf-8")
    assert run(["test", "--root", str(root)]) == 0


def test_an_empty_fleet_is_fully_covered() -> None:
    coverage = measure(Index(RoutingTable(regions=(), heads=(), routes=())), [])
    assert (coverage.percent, coverage.reaches(100), coverage.counted(CoverageKind.MODEL)) == (
        100.0,
        True,
        (0, 0),
    )


def test_a_percentage_is_never_rounded_up(tmp_path: Path) -> None:
    table = routed(compiled(tmp_path, {f"m{n}": model(f"m{n}") for n in range(500)}))
    index = Index(table)
    decisions = [suggestion.decision for suggestion in suggestions(index, measure(index, []))]
    coverage = measure(index, decisions[:-1])
    assert len(coverage.missing) == 1
    assert coverage.percent == 99.9
    assert not coverage.reaches(99.99)
