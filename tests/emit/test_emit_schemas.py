import json
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator
from published import KINDS, ROOT, kind_of, schema, schema_path
from small_fleets import FLEETS, TODAY, artifacts, compiled, documents

from modelspec.incremental import compile_fleet
from modelspec.pipeline import emission_of
from modelspec.pipeline import write as write_files

COMMAND = Path(sys.executable).with_name("check-jsonschema")
Outputs = dict[str, dict[str, Any]]
"""By fleet and path."""
FREE = {"metadata", "params", "request", "model_info"}
"""Fields with arbitrary content."""
MAPS = {"heads", "weights", "local_targets", "fallback_models", "files", "lines"}
"""Mappings from names: each entry may be absent."""
OF_ENVOY = "gateways/envoy/"
"""Validated by Envoy itself, in tests/gateways."""
OF_GRAFANA = "gateways/prometheus/dashboard.json"
"""Read by the classes that Grafana generates from its schema, in test_emit_prometheus."""
OF_THE_SITE = {
    *("site/404.json", "site/405.json", "site/admin/openapi.json", "site/admin/propose.json"),
    *("site/admin/assets/models.json", "site/admin/assets/routes.json"),
    *("site/admin/live/status.json", "site/admin/live/usage.json"),  # `null`: nothing is measured yet
}
"""Files for pages and web servers only; OpenAPI has its own schema."""


@pytest.fixture(name="outputs", scope="module")
def _outputs(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """Every JSON output of every small fleet."""
    found: Outputs = {}
    for name, models in FLEETS.items():
        root = tmp_path_factory.mktemp(name)
        found[name] = documents(artifacts(compiled(root, models)))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_sound(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))
    assert schema(kind)["$id"] == f"urn:modelspec:schema:v1:{kind}"


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_admit_no_other_field_and_describe_each_one(kind: str) -> None:
    nodes = [
        (where, node) for where, node in _nodes(schema(kind), "#") if "$ref" not in node or "title" in node
    ]
    for where, node in nodes:
        if not where.endswith(("items", "additionalProperties", "propertyNames")):
            assert node.get("title"), where
            assert node.get("description", "").endswith("."), where
        if "properties" in node:
            assert node["additionalProperties"] is False, where
        elif "object" in node.get("type", ()):
            kinds = node.get("oneOf", [node])
            closed = all("additionalProperties" in one for one in kinds)
            assert closed or where.endswith("metadata"), where


def test_what_schemas_share_is_the_same_in_each() -> None:
    shared: dict[str, Any] = {}
    for kind in KINDS:
        for name, definition in schema(kind).get("$defs", {}).items():
            assert shared.setdefault(name, definition) == definition, (kind, name)


@pytest.mark.parametrize("name", FLEETS)
def test_outputs_of_small_fleets_follow_their_schemas(name: str, outputs: Outputs) -> None:
    for path, value in outputs[name].items():
        Draft202012Validator(schema(kind_of(path))).validate(value)


def test_outputs_of_the_example_fleet_follow_their_schemas_by_the_installed_command(tmp_path: Path) -> None:
    result = compile_fleet(ROOT, today=TODAY)
    prepared = emission_of(result, commit="f" * 40, commit_date="2026-06-01T00:00:00Z")
    write_files(prepared, tmp_path / "dist")
    by_kind: dict[str, list[str]] = {}
    for file in sorted((tmp_path / "dist").rglob("*.json")):
        path = file.relative_to(tmp_path / "dist").as_posix()
        if path in {*OF_THE_SITE, OF_GRAFANA} or path.startswith(OF_ENVOY):
            continue
        Draft202012Validator(schema(kind_of(path))).validate(json.loads(file.read_text(encoding="utf-8")))
        by_kind.setdefault(kind_of(path), []).append(str(file))
    assert by_kind.keys() == set(KINDS) - {"diagnostics", "edge-log", "head-log"}
    for kind, files in by_kind.items():
        command = [str(COMMAND), "--schemafile", str(schema_path(kind)), *files]
        checked = subprocess.run(command, check=False, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", FLEETS)
def test_the_schema_rejects_missing_unknown_and_mistyped_fields(name: str, outputs: Outputs) -> None:
    tried = 0
    for path, value in outputs[name].items():
        validator = jsonschema_rs.Draft202012Validator(schema(kind_of(path)))
        for what, mutant in _mutants(value):
            tried += 1
            assert not validator.is_valid(mutant), (path, what)
    assert tried > 300


def test_a_manifest_with_any_field_changed_breaks_its_schema(tmp_path: Path) -> None:
    result = compiled(tmp_path / "in", FLEETS["plain"])
    write_files(emission_of(result, commit=None, commit_date=None), tmp_path / "dist")
    validator = Draft202012Validator(schema("manifest"))
    value = json.loads((tmp_path / "dist/manifest.json").read_bytes())
    validator.validate(value)
    for what, mutant in _mutants(value):
        assert not validator.is_valid(mutant), what


@pytest.mark.parametrize(
    ("kind", "path", "bad"),
    [
        ("snapshot", ("models", 0, "model_id"), "../x"),
        ("snapshot", ("models", 0, "api_key"), {}),
        ("snapshot", ("models", 0, "api_key"), {"env": "A", "file": "/b"}),
        ("snapshot", ("models", 0, "api_key"), "sk-not-a-reference"),
        ("snapshot", ("models", 0, "endpoint"), {"file": "/x"}),
        ("snapshot", ("models", 0, "sunset"), "soon"),
        ("snapshot", ("models", 0, "source", "line"), 0),
        ("snapshot", ("models", 0, "fallback_models"), {"timeout": ["x"]}),
        ("snapshot", ("schema_version",), 2),
        ("table", ("routes", 0, "tiers", 0), {"heads": {}}),
        ("table", ("routes", 0, "reach"), ["eu", "eu"]),
        ("table", ("routes", 0, "status"), "offline"),
        ("table", ("heads", 0, "status"), "disabled"),
        ("table", ("regions", 0, "location"), {"latitude": 91, "longitude": 0}),
    ],
)
def test_the_schema_rejects_impossible_values(
    kind: str, path: tuple[Any, ...], bad: object, outputs: Outputs
) -> None:
    file = {"snapshot": "site/admin/models.json", "table": "routing/table.json"}[kind]
    mutant = _with(outputs["plain"][file], path, bad)
    assert not Draft202012Validator(schema(kind)).is_valid(mutant)


def _nodes(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema except the root, with its pointer."""
    for group in ("properties", "$defs"):
        for name, inner in node.get(group, {}).items():
            yield f"{where}/{group}/{name}", inner
            yield from _nodes(inner, f"{where}/{group}/{name}")
    for name in ("items", "additionalProperties", "propertyNames"):
        if isinstance(node.get(name), dict):
            yield f"{where}/{name}", node[name]
            yield from _nodes(node[name], f"{where}/{name}")


def _mutants(whole: Any) -> Iterator[tuple[str, Any]]:
    """The value with one breaking change at a time, which is undone before the next."""
    for path, parent, key, value in list(_places(whole)):
        parent[key] = _other_type(value)
        yield f"type of {path}", whole
        parent[key] = value
        name = path[-1]
        if isinstance(value, dict) and name not in FREE:
            yield from _entry_mutants(whole, path, value, may_lack=name in MAPS)
    yield from _entry_mutants(whole, (), whole, may_lack=False)


def _entry_mutants(
    whole: Any, path: tuple[Any, ...], value: dict[str, Any], *, may_lack: bool
) -> Iterator[tuple[str, Any]]:
    value["no field!"] = [[]]
    yield f"added to {path}", whole
    del value["no field!"]
    for key in () if may_lack else list(value):
        kept = value.pop(key)
        yield f"removed {(*path, key)}", whole
        value[key] = kept


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any, Any, Any]]:
    """Path, parent, key and value of everything inside, except arbitrary content."""
    if path and path[-1] in FREE:
        return
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        yield (*path, key), value, key, inner
        yield from _places(inner, (*path, key))


def _other_type(value: Any) -> Any:
    match value:
        case dict():
            return []
        case list():
            return "x"
        case str() | None:
            return 1.5
        case _:
            return "x"


def _with(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = deepcopy(whole)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return changed
