"""What merges, what replaces, and whose a value is."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelspec.load.defaults import (
    DEFAULTED_AND_REQUIRED,
    NOT_DEFAULTED,
    UPSTREAM,
    WHOLE,
    WHOLE_ITEMS,
    followed,
    merged,
    nodes_of,
)

SCHEMAS = Path(__file__).parents[2] / "schemas"
MODEL = json.loads((SCHEMAS / "model.schema.json").read_bytes())
DEFAULTS = json.loads((SCHEMAS / "defaults.schema.json").read_bytes())


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ({"region": "eu"}, {"region": "us"}, {"region": "us"}),
        ({"tags": ["a", "b"]}, {"tags": ["c"]}, {"tags": ["c"]}),
        ({"tags": ["a"]}, {"tags": []}, {"tags": []}),
        ({"tags": ["a"]}, {"tags": None}, {"tags": None}),
        ({"limits": {"rpm": 1, "tpm": 2}}, {"limits": {"rpm": 3}}, {"limits": {"rpm": 3, "tpm": 2}}),
        ({"limits": {"rpm": 1}}, {"limits": {}}, {"limits": {"rpm": 1}}),
        ({"limits": {"rpm": 1}}, {"limits": None}, {"limits": None}),
        ({"access": {"groups": ["a"]}}, {"access": {"groups": ["b"]}}, {"access": {"groups": ["b"]}}),
        (
            {"load_balancing": {"weights": {"a": 1}}},
            {"load_balancing": {"weights": {"b": 2}}},
            {"load_balancing": {"weights": {"a": 1, "b": 2}}},
        ),
        (
            {"metadata": {"a": {"b": {"c": 1}}, "x": {"y": 1}}},
            {"metadata": {"a": {"b": {"d": 2}}, "x": "text"}},
            {"metadata": {"a": {"b": {"c": 1, "d": 2}}, "x": "text"}},
        ),
        ({"metadata": {"a": 1}}, {"metadata": {"a": {"b": 2}}}, {"metadata": {"a": {"b": 2}}}),
        # References are values, not mappings.
        ({"api_key": {"file": "/x"}}, {"api_key": {"env": "A"}}, {"api_key": {"env": "A"}}),
        (
            {"api_key": {"kubernetes": {"secret": "a", "key": "b"}}},
            {"api_key": {"kubernetes": {"secret": "c"}}},
            {"api_key": {"kubernetes": {"secret": "c"}}},
        ),
        ({"endpoint": {"env": "A"}}, {"endpoint": "https://a"}, {"endpoint": "https://a"}),
        ({"endpoint": "https://a"}, {"endpoint": {"env": "A"}}, {"endpoint": {"env": "A"}}),
        ({"endpoint": {"env": "A"}}, {"endpoint": {}}, {"endpoint": {}}),
        (
            {"params": {"a": {"env": "A"}, "b": 1}},
            {"params": {"a": {}, "c": {"env": "C"}}},
            {"params": {"a": {}, "b": 1, "c": {"env": "C"}}},
        ),
        # A list and a mapping replace each other, two mappings merge.
        ({"fallback_models": {"error": ["a"]}}, {"fallback_models": ["b"]}, {"fallback_models": ["b"]}),
        (
            {"fallback_models": ["b"]},
            {"fallback_models": {"error": ["a"]}},
            {"fallback_models": {"error": ["a"]}},
        ),
        (
            {"fallback_models": {"error": ["a"], "context_window": ["c"]}},
            {"fallback_models": {"error": ["b"]}},
            {"fallback_models": {"error": ["b"], "context_window": ["c"]}},
        ),
        # Several upstreams stand in place of one, and the other way round: the nearer wins.
        (
            {
                "endpoint": "https://a",
                "provider": "p",
                "api_key": {"env": "A"},
                "params": {"a": 1},
                "tags": [],
            },
            {"deployments": [1]},
            {"deployments": [1], "tags": []},
        ),
        ({"deployments": [1], "tags": []}, {"endpoint": "https://a"}, {"endpoint": "https://a", "tags": []}),
        ({"deployments": [1]}, {"upstream_model": "u"}, {"upstream_model": "u"}),
        ({"deployments": [1]}, {"deployments": [2]}, {"deployments": [2]}),
        # What excludes each other in one file stays a fault of that file.
        (
            {"deployments": [1], "provider": "p"},
            {"deployments": [2], "endpoint": "https://a"},
            {"deployments": [2], "endpoint": "https://a"},
        ),
    ],
)
def test_the_nearer_value_holds(
    outer: dict[str, object], inner: dict[str, object], expected: dict[str, object]
) -> None:
    before = deepcopy((outer, inner))
    assert merged(outer, inner) == expected
    assert (outer, inner) == before


def test_the_fields_of_the_outer_come_first() -> None:
    assert list(merged({"b": 1, "a": 1}, {"c": 2, "a": 2})) == ["b", "a", "c"]


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    return {**MODEL["$defs"][part["$ref"].rpartition("/")[2]], **part} if "$ref" in part else part


def _unions(part: dict[str, Any], path: str) -> Iterator[str]:
    """Every field that is a mapping and may be something else, or of which exactly one key is wanted."""
    part = _resolved(part)
    types = [part["type"]] if isinstance(part["type"], str) else part["type"]
    if "object" not in types:
        return
    if len(types) > 1 or part.get("minProperties") == part.get("maxProperties") == 1:
        yield path
        return
    for name, inner in part.get("properties", {}).items():
        yield from _unions(inner, f"{path}.{name}" if path else name)
    for inner in part.get("patternProperties", {}).values():
        yield from _unions(inner, f"{path}.*")


def test_every_union_of_the_schema_has_been_thought_of() -> None:
    assert [*_unions(MODEL, "")] == ["endpoint", "api_key", "params.*", "request.*", "fallback_models"]
    assert (WHOLE, WHOLE_ITEMS) == (("endpoint", "api_key"), ("params", "request"))
    assert {field: tuple(part["properties"]) for field, part in MODEL["dependentSchemas"].items()} == {
        "deployments": UPSTREAM
    }
    assert not MODEL.keys() & {"anyOf", "oneOf", "allOf", "not", "if", "dependentRequired"}


def test_the_schema_of_defaults_is_that_of_models_less_what_is_a_models_own() -> None:
    fields = {name: field for name, field in MODEL["properties"].items() if name not in NOT_DEFAULTED}
    assert list(DEFAULTS["properties"].items()) == list(fields.items())
    assert DEFAULTS["$defs"] == MODEL["$defs"]
    assert DEFAULTS["dependentSchemas"] == MODEL["dependentSchemas"]
    assert DEFAULTS["x-elsewhere"].keys() == {*NOT_DEFAULTED}
    assert "required" not in DEFAULTS
    assert {*DEFAULTED_AND_REQUIRED} == {*MODEL["required"]} - {*NOT_DEFAULTED}


def test_nodes_are_counted_as_reading_counts_them() -> None:
    assert nodes_of({}) == 1
    assert nodes_of({"a": [1, {"b": None}], "c": "d"}) == 9


def _layers(number: int) -> st.SearchStrategy[dict[str, Any]]:
    """What one file says; every scalar in it is the number of the file."""
    leaf = st.just(number)
    inner = st.recursive(
        leaf,
        lambda part: st.lists(part, max_size=2) | st.dictionaries(st.sampled_from("abc"), part, max_size=3),
        max_leaves=6,
    )
    fields = ("endpoint", "api_key", "params", "metadata", "fallback_models", "deployments", "limits", "tags")
    return st.dictionaries(st.sampled_from(fields), inner, max_size=6)


def _leaves(pointer: tuple[str | int, ...], value: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    items: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, dict):
        items = iter(value.items())
    elif isinstance(value, list):
        items = iter(enumerate(value))
    else:
        yield pointer, value
    for step, item in items:
        yield from _leaves((*pointer, step), item)


@given(st.tuples(_layers(0), _layers(1), _layers(2)))
def test_each_value_is_traced_to_the_file_that_gives_it(layers: tuple[dict[str, Any], ...]) -> None:
    value: dict[str, Any] = {}
    for layer in layers:
        value = merged(value, layer)
    for pointer, number in _leaves((), value):
        reached, source = 0, -1
        for index in (2, 1, 0):
            steps, hides = followed(layers[index], pointer)
            if steps > reached:
                reached, source = steps, index
            if hides:
                break
        assert (reached, source) == (len(pointer), number)


@given(_layers(0), _layers(1))
def test_laying_a_file_over_the_result_again_changes_nothing(
    outer: dict[str, Any], inner: dict[str, Any]
) -> None:
    once = merged(outer, inner)
    assert merged({}, inner) == inner
    assert merged(outer, {}) == outer
    assert merged(once, inner) == once
    assert nodes_of(once) <= nodes_of(outer) + nodes_of(inner)
