"""Where a file is not valid YAML, in which words, and what to do about it."""

import pytest

from modelspec.load import read
from modelspec.load.find import File

BEGIN = (
    "this character cannot begin a value",
    "quote a value that begins with @, ` or %",
)
TAB = "a tab is used where spaces are expected", "indent with spaces"
COLON = (
    "a ': ' is not allowed here",
    "quote the value if it holds a colon and a space, or check the indentation and the space before a '#'",
)
DEEPER = (
    "this field is indented deeper than the one above, which has a value already",
    "give both the same indentation",
)
COMPLETE = "this item stands below a list that is complete"
QUOTE = "this quote is never closed", "close it; a quote inside is doubled or escaped"
KEY = "a key is expected here", "check the indentation, and close every quote and bracket above"
VALUE = "a value is expected here", "close every [ and {, and quote a value that begins with , ] or }"
UNCLOSED = "this '{' is not closed before the next field", "close it with '}'"
INNER = "the quoted value ends here, and more follows", "double it: ''"
UNQUOTED = "this quote is not closed in its line", "close it"
OPEN = (
    "a ',' or the closing bracket is missing here",
    "close every [ and {; a variable is written without ${}",
)
AGAIN = (
    "unexpected content: the document above is complete",
    "check the indentation, and delete a bracket too many",
)
NEAR = "check quotes, brackets and indentation near this place"


def _faults(text: str) -> list[tuple[int, int, int, str, str]]:
    return [
        (fault.span.line, fault.span.column, fault.span.end_column, fault.message, fault.help)
        for fault in read(File("models.d/a.yaml", text.encode())).faults
        if fault.code == "MS008" and fault.span.end_line == fault.span.line
    ]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: @b", (1, 4, 5), BEGIN),
        ("a:\n\t- b", (2, 1, 2), TAB),
        ("a: b\n  c: d", (2, 3, 4), DEEPER),
        ("a: b\n\n  # c\n  c: d", (4, 3, 4), DEEPER),
        ("a: []\n- {b: c}", (2, 1, 2), (COMPLETE, "delete the '[]' above")),
        ("a: []  # none\n\n  # c\n  - b: c\n    d: e", (4, 3, 4), (COMPLETE, "delete the '[]' above")),
        ("a: [b]\n  - c", (2, 3, 4), (COMPLETE, "write it inside the brackets")),
        ("a: []\n  b", (2, 3, 4), KEY),
        (
            "a:\u00a0b\nc: d",
            (1, 3, 4),
            ("this is not a space but U+00A0, no-break space", "replace it with a space"),
        ),
        (
            "a:\u3000b\nc: d",
            (1, 3, 4),
            ("this is not a space but U+3000, ideographic space", "replace it with a space"),
        ),
        ("a: %b", (1, 4, 5), BEGIN),
        ("a: b: c", (1, 5, 6), COLON),
        ("a:\n- b\n c: d", (3, 3, 4), COLON),
        ("a: 'b", (1, 4, 5), QUOTE),
        ('a: "b\n\n \n', (1, 4, 5), QUOTE),
        ("a: b\nc", (2, 1, 2), ("a ':' is missing after this key", "write 'key: value'")),
        ("- a\nb: c", (2, 1, 2), ("a '- ' is expected here", "check the indentation of the list")),
        ("a: [b, c", (1, 9, 9), OPEN),
        ("a: {b]", (1, 6, 7), OPEN),
        ("a: {b: c\nd: e", (1, 4, 5), UNCLOSED),
        ("a: 'b's c'\n", (1, 6, 7), INNER),
        ('a: "b\nc: "d"\n', (1, 4, 5), UNQUOTED),
        ("a: [,]", (1, 5, 6), VALUE),
        ("a: [\n", (1, 5, 5), VALUE),
        ("a: [ \n \n\n", (1, 5, 6), VALUE),
        ("a: ]", (1, 4, 5), VALUE),
        ("a: [b]]", (1, 7, 8), KEY),
        ("-a: b\n- c", (2, 1, 2), KEY),
        ("[a] b", (1, 5, 6), AGAIN),
        ("  a: b\nc: d\n\n \n", (2, 1, 2), AGAIN),
        ('a: "\\q"', (1, 5, 6), ("this escape is not known", "write \\\\ for a backslash")),
        (
            "%YAML 2.0\n---\na: b",
            (1, 1, 2),
            ("this file requires a YAML version other than 1.2", "delete the %YAML line"),
        ),
        ("a: - b", (1, 4, 5), ("a list is not allowed here", "check the indentation")),
        (
            "a: *",
            (1, 5, 5),
            (
                "a name is missing behind this '*' or '&'",
                "begin the items of a list with '- ', and quote a value that begins with * or &",
            ),
        ),
        ("a: |0\n b", (1, 5, 6), ("this is not valid YAML: found an indentation indicator equal to 0", NEAR)),
        ("%FOO", (1, 5, 5), ("this is not valid YAML: found unknown directive name", NEAR)),
    ],
)
def test_a_fault_has_a_place_and_an_action(
    text: str, place: tuple[int, int, int], words: tuple[str, str]
) -> None:
    assert _faults(text) == [(*place, *words)]


@pytest.mark.parametrize("text", ["a: [b, c", "a: {b: c", "a: [b}", "a: [b c: d"])
def test_an_open_bracket_is_shown(text: str) -> None:
    (fault,) = read(File("models.d/a.yaml", text.encode())).faults
    (opened,) = fault.related
    assert (opened.text, opened.path) == ("opened here", "models.d/a.yaml")
    assert (opened.span.line, opened.span.column, opened.span.end_column) == (1, 4, 5)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a: !x b", (4, 6)),
        ("a: !x\tb", (4, 6)),
        ("a: [!x, b]", (5, 7)),
        ("a: [!x []]", (5, 7)),
        ("a: {b: !x }", (8, 10)),
        ("a: !x", (4, 6)),
        ("a: &n !x b", (7, 9)),
        ("a: !x &n b", (4, 6)),
        ("!x a: b", (1, 3)),
    ],
)
def test_a_tag_is_underlined(text: str, columns: tuple[int, int]) -> None:
    (fault,) = read(File("models.d/a.yaml", text.encode())).faults
    assert (fault.code, fault.message) == ("MS013", "tags are not allowed")
    assert fault.help == "delete the tag; quote the value if it is to be a string"
    assert (fault.span.line, fault.span.end_line) == (1, 1)
    assert (fault.span.column, fault.span.end_column) == columns


@pytest.mark.parametrize("separator", ["\u2028", "\u2029"])
def test_no_fault_is_reported_behind_what_only_libyaml_takes_for_a_line_end(separator: str) -> None:
    faults = read(File("models.d/a.yaml", f"a: 1 # {separator}b: [".encode())).faults
    assert [(fault.code, fault.span.column) for fault in faults] == [("MS006", 8)]


@pytest.mark.parametrize(("text", "place"), [("\ufeff\ufeffa: ]", (1, 5)), ("a: 1\n\ufeffb: ]", (2, 5))])
def test_a_byte_order_mark_moves_no_place(text: str, place: tuple[int, int]) -> None:
    assert [fault[:2] for fault in _faults(text)] == [place]
