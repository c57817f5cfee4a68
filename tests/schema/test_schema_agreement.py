"""The gate, what explains its refusals, and a reference that neither shares say the same."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from specimens import VARIANTS, at, patterns, pointers, replaced, schema_of, specimen

from modelspec.schema import DOCUMENT_KINDS, DocumentKind, check, explain
from modelspec.schema.engine import matches

WRONG: tuple[object, ...] = (None, True, -7, 1.5, "", "No Such Thing!", [], [7], {"x": 7})

PATTERNS = sorted({pattern for kind in DOCUMENT_KINDS for pattern in patterns(schema_of(kind))})

# What Python's `re` takes for the end of a text, for a digit, a letter or a blank, and JavaScript or Rust do not.
MISREAD = (
    "\n",
    "\r",
    "\r\n",
    "\u2028",
    "\x85",
    "\x00",
    "\u0663",
    "\uff11",
    "é",
    "\u017f",
    "\u212a",
    "\xa0",
    "😀",
)

LONG = 256 * 1024
REPEATED = ("a", "0", "-", ".", "/", "#", "a-", "/a", "./")


def translated(pattern: str) -> str:
    """The pattern as Python's `re` would have to be given it: `$` is the end alone, classes are ASCII."""
    return "(?a)" + re.sub(r"\$(?=$|\)|\|)", r"\\Z", pattern)


def _translated_schema(node: Any) -> Any:
    if isinstance(node, list):
        return [_translated_schema(part) for part in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _translated_schema(part) for key, part in node.items()}
    if isinstance(node.get("pattern"), str):
        changed["pattern"] = translated(node["pattern"])
    if "patternProperties" in node:
        changed["patternProperties"] = {
            translated(form): part for form, part in changed["patternProperties"].items()
        }
    return changed


@cache
def reference(kind: DocumentKind) -> Any:
    return Draft202012Validator(_translated_schema(schema_of(kind)))


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


def misread(document: Any) -> Iterator[Any]:
    """The document with each of its texts and keys, in turn, followed by what is easily misread."""
    for number, pointer in enumerate(pointers(document)):
        here = at(document, pointer)
        foreign = MISREAD[number % len(MISREAD)]
        if isinstance(here, str):
            yield replaced(document, pointer, f"{here}{foreign}")
            yield replaced(document, pointer, f"{foreign}{here}")
        elif isinstance(here, dict) and here:
            key = next(iter(here))
            yield replaced(document, pointer, {f"{key}\n": here[key]})
            yield replaced(document, pointer, {f"{key}{foreign}": here[key]})


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
@pytest.mark.parametrize("variant", VARIANTS[:2])
def test_texts_that_are_easily_misread(kind: DocumentKind, variant: int) -> None:
    for document in misread(specimen(kind, variant)):
        agree(document, kind)


def test_the_end_of_a_text_is_no_line_feed_and_a_digit_is_ascii() -> None:
    head = {"head_id": "head-eu\n", "region": "eu", "url": "https://a"}
    (fault,) = check({"heads": [head]}, "heads")
    assert (fault.code, fault.pointer) == ("MS104", ("heads", 0, "head_id"))
    (fault,) = check({"rules": {"MS40\u0663": "off"}}, "modelspec")
    assert (fault.code, fault.pointer) == ("MS104", ("rules", "MS40\u0663"))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_written_so_that_it_means_one_thing(pattern: str) -> None:
    outside_of_classes = re.sub(r"\[(?:\\.|[^]\\])+\]", "", pattern)
    assert pattern.isascii()
    assert "(?" not in pattern
    assert {*re.findall(r"\\(.)", pattern)} <= {*"n\\/.*$[]"}, "what a class such as digits holds differs"
    assert not re.search(r"(?<!\\)\.", outside_of_classes), "what a dot leaves out differs"
    assert not re.search(r"\$(?!$|\)|\|)", outside_of_classes)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_takes_and_refuses_the_same_texts_everywhere(pattern: str) -> None:
    reference = re.compile(translated(pattern))
    good = ("a", "eu-1", "/a/b", "MS402", "a#b", "2026-01-01", "10%", "1.2.3.4", "a.b/*")
    for text in [*good, *MISREAD, *(f"{one}{foreign}" for one in good for foreign in MISREAD)]:
        assert matches(pattern, text) == bool(reference.search(text)), repr(text)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_text_of_256_kib_keeps_a_pattern_busy(pattern: str) -> None:
    """Whoever runs a pattern of ours with Python's `re`, or in an editor, must come to an end as well."""
    reference = re.compile(translated(pattern))
    for piece in REPEATED:
        for end in ("", "!"):
            text = piece * (LONG // len(piece)) + end
            assert matches(pattern, text) == bool(reference.search(text)), (piece, end)


def test_the_gate_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind:
        def iter_errors(self, _: object) -> Iterator[Any]:
            return iter(())

    monkeypatch.setattr(explain, "_finder", lambda _: Blind())
    model = {"model_id": "a", "name": "A", "region": "eu", "priority_head": "h"}
    (fault,) = check({**model, "access": {"client_regions": ["eu", "EU"]}}, "model")
    assert (fault.code, fault.pointer) == ("MS104", ("access", "client_regions", 1))
    assert fault.message.startswith("access.client_regions[1] must be a region code: ")
    assert "EU" not in fault.message


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
            document = replaced(
                document, pointer, here + data.draw(st.sampled_from(MISREAD) | st.text(max_size=3))
            )
        else:
            document = replaced(document, pointer, data.draw(VALUES))
    agree(document, kind)
