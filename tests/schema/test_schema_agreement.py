"""The fast gate, its explanation and the reference implementation say the same."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from specimens import VARIANTS, at, pointers, replaced, schema_of, specimen

from modelspec.schema import DOCUMENT_KINDS, DocumentKind, check

WRONG: tuple[object, ...] = (None, True, -7, 1.5, "", "No Such Thing!", [], [7], {"x": 7})


def _pattern(_: Any, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
    # In ECMAScript `$` is the end of the text alone.
    if isinstance(instance, str) and not re.search(re.sub(r"\$(?=$|\)|\|)", r"\\Z", pattern), instance):
        yield ValidationError("form")


@cache
def reference(kind: DocumentKind) -> Any:
    return extend(Draft202012Validator, {"pattern": _pattern})(schema_of(kind))  # type: ignore[no-untyped-call]


def agree(document: Any, kind: DocumentKind) -> None:
    faults = check(document, kind)
    assert bool(faults) != reference(kind).is_valid(document)
    assert len({(fault.code, fault.pointer, fault.message) for fault in faults}) == len(faults)
    for fault in faults:
        at(document, fault.pointer)
        assert fault.message
        assert fault.label
        assert fault.help
        assert not fault.on_key or isinstance(fault.pointer[-1], str)


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_document_made_of_the_examples_is_good(kind: DocumentKind, variant: int) -> None:
    assert check(specimen(kind, variant), kind) == []
    agree(specimen(kind, variant), kind)


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
@pytest.mark.parametrize("variant", VARIANTS[:2])
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_every_value_is_replaced_by_something_else(kind: DocumentKind, variant: int, wrong: object) -> None:
    document = specimen(kind, variant)
    for pointer in pointers(document):
        agree(replaced(document, pointer, wrong), kind)


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
@pytest.mark.parametrize("variant", VARIANTS[:2])
def test_every_field_is_left_out_in_turn(kind: DocumentKind, variant: int) -> None:
    document = specimen(kind, variant)
    for pointer in pointers(document):
        if pointer and isinstance(pointer[-1], str):
            changed = replaced(document, pointer, None)
            del at(changed, pointer[:-1])[pointer[-1]]
            agree(changed, kind)


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
@pytest.mark.parametrize("variant", VARIANTS[:2])
def test_a_foreign_field_is_added_everywhere(kind: DocumentKind, variant: int) -> None:
    document = specimen(kind, variant)
    for pointer in pointers(document):
        if isinstance(at(document, pointer), dict):
            agree(replaced(document, pointer, {**at(document, pointer), "nmae": "x"}), kind)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_documents_near_to_valid(kind: DocumentKind, data: st.DataObject) -> None:
    document = specimen(kind, data.draw(st.sampled_from(VARIANTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(pointers(document))
        pointer = data.draw(st.sampled_from(places))
        here = at(document, pointer)
        if isinstance(here, list) and here and data.draw(st.booleans()):
            document = replaced(document, pointer, [*here, data.draw(st.sampled_from(here))])
        elif isinstance(here, dict) and data.draw(st.booleans()):
            names = [str(place[-1]) for place in places if place]
            name = data.draw(st.sampled_from(["nmae", *names]) | st.text(max_size=9))
            document = replaced(document, pointer, {**here, name: data.draw(VALUES)})
        elif isinstance(here, str) and data.draw(st.booleans()):
            document = replaced(document, pointer, here + data.draw(st.text(max_size=3)))
        else:
            document = replaced(document, pointer, data.draw(VALUES))
    agree(document, kind)
