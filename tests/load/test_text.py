import unicodedata

import pytest

from modelspec.load import read
from modelspec.load.find import File
from modelspec.load.text import is_ordinary

PATH = "models.d/a.yaml"


def _faults(data: bytes | str) -> list[tuple[str, int, int]]:
    raw = data if isinstance(data, bytes) else data.encode()
    return [(f.code, f.span.line, f.span.column) for f in read(File(PATH, raw)).faults]


CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF) if code not in (9, 10)]


@pytest.mark.parametrize("character", CONTROLS, ids=lambda c: f"U+{ord(c):04X}")
@pytest.mark.parametrize("where", ["a: x%sy", "a: 1 # %sx", "%sa: 1", "a: '%s'"])
def test_every_control_character_is_rejected_everywhere(character: str, where: str) -> None:
    text = f"b: 1\n{where % character}\nc: 2\n"
    assert _faults(text) == [("MS005", 2, where.index("%") + 1)]


INVISIBLE = [
    chr(code)
    for code in (
        0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F,
        0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060, 0x2061, 0x2064, 0x2066, 0x2067, 0x2068,
        0x2069, 0x206A, 0x206F, 0x2800, 0x3164, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFB, 0xE000, 0xE0001, 0xE0020, 0xE007F,
        0xF0000, 0x1D173, 0x0378,
    )
]  # fmt: skip


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda c: f"U+{ord(c):04X}")
@pytest.mark.parametrize("where", ["a: x%sy", "a: 1 # %sx", "a: '%s'"])
def test_every_invisible_character_is_rejected_everywhere(character: str, where: str) -> None:
    assert _faults(f"b: 1\n{where % character}\nc: 2\n") == [("MS006", 2, where.index("%") + 1)]


@pytest.mark.parametrize("escape", ["\\e", "\\0", "\\x1b", "\\u0085", "\\N", "\\a", "\\r"])
def test_an_escape_cannot_bring_a_control_character_in(escape: str) -> None:
    assert _faults(f'a: "x{escape}y"') == [("MS005", 1, 4)]
    assert _faults(f'"x{escape}y": 1') == [("MS005", 1, 1)]


@pytest.mark.parametrize("escape", ["\\u202e", "\\u200b", "\\U000E0001", "\\L", "\\P", "\\ufeff"])
def test_an_escape_cannot_bring_an_invisible_character_in(escape: str) -> None:
    assert _faults(f'a: ["x{escape}y"]') == [("MS006", 1, 5)]


@pytest.mark.parametrize(
    "text",
    ['a: "tab\\tnew\\nline \\u00e9 \\x41 \\/ \\" \\\\"', "a: x\ty", "a: '\u00e9\u4e2d\U0001f600'", "a: b\\c"],
)
def test_ordinary_escapes_and_letters_are_fine(text: str) -> None:
    assert _faults(text) == []


@pytest.mark.parametrize(
    "name",
    [
        "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645",
        "\u0915\u094d\u200d\u0937",
        "\U0001f469\u200d\U0001f4bb",
        "\U0001f3f3\ufe0f\u200d\U0001f308",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f468\U0001f3fd\u200d\u2695\ufe0f",
        "\u2764\ufe0f\u200d\U0001f525",
        "\u06a9\u062a\u0627\u0628\u200c\u0647\u0627",
        "\u0645\u0650\u200c\u062e",
        "\u0936\u094d\u0930\u0940 \u0915\u094d\u200c",
        "\u09b0\u200d\u09cd\u09af",
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
        "\u0d7b\u0d15\u0d4d\u200d",
    ],
)
def test_joiners_are_fine_where_they_are_needed(name: str) -> None:
    for text in (
        f"name: {name}\n",
        f"metadata: {{{name}: [{name}]}}\n",
        f"a: b # {name}\n",
        f"# {name}\na: b\n",
    ):
        assert _faults(text) == []
        assert _faults(text.replace("\n", "\r\n")) == []
    written = name.encode("ascii", "backslashreplace").decode().replace("\\U", "\\U")
    assert _faults(f'a: "{written}"\n') == []


@pytest.mark.parametrize(
    "name",
    [
        "a\u200db", "\u200dx", "x\u200c", "\u200d", "\u4e2d\u200d", "\u200d\U0001f600", "\U0001f600\u200d",
        "\U0001f600\u200dx", "x\u200d\U0001f600", "\u4e2d\u200d\u6587", "\u0430\u200c\u0431", "\xe9\u200d\xe8",
        "a\u094d\u200db", "a\u0301\u200cb", "1\u200d2", "\u0645\u200c", "\u200c\u0645", "\u0645\u200cx",
        "\U0001f468\u200c\U0001f469", "\xa9\u200dx", "\u05d0\u200c\u05d1", "\uac00\u200d\uac01",
    ],
)  # fmt: skip
def test_joiners_that_join_nothing_are_rejected_everywhere(name: str) -> None:
    for text in (f"name: '{name}'\n", f"a: b # {name}\n", f"metadata: {{'{name}': 1}}\n"):
        assert {code for code, _, _ in _faults(text)} == {"MS006"}
    for joined in (
        "\u0645\u200c\u200c\u0645",
        "\U0001f468\u200d\u200d\U0001f469",
        "\u0915\u094d\u200d\u200d\u0937",
    ):
        assert "MS006" in {code for code, _, _ in _faults(f"a: {joined}\n")}


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", ">>>>>>> other", "||||||| base"])
def test_a_conflict_marker_is_named_first(marker: str) -> None:
    assert _faults(f"a: 1\n{marker}\nb: [\n") == [("MS007", 2, 1)]
    assert _faults(f"a: 1\r\n{marker}\r\nb: [\r\n") == [("MS007", 2, 1)]


@pytest.mark.parametrize(
    "text", ["a: '<<<<<<< HEAD'", "a: |\n  <<<<<<< HEAD", "'<<<<<<<': 1", "a: =======\n", "# =======\n\na: 1"]
)
def test_what_only_looks_like_a_conflict_marker_is_fine(text: str) -> None:
    assert _faults(text) == []


def test_a_lone_carriage_return_is_a_fault_and_crlf_is_none() -> None:
    assert _faults(b"a: 1\r\nb: 2\r\n") == []
    assert _faults(b"a: 1\rb: 2\n") == [("MS005", 1, 5)]
    assert _faults(b"a: 1\r\r\n") == [("MS005", 1, 5)]
    assert _faults(b"a: 1\n\r") == [("MS005", 2, 1)]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"\xff\xfea\x00", (1, 1)),
        (b"\xfe\xff\x00a", (1, 1)),
        ("a: 1\nb: é\n".encode("latin-1"), (2, 4)),
        (b"\x1f\x8b\x08\x00", (1, 2)),
        (b"a: \xed\xa0\x80", (1, 4)),
        (b"a: \xc0\xaf", (1, 4)),
        (b"a: \xf5\x80\x80\x80", (1, 4)),
        ("\ufeffa: 中é".encode() + b"\xff", (1, 6)),
    ],
)
def test_what_is_not_utf_8_is_rejected_at_its_place(data: bytes, place: tuple[int, int]) -> None:
    assert _faults(data) == [("MS004", *place)]


def test_a_byte_order_mark_is_allowed_once_and_moves_no_column() -> None:
    assert _faults("\ufeffa: 1\n") == []
    assert _faults("\ufeff1: a\n") == [("MS012", 1, 1)]
    assert _faults("\ufeff\ufeffa: 1\n") == [("MS006", 1, 1)]


def test_ordinary_bytes_hold_nothing_that_a_later_check_would_object_to() -> None:
    for code in range(128):
        ordinary = is_ordinary(b"a" + bytes([code]) + b"b")
        character = chr(code)
        assert ordinary == (unicodedata.category(character) != "Cc" or character in "\t\n")
    assert not is_ordinary("é".encode())
    assert is_ordinary(b"a\r\nb")
