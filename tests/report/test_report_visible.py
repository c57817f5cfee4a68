import unicodedata

import pytest

from modelspec.text.visible import visible


def test_plain_text_stays() -> None:
    assert visible("no region is named 'eu-wset' (100 %) # a comment ## another") == (
        "no region is named 'eu-wset' (100 %) # a comment ## another"
    )


def test_letters_of_all_scripts_stay() -> None:
    text = "München, São Paulo, Москва, 東京, 서울, ירושלים, القاهرة, हिन्दी, Ti\u1ebf\u0302ng"
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\0", "\\x00"),
        ("\t\n\r", "\\t\\n\\r"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x7f\x85\x9b", "\\x7f\\x85\\x9b"),
        ("a\xa0b\xadc", "a\\xa0b\\xadc"),
        ("\u200b\u200d\u2060\ufeff", "\\u200b\\u200d\\u2060\\ufeff"),
        ("\u202a\u202e\u2066\u2069\u061c", "\\u202a\\u202e\\u2066\\u2069\\u061c"),
        ("\u2028\u2029\u3000", "\\u2028\\u2029\\u3000"),
        ("\u115f\u3164\uffa0\u2800", "\\u115f\\u3164\\uffa0\\u2800"),
        ("x\ufe0f\U000e0100", "x\\ufe0f\\U000e0100"),
        ("\U000e0041", "\\U000e0041"),
        ("\ue000\uffff", "\\ue000\\uffff"),
        ("\udcff", "\\udcff"),
    ],
)
def test_invisible_and_moving_characters_are_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_backslash_stays() -> None:
    assert visible("\\x1b") == "\\x1b"


def test_no_format_or_control_character_is_left() -> None:
    everything = "".join(map(chr, (*range(0x20000), *range(0xE0000, 0xE0200), 0x10FFFF)))
    left = {unicodedata.category(character) for character in visible(everything)}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("##[error]x", "#\\x23[error]x"),
        ("a ###[group]", "a ##\\x23[group]"),
        ("##vso[task.complete]", "#\\x23vso[task.complete]"),
        ("##teamcity[x]", "#\\x23teamcity[x]"),
        ("##\u200b[", "##\\u200b["),
        ("## [a] #[b]", "## [a] #[b]"),
    ],
)
def test_commands_of_ci_systems_are_broken_up(text: str, shown: str) -> None:
    assert visible(text) == shown
