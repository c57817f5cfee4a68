import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from small_fleets import FLEETS, write_repository
from specimens import merged, nodes, schema_of

from modelspec.gateways.litellm.request_rules import REQUEST_PARAMS
from modelspec.schema import DOCUMENT_KINDS, DocumentKind, defaults, schema_text

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "schemas").glob("*.schema.json"))
NAMES = [file.name.removesuffix(".schema.json") for file in FILES]
OPEN = {"metadata", "params", "weights", "files", "rules", "local_targets", "heads", "model_group_alias"}
OPEN |= {"request", "model_info", *REQUEST_PARAMS}


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
    assert {*DOCUMENT_KINDS} | outputs <= {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_has_its_id(name: str) -> None:
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


@pytest.mark.parametrize("name", DOCUMENT_KINDS)
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
            assert field in OPEN | {"fallback_models", "lines", "models"}, field


@pytest.mark.parametrize("name", DOCUMENT_KINDS)
def test_every_pattern_is_worded(name: str) -> None:
    root = schema_of(name)
    for node in nodes(root):
        if isinstance(node.get("pattern"), str) and "type" in node:
            assert node.get("x-form"), node["pattern"]


def test_definitions_of_one_name_are_equal_in_all_inputs() -> None:
    seen: dict[str, Any] = {}
    for kind in DOCUMENT_KINDS:
        for name, definition in schema_of(kind).get("$defs", {}).items():
            assert seen.setdefault(name, definition) == definition, name


def test_the_text_is_that_of_the_file() -> None:
    assert schema_text("model") == (ROOT / "schemas" / "model.schema.json").read_bytes()
    with pytest.raises(FileNotFoundError):
        schema_text("no-such-kind")


def test_the_schemas_hold_only_what_explain_relies_on() -> None:
    words = {"title", "description", "examples", "default", "x-private", "x-form", "x-help"}
    for kind in DOCUMENT_KINDS:
        root = schema_of(kind)
        for node in nodes(root):
            if isinstance(node.get("$ref"), str):
                assert node.keys() <= words | {"$ref"}, (
                    "what stands beside a reference is laid over its definition"
                )
            if node.get("uniqueItems") is True:
                assert "string" in merged(root, node["items"])["type"], "repeated texts are looked for"
            for branch in node.get("anyOf", []):
                assert branch.keys() == {"required"}
            for rule in node.get("dependentSchemas", {}).values():
                assert not any(rule["properties"].values())
                assert rule["x-help"]
            if isinstance(node.get("patternProperties"), dict) or isinstance(node.get("properties"), dict):
                assert node.get("additionalProperties", False) is False


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("model", (), {"provider": "openai", "local_inference": False, "hedge": False, "status": "active"}),
        ("model", ("access",), {"visibility": "internal"}),
        ("model", ("load_balancing",), {"policy": "round_robin"}),
        ("model", ("deployments",), {"provider": "openai"}),
        ("model", ("api_key", "kubernetes"), {}),
        ("defaults", ("access",), {"visibility": "internal"}),
        ("heads", ("heads",), {"status": "active", "health_path": "/health"}),
        ("modelspec", (), {"output": "dist", "base_path": "/"}),
        ("modelspec", ("repository",), {"branch": "main"}),
        (
            "modelspec",
            ("guards",),
            {
                "max_changed": "30%",
                "max_removed": "10%",
                "max_moved": "10%",
                "max_moved_requests": "100%",
                "last_model_of_region": "error",
                "empty_head": "error",
                "endpoint_host_change": "error",
                "residency_change": "error",
                "head_host_change": "error",
                "policy_loosened": "error",
                "max_waiver_days": 180,
            },
        ),
        ("routes.test", ("tests", "expect"), {"status": 200}),
    ],
)
def test_the_schema_holds_the_defaults(
    kind: DocumentKind, path: tuple[str, ...], expected: dict[str, object]
) -> None:
    assert defaults(kind, *path) == expected


def test_a_field_that_does_not_exist_has_no_defaults() -> None:
    with pytest.raises(KeyError, match="acess"):
        defaults("model", "acess")


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_a_default_is_what_the_field_may_hold(kind: DocumentKind) -> None:
    root = schema_of(kind)
    for name, field in declared(kind):
        if "default" in field:
            assert Draft202012Validator({**field, "$defs": root.get("$defs", {})}).is_valid(
                field["default"]
            ), name


def _imported_by(program: str) -> set[str]:
    program = f"import sys; {program}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {"jsonschema", "jsonschema_rs", "referencing"} & {*done.stdout.split()}


@pytest.mark.parametrize("module", ["modelspec.schema", "modelspec.cli"])
def test_importing_the_package_imports_no_validator(module: str) -> None:
    assert _imported_by(f"import {module}") == set()


def test_only_a_bad_document_is_worth_importing_jsonschema(tmp_path: Path) -> None:
    fleet = write_repository(tmp_path, FLEETS["plain"])
    validate = f"from modelspec.cli import run; run(['validate', '--no-cache', '--root', {str(fleet)!r}])"
    assert _imported_by(validate) == {"jsonschema_rs"}
    (fleet / "models.d/bad.yaml").write_text("model_id: bad\n")
    assert _imported_by(validate) == {"jsonschema", "jsonschema_rs", "referencing"}


def test_the_page_of_fields_is_up_to_date() -> None:
    script = ROOT / "docs" / "generate_fields.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, check=False)
    assert done.returncode == 0, "run: python docs/generate_fields.py"


def test_the_files_are_laid_out_alike() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", file.name
