"""The fast gate: what goes through it, and with which values and places."""

import pytest

from modelspec.load import Reading, read
from modelspec.load.compose import event_span
from modelspec.load.defaults import followed
from modelspec.load.find import DEFAULTS, File
from modelspec.load.locate import Locator
from modelspec.load.values import values
from modelspec.text.document import Place
from modelspec.text.source import START


def _nested(levels: int, opening: str, closing: str) -> bytes:
    return f"a: {opening * levels}1{closing * levels}".encode()


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"a: 1\n'b': '1'\nc: [x, 'y', [], {}, [1], {d: 2}]\ne: {f: {g: ~}, h: [3], i: '4', j: 5}\n",
         {"a": 1, "b": "1", "c": ["x", "y", [], {}, [1], {"d": 2}],
          "e": {"f": {"g": None}, "h": [3], "i": "4", "j": 5}}),
        (b"{}", {}),
        (b"---\na: ~\n...\n", {"a": None}),
        (b"a: <\nb: x<y\n", {"a": "<", "b": "x<y"}),
        (b"#" * 19_998 + b"\n", None),
    ],
)  # fmt: skip
def test_an_ordinary_file_goes_through(data: bytes, value: object) -> None:
    found = values(data)
    assert (found and found[0]) == value


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{x: ", "}")])
def test_32_levels_go_through(opening: str, closing: str) -> None:
    assert values(_nested(31, opening, closing)) is not None
    assert values(_nested(32, opening, closing)) is None


@pytest.mark.parametrize(("lists", "inner", "fits"), [(15, "[]", True), (15, "[[]]", False), (16, "", False)])
def test_levels_of_mixed_kinds_are_counted_alike(lists: int, inner: str, *, fits: bool) -> None:
    assert (values(f"a: {'[{x: ' * lists}{inner}{'}]' * lists}".encode()) is not None) is fits


@pytest.mark.parametrize(
    "data",
    [
        b"", b"a", b"[a]", b"~", b"'a'", b"a: &x 1", b"a: *x", b"a: !x 1", b"<<: {}", b"%YAML 1.2\n---\na: 1",
        b"a: 1\na: 2", b"a: 1\n'a': 2", b"1: a", b"~: a", b"[]: a", b"{}: a", b"? [a]\n: 1", b"a: 1\n---\nb: 2",
        b"a: 1e999", b"a: [.nan]", b"a: 18446744073709551616", b"a: {b: .inf}", b"1.5: a", b"a: [", b"a: ]",
        b"a: {b: 1, b: 2}", b"a: {1: b}",
    ],
)  # fmt: skip
def test_any_other_file_is_read_with_care(data: bytes) -> None:
    assert values(data) is None


def test_a_file_of_20_000_bytes_is_read_with_care() -> None:
    assert values(b"a: 1 #" + b"-" * 19_993) is not None
    assert values(b"a: 1 #" + b"-" * 19_994) is None


def test_fields_at_the_top_know_where_they_stand() -> None:
    found = values(b"a: 1\nb:\n  c: 2\nd:\n  'x y'\n")
    assert found is not None
    places = {key: [event_span(event) for event in events] for key, events in found[1].items()}
    assert {key: [(span.line, span.column) for span in spans] for key, spans in places.items()} == {
        "a": [(1, 1), (1, 4)],
        "b": [(2, 1), (3, 3)],
        "d": [(4, 1), (5, 3)],
    }


def test_the_lines_of_fields_are_the_same_however_a_file_is_read() -> None:
    text = b"# about\na: 1\n\nbc:\n- {d: 2}\n\nname: 'x'\n"
    plain, careful = read(File("a.yaml", text)), read(File("a.yaml", text + b"e: &x 1\n"))
    assert plain.lines == "a:2 bc:4 name:7"
    assert careful.lines == f"{plain.lines} e:8"
    assert read(File("a.yaml", b"{a: 1, b: 2}")).lines == "a:1 b:1"


def _column(reading: Reading, *pointer: str | int, on_key: bool = False) -> tuple[int, int]:
    span = reading.span(Place(path=reading.file.path, pointer=pointer, on_key=on_key))
    return span.line, span.column


def test_a_place_is_found_with_and_without_the_tree() -> None:
    reading = read(File("models.d/a.yaml", b"a: 1\nbc: {d: 2}\n"))
    assert _column(reading, "a") == (1, 4)
    assert "document" not in vars(reading)
    assert _column(reading, "a", on_key=True) == (1, 1)
    assert _column(reading, "bc") == (2, 5)
    assert _column(reading, "bc", "d") == (2, 9)
    assert reading.span(Place(path="models.d/a.yaml")) == START


def test_what_outer_defaults_give_is_not_the_place_of_what_inner_ones_lack() -> None:
    outer = File(f"models.d/{DEFAULTS}", b"region: eu\n")
    inner = File(f"models.d/x/{DEFAULTS}", b"tags: []\n")
    model = File("models.d/x/a.yaml", b"model_id: a\n")
    locator = Locator(
        files={file.path: file for file in (outer, inner, model)},
        defaults={"models.d": outer.path, "models.d/x": inner.path},
    )
    for file, origin in ((model, outer), (inner, inner), (outer, outer)):
        assert locator.origin(Place(path=file.path, pointer=("region",))).path == origin.path
    assert locator.effective(model.path) == {"region": "eu", "tags": [], "model_id": "a"}
    assert locator.effective(inner.path) == {"tags": []}


@pytest.mark.parametrize(
    ("pointer", "steps"),
    [(("a", 1, "b"), 3), (("a", 1, "c"), 2), (("a", 2), 1), (("a", "1"), 1), (("c", 0), 0), (("d", "e"), 1)],
)
def test_a_pointer_is_followed_as_far_as_it_leads(pointer: tuple[str | int, ...], steps: int) -> None:
    assert followed({"a": [1, {"b": 2}], "d": "e"}, pointer)[0] == steps
