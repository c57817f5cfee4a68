from modelspec.report.text import WIDTH, frame
from modelspec.text.source import Span


def marked(text: str, start: int, end: int) -> tuple[str, str]:
    """The line and the carets under it, from 0-based offsets."""
    shown = frame([text], Span(1, start + 1, 1, end + 1))
    return shown.text, " " * shown.indent + "^" * shown.carets


def test_an_ascii_line_is_shown_as_it_is() -> None:
    assert marked("region: eu", 8, 10) == ("region: eu", "        ^^")


def test_an_empty_span_has_one_caret() -> None:
    assert marked("region: ", 8, 8) == ("region: ", "        ^")
    assert marked("", 0, 0) == ("", "^")


def test_a_tab_reaches_to_the_next_stop() -> None:
    assert marked("\ta:\tb", 1, 3) == ("    a:  b", "    ^^")
    assert marked("\ta:\tb", 3, 4) == ("    a:  b", "      ^^")
    assert marked("東\tb", 2, 3) == ("東  b", "    ^")


def test_carets_under_wide_characters_are_wide() -> None:
    assert marked("a 東京 b", 2, 4) == ("a 東京 b", "  ^^^^")
    assert marked("a 東京 b", 5, 6) == ("a 東京 b", "       ^")
    assert marked("ｶﾀ", 1, 2) == ("ｶﾀ", " ^")


def test_the_parts_of_a_korean_syllable_take_two_columns() -> None:
    assert marked("\u1112\u1161\u11ab x", 4, 5) == ("\u1112\u1161\u11ab x", "   ^")


def test_a_mark_takes_no_column_and_is_marked_with_its_letter() -> None:
    assert marked("e\u0301x", 2, 3) == ("e\u0301x", " ^")
    assert marked("ae\u0301x", 2, 3) == ("ae\u0301x", " ^")


def test_a_mark_without_a_letter_is_escaped() -> None:
    assert marked("\u0301x", 1, 2) == ("\\u0301x", "      ^")
    assert marked("\u200b\u0301x", 2, 3) == ("\\u200b\\u0301x", "            ^")


def test_heaps_of_marks_are_escaped_from_the_fifth_on() -> None:
    assert marked("e" + "\u0301" * 5 + "x", 6, 7) == ("e" + "\u0301" * 4 + "\\u0301x", "       ^")


def test_an_emoji_of_several_characters_is_shown_in_parts() -> None:
    assert marked("👩\u200d🚀 x", 4, 5) == ("👩\\u200d🚀 x", "           ^")
    assert marked("❤\ufe0f x", 3, 4) == ("❤\\ufe0f x", "        ^")


def test_a_line_that_just_fits_is_not_cut() -> None:
    text = "a" * WIDTH
    assert marked(text, WIDTH - 1, WIDTH) == (text, " " * (WIDTH - 1) + "^")


def test_a_long_line_is_cut_behind() -> None:
    assert marked("b" + "a" * WIDTH, 0, 1) == ("b" + "a" * (WIDTH - 2) + "…", "^")


def test_a_long_line_is_cut_before() -> None:
    assert marked("a" * WIDTH + "b", WIDTH, WIDTH + 1) == (
        "…" + "a" * (WIDTH - 2) + "b",
        " " * (WIDTH - 1) + "^",
    )


def test_the_end_of_a_long_line_can_be_marked() -> None:
    text = "a" * (2 * WIDTH)
    assert marked(text, len(text), len(text)) == ("…" + "a" * (WIDTH - 1), " " * WIDTH + "^")


def test_a_mark_longer_than_the_window_continues_under_the_cut() -> None:
    text = "x" * 50 + "a" * 5000
    assert marked(text, 50, 5050) == ("…" + "a" * (WIDTH - 2) + "…", " " + "^" * (WIDTH - 1))


def test_a_wide_character_is_not_halved_by_the_cut() -> None:
    shown, carets = marked("東" * 200, 100, 101)
    assert shown == "…" + "東" * 49 + "…" or shown == "…" + "東" * 48 + "…"
    assert shown[(len(carets) - 3) // 2 + 1] == "東"
    assert carets.endswith(" ^^")


def test_a_cut_line_does_not_begin_with_a_mark() -> None:
    shown, _ = marked("e\u0301" * 500, 500, 502)
    assert shown.startswith("…e\u0301e")


def test_a_span_outside_of_the_text_moves_to_the_nearest_place() -> None:
    lines = ["one", "two"]
    assert frame(lines, Span(9, 9, 9, 12)) == frame(lines, Span(2, 4, 2, 4))
    assert frame(lines, Span(1, 9, 1, 12)) == frame(lines, Span(1, 4, 1, 4))
    assert frame(lines, Span(0, 0, 0, 0)).line == 1
    assert frame(lines, Span(2, 3, 1, 1)) == frame(lines, Span(2, 3, 2, 3))


def test_a_huge_line_costs_no_more_than_its_shown_part() -> None:
    text = "東" * 200_000
    for start in range(0, 200_000, 1000):
        assert frame([text], Span(1, start + 1, 1, start + 2)).carets == 2
