import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from yaml.events import ScalarEvent
from yaml_texts import SOUP, documents

from modelspec.diagnose.ignore import ignores
from modelspec.load import read
from modelspec.load.compose import compose, event_span
from modelspec.load.find import File
from modelspec.load.scalar import resolve
from modelspec.load.text import control_characters, decode, has_invisible
from modelspec.load.values import values
from modelspec.text.document import Document, ListNode, MapNode, Node, ScalarNode
from modelspec.text.source import Source, Span

PATH = "models.d/a.yaml"
bounded = settings(deadline=None, max_examples=300)

_ANCHOR = re.compile(r"\A&[\w-]+(?:\s|(?<=\s)#[^\n]*)*")
_EXPLICIT_INDENT = re.compile(r"[|>][-+]?[1-9]")


def _exact(value: object) -> object:
    """A value that equals another of the same types only: 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return [(key, _exact(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return type(value), repr(value)


def _nodes(node: Node | None) -> list[tuple[Span, Node | str]]:
    """Every value and key with its span."""
    match node:
        case None:
            return []
        case ScalarNode():
            return [(node.span, node)]
        case ListNode():
            return [found for item in node.items for found in _nodes(item)]
        case MapNode():
            pairs = ([(entry.key, key), *_nodes(entry.node)] for key, entry in node.entries.items())
            return [found for pair in pairs for found in pair]


def _is_clean(source: Source) -> bool:
    """Whether a file has passed the checks of its text, and is read by the fast reader first."""
    return not has_invisible(source.text) and not list(control_characters(source))


def _folded(text: str) -> str:
    """A plain scalar over several lines: each line end is a space, or a line end less where lines are empty."""
    first, *rest = (line.strip(" \t\r") for line in text.split("\n"))
    parts, empty = [first], 0
    for line in rest:
        if line:
            parts += ["\n" * empty or " ", line]
        empty = 0 if line else empty + 1
    return "".join(parts)


def _spans_slice_back(document: Document) -> None:
    for span, node in _nodes(document.root):
        text = _ANCHOR.sub("", document.source.slice(span))
        if text[:1] not in ("'", '"', "|", ">"):
            wanted = node.value if isinstance(node, ScalarNode) else node
            found = resolve(_folded(text))
        elif _EXPLICIT_INDENT.match(text):
            continue
        else:
            again = compose(Source(PATH, f" {text}"))[0].root
            assert isinstance(again, ScalarNode)
            wanted, found = node.value if isinstance(node, ScalarNode) else node, again.value
        assert _exact(found) == _exact(wanted), (text, span)


@bounded
@given(st.binary(max_size=200) | SOUP.map(lambda text: text.encode(errors="surrogatepass")))
def test_reading_any_bytes_raises_nothing(data: bytes) -> None:
    reading = read(File(PATH, data))
    source = reading.document.source
    for fault in reading.faults:
        assert fault.help
        assert fault.span.line <= len(source.lines) or not source.text
    list(ignores(reading.document))
    assert source.lines == [line.removesuffix("\r") for line in source.text.split("\n")]


@bounded
@given(SOUP | documents().map(lambda pair: pair[1]))
def test_the_fast_and_the_careful_reader_agree(text: str) -> None:
    data = text.encode()
    source = decode(PATH, data)
    assume(isinstance(source, Source))
    assert isinstance(source, Source)
    assume(_is_clean(source) and source.text == text)
    fast = values(data)
    document, faults = compose(source)
    if fast is None:
        return
    assert faults == []
    assert _exact(fast[0]) == _exact(document.value)
    for name, (key, value) in fast[1].items():
        assert event_span(key) == document.span((name,), on_key=True)
        if isinstance(value, ScalarEvent):
            assert event_span(value) == document.span((name,))


@bounded
@given(documents())
def test_what_was_written_is_read(pair: tuple[dict[str, object], str]) -> None:
    value, text = pair
    reading = read(File(PATH, text.encode()))
    assert [fault.code for fault in reading.faults] == []
    assert _exact(reading.value) == _exact(value)
    assert _exact(reading.document.value) == _exact(value)


@bounded
@given(SOUP | documents().map(lambda pair: pair[1]))
def test_every_span_slices_back_to_its_text(text: str) -> None:
    source = decode(PATH, text.encode())
    assume(isinstance(source, Source))
    assert isinstance(source, Source)
    assume(_is_clean(source))
    document, faults = compose(source)
    if not faults:
        _spans_slice_back(document)


@bounded
@given(documents())
def test_line_ends_and_a_byte_order_mark_change_nothing(pair: tuple[dict[str, object], str]) -> None:
    text = pair[1]
    plain = read(File(PATH, text.encode()))
    windows = read(File(PATH, text.replace("\n", "\r\n").encode()))
    marked = read(File(PATH, ("\ufeff" + text).encode()))
    assert _exact(plain.value) == _exact(windows.value) == _exact(marked.value)
    assert plain.document.root == marked.document.root
    here, there = _nodes(plain.document.root), _nodes(windows.document.root)
    assert [span for span, _ in here] == [span for span, _ in there]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    "before", ["e\u0301", "\u4e2d\u6587", "\U0001f600", "\U0001f469\u200d\U0001f4bb", "x"]
)
def test_columns_count_code_points(before: str, mark: str, end: str) -> None:
    text = f"{mark}name: 1{end}{before}: {{{before}: [{before}, 12]}}{end}"
    document = read(File(PATH, text.encode())).document
    width = len(before)
    assert document.span((before, before, 1)) == Span(2, 3 * width + 9, 2, 3 * width + 11)
    assert document.source.slice(document.span((before, before, 1))) == "12"


@bounded
@given(st.text(st.sampled_from("ab\n\r\u4e2d\U0001f600"), max_size=30), st.data())
def test_offsets_and_places_are_inverse(text: str, data: st.DataObject) -> None:
    source = Source(PATH, text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = source.span(start, end)
    assert source.slice(span) == text[start:end]
    assert source.offset(span.line, span.column) == start
