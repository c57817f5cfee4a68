"""Random edits of the example fleet: every other line stays the same, byte for byte."""

import difflib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.author.assignments import change_of
from modelspec.author.canonical import canonical
from modelspec.author.change import Append, changed, same, value_at
from modelspec.author.draft import Draft, judged
from modelspec.author.entries import ModelFile, entries_of
from modelspec.author.models import draft_of_edit
from modelspec.diagnose.refusal import Refusal
from modelspec.load import read
from modelspec.load.find import File, read_tree
from modelspec.text.document import MapNode

ROOT = Path(__file__).parents[2]
ENTRIES = entries_of(read_tree(ROOT))
ASSIGNMENTS = st.sampled_from(
    [
        "name=Somebody: else", "region=eu", "limits.rpm=7", "limits={rpm: 1}", "tags+=new", "tags-=chat", "tags=[a]",
        "metadata.owner=team-x", "metadata.deep.er=1", "fallback_heads+=head-service-jp", "api_key={env: X_KEY}",
        "status=disabled", "access.client_regions=[eu, no]", "load_balancing.weights.head-x=3", "aliases-=gpt-5",
        "metadata.languages-=en", "endpoint=https://x.example.com/v1", "params.timeout=3", "sunset=2027-01-01",
    ]
)  # fmt: skip


@given(entry=st.sampled_from(ENTRIES), assignments=st.lists(ASSIGNMENTS, min_size=1, max_size=4))
@settings(deadline=None, max_examples=150)
def test_unedited_lines_stay_the_same(entry: ModelFile, assignments: list[str]) -> None:
    changes = [change_of(text) for text in assignments]
    assert not any(isinstance(change, Refusal) for change in changes)
    draft = draft_of_edit([entry], changes)  # type: ignore[arg-type]
    assert isinstance(draft, Draft), draft
    wanted: object = dict(entry.value)
    for change in changes:
        there = value_at(wanted, change.pointer) or ()  # type: ignore[union-attr]
        if not isinstance(change, Append) or change.value not in there:  # type: ignore[operator]
            wanted = changed(wanted, change)  # type: ignore[arg-type]
    data = draft.files.get(entry.path, entry.reading.file.data)
    assert data is not None
    value = read(File(entry.path, data)).value
    assert isinstance(value, dict)
    assert isinstance(wanted, dict)
    assert value.keys() == wanted.keys()
    assert all(same(value[key], wanted[key]) for key in value)
    touched = {change.pointer[0] for change in changes}  # type: ignore[union-attr]
    old, new = entry.reading.file.data.splitlines(True), data.splitlines(True)
    for tag, first, last, *_ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag in ("delete", "replace"):
            fields = {_field(entry, number + 1) for number in range(first, last)}
            assert fields <= touched, b"".join(old[first:last])


def _field(entry: ModelFile, line: int) -> str:
    """The top-level field that a line belongs to; the one above a blank line or a comment."""
    root = entry.reading.document.root
    assert isinstance(root, MapNode)
    entries = root.entries
    return max((e.key.line, name) for name, e in entries.items() if e.key.line <= line)[1]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.model_id)
def test_fmt_moves_lines_without_changing_them(entry: ModelFile) -> None:
    ordered = canonical(entry.reading.file)
    assert isinstance(ordered, bytes)
    assert sorted(ordered.splitlines()) == sorted(entry.reading.file.data.splitlines())
    assert canonical(File(entry.path, ordered)) == ordered


STYLES = """\
# about the file

# about the name
name: >-
  folded
  text

  # part of the text? no: a comment of name
model_id: x   # first

# far above

tags:
- a   # one

# in the list
- b
region: us
odd: 1
metadata: {a: 1,
  b: 2}
priority_head: h
# the end
"""
ORDERED = """\
# about the file

model_id: x   # first
# about the name
name: >-
  folded
  text

  # part of the text? no: a comment of name
region: us
priority_head: h

# far above

tags:
- a   # one

# in the list
- b
metadata: {a: 1,
  b: 2}
odd: 1
# the end
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_fmt_keeps_comments_with_their_fields(end: str, bom: bytes) -> None:
    given_text, wanted = (bom + text.replace("\n", end).encode() for text in (STYLES, ORDERED))
    assert canonical(File("models.d/x.yaml", given_text)) == wanted
    assert canonical(File("models.d/x.yaml", wanted)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("name: a\nmodel_id: b", "model_id: b\nname: a"),
        ("---\nname: a\nmodel_id: b\n", "---\nmodel_id: b\nname: a\n"),
        ("# x\nname: a\nmodel_id: b\n", "# x\nmodel_id: b\nname: a\n"),
        ("name: |\n  a\n\n  b\n\nmodel_id: b\n", "\nmodel_id: b\nname: |\n  a\n\n  b\n"),
    ],
)
def test_fmt_of_a_short_file(text: str, wanted: str) -> None:
    ordered = canonical(File("models.d/x.yaml", text.encode()))
    assert ordered == wanted.encode()
    assert canonical(File("models.d/x.yaml", wanted.encode())) == wanted.encode()


@pytest.mark.parametrize(
    "text",
    [
        "{name: a, model_id: b}",
        "name: &n a\nmodel_id: *n\n",
        "? name\n: a\nmodel_id: b\n",
        "- a",
        "a: [",
        "  name: a\n  model_id: b\n",
    ],
)
def test_fmt_leaves_alone_what_it_cannot_move(text: str) -> None:
    outcome = canonical(File("models.d/x.yaml", text.encode()))
    assert isinstance(outcome, Refusal)
    assert outcome.message.startswith("models.d/x.yaml was left alone: ")


def test_existing_faults_do_not_refuse_a_draft(tmp_path: Path) -> None:
    """An existing fault does not refuse a draft, even if its line moves; one more of the same does."""
    from small_fleets import TODAY, compiled, model  # noqa: PLC0415

    before = compiled(
        tmp_path, {"atlas": model("atlas", "fallback_heads: [head-none]"), "bison": model("bison")}
    )
    files = {file.path: file.data for file in before.tree.models}
    moved = b"# one more line\n" + files["models.d/atlas.yaml"]
    assert not judged(before, Draft(files={"models.d/atlas.yaml": moved}, title=""), TODAY).new
    again = files["models.d/bison.yaml"] + b"fallback_heads: [head-none]\n"
    assert judged(before, Draft(files={"models.d/bison.yaml": again}, title=""), TODAY).is_refused
    gone: dict[str, bytes | None] = dict.fromkeys(files)
    verdict = judged(before, Draft(files=gone, title=""), TODAY)
    assert "MS023" in [found.code for found in verdict.new]
