from collections.abc import Container

from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity
from modelspec.report import REPORTS, Summary
from modelspec.text.source import START, Source, Span

SUMMARY = Summary(files=28, models=26, errors=2, warnings=1, infos=3, seconds=0.1234)

ATLAS = """model_id: atlas
name: Atlas
region: eu-wset
priority_head: head-eu
"""


def fault(
    span: Span,
    *,
    code: str = "MS201",
    severity: Severity = Severity.ERROR,
    message: str = "no region is named 'eu-wset'",
    path: str = "models.d/atlas.yaml",
    label: str = "",
    help: str = "",  # noqa: A002  the name of the field
    related: tuple[Label, ...] = (),
) -> Diagnostic:
    return Diagnostic(
        code=code,
        severity=severity,
        message=message,
        path=path,
        span=span,
        label=label,
        help=help,
        related=related,
    )


def render(
    *diagnostics: Diagnostic, text: str | None = ATLAS, colour: bool = False, quiet: bool = True
) -> str:
    files = {} if text is None else {"models.d/atlas.yaml": text}

    def sources(path: str) -> Source | None:
        return Source(path, files[path]) if path in files else None

    return "".join(REPORTS["text"](diagnostics, SUMMARY, sources, colour=colour, quiet=quiet))


def test_a_fault_is_shown_with_its_line_its_related_place_and_what_to_do() -> None:
    diagnostic = fault(
        Span(3, 9, 3, 16),
        label="used here",
        help="did you mean 'eu-west'?",
        related=(Label(path="regions.yaml", span=Span(4, 5, 4, 12), text="'eu-west' is declared here"),),
    )
    assert render(diagnostic) == (
        "error[MS201]: no region is named 'eu-wset'\n"
        "  --> models.d/atlas.yaml:3:9\n"
        "   |\n"
        " 3 | region: eu-wset\n"
        "   |         ^^^^^^^ used here\n"
        "   |\n"
        "   ::: regions.yaml:4:5: 'eu-west' is declared here\n"
        "   = help: did you mean 'eu-west'?\n"
        "\n"
    )


def test_without_related_places_or_help_the_frame_ends_with_the_carets() -> None:
    assert render(fault(Span(3, 9, 3, 16))) == (
        "error[MS201]: no region is named 'eu-wset'\n"
        "  --> models.d/atlas.yaml:3:9\n"
        "   |\n"
        " 3 | region: eu-wset\n"
        "   |         ^^^^^^^\n"
        "\n"
    )


def test_the_gutter_is_as_wide_as_the_line_number() -> None:
    text = "# a comment\n" * 103 + "region: eu-wset\n"
    assert render(fault(Span(104, 9, 104, 16), label="used here", help="name a region"), text=text) == (
        "error[MS201]: no region is named 'eu-wset'\n"
        "    --> models.d/atlas.yaml:104:9\n"
        "     |\n"
        " 104 | region: eu-wset\n"
        "     |         ^^^^^^^ used here\n"
        "     |\n"
        "     = help: name a region\n"
        "\n"
    )


def test_related_places_may_stand_in_the_same_file() -> None:
    diagnostic = fault(
        Span(3, 1, 3, 7),
        code="MS031",
        message="the key 'region' stands twice",
        related=(
            Label(path="models.d/atlas.yaml", span=Span(1, 1, 1, 7), text="first here"),
            Label(path="models.d/borea.yaml", span=START, text="the file that it was copied from"),
        ),
    )
    assert render(diagnostic).endswith(
        "   | ^^^^^^\n"
        "   |\n"
        "   ::: models.d/atlas.yaml:1:1: first here\n"
        "   ::: models.d/borea.yaml: the file that it was copied from\n"
        "\n"
    )


def test_a_file_without_text_has_no_frame() -> None:
    diagnostic = fault(
        Span(1, 12, 1, 13),
        code="MS003",
        message="byte 12 is not UTF-8",
        label="here",
        help="save the file as UTF-8",
    )
    assert render(diagnostic, text=None) == (
        "error[MS003]: byte 12 is not UTF-8\n"
        "  --> models.d/atlas.yaml:1:12\n"
        "   = help: save the file as UTF-8\n"
        "\n"
    )


def test_a_fault_of_a_whole_file_has_neither_line_nor_frame() -> None:
    diagnostic = fault(START, code="MS005", message="the file is larger than 256 KiB", help="split it")
    assert render(diagnostic) == (
        "error[MS005]: the file is larger than 256 KiB\n  --> models.d/atlas.yaml\n   = help: split it\n\n"
    )


def test_a_fault_at_the_end_of_the_file_has_one_caret() -> None:
    assert render(fault(Span(5, 1, 5, 1), label="the file ends here")) == (
        "error[MS201]: no region is named 'eu-wset'\n"
        "  --> models.d/atlas.yaml:5:1\n"
        "   |\n"
        " 5 |\n"
        "   | ^ the file ends here\n"
        "\n"
    )


def test_a_span_of_several_lines_marks_the_first_to_its_end() -> None:
    assert render(fault(Span(2, 7, 4, 3), label="from here on")).endswith(
        " 2 | name: Atlas\n   |       ^^^^^ from here on\n\n"
    )


def test_carriage_returns_before_line_ends_are_not_shown() -> None:
    assert render(fault(Span(1, 11, 2, 1)), text="model_id: atlas\r\nname: Atlas\r\n").endswith(
        " 1 | model_id: atlas\n   |           ^^^^^\n\n"
    )


def test_carets_stand_under_wide_characters_tabs_and_marks() -> None:
    text = "name:\t'東京 e\u0301te\u0301' # 🚀 eu-wset\n"
    start = text.index("eu-wset") + 1
    assert render(fault(Span(1, start, 1, start + 7), label="東京"), text=text).endswith(
        " 1 | name:   '東京 e\u0301te\u0301' # 🚀 eu-wset\n   |                         ^^^^^^^ 東京\n\n"
    )


def test_control_characters_are_visible_everywhere() -> None:
    diagnostic = fault(
        Span(1, 7, 1, 9),
        path="models.d/atlas.yaml",
        message="a \x1b[2Jmessage\r\nforged: ok",
        label="\u202elabel",
        help="he\u200blp\n",
        related=(Label(path="a\nb\x9b.yaml", span=Span(1, 1, 1, 2), text="\u2066re\x00lated"),),
    )
    assert render(diagnostic, text="name: \x1b\u202e\u200b\ufeff\u0085\u00a0x\n") == (
        "error[MS201]: a \\x1b[2Jmessage\\r\\nforged: ok\n"
        "  --> models.d/atlas.yaml:1:7\n"
        "   |\n"
        " 1 | name: \\x1b\\u202e\\u200b\\ufeff\\x85\\xa0x\n"
        "   |       ^^^^^^^^^^ \\u202elabel\n"
        "   |\n"
        "   ::: a\\nb\\x9b.yaml:1:1: \\u2066re\\x00lated\n"
        "   = help: he\\u200blp\\n\n"
        "\n"
    )


def test_a_file_name_cannot_forge_a_line() -> None:
    diagnostic = fault(START, path="a.yaml\nchecked 26 models: no faults")
    assert render(diagnostic) == (
        "error[MS201]: no region is named 'eu-wset'\n  --> a.yaml\\nchecked 26 models: no faults\n\n"
    )


def test_commands_of_ci_systems_are_not_repeated_literally() -> None:
    text = "a: 1 ##[add-mask]a ##vso[task.setvariable variable=x]y ## see [1]\n"
    assert render(fault(Span(1, 6, 1, 9), message="##[error]x"), text=text) == (
        "error[MS201]: #\\x23[error]x\n"
        "  --> models.d/atlas.yaml:1:6\n"
        "   |\n"
        " 1 | a: 1 #\\x23[add-mask]a #\\x23vso[task.setvariable variable=x]y ## see [1]\n"
        "   |      ^^^^^^\n"
        "\n"
    )


def test_a_very_long_line_is_shown_around_the_mark() -> None:
    text = f"tags: [{'alpha, ' * 40}eu-wset{', omega' * 40}]\n"
    start = text.index("eu-wset") + 1
    assert render(fault(Span(1, start, 1, start + 7), label="used here"), text=text).endswith(
        " 1 | …a, alpha, alpha, alpha, alpha, alpha, alpha, "
        "eu-wset, omega, omega, omega, omega, omega, omega, om…\n"
        "   |                                               ^^^^^^^ used here\n"
        "\n"
    )


def test_the_summary_is_the_last_line() -> None:
    report = render(fault(START), quiet=False)
    assert report.splitlines()[-1] == "checked 26 models in 0.12 s: 2 errors, 1 warning, 3 infos"


def test_quiet_shows_every_diagnostic_and_no_summary() -> None:
    infos = [fault(START, code="MS404", severity=Severity.INFO)] * 300
    report = render(*infos, quiet=True)
    assert report.count("info[MS404]") == 300
    assert "checked" not in report
    assert render(quiet=True) == ""


def test_colour_follows_the_severity() -> None:
    diagnostic = fault(
        Span(3, 9, 3, 16),
        severity=Severity.WARNING,
        label="used here",
        help="did you mean 'eu-west'?",
        related=(Label(path="regions.yaml", span=Span(4, 5, 4, 12), text="declared here"),),
    )
    assert render(diagnostic, colour=True) == (
        "\x1b[1;33mwarning[MS201]\x1b[0m\x1b[1m: no region is named 'eu-wset'\x1b[0m\n"
        "  \x1b[34m-->\x1b[0m models.d/atlas.yaml:3:9\n"
        "   \x1b[34m|\x1b[0m\n"
        " \x1b[34m3 |\x1b[0m region: eu-wset\n"
        "   \x1b[34m|\x1b[0m         \x1b[1;33m^^^^^^^ used here\x1b[0m\n"
        "   \x1b[34m|\x1b[0m\n"
        "   \x1b[34m:::\x1b[0m regions.yaml:4:5: declared here\n"
        "   \x1b[34m=\x1b[0m \x1b[1mhelp\x1b[0m: did you mean 'eu-west'?\n"
        "\n"
    )


def test_the_text_of_a_file_cannot_end_a_colour() -> None:
    report = render(fault(START, message="\x1b[0mplain again"), colour=True)
    assert report.startswith("\x1b[1;31merror[MS201]\x1b[0m\x1b[1m: \\x1b[0mplain again\x1b[0m\n")


def test_files_are_read_once_for_many_faults() -> None:
    asked: list[str] = []

    def sources(path: str) -> Source:
        asked.append(path)
        return Source(path, ATLAS)

    diagnostics = [fault(Span(line, 1, line, 2)) for line in (1, 2, 3)]
    "".join(REPORTS["text"](diagnostics, SUMMARY, sources, colour=False))
    assert asked == ["models.d/atlas.yaml"]


def test_many_warnings_of_a_rule_are_three_and_a_count_and_errors_never_fold() -> None:
    warnings = [
        fault(
            Span(1, 1, 1, 2),
            code="MS402",
            severity=Severity.WARNING,
            message="one head",
            path=f"models.d/m{n}.yaml",
        )
        for n in range(21)
    ]
    errors = [fault(Span(1, 1, 1, 2), path=f"models.d/m{n}.yaml") for n in range(21)]
    found = [one for pair in zip(errors, warnings, strict=True) for one in pair]

    def lines(found: list[Diagnostic], unfolded: Container[str] | None) -> list[str]:
        parts = REPORTS["text"](found, SUMMARY, lambda _: None, colour=False, quiet=True, unfolded=unfolded)
        return [line for line in "".join(parts).splitlines() if "[" in line or " more" in line]

    assert len(lines(found, None)) == 42
    folded = lines(found, ())
    assert len([line for line in folded if line.startswith("error[MS201]")]) == 21
    assert [line for line in folded if "MS402" in line] == [
        *["warning[MS402]: one head"] * 3,
        "warning[MS402]: 18 more; `modelspec validate --all` lists them",
    ]
    assert len(lines(warnings[1:], ())) == 20
    assert len(lines(found, {"models.d/m20.yaml"})) == 42  # 20 others do not fold
    kept = lines(
        [*warnings, fault(Span(1, 1, 1, 2), code="MS402", severity=Severity.INFO)], {"models.d/m0.yaml"}
    )
    assert len(kept) == 22
