import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelspec.text.quote import LONGEST, quote, visible


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("eu-wset", "'eu-wset'"),
        ("", "''"),
        ("naïve 名前", "'naïve 名前'"),
        ("a\nb\t", "'a\\u000ab\\u0009'"),
        ("\x1b[31mred", "'\\u001b[31mred'"),
        ("a\u202eb", "'a\\u202eb'"),
        ("a\u200bb\ufeff", "'a\\u200bb\\ufeff'"),
        ("a\u3164\ufe0f", "'a\\u3164\\ufe0f'"),
        ("\U000e0041", "'\\U000e0041'"),
        ("a\u00a0b", "'a\\u00a0b'"),
        (True, "true"),
        (False, "false"),
        (None, "nothing"),
        (12, "12"),
        (1.5, "1.5"),
        ([1], "a list"),
        ({"a": 1}, "a mapping"),
    ],
)
def test_a_value_is_shown_safely(value: object, shown: str) -> None:
    assert quote(value) == shown


def test_a_long_text_is_cut() -> None:
    assert quote("x" * 60) == f"'{'x' * 60}'"
    assert quote("x" * 61) == f"'{'x' * 60}…'"


def test_an_escape_is_never_cut_in_two() -> None:
    assert visible("x" * 57 + "\u202e") == "x" * 57 + "…"


@given(st.text())
def test_what_is_shown_is_printable_and_short(text: str) -> None:
    assert visible(text).isprintable()
    assert len(visible(text)) <= LONGEST + 1
