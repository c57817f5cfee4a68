import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.schema import SchemaFault, load_metadata_schema

SLOW = (
    "the pattern at /pattern uses lookaround or backreferences, or is too large; patterns must be linear-time"
)
AWAY = "leaves the file; write references such as '#/$defs/name'"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def faults(schema: Any, metadata: Any) -> list[SchemaFault]:
    checker, refused = load_metadata_schema(json.dumps(schema).encode())
    assert refused == []
    assert checker is not None
    return checker.check(metadata)


def only(schema: Any, metadata: Any) -> SchemaFault:
    (fault,) = faults(schema, metadata)
    assert fault.code == "MS109"
    return fault


def refusal(text: bytes) -> str:
    checker, (fault,) = load_metadata_schema(text)
    assert checker is None
    assert (fault.code, fault.pointer) == ("MS110", ())
    return fault.message.removeprefix("the metadata schema cannot be used: ")


def test_good_metadata_passes() -> None:
    schema = {"$schema": DRAFT, "$id": "https://example.com/m", "properties": {"owner": {"type": "string"}}}
    assert faults(schema, {"owner": "team"}) == []


def test_a_fault_points_below_metadata_and_hides_the_value() -> None:
    fault = only({"properties": {"owner": {"type": "string", "examples": ["team-a"]}}}, {"owner": 7})
    assert fault.pointer == ("metadata", "owner")
    assert fault.message == "metadata.owner must be a string, not a number"


def test_a_key_that_the_schema_does_not_name_is_hidden() -> None:
    schema = {"additionalProperties": {"type": "object", "additionalProperties": {"pattern": "^a"}}}
    fault = only(schema, {"k1": {"k2": "b"}})
    assert fault.pointer == ("metadata", "k1", "k2")
    assert fault.message == "metadata.….… does not have the form that the schema requires"
    assert fault.help == "write a value that matches '^a'"


@pytest.mark.parametrize(
    ("schema", "metadata", "message", "advice"),
    [
        ({"required": ["owner"]}, {}, "metadata.owner is missing", "add a line such as owner: …"),
        (
            {"required": ["owner"], "properties": {"owner": True}},
            {},
            "metadata.owner is missing",
            "add a line such as owner: …",
        ),
        (
            {"required": ["owner"], "properties": {"owner": {"$ref": "#/$defs/no"}}, "$defs": {"no": True}},
            {},
            "metadata.owner is missing",
            "add a line such as owner: …",
        ),
        (
            {"additionalProperties": False},
            {"a": 1},
            "metadata does not satisfy the schema (falseSchema)",
            "remove it",
        ),
        (
            {"properties": {"b": {}}, "additionalProperties": False},
            {"a": 1},
            "metadata has an unknown field",
            "the only field is b",
        ),
        (
            {"properties": {"a": {"pattern": "^x", "description": "It begins with x."}}},
            {"a": "b"},
            "metadata.a does not have the form that the schema requires",
            "It begins with x.",
        ),
        (
            {"properties": {"a": {"pattern": "^x", "x-form": "a word with x"}}},
            {"a": "b"},
            "metadata.a must be a word with x",
            "write a value that matches '^x'",
        ),
        ({"properties": {"a": {"const": 1}}}, {"a": 2}, "metadata.a must be 1", "write 1"),
        (
            {"properties": {"a": {"enum": ["north", "south"]}}},
            {"a": "nroth"},
            "metadata.a must be one of 'north' or 'south'",
            "write one of 'north' or 'south'",
        ),
        (
            {"properties": {"a": {"maximum": 1}}},
            {"a": 2},
            "metadata.a is too large; it must be at most 1",
            "write a number that is at most 1",
        ),
        (
            {"maxProperties": 1},
            {"a": 1, "b": 2},
            "metadata is too large: 2 fields, at most 1",
            "write at most 1 field",
        ),
        (
            {"properties": {"a": {"uniqueItems": True}}},
            {"a": [1, 1]},
            "metadata.a contains equal items",
            "remove one of them",
        ),
        (
            {"properties": {"a": {"uniqueItems": True}}},
            {"a": [1, 1.0]},
            "metadata.a contains equal items",
            "remove one of them",
        ),
        (
            {"properties": {"a": {"multipleOf": 2}}},
            {"a": 3},
            "metadata.a does not satisfy the schema (multipleOf)",
            "write a value that satisfies multipleOf: 2",
        ),
        (
            {"properties": {"a": False}},
            {"a": 3},
            "metadata.a does not satisfy the schema (falseSchema)",
            "remove it",
        ),
        (
            {"properties": {"additionalProperties": False}},
            {"additionalProperties": {"x": 1}},
            "metadata.additionalProperties does not satisfy the schema (falseSchema)",
            "remove it",
        ),
        (
            {"properties": {"dependentSchemas": False}},
            {"dependentSchemas": 1},
            "metadata.dependentSchemas does not satisfy the schema (falseSchema)",
            "remove it",
        ),
        (
            {"propertyNames": {"pattern": "^a"}},
            {"b": 3},
            "a key of metadata does not have the form that the schema requires",
            "write a key that matches '^a'",
        ),
        (
            {"dependentSchemas": {"a": {"properties": {"b": False}}}},
            {"a": 1, "b": 2},
            "metadata.b does not satisfy the schema (falseSchema)",
            "remove it",
        ),
        (
            {"properties": {"a": {"contains": {"const": 1}}}},
            {"a": [2]},
            "metadata.a does not satisfy the schema (contains)",
            "write a value that satisfies contains: a mapping",
        ),
        (
            {"properties": {"a": {"minLength": 9}}},
            {"a": "short"},
            "metadata.a is too short: 5 characters, at least 9",
            "write at least 9 characters",
        ),
        (
            {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "examples": [{"b": "x"}]},
            {"a": [], "b": "x"},
            "metadata.a must be a string, not a list",
            "write a string",
        ),
        (
            {"properties": {"a": {"type": "string", "examples": ["x"]}}},
            {"a": []},
            "metadata.a must be a string, not a list",
            "write, for example, a: x",
        ),
        (
            {"properties": {"a": {"type": "string", "pattern": "^[0-9]+$"}}},
            {"a": 7},
            "metadata.a must be a string, not a number",
            "put it in quotes; without them YAML reads it as a number",
        ),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "metadata.b is missing", "add a line such as b: …"),
        (
            {"type": "object", "minProperties": 1},
            {},
            "metadata is empty; it needs at least 1 field",
            "write at least 1 field",
        ),
        (
            {"properties": {"a": {"type": "array"}}},
            {"a": "x"},
            "metadata.a must be a list, not a string",
            "write a list",
        ),
    ],
)
def test_a_violation_is_worded(schema: Any, metadata: Any, message: str, advice: str) -> None:
    fault = only(schema, metadata)
    assert (fault.message, fault.help) == (message, advice)


@pytest.mark.parametrize("size", [1, 20_000])
def test_of_a_large_metadata_only_the_first_fault_is_reported(size: int) -> None:
    schema = {"propertyNames": {"pattern": "^a"}, "properties": {"list": {"maxItems": 3}}}
    fault = only(schema, {"bad": [{}] * size, **{f"a{n}": n for n in range(size)}})
    assert fault.message.startswith("a key of metadata does not have the form")
    many = faults(schema, {f"b{n}": n for n in range(size)})
    assert len(many) == 1


def test_a_key_may_be_too_short() -> None:
    fault = only({"propertyNames": {"minLength": 2, "enum": ["ab"]}}, {"a": 1})
    assert (fault.pointer, fault.on_key) == (("metadata", "a"), True)
    assert only({"propertyNames": {"minLength": 1}}, {"": 1}).message == (
        "a key of metadata is empty; it needs at least 1 character"
    )


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
@pytest.mark.parametrize(
    ("branches", "value", "message"),
    [
        ([{"type": "string"}, {"type": "object", "required": ["x"]}], {}, "metadata.a.x is missing"),
        ([{"type": "string"}, {"$ref": "#/$defs/n"}], 0, "metadata.a is too small; it must be at least 1"),
        ([{"type": "string"}, {"type": "number"}], [], "metadata.a does not satisfy the schema ({})"),
        ([{"required": ["x"]}, {"required": ["y"]}], {}, "metadata.a does not satisfy the schema ({})"),
        ([{"minimum": 9}, {"multipleOf": 2}], 3, "metadata.a does not satisfy the schema ({})"),
        ([{"minimum": 9}, False], 3, "metadata.a is too small; it must be at least 9"),
        (
            [{"const": "x"}, {"anyOf": [{"type": "null"}, {"minimum": 5}]}],
            3,
            "metadata.a is too small; it must be at least 5",
        ),
    ],
)
def test_alternatives_are_folded_into_the_one_that_was_meant(
    keyword: str, branches: Any, value: Any, message: str
) -> None:
    schema = {"properties": {"a": {keyword: branches}}, "$defs": {"n": {"type": "integer", "minimum": 1}}}
    assert only(schema, {"a": value}).message == message.format(keyword)


@pytest.mark.parametrize("key", ["0", "00", "007", "+1", "7", "10", "", "+", "²"])
def test_a_key_that_the_validator_rewrites_stays_a_key(key: str) -> None:
    schema = {"additionalProperties": {"type": ["string", "object"]}}
    metadata = {"0": "", "00": "", "+": "", "": {"": ""}, "x": ""}
    assert only(schema, {**metadata, key: 1}).pointer == ("metadata", key)
    assert only({"properties": {"7": {"type": "string"}}}, {"7": 1}).message.startswith("metadata.7 must be")


@pytest.mark.parametrize(
    "metadata",
    [{"": "x", "a": 1}, {"": [], "0": 1}, {"": {"a": 1}, "a": "x"}, {"": {"": {"a": 1}}}, {"a": {"": 1}}],
)
def test_a_place_below_an_empty_key_is_found(metadata: Any) -> None:
    schema: Any = {
        "additionalProperties": {"$ref": "#/$defs/x"},
        "$defs": {"x": {"type": ["string", "object", "array"]}},
    }
    for _ in range(3):
        schema["$defs"] = {"x": {**schema["$defs"]["x"], "additionalProperties": schema["$defs"]["x"]}}
    pointer = only(schema, metadata).pointer
    value: Any = {"metadata": metadata}
    for part in pointer:
        value = value[part]
    assert value == 1


@pytest.mark.parametrize(
    ("shape", "message"),
    [({"": True}, "''"), ({"007": True}, "'007'"), ({"+1": True}, "'+1'")],
)
def test_a_schema_whose_keys_cannot_be_pointed_to_is_rejected(shape: Any, message: str) -> None:
    text = json.dumps({"properties": shape}).encode()
    assert refusal(text) == f"it has a key {message}, which diagnostics cannot point to"


def test_more_than_one_alternative_is_a_fault_too() -> None:
    schema = {"properties": {"a": {"oneOf": [{"type": "string"}, {"type": ["string", "null"]}]}}}
    assert only(schema, {"a": "x"}).message == "metadata.a does not satisfy the schema (oneOf)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{", "it is not JSON: line 1, column 2"),
        (b"\xff", "it is not UTF-8"),
        (b'{"title": "\\ud800"}', "it is not UTF-8"),
        (b"[]", "it is not a JSON object"),
        (b"true", "it is not a JSON object"),
        (b'{"a": 1, "a": 2}', "it is not JSON: an object has a duplicate key"),
        (b'{"minimum": NaN}', "it is not JSON: NaN and Infinity are not valid in JSON"),
        (b"[" * 30_000, "it is nested too deeply"),
        (b" " * 70_000, "it is larger than 64 KiB"),
        (b'{"$schema": "http://json-schema.org/draft-07/schema#"}', f"its $schema is not {DRAFT}"),
        (b'{"type": "objct"}', "/type is not valid JSON Schema, draft 2020-12"),
        (b'{"pattern": "(?=a)b"}', SLOW),
        (b'{"pattern": "(a{1000}){1000}"}', SLOW),
        (b'{"$ref": "https://example.com/s"}', f"'https://example.com/s' {AWAY}"),
        (b'{"$ref": "file:///etc/passwd"}', f"'file:///etc/passwd' {AWAY}"),
        (b'{"$ref": "other.json"}', f"'other.json' {AWAY}"),
        (b'{"$ref": "#/$defs/%61"}', "'#/$defs/%61' is percent-encoded; write it unencoded"),
        (b'{"$ref": "#/$defs/a"}', "'#/$defs/a' has no target"),
        (b'{"anyOf": [{"$ref": "#/anyOf/x"}]}', "'#/anyOf/x' has no target"),
        (b'{"items": {"$ref": "#/title/x"}, "title": "t"}', "'#/title/x' has no target"),
        (b'{"items": {"$ref": "#"}}', "it refers to itself"),
        (b'{"$dynamicRef": "#a"}', "it uses $dynamicRef, which modelspec does not follow"),
        (b'{"items": {"$id": "https://example.com/s"}}', "it uses $id, which modelspec does not follow"),
        (b'{"items":' * 70 + b"{}" + b"}" * 70, "it is nested more than 64 levels deep"),
    ],
)
def test_a_schema_that_cannot_be_used_is_one_fault(text: bytes, why: str) -> None:
    assert refusal(text) == why


def test_references_that_unfold_without_end_are_rejected() -> None:
    steps = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(20)}
    text = json.dumps({"$ref": "#/$defs/d0", "$defs": {**steps, "d20": {}}}).encode()
    assert refusal(text) == "its references unfold to more than 5000 parts"


def test_the_number_of_patterns_is_bounded() -> None:
    assert refusal(json.dumps({"patternProperties": {f"^{n}": {} for n in range(65)}}).encode()) == (
        "it contains more than 64 patterns"
    )


def test_a_field_may_be_called_like_a_keyword() -> None:
    schema = {
        "properties": {"$ref": {"type": "string"}, "pattern": {"type": "string"}, "patternProperties": {}}
    }
    assert faults(schema, {"$ref": "x", "pattern": "y"}) == []
    assert faults({"examples": [{"patternProperties": 1}]}, {}) == []


def test_a_reference_inside_is_followed() -> None:
    schema = {
        "properties": {"a": {"$ref": "#/$defs/x~1y"}},
        "$defs": {"x/y": {"type": "array", "items": True}},
    }
    assert only(schema, {"a": "z"}).message == "metadata.a must be a list, not a string"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "", "0", "00"]), inner, max_size=3)
    ),
    max_leaves=5,
)
SCHEMAS = st.recursive(
    st.booleans()
    | st.sampled_from(
        [
            {"type": "string"},
            {"type": ["array", "null"]},
            {"minimum": 3},
            {"required": ["a"]},
            {"enum": ["x", 1]},
            {"pattern": "^x"},
            {"uniqueItems": True},
            {"maxLength": 1},
            {"$ref": "#/$defs/d"},
        ],
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("ab0"), inner, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
            "additionalProperties": inner,
            "unevaluatedProperties": inner,
            "unevaluatedItems": inner,
            "propertyNames": inner,
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "contains": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "oneOf": st.lists(inner, min_size=1, max_size=3),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "dependentSchemas": st.dictionaries(st.sampled_from("abc"), inner, max_size=1),
            "dependentRequired": st.just({"a": ["b"]}),
        },
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(schema=SCHEMAS, metadata=st.dictionaries(st.sampled_from(["a", "b", "", "0", "00"]), JSON, max_size=3))
def test_no_schema_and_no_metadata_is_beyond_explanation(schema: Any, metadata: Any) -> None:
    whole = {"allOf": [schema], "$defs": {"d": {"type": "integer", "examples": [3]}}}
    for fault in faults(whole, metadata):
        value: Any = {"metadata": metadata}
        for part in fault.pointer:
            value = value[part]
        assert fault.code == "MS109"
        assert fault.message
        assert fault.help


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40))
def test_no_bytes_raise(text: bytes) -> None:
    checker, refused = load_metadata_schema(text)
    assert (checker is None) == bool(refused)
