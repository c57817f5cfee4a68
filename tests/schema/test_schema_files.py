import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from specimens import merged, schema_of

from modelspec.schema import KINDS, schema_text

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "schemas").glob("*.schema.json"))
NAMES = [file.name.removesuffix(".schema.json") for file in FILES]
OPEN = {"metadata", "params", "weights", "files", "rules", "local_targets", "heads", "model_group_alias"}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from nodes(part)


def declared(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field with what it refers to."""
    root = schema_of(name)
    for node in nodes(root):
        properties = node.get("properties", {})
        if "title" in node or node is root:
            for field, subschema in properties.items():
                yield field, merged(root, subschema)


def test_there_is_a_schema_for_each_document_and_each_output() -> None:
    outputs = {"diagnostics", "table", "head", "region", "snapshot", "model-page", "manifest"}
    assert {*KINDS} | outputs <= {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_says_who_it_is(name: str) -> None:
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:modelspec:schema:v1:{name}"


@pytest.mark.parametrize("name", NAMES)
def test_no_reference_leaves_the_file(name: str) -> None:
    schema = schema_of(name)
    references = {node["$ref"] for node in nodes(schema) if isinstance(node.get("$ref"), str)}
    assert references <= {f"#/$defs/{definition}" for definition in schema.get("$defs", {})}


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_a_title_and_a_description(name: str) -> None:
    for field, subschema in declared(name):
        assert subschema.get("title"), field
        assert subschema.get("description", "").endswith("."), field


@pytest.mark.parametrize("name", KINDS)
def test_every_field_of_an_input_has_a_good_example(name: str) -> None:
    root = schema_of(name)
    for field, subschema in declared(name):
        assert subschema.get("examples"), field
        checker = Draft202012Validator({**subschema, "$defs": root.get("$defs", {})})
        for example in subschema["examples"]:
            assert checker.is_valid(example), (field, example)


@pytest.mark.parametrize("name", NAMES)
def test_only_maps_of_free_names_are_open(name: str) -> None:
    for field, subschema in [("", schema_of(name)), *declared(name)]:
        if "properties" in subschema:
            assert subschema["additionalProperties"] is False, field
        elif "object" in subschema.get("type", ""):
            assert field in OPEN | {"fallback_models"}, field


@pytest.mark.parametrize("name", KINDS)
def test_every_pattern_is_told_in_words(name: str) -> None:
    root = schema_of(name)
    for node in nodes(root):
        if isinstance(node.get("pattern"), str) and "type" in node:
            assert node.get("x-form"), node["pattern"]


def test_definitions_of_one_name_are_equal_in_all_inputs() -> None:
    seen: dict[str, Any] = {}
    for kind in KINDS:
        for name, definition in schema_of(kind).get("$defs", {}).items():
            assert seen.setdefault(name, definition) == definition, name


def test_the_text_is_that_of_the_file() -> None:
    assert schema_text("model") == (ROOT / "schemas" / "model.schema.json").read_bytes()
    with pytest.raises(FileNotFoundError):
        schema_text("no-such-kind")


def test_importing_the_stage_does_not_import_the_validator() -> None:
    program = "import sys, modelspec.schema; print(json) if 'jsonschema_rs' in sys.modules else None"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_the_page_of_fields_is_up_to_date() -> None:
    script = ROOT / "docs" / "generate_fields.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, check=False)
    assert done.returncode == 0, "run: python docs/generate_fields.py"


def test_the_files_are_laid_out_alike() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", file.name
