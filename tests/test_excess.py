from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.diagnose.distinct import MOST_A_FILE, without_excess
from modelspec.text.source import Span


def faults(path: str, severities: list[Severity]) -> list[Diagnostic]:
    return [
        Diagnostic(
            code="MS402",
            severity=severity,
            message=f"no. {number}",
            path=path,
            span=Span(number, 1, number, 2),
        )
        for number, severity in enumerate(severities, 1)
    ]


def test_as_many_as_can_be_read_are_all_shown() -> None:
    found = [*faults("a.yaml", [Severity.INFO] * MOST_A_FILE), *faults("b.yaml", [Severity.INFO])]
    assert without_excess(found) == found


def test_the_rest_of_one_file_is_counted_and_hides_no_other_file() -> None:
    flood = faults(
        "a.yaml", [Severity.ERROR] * MOST_A_FILE + [Severity.INFO, Severity.WARNING, Severity.INFO]
    )
    other = faults("b.yaml", [Severity.ERROR])
    shown = without_excess([*flood, *other])
    assert shown[:MOST_A_FILE] == flood[:MOST_A_FILE]
    assert shown[-1] == other[0]
    (last,) = shown[MOST_A_FILE:-1]
    assert (last.code, last.severity, last.span.line) == ("MS026", Severity.WARNING, MOST_A_FILE + 1)
    assert last.message == "this file has 3 more faults, which are not shown"


def test_an_error_beyond_the_limit_is_still_an_error() -> None:
    flood = faults("a.yaml", [Severity.WARNING] * MOST_A_FILE + [Severity.INFO, Severity.ERROR])
    assert without_excess(flood)[-1].severity is Severity.ERROR
