"""Faults of defaults: told once, silenced on their line, waived for a model or for the file."""

from pathlib import Path

import pytest
from git_repositories import write
from small_fleets import FIXED, TODAY

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.distinct import merge_repeated
from modelspec.incremental import compile_fleet
from modelspec.text.source import START

ALONE = "region: eu\npriority_head: head-eu-1{0}\nendpoint: https://a.example.com/v1\n"
OWN = "model_id: {0}\nname: {0}\n"


def told(root: Path, files: dict[str, str]) -> list[Diagnostic]:
    result = compile_fleet(write(root, {**FIXED, **files}), today=TODAY)
    return [one for one in result.diagnostics if one.path not in FIXED]


def lines(found: list[Diagnostic]) -> list[str]:
    return [f"{one.code} {one.path}:{one.span.line} {one.subject}" for one in found]


def models(*names: str) -> dict[str, str]:
    return {f"models.d/{name}.yaml": OWN.format(name) for name in names}


def waiver(code: str, subject: str) -> str:
    return (
        f"waivers: [{{rule: {code}, subject: {subject}, reason: a trial, expires: 2026-09-30, "
        "approved_by: alice}]\n"
    )


def test_of_one_model_the_subject_is_the_model_and_of_several_the_file(tmp_path: Path) -> None:
    files = {"models.d/_defaults.yaml": ALONE.format(""), **models("one")}
    assert lines(told(tmp_path, files)) == ["MS402 models.d/_defaults.yaml:2 one"]
    (found,) = told(tmp_path, models("two", "three", "four", "five"))
    assert lines([found]) == ["MS402 models.d/_defaults.yaml:2 models.d/_defaults.yaml"]
    assert [(label.path, label.text) for label in found.related] == [
        ("models.d/five.yaml", "for this model"),
        ("models.d/four.yaml", "for this model"),
        ("models.d/one.yaml", "for this model, and for 2 more"),
    ]


def test_a_model_with_another_value_is_not_among_them(tmp_path: Path) -> None:
    files = {"models.d/_defaults.yaml": ALONE.format(""), **models("one", "two")}
    files["models.d/two.yaml"] += "fallback_heads: [head-uk-1]\n"
    files["models.d/three.yaml"] = OWN.format("three") + "priority_head: head-eu-1\n"
    assert lines(told(tmp_path, files)) == [
        "MS402 models.d/_defaults.yaml:2 one",
        "MS402 models.d/three.yaml:3 three",
    ]


def test_an_ignore_is_on_the_line_of_the_defaults(tmp_path: Path) -> None:
    files = {
        "models.d/_defaults.yaml": ALONE.format("  # modelspec: ignore[MS402] a trial"),
        **models("one", "two"),
    }
    assert told(tmp_path, files) == []


def test_an_ignore_in_the_model_is_of_no_use_there(tmp_path: Path) -> None:
    files = {
        "models.d/_defaults.yaml": ALONE.format(""),
        "models.d/one.yaml": f"# modelspec: ignore[MS402] a trial\n{OWN.format('one')}",
    }
    assert lines(told(tmp_path, files)) == [
        "MS402 models.d/_defaults.yaml:2 one",
        "MS608 models.d/one.yaml:1 models.d/one.yaml",
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"models.d/one.yaml": "model_id: [\n"},
        {"models.d/deep/_defaults.yaml": "region: [\n", "models.d/deep/x.yaml": OWN.format("x")},
    ],
)
def test_an_ignore_of_defaults_waits_for_broken_models(broken: dict[str, str], tmp_path: Path) -> None:
    files = {
        "models.d/_defaults.yaml": ALONE.format("  # modelspec: ignore[MS402] a trial")
        + "fallback_heads: [head-uk-1]\n",
        **models("one"),
    }
    assert lines(told(tmp_path, files)) == ["MS608 models.d/_defaults.yaml:2 models.d/_defaults.yaml"]
    assert "MS608" not in [one.code for one in told(tmp_path, broken)]


def test_an_ignore_of_a_model_waits_for_broken_defaults(tmp_path: Path) -> None:
    own = f"# modelspec: ignore[MS402] a trial\n{OWN.format('one')}"
    files = {"models.d/_defaults.yaml": "limits: {rpm: 0}\n", "models.d/a/one.yaml": own}
    assert lines(told(tmp_path, files)) == [
        "MS106 models.d/_defaults.yaml:1 models.d/_defaults.yaml",
        "MS102 models.d/a/one.yaml:1 models.d/a/one.yaml",
        "MS102 models.d/a/one.yaml:1 models.d/a/one.yaml",
    ]
    files["models.d/a/one.yaml"] = f"{own}{ALONE.format('')}fallback_heads: [head-uk-1]\n"
    assert [one.code for one in told(tmp_path, files)] == ["MS106"]


def test_a_waiver_names_a_model_or_the_file(tmp_path: Path) -> None:
    http = ALONE.format("").replace("https", "http") + "fallback_heads: [head-uk-1]\n"
    files = {"models.d/_defaults.yaml": http, **models("one", "two", "three")}
    (found,) = told(tmp_path, {**files, "waivers.yaml": waiver("MS506", "two")})
    assert [label.path for label in found.related] == ["models.d/one.yaml", "models.d/three.yaml"]
    assert told(tmp_path, {**files, "waivers.yaml": waiver("MS506", "models.d/_defaults.yaml")}) == []


def test_a_severity_is_that_of_the_settings(tmp_path: Path) -> None:
    files = {"models.d/_defaults.yaml": ALONE.format(""), **models("one", "two")}
    (found,) = told(tmp_path, {**files, "modelspec.yaml": "rules: {MS402: error}\n"})
    assert found.severity is Severity.ERROR


def test_faults_of_other_files_are_left_as_they_are() -> None:
    one = Diagnostic(code="MS402", severity=Severity.INFO, message="m", path="a", span=START)
    assert merge_repeated([one, one], ()) == [one, one]
    assert merge_repeated([one, one], {"b"}) == [one, one]
    assert merge_repeated([one, one], {"a"}) == [one]


def test_names_in_broken_defaults_cause_no_fault_elsewhere(tmp_path: Path) -> None:
    """What is used nowhere may be used there."""
    files = {
        "models.d/_defaults.yaml": "region: [\n",
        "models.d/one.yaml": OWN.format("one") + ALONE.format("") + "fallback_heads: [head-eu-2]\n",
    }
    result = compile_fleet(write(tmp_path, {**FIXED, **files}), today=TODAY)
    assert [one.code for one in result.diagnostics] == ["MS008"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"models.d/x/_defaults.yaml": "region: eu\n"}, ["MS613 models.d/x/_defaults.yaml:1:1"]),
        ({"models.d/x/_defaults.yaml": "# c\n\n{region: eu}\n"}, ["MS613 models.d/x/_defaults.yaml:3:2"]),
        ({"models.d/x/_defaults.yaml": "{}\n"}, ["MS613 models.d/x/_defaults.yaml:1:1"]),
        (
            {"models.d/x/_defaults.yaml": "- 1\n"},
            ["MS103 models.d/x/_defaults.yaml:1:1", "MS613 models.d/x/_defaults.yaml:1:1"],
        ),
        (
            {"models.d/x/_defaults.yaml": "{}\n", "models.d/x/y/_z.yaml": ""},
            ["MS613 models.d/x/_defaults.yaml:1:1"],
        ),
        ({"models.d/x/_defaults.yaml": "{}\n", "models.d/x/y/z.json": ""}, ["MS025 models.d/x/y/z.json:1:1"]),
        ({"models.d/x/_defaults.yaml": "{}\n", "models.d/x/y/z.yaml": ""}, ["MS010 models.d/x/y/z.yaml:1:1"]),
    ],
)
def test_defaults_without_a_model_are_reported(
    files: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    sound = {"models.d/one.yaml": OWN.format("one") + ALONE.format("") + "fallback_heads: [head-uk-1]\n"}
    result = told(tmp_path, {**sound, **files})
    assert [f"{one.code} {one.path}:{one.span.line}:{one.span.column}" for one in result] == expected


def test_an_unused_one_is_silenced_by_a_comment_above(tmp_path: Path) -> None:
    files = {
        "models.d/x/_defaults.yaml": "# modelspec: ignore[MS613] models will follow\nregion: eu\n",
        "models.d/one.yaml": OWN.format("one") + ALONE.format("") + "fallback_heads: [head-uk-1]\n",
    }
    assert told(tmp_path, files) == []


def test_defaults_that_cannot_be_read_declare_no_model(tmp_path: Path) -> None:
    own = OWN.format("one") + ALONE.format("") + "fallback_heads: [head-uk-1]\nfallback_models: [x]\n"
    assert [
        one.code for one in told(tmp_path, {"models.d/x/_defaults.yml": "", "models.d/one.yaml": own})
    ] == [
        "MS203",
        "MS025",
    ]
