from rich_diagnostics import many

from modelspec.diagnose.diagnostic import Severity
from modelspec.report.contract import ranked, ranking


def test_errors_come_before_warnings_before_infos() -> None:
    found = [*many(1, Severity.INFO, "MS404"), *many(1, Severity.WARNING, "MS501"), *many(1, code="MS601")]
    assert [one.severity for one in ranked(found)] == [Severity.ERROR, Severity.WARNING, Severity.INFO]


def test_one_of_each_code_comes_before_the_second_of_any() -> None:
    found = [*many(3, code="MS201"), *many(2, code="MS601"), *many(1, code="MS501")]
    assert [one.code for one in ranked(found)] == ["MS501", "MS201", "MS601", "MS201", "MS601", "MS201"]


def test_leaks_rank_before_unknown_names() -> None:
    codes = ["MS601", "MS402", "MS701", "MS201", "MS101", "MS001", "MS801", "MS301", "MS501", "XX1"]
    found = [one for code in codes for one in many(1, code=code)]
    assert [one.code for one in ranked(found)] == [
        "MS501", "MS301", "MS801", "MS001", "MS101", "MS201", "MS701", "MS402", "MS601", "XX1",
    ]  # fmt: skip


def test_equal_ones_keep_their_order() -> None:
    assert ranking(many(30)) == list(range(30))
