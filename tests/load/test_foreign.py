"""Another program's YAML: what it holds, where, and what a reader would stumble over."""

import pytest

from modelspec.load import foreign
from modelspec.load.foreign import Foreign, ForeignFile, read_foreign
from modelspec.text.source import Source, Span


def _read(text: str) -> ForeignFile:
    return read_foreign(Source("config.yaml", text))


def _plain(node: Foreign) -> object:
    if node.entries:
        return {key: _plain(value) for key, value in node.entries.items()}
    return [_plain(item) for item in node.items] if isinstance(node.value, tuple) else node.value


def _odd(text: str) -> list[tuple[int, int, str]]:
    file = _read(text)
    assert file.fault is None
    return [(odd.span.line, odd.span.column, odd.message) for odd in file.oddities]


def _at(span: Span) -> tuple[int, int, int, int]:
    return span.line, span.column, span.end_line, span.end_column


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("a: 010\n--- [yes]\n", [{"a": 8}, [True]]),
        ("a: '010'\nb: !x 010\nc: |\n  1\n", [{"a": "010", "b": "010", "c": "1\n"}]),
        ("a: &x [1, *y]\nb: *x\n", [{"a": [1, None], "b": [1, None]}]),
        ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", [{"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}]),
        ("<<: [{a: 1}, {a: 2, b: 3}]\n<<: {c: 4}\n", [{"a": 1, "b": 3, "c": 4}]),
        ("'<<': {a: 1}\n? [x]\n: 1\n? {y: 1}\n: 2\n", [{"<<": {"a": 1}, "a list": 1, "a mapping": 2}]),
        ("yes: 1\n1.50: 2\n~: 3\n", [{"yes": 1, "1.50": 2, "~": 3}]),
    ],
)
def test_documents_hold_what_pyyaml_reads(text: str, values: list[object]) -> None:
    file = _read(text)
    assert file.fault is None
    assert [_plain(document) for document in file.documents] == values


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("a: !x 1", [(1, 4, "this tag is ignored")]),
        ("a: *x", [(1, 4, "no anchor is named 'x' above")]),
        ("a: &x [*x]", [(1, 8, "no anchor is named 'x' above")]),
        ("a: &x 1\n---\nb: *x", [(3, 4, "no anchor is named 'x' above")]),
        ("a: 1\nb: 2\na: 3", [(1, 4, "duplicate key 'a'; the later value wins")]),
        ("<<: 1", [(1, 5, "the value merged here is not a mapping")]),
        ("<<: [{}, 1]", [(1, 10, "the value merged here is not a mapping")]),
        ("<<: {a: 1}\na: 2", []),
    ],
)
def test_what_a_reader_stumbles_over(text: str, odd: list[tuple[int, int, str]]) -> None:
    assert _odd(text) == odd


def test_the_value_that_a_duplicate_key_loses_is_known() -> None:
    (odd,) = _read("a: 1\na: 3").oddities
    assert odd.unread is not None
    assert odd.unread.value == 1


def test_places() -> None:
    (document,) = _read("a:\n  b: 'x'\nc: [1]\nd:\n- {e: 2}\n- f: |\n   3\n").documents
    a, c, d = (document.entries[key] for key in "acd")
    assert (_at(a.span), _at(a.whole)) == ((1, 1, 1, 2), (2, 3, 3, 1))
    b = a.entries["b"]
    assert (_at(b.span), b.whole, b.style) == ((2, 6, 2, 9), b.span, "'")
    assert (_at(c.span), _at(c.whole)) == ((3, 4, 3, 5), (3, 4, 3, 7))
    assert (_at(d.span), d.style) == ((4, 1, 4, 2), "")
    flow, block = d.items
    assert (_at(flow.span), _at(flow.whole)) == ((5, 3, 5, 4), (5, 3, 5, 9))
    assert (_at(block.span)[:2], block.entries["f"].style) == ((6, 3), "|")
    assert (block.spot.path, block.spot.span) == ("config.yaml", block.span)
    assert [leaf.value for leaf in document.leaves()] == ["x", 1, 2, "3\n"]
    assert (b.entries, b.items) == ({}, ())


SPLIT = "split the file, and import its parts"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[" * 65 + "]" * 65, (1, 65), "this is nested deeper than 64 levels"),
        ("? " + "[" * 64 + "]" * 64 + "\n: 1", (1, 66), "this is nested deeper than 64 levels"),
        ("a: " + "[" * 64 + "]" * 64, (1, 67), "this is nested deeper than 64 levels"),
        ("a: &a 1\nb: [" + "*a," * 20_001 + "]", (2, 60_005), "this file contains more than 20,000 aliases"),
        (
            "[" + "1," * 500_000 + "]",
            (1, 1_000_000),
            "this file contains more than 500,000 values, aliases expanded",
        ),
    ],
)
def test_a_limit_ends_reading(text: str, place: tuple[int, int], message: str) -> None:
    file = _read(text)
    fault = file.fault
    assert fault is not None
    assert (fault.code, fault.path, fault.message, fault.help) == ("MS008", "config.yaml", message, SPLIT)
    assert (fault.span.line, fault.span.column) == place
    assert file.documents == ()


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a: &a [" + "1," * 999 + "]\nb: [" + "*a," * 9 + "]", 14),
        ("a: &a {" + ",".join(f"{n}: 1" for n in range(100)) + "}\nb: [" + "{<<: *a}," * 20 + "]", 145),
    ],
)
def test_what_aliases_repeat_counts_each_time(
    text: str, column: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "MAX_FOREIGN_NODES", 5000)
    fault = _read(text).fault
    assert fault is not None
    assert fault.message == "this file contains more than 5,000 values, aliases expanded"
    assert (fault.span.line, fault.span.column) == (2, column)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 64 + "]" * 64,
        "? " + "[" * 63 + "]" * 63 + "\n: 1",
        "a: &a 1\nb: [" + "*a," * 20_000 + "]",
        "[" + "1," * 499_999 + "]",
    ],
)
def test_as_much_as_the_limit_is_read(text: str) -> None:
    assert foreign.MAX_FOREIGN_BYTES == 4_194_304
    assert _read(text).fault is None


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [("a: \x01", (1, 4), "MS005"), ("b: 1\na: [", (2, 5), "MS008"), ("a\u2028b: 1\nc: ]", (2, 4), "MS008")],
)
def test_a_file_that_cannot_be_read_has_a_fault_and_no_documents(
    text: str, place: tuple[int, int], code: str
) -> None:
    file = _read(text)
    assert file.fault is not None
    assert (file.fault.code, file.fault.span.line, file.fault.span.column) == (code, *place)
    assert file.documents == ()
