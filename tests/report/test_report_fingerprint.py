from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich_diagnostics import DIAGNOSTICS, KEY

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.report.printable import fingerprints
from modelspec.text.source import Span


def moved(diagnostic: Diagnostic, lines: int) -> Diagnostic:
    span = diagnostic.span
    return replace(
        diagnostic, span=Span(span.line + lines, span.column, span.end_line + lines, span.end_column)
    )


@given(lines=st.integers(0, 1000))
def test_fingerprints_stay_when_lines_move(lines: int) -> None:
    below = [moved(one, lines) for one in DIAGNOSTICS]
    assert list(fingerprints(below)) == list(fingerprints(DIAGNOSTICS))


def test_all_fingerprints_differ() -> None:
    assert len(set(fingerprints(DIAGNOSTICS))) == len(DIAGNOSTICS)
    assert len(set(fingerprints([DIAGNOSTICS[0]] * 3))) == 3


def test_the_first_of_two_equal_faults_keeps_its_fingerprint() -> None:
    one = DIAGNOSTICS[0]
    assert next(fingerprints([one, moved(one, 3)])) == next(fingerprints([one]))


def test_each_part_changes_the_fingerprint() -> None:
    one = DIAGNOSTICS[0]
    others = [
        replace(one, code="MS202"),
        replace(one, path="models.d/b.yaml"),
        replace(one, subject="b"),
        replace(one, message="b"),
        replace(one, subject=one.subject + "\0" + one.message, message=""),
    ]
    assert len({next(fingerprints([other])) for other in (one, *others)}) == 6


def test_a_line_number_in_a_message_does_not_change_the_fingerprint() -> None:
    at = "nothing on line {} is silenced; see line {}, column {}"
    one, other = (
        replace(DIAGNOSTICS[0], message=at.format(*numbers)) for numbers in ((1, 2, 3), (40, 50, 60))
    )
    assert list(fingerprints([one])) == list(fingerprints([other]))


def test_a_fingerprint_does_not_reveal_a_key() -> None:
    one, other = (
        replace(DIAGNOSTICS[0], message=f"'{key}'", subject=key) for key in (KEY, KEY[:-4] + "WXYZ")
    )
    assert list(fingerprints([one])) == list(fingerprints([other]))
