from pathlib import Path

import pytest
from rule_fleets import codes, found_in, heads, model, told

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.ignore import Ignore, ignores
from modelspec.load.compose import compose
from modelspec.text.source import Source

ALONE = model(fallback_heads="")
"""A model with one head: `MS402` at line 4."""


def _ignores(text: str) -> list[tuple[tuple[str, ...], bool, int]]:
    found: list[Ignore] = list(ignores(compose(Source("a.yaml", text))[0]))
    return [(one.codes, one.has_reason, one.line) for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1  # modelspec: ignore[MS402] why", [(("MS402",), True, 1)]),
        ("a: 1  #modelspec:ignore[MS402] why", [(("MS402",), True, 1)]),
        ("a: 1\t# modelspec:\tignore[ MS402 , MS404,] why", [(("MS402", "MS404"), True, 1)]),
        ("# modelspec: ignore[MS402] why\na: 1", [(("MS402",), True, 2)]),
        ("a: 1\n  # modelspec: ignore[MS402] why\n\n# more\nb: 1", [(("MS402",), True, 5)]),
        ("a: 1\n# modelspec: ignore[MS402] at the end\n", [(("MS402",), True, 2)]),
        (
            "# modelspec: ignore[MS1] why\n# modelspec: ignore[MS2] why\na: 1",
            [(("MS1",), True, 3), (("MS2",), True, 3)],
        ),
        ("a: 1  # modelspec: ignore[MS402]", [(("MS402",), False, 1)]),
        ("a: 1  # modelspec: ignore[MS402]   ", [(("MS402",), False, 1)]),
        ("a: 1  # modelspec: ignore why", [((), True, 1)]),
        ("a: 1  # modelspec: ignore[] why", [((), True, 1)]),
        ("a: 1  # a modelspec: ignore[MS402] why", []),
        ("a: x#modelspec: ignore[MS402] why", []),
        ("a: '# modelspec: ignore[MS402] why'", []),
        ('a: "x\n  # modelspec: ignore[MS402] why"', []),
        ("a: |\n  # modelspec: ignore[MS402] why\n", []),
        ("a: [1, # modelspec: ignore[MS402] why\n  2]", [(("MS402",), True, 1)]),
        ("'# modelspec: ignore[MS402] why': 1", []),
        ("# modelspec: ignored[MS402] why\na: 1", [((), True, 2)]),
        ("a: [  # modelspec: ignore[MS402] why", [(("MS402",), True, 1)]),
        ("", []),
    ],
)
def test_an_ignore_is_a_comment_of_one_form(
    text: str, expected: list[tuple[tuple[str, ...], bool, int]]
) -> None:
    assert _ignores(text) == expected


def test_an_ignore_at_the_end_of_the_line_silences(tmp_path: Path) -> None:
    text = ALONE.replace("head-us-1\n", "head-us-1  # modelspec: ignore[MS402] a trial\n")
    assert found_in(tmp_path, text) == []


def test_an_ignore_alone_on_its_line_silences_the_next(tmp_path: Path) -> None:
    text = ALONE.replace("priority_head", "# modelspec: ignore[MS402] a trial\n\npriority_head")
    assert found_in(tmp_path, text) == []


def test_an_ignore_elsewhere_silences_nothing_and_is_reported(tmp_path: Path) -> None:
    text = ALONE.replace("name: Atlas\n", "name: Atlas  # modelspec: ignore[MS402] a trial\n")
    assert told(found_in(tmp_path, text)) == ["MS608:2", "MS402:4"]


def test_each_code_of_an_ignore_must_silence_something(tmp_path: Path) -> None:
    text = ALONE.replace("head-us-1\n", "head-us-1  # modelspec: ignore[MS402, MS404, MS999] a trial\n")
    (found,) = found_in(tmp_path, text)
    assert found.message == "this ignore of 'MS404', 'MS999' silences nothing on line 4"


def test_a_reasonless_ignore_silences_and_is_reported(tmp_path: Path) -> None:
    text = ALONE.replace("head-us-1\n", "head-us-1  # modelspec: ignore[MS402]\n")
    assert told(found_in(tmp_path, text)) == ["MS609:4"]


def test_an_ignore_without_codes_silences_nothing(tmp_path: Path) -> None:
    text = ALONE.replace("head-us-1\n", "head-us-1  # modelspec: ignore it\n")
    assert told(found_in(tmp_path, text)) == ["MS402:4", "MS609:4"]


@pytest.mark.parametrize("code", ["MS303", "MS104", "MS608"])
def test_an_ignore_silences_no_error(code: str, tmp_path: Path) -> None:
    bad = {"MS303": "[head-us-1, head-uk-1]", "MS104": "[HEAD]", "MS608": "[head-us-1, head-uk-1]"}[code]
    text = model(fallback_heads=f"{bad}  # modelspec: ignore[{code}] let me")
    found = found_in(tmp_path, text)
    assert Severity.ERROR in {d.severity for d in found}
    if code != "MS104":
        assert "MS608" in codes(found)


def test_an_ignore_silences_no_warning_that_was_raised_to_an_error(tmp_path: Path) -> None:
    text = ALONE.replace("head-us-1\n", "head-us-1  # modelspec: ignore[MS402] a trial\n")
    found = found_in(tmp_path, text + "# file: modelspec.yaml\nrules: {MS402: error}\n")
    assert [(d.code, d.severity) for d in found] == [("MS402", "error"), ("MS608", "warning")]


def test_ignores_work_in_the_files_with_fixed_names(tmp_path: Path) -> None:
    silent = heads().replace(
        "  - {head_id: head-cn-1", "  # modelspec: ignore[MS601] ordered for May\n  - {head_id: head-cn-1"
    )
    zebra = model("zebra", fallback_heads="[head-us-2, head-eu-1, head-eu-2, head-uk-1]")
    assert found_in(tmp_path, silent + zebra) == []


def test_no_ignore_is_called_idle_while_its_rule_is_held_back(tmp_path: Path) -> None:
    silent = heads().replace(
        "  - {head_id: head-cn-1", "  # modelspec: ignore[MS601] ordered for May\n  - {head_id: head-cn-1"
    )
    zebra = model("zebra", fallback_heads="[head-us-2, head-eu-1, head-eu-2, head-uk-1]")
    found = found_in(tmp_path, silent + zebra + "# file: models.d/broken.yaml\nname: [\n")
    assert codes(found) == ["MS008"]


def test_an_idle_ignore_is_reported_beside_a_broken_file_that_does_not_matter(tmp_path: Path) -> None:
    text = model(name="Atlas  # modelspec: ignore[MS402] a trial")
    found = found_in(tmp_path, text + "# file: models.d/broken.yaml\nname: [\n")
    assert sorted(codes(found)) == ["MS008", "MS608"]


@pytest.mark.parametrize("broken", ["heads.yaml", "models.d/atlas.yaml", "modelspec.yaml"])
def test_ignores_of_a_model_wait_for_the_files_that_it_depends_on(broken: str, tmp_path: Path) -> None:
    text = ALONE.replace("head-us-1\n", "head-us-1  # modelspec: ignore[MS402] a trial\n")
    if broken == "models.d/atlas.yaml":
        text += "statsu: active\n"
    else:
        text += f"# file: {broken}\nheads: [\n"
    found = found_in(tmp_path, text)
    assert {d.path for d in found} == {broken}


def _waiver(code: str, subject: str, expires: str = "2026-06-15") -> str:
    entry = f"rule: {code}, subject: {subject}, reason: agreed, expires: {expires}, approved_by: alice"
    return f"# file: waivers.yaml\nwaivers:\n  - {{{entry}}}\n"


REPEATED = model(fallback_heads="[head-us-1, head-uk-1]")


@pytest.mark.parametrize("subject", ["atlas", "models.d/atlas.yaml"])
def test_a_waiver_waives_an_error_by_model_or_path(subject: str, tmp_path: Path) -> None:
    assert found_in(tmp_path, REPEATED + _waiver("MS303", subject)) == []


@pytest.mark.parametrize(
    ("code", "subject", "expected"),
    [
        ("MS303", "bison", ["MS303", "MS610"]),
        ("MS303", "Atlas", ["MS303", "MS610"]),
        ("MS304", "atlas", ["MS303", "MS610"]),
        ("MS999", "atlas", ["MS303", "MS207"]),
        ("MS104", "atlas", ["MS303", "MS207"]),
    ],
)
def test_a_waiver_of_something_else_waives_nothing(
    code: str, subject: str, expected: list[str], tmp_path: Path
) -> None:
    assert codes(found_in(tmp_path, REPEATED + _waiver(code, subject))) == expected


def test_a_waiver_holds_on_its_last_day_and_not_after(tmp_path: Path) -> None:
    found = found_in(tmp_path, REPEATED + _waiver("MS303", "atlas", "2026-06-14"))
    assert [(d.code, d.span.line, d.span.column) for d in found] == [("MS303", 5, 18), ("MS611", 2, 60)]


def test_a_waiver_waives_warnings_too(tmp_path: Path) -> None:
    assert found_in(tmp_path, ALONE + _waiver("MS402", "atlas")) == []


def test_a_waiver_waives_faults_of_heads_and_regions(tmp_path: Path) -> None:
    text = heads(head_cn_1="inference_url: 'http://169.254.169.254/'")
    assert codes(found_in(tmp_path, text)) == ["MS508"]
    assert found_in(tmp_path, text + _waiver("MS508", "head-cn-1")) == []


def test_no_waiver_is_called_idle_while_a_file_is_broken(tmp_path: Path) -> None:
    text = REPEATED + "statsu: active\n" + _waiver("MS303", "atlas")
    assert codes(found_in(tmp_path, text)) == ["MS101"]


def test_a_broken_waiver_hides_no_other(tmp_path: Path) -> None:
    found = found_in(tmp_path, REPEATED + _waiver("MS303", "atlas") + "  - {rule: MS304}\n")
    assert {d.path for d in found} == {"waivers.yaml"}


@pytest.mark.parametrize("severity", ["error", "warning", "info"])
def test_the_severity_of_a_rule_can_be_set(severity: str, tmp_path: Path) -> None:
    settings = f"# file: modelspec.yaml\nrules: {{MS402: {severity}, MS303: off}}\n"
    found = found_in(tmp_path, ALONE + REPEATED.replace("atlas", "bison") + settings)
    assert [(d.code, d.severity) for d in found] == [("MS402", severity)]


@pytest.mark.parametrize("code", ["MS608", "MS609", "MS610", "MS611"])
@pytest.mark.parametrize("severity", ["error", "off"])
def test_the_severity_of_housekeeping_can_be_set(code: str, severity: str, tmp_path: Path) -> None:
    text = {
        "MS608": model(name="Atlas  # modelspec: ignore[MS402] why"),
        "MS609": ALONE.replace("head-us-1\n", "head-us-1  # modelspec: ignore[MS402]\n"),
        "MS610": model() + _waiver("MS402", "atlas"),
        "MS611": model() + _waiver("MS402", "atlas", "2020-01-01"),
    }[code]
    found = found_in(tmp_path, f"{text}# file: modelspec.yaml\nrules: {{{code}: {severity}}}\n")
    assert [(d.code, d.severity) for d in found] == ([] if severity == "off" else [(code, severity)])


@pytest.mark.parametrize(
    ("entry", "message", "help_"),
    [
        ("MS304: wraning", None, None),
        ("MS412: off", "no rule has the code 'MS412'", "did you mean"),
        ("MS999: off", "no rule has the code 'MS999'", ""),
        ("MS101: warning", "MS101 cannot be waived or turned off", "delete this entry"),
    ],
)
def test_settings_of_rules_are_checked(
    entry: str, message: str | None, help_: str | None, tmp_path: Path
) -> None:
    (found,) = found_in(tmp_path, f"# file: modelspec.yaml\nrules: {{{entry}}}\n")
    assert found.path == "modelspec.yaml"
    if message is not None and help_ is not None:
        assert (found.code, found.message) == ("MS207", message)
        assert help_ in found.help
