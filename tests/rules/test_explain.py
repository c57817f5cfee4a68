from pathlib import Path

import pytest

from modelspec.cli import run
from modelspec.rules import RULES


def _explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["explain", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_warning_is_explained_with_examples_and_how_to_silence_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = _explained(capsys, "MS402")
    assert (code, err) == (0, "")
    assert (
        out
        == """\
warning[MS402]: A model has a single point of failure.

With one active head, its failure or its next restart is an outage of the
model. Draining heads are being removed and do not count. Where the fleet has
one head in all, it is reported once.

Add a head to `fallback_heads`, in another region where residency allows it.

Bad, models.d/atlas.yaml:

    model_id: atlas
    name: Atlas
    region: us
    priority_head: head-us-1
    endpoint: https://atlas.example.com/v1

Good, models.d/atlas.yaml:

    model_id: atlas
    name: Atlas
    region: us
    priority_head: head-us-1
    fallback_heads: [head-uk-1]
    endpoint: https://atlas.example.com/v1

How to silence it:

In one place, by a comment at the end of the line, or alone on the line above:

    # modelspec: ignore[MS402] why this is right here

Everywhere, in modelspec.yaml, as error, warning, info or off:

    rules: {MS402: info}
"""
    )


@pytest.mark.parametrize(
    ("code", "shown", "hidden"),
    [
        ("MS011", "cannot be waived, ignored or turned off", "rules: {"),
        ("MS301", "  - rule: MS301\n        subject: SUBJECT\n", "# modelspec: ignore"),
        ("MS404", "# modelspec: ignore[MS404] why", "waivers.yaml"),
        ("MS610", "It cannot be silenced by a comment or a waiver.", "# modelspec: ignore[MS610]"),
        ("MS404", "rules: {MS404: warning}", "approved_by"),
        ("MS001", "How to silence it", "Bad, "),
        ("MS802", "      - guard: max_removed\n        subject: SUBJECT\n", "rules: {"),
        ("MS802", "guards: {max_removed: 100%}", "# modelspec: ignore"),
        ("MS806", "guards: {endpoint_host_change: warning}", "rules: {"),
        ("MS807", "cannot be waived, ignored or turned off", "guards: {"),
        ("MS110", "Bad, metadata.schema.json:", "waivers:"),
    ],
)
def test_each_rule_explains_how_to_silence_it(
    code: str, shown: str, hidden: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = _explained(capsys, code)
    assert shown in out
    assert hidden not in out


def test_codes_are_found_in_any_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert _explained(capsys, "ms402") == _explained(capsys, "MS402")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("MS42", "did you mean MS402?"),
        ("residency", "`modelspec explain` lists every code"),
        ("", "`modelspec explain` lists every code"),
        ("\x1b[31m", "`modelspec explain` lists every code"),
    ],
)
def test_an_unknown_code_is_a_usage_error(code: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, out, err = _explained(capsys, code)
    assert (exit_code, out) == (2, "")
    assert hint in err
    assert "\x1b" not in err


def test_without_a_code_every_rule_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, out, err = _explained(capsys)
    assert (exit_code, err) == (0, "")
    starts = [line.split()[:2] for line in out.splitlines() if line.startswith("MS")]
    assert starts == [[rule.code, rule.severity.value] for rule in RULES]


@pytest.mark.parametrize("code", ["", *(rule.code for rule in RULES)])
def test_every_page_fits_80_columns(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _explained(capsys, *([code] if code else []))
    assert max(map(len, out.splitlines())) < 80
    assert "\n\n\n" not in out


def test_it_needs_no_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _explained(capsys, "MS402")[0] == 0
