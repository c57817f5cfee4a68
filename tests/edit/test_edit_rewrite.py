"""Edits of a file: the change is made, and every other line stays the same, byte for byte."""

import difflib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yaml_texts import SCALARS, VALUES, WORDS, documents

from modelspec.author.change import Append, Change, Discard, Put, Rekey, Unset, changed, same, value_at
from modelspec.author.rewrite import Unfit, rewrite
from modelspec.load import read
from modelspec.load.find import File
from modelspec.text.document import Pointer

ROOT = Path(__file__).parents[2]
FIELDS = (
    "model_id", "name", "region", "priority_head", "fallback_heads", "load_balancing", "endpoint", "provider",
    "upstream_model", "api_key", "params", "deployments", "local_inference", "fallback_models", "aliases", "limits",
    "access", "status", "sunset", "replaced_by", "tags", "metadata",
)  # fmt: skip
EXAMPLES = sorted(ROOT.glob("models.d/**/*.yaml"))
CHANGES: tuple[Change, ...] = (
    Put(pointer=("region",), value="no"),
    Put(pointer=("name",), value="A: #b 'x'"),
    Put(pointer=("limits", "rpm"), value=7),
    Put(pointer=("access", "client_regions"), value=["eu"]),
    Put(pointer=("metadata", "k", "l"), value=[1, True, None]),
    Put(pointer=("api_key",), value={"env": "X_Y"}),
    Put(pointer=("load_balancing", "weights", "head-x"), value=3),
    Append(pointer=("tags",), value="new"),
    Append(pointer=("fallback_heads",), value="head-x"),
    Append(pointer=("deployments",), value={"endpoint": "https://a.example/" + "x" * 80, "weight": 2}),
    Discard(pointer=("tags",), value="chat"),
    Unset(pointer=("metadata", "owner")),
    Unset(pointer=("fallback_heads",)),
    Unset(pointer=("deployments", 0)),
    Unset(pointer=("metadata",)),
)

STYLES = """\
# head
"model_id": 'x'   # id
name: >-
  long name
  in lines

# c
region:   eu
fallback_heads:
- a   # first

# between
- b
tags: [ a,
  chat, b ]
aliases: [
  x/y,
  z/z,
]
limits: { rpm: 1 , tpm: 2 }   # lim
endpoint:
metadata:
    owner: |
        me
        you

    n: {a: {}}
    list:
      - a: 1
        b: 2
      -   c
# end
"""


def _rewritten(text: str, *changes: Change) -> str | Unfit:
    outcome = rewrite(File("a.yaml", text.encode()), changes, FIELDS)
    return outcome if isinstance(outcome, Unfit) else outcome.decode()


def _difference(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_edited_with_all_else_untouched(file: Path) -> None:
    before = File(file.name, file.read_bytes())
    value = read(before).value
    for change in CHANGES:
        after = rewrite(before, [change], FIELDS)
        assert not isinstance(after, Unfit), (change, after)
        again = read(File(file.name, after))
        assert again.faults == []
        wanted = changed(value, change)
        assert isinstance(wanted, dict)
        assert again.value == wanted
        kept = [line for line in before.data.splitlines(keepends=True) if line.lstrip().startswith(b"#")]
        inside = isinstance(change, Unset) and change.pointer[0] in ("metadata", "deployments")
        assert inside or all(line in after for line in kept)
        assert (after == before.data) == (wanted == value)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (Put(pointer=("model_id",), value="y"), ["-\"model_id\": 'x'   # id", "+\"model_id\": 'y'   # id"]),
        (Put(pointer=("name",), value="n"), ["-name: >-", "-  long name", "-  in lines", "+name: n"]),
        (Put(pointer=("region",), value="no"), ["-region:   eu", "+region:   no"]),
        (
            Put(pointer=("endpoint",), value="https://a.example"),
            ["-endpoint:", "+endpoint: https://a.example"],
        ),
        (Put(pointer=("priority_head",), value="h"), ["+priority_head: h"]),
        (Put(pointer=("fallback_heads", 0), value="z"), ["-- a   # first", "+- z   # first"]),
        (Append(pointer=("fallback_heads",), value="c"), ["+- c"]),
        (Discard(pointer=("fallback_heads",), value="b"), ["-- b"]),
        (Append(pointer=("tags",), value="n"), ["-  chat, b ]", "+  chat, b, n ]"]),
        (Discard(pointer=("tags",), value="b"), ["-  chat, b ]", "+  chat ]"]),
        (Append(pointer=("aliases",), value="n"), ["-  z/z,", "+  z/z, n"]),
        (
            Put(pointer=("limits", "tpm"), value=3),
            ["-limits: { rpm: 1 , tpm: 2 }   # lim", "+limits: { rpm: 1 , tpm: 3 }   # lim"],
        ),
        (
            Unset(pointer=("limits", "rpm")),
            ["-limits: { rpm: 1 , tpm: 2 }   # lim", "+limits: { tpm: 2 }   # lim"],
        ),
        (Unset(pointer=("metadata", "owner")), ["-    owner: |", "-        me", "-        you"]),
        (Put(pointer=("metadata", "n", "a", "b"), value=1), ["-    n: {a: {}}", "+    n: {a: {b: 1}}"]),
        (Unset(pointer=("metadata", "list", 0)), ["-      - a: 1", "-        b: 2"]),
        (Append(pointer=("metadata", "list"), value="d"), ["+      - d"]),
        (Unset(pointer=("metadata", "list", 0, "a")), None),
        (Unset(pointer=("sunset",)), []),
        (Discard(pointer=("tags",), value="nobody"), []),
        (Discard(pointer=("groups",), value="nobody"), []),
    ],
)
def test_every_style_is_edited_in_place(change: Change, difference: Sequence[str] | None) -> None:
    for text in (
        STYLES,
        STYLES.replace("\n", "\r\n"),
        "\ufeff" + STYLES,
        STYLES.removesuffix("# end\n").rstrip("\n"),
    ):
        after = _rewritten(text, change)
        if difference is None:
            assert isinstance(after, Unfit)
            continue
        assert isinstance(after, str)
        assert _difference(text, after) == list(difference)
        assert after.count("\r\n") in (0, after.count("\n"))
        assert after.startswith("\ufeff") == text.startswith("\ufeff")


def test_empty_parents_are_removed() -> None:
    assert _rewritten("a: 1\nlimits:\n  rpm: 1\nb: 2\n", Unset(pointer=("limits", "rpm"))) == "a: 1\nb: 2\n"
    assert _rewritten("a: 1\ntags: [x]\n", Discard(pointer=("tags",), value="x")) == "a: 1\n"


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("a: &x [1]\nb: *x\n", Append(pointer=("b",), value=2)),
        ("a: &x {c: 1}\nb: *x\n", Put(pointer=("b", "c"), value=2)),
        ("a: &x 1\nb: *x\n", Unset(pointer=("a",))),
        ("a: [1, # one\n  2] # two\n", Append(pointer=("a",), value=3)),
        ("a: 1\n", Put(pointer=("a", "b"), value=2)),
        ("a: [1]\n", Put(pointer=("a", 4), value=2)),
        ("a: 1\n", Append(pointer=("a",), value=2)),
        ("a: 1\n", Discard(pointer=("a",), value=2)),
    ],
)
def test_a_change_that_does_not_fit_is_refused(text: str, change: Change) -> None:
    outcome = _rewritten(text, change)
    assert isinstance(outcome, Unfit)
    assert outcome.pointer == change.pointer


def test_an_alias_is_replaced_and_its_anchor_stays() -> None:
    assert _rewritten("a: &x 1\nb: *x\n", Put(pointer=("b",), value=2)) == "a: &x 1\nb: 2\n"
    assert _rewritten("a: &x 1\nb: *x # c\n", Unset(pointer=("b",))) == "a: &x 1\n"


def test_a_broken_file_is_not_edited() -> None:
    with pytest.raises(ValueError, match=r"a\.yaml"):
        _rewritten("a: [\n", Put(pointer=("a",), value=1))


POINTERS: st.SearchStrategy[Pointer] = st.lists(WORDS | st.integers(0, 3), min_size=1, max_size=3).map(
    lambda steps: (str(steps[0]), *steps[1:])
)


@st.composite
def _edits(draw: st.DrawFn) -> tuple[dict[str, object], str, Change]:
    value, text = draw(documents())
    pointer: Pointer = draw(POINTERS)
    node: object = value
    way: list[str | int] = []
    for _ in range(draw(st.integers(1, 3))):
        if isinstance(node, dict) and node:
            way.append(draw(st.sampled_from(sorted(node))))
        elif isinstance(node, list) and node:
            way.append(draw(st.integers(0, len(node) - 1)))
        else:
            break
        node = value_at(value, tuple(way))
    pointer = tuple(way) if draw(st.booleans()) else pointer
    inner = draw(SCALARS | VALUES | st.lists(SCALARS, max_size=3))
    kind = draw(st.sampled_from([Put, Append, Unset, Discard]))
    if kind is Unset:
        return value, text, Unset(pointer=pointer)
    assert kind in (Put, Append, Discard)
    return value, text, kind(pointer=pointer, value=inner)


@settings(deadline=None)
@given(_edits())
@example(({"a": {"b": None}}, "a:\n  b:\n", Put(pointer=("a", "b"), value=1)))
def test_an_edit_is_exact_or_refused(edit: tuple[dict[str, object], str, Change]) -> None:
    value, text, change = edit
    if read(File("a.yaml", text.encode())).faults:
        return
    outcome = rewrite(File("a.yaml", text.encode()), [change])
    if isinstance(outcome, Unfit):
        return
    wanted = changed(value, change)
    got = read(File("a.yaml", outcome)).value
    assert isinstance(got, dict)
    assert isinstance(wanted, dict)
    assert got == wanted
    assert (outcome == text.encode()) == same(wanted, value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("m: {a: 1, b: 2}  # c\n", "m: {new: 1, b: 2}  # c\n"),
        ("m:\n  a: 1  # one\n\n  b: 2\n", "m:\n  new: 1  # one\n\n  b: 2\n"),
        ("m:\r\n  'a'   : 1\r\n", "m:\r\n  'new'   : 1\r\n"),
        ('m:\n  "a":\n    - x\n', 'm:\n  "new":\n    - x\n'),
        ("m: {b: 1}\n", "m: {b: 1}\n"),
        ("m: [a]\n", "m: [a]\n"),
    ],
)
def test_a_renamed_key_keeps_its_place(text: str, wanted: str) -> None:
    assert _rewritten(text, Rekey(pointer=("m", "a"), key="new")) == wanted


def test_a_key_cannot_be_renamed_to_an_existing_one() -> None:
    assert isinstance(_rewritten("m: {a: 1, b: 2}\n", Rekey(pointer=("m", "a"), key="b")), Unfit)
    assert _rewritten("m: {a: 1, b: 2}\n", Rekey(pointer=("m", "a"), key="a")) == "m: {a: 1, b: 2}\n"


def test_an_item_is_written_in_the_style_of_the_list() -> None:
    added = Append(pointer=("l",), value={"a": 3, "b": [4]})
    assert _rewritten("l:\n  - a: 1\n    b: [2]\n", added) == (
        "l:\n  - a: 1\n    b: [2]\n  - a: 3\n    b: [4]\n"
    )
    assert _rewritten("l:\n  - {a: 1}\n", added) == "l:\n  - {a: 1}\n  - {a: 3, b: [4]}\n"
