"""Places in a file are printed in one way, `deployments[0].weight`, and what is printed can be typed."""

import re
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.author.assignments import pointer_of
from modelspec.author.change import Put, changed
from modelspec.author.schemas.choices import kind_of
from modelspec.load import read
from modelspec.load.find import read_tree
from modelspec.schema import DOCUMENT_KINDS, check
from modelspec.schema.documents import schema_of
from modelspec.text.document import Pointer, field_path

ROOT = Path(__file__).parents[2]

_STEPS = st.text(min_size=1, max_size=12).filter(lambda step: '"' not in step) | st.integers(0, 99_999)


@given(st.lists(_STEPS, max_size=6))
def test_a_printed_place_can_be_typed(steps: list[str | int]) -> None:
    pointer: Pointer = ("metadata", "x", *steps)
    assert pointer_of(field_path(pointer)) == pointer


def _lists(schema: object) -> Iterator[str]:
    """The names of all fields that may be lists."""
    if isinstance(schema, dict):
        for name, field in schema.get("properties", {}).items():
            if isinstance(field, dict) and "array" in field.get("type", ()):
                yield name
        for inner in schema.values():
            yield from _lists(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _lists(inner)


_LISTS = "|".join(sorted({name for kind in DOCUMENT_KINDS for name in _lists(schema_of(kind))}))
_OTHERWISE = re.compile(rf"\b(?:{_LISTS})\.[0-9]+\b")
"""A position behind a dot: how no place is printed."""


def _pointers(value: object, pointer: Pointer = ()) -> Iterator[Pointer]:
    yield pointer
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield from _pointers(inner, (*pointer, step))


def _contents() -> dict[str, object]:
    tree = read_tree(ROOT)
    files = [*tree.fixed.values(), *tree.models]
    return {file.path: read(file).value for file in files if file.path.endswith(".yaml")}


CONTENTS = _contents()
_PLACES = [(path, pointer) for path, value in CONTENTS.items() for pointer in _pointers(value) if pointer]
_WRONG: st.SearchStrategy[object] = st.sampled_from(
    [None, -1, 0.5, True, "", "no such thing", [], {}, [[]], [7, 7], {"no_field": 1}]
)


@settings(deadline=None)
@given(st.sampled_from(_PLACES), _WRONG)
def test_faults_of_a_value_name_its_place(place: tuple[str, Pointer], wrong: object) -> None:
    path, pointer = place
    value = changed(CONTENTS[path], Put(pointer=pointer, value=wrong))
    for fault in check(value, kind_of(path)):
        assert not _OTHERWISE.search(f"{fault.message} {fault.label} {fault.help}"), fault
        holder = field_path(fault.pointer[:-1])
        assert fault.private or holder in fault.message or field_path(fault.pointer) in fault.message, fault


def test_no_golden_output_has_a_position_behind_a_dot() -> None:
    goldens = [
        *ROOT.glob("tests/**/cases/**/*.txt"),
        *ROOT.glob("tests/**/said/**/*"),
        *ROOT.glob("tests/golden/**/*.txt"),
        *ROOT.glob("tests/report/formats/*"),
        *ROOT.glob("docs/**/*.md"),
        ROOT / "README.md",
    ]
    assert len(goldens) > 200
    found = {
        str(file.relative_to(ROOT)): match[0]
        for file in goldens
        if file.is_file() and (match := _OTHERWISE.search(file.read_text(encoding="utf-8", errors="replace")))
    }
    assert found == {}
