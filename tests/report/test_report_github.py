from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.report import REPORTS, Summary
from modelspec.text.source import START, Span

SUMMARY = Summary(files=28, models=26, errors=2, warnings=1, infos=3, seconds=0.1234)


def fault(
    span: Span,
    *,
    code: str = "MS201",
    severity: Severity = Severity.ERROR,
    message: str = "no region is named 'eu-wset'",
    path: str = "models.d/atlas.yaml",
    help: str = "",  # noqa: A002  the name of the field
) -> Diagnostic:
    return Diagnostic(
        code=code,
        severity=severity,
        message=message,
        path=path,
        span=span,
        help=help,
    )


def render(*diagnostics: Diagnostic, quiet: bool = True) -> str:
    return "".join(REPORTS["github"](diagnostics, SUMMARY, lambda _: None, colour=False, quiet=quiet))


def received(line: str) -> tuple[str, dict[str, str], str]:
    """Command, properties and text of a line, as `ActionCommand` of actions/runner reads them."""
    assert line.startswith("::")
    head, text = line.removeprefix("::").split("::", 1)
    command, _, properties = head.partition(" ")
    pairs = dict(pair.split("=", 1) for pair in properties.strip().split(",") if pair)
    escapes = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")]
    for escape, character in escapes:
        pairs = {name: value.replace(escape, character) for name, value in pairs.items()}
        if character not in ":,":
            text = text.replace(escape, character)
    return command, pairs, text


def test_a_fault_is_one_command() -> None:
    assert render(fault(Span(3, 9, 3, 16), help="did you mean 'eu-west'?")) == (
        "::error file=models.d/atlas.yaml,line=3,col=9,endLine=3,endColumn=16,title=MS201::"
        "no region is named 'eu-wset'%0Ahelp: did you mean 'eu-west'?\n"
    )


def test_a_span_of_several_lines_has_no_columns() -> None:
    assert render(fault(Span(2, 7, 4, 3))) == (
        "::error file=models.d/atlas.yaml,line=2,endLine=4,title=MS201::no region is named 'eu-wset'\n"
    )


def test_a_whole_file_is_annotated_at_its_first_line() -> None:
    assert render(fault(START)).startswith("::error file=models.d/atlas.yaml,line=1,col=1,")


def test_errors_come_first_and_infos_are_notices() -> None:
    report = render(
        fault(START, code="MS404", severity=Severity.INFO),
        fault(START, code="MS402", severity=Severity.WARNING),
        fault(START, code="MS301", severity=Severity.ERROR),
        fault(START, code="MS201", severity=Severity.ERROR),
    )
    found = [received(line) for line in report.splitlines()]
    assert [(command, properties["title"]) for command, properties, _ in found] == [
        ("error", "MS301"),
        ("error", "MS201"),
        ("warning", "MS402"),
        ("notice", "MS404"),
    ]


def test_a_runner_reads_back_every_value() -> None:
    diagnostic = fault(
        Span(1, 1, 1, 2), path="models.d/a,b: 100%,line=7::c.yaml", message="50 %0A, a::b", help="write %25"
    )
    (line,) = render(diagnostic).splitlines()
    command, properties, text = received(line)
    assert command == "error"
    assert properties == {
        "file": "models.d/a,b: 100%,line=7::c.yaml",
        "line": "1",
        "col": "1",
        "endLine": "1",
        "endColumn": "2",
        "title": "MS201",
    }
    assert text == "50 %0A, a::b\nhelp: write %25"


def test_rejects_injected_line_ends_and_commands() -> None:
    report = render(
        fault(
            START,
            path="a\n::add-mask::e.yaml",
            message="x\r\n::stop-commands::t ##[add-mask]e",
            help="\x1b[2J",
        )
    )
    assert report == (
        "::error file=a\\n%3A%3Aadd-mask%3A%3Ae.yaml,line=1,col=1,endLine=1,endColumn=1,title=MS201::"
        "x\\r\\n::stop-commands::t #\\x23[add-mask]e%0Ahelp: \\x1b[2J\n"
    )


def test_the_summary_is_not_part_of_the_format() -> None:
    assert render(quiet=False) == render(quiet=True) == ""
