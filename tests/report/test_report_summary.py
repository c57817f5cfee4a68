import pytest

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.report import Summary
from modelspec.text.source import START


@pytest.mark.parametrize(
    ("models", "faults", "seconds", "sentence"),
    [
        (26, (2, 1, 3), 0.12, "checked 26 models in 0.12 s: 2 errors, 1 warning, 3 infos"),
        (26, (0, 0, 0), 0.12, "checked 26 models in 0.12 s: no faults"),
        (1, (1, 0, 1), 12.0, "checked 1 model in 12.00 s: 1 error, 1 info"),
        (0, (0, 2, 0), None, "checked 0 models: 2 warnings"),
    ],
)
def test_the_sentence_counts_in_good_english(
    models: int, faults: tuple[int, int, int], seconds: float | None, sentence: str
) -> None:
    errors, warnings, infos = faults
    summary = Summary(
        files=models + 2, models=models, errors=errors, warnings=warnings, infos=infos, seconds=seconds
    )
    assert summary.sentence() == sentence


def test_a_summary_counts_by_severity() -> None:
    diagnostics = [
        Diagnostic(code="MS201", severity=severity, message="", path="", span=START)
        for severity in (Severity.ERROR, Severity.INFO, Severity.INFO)
    ]
    assert Summary.of(diagnostics, files=3, models=1, seconds=0.5) == Summary(
        files=3, models=1, errors=1, warnings=0, infos=2, seconds=0.5
    )
