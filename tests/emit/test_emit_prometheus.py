"""The files for Prometheus; tests/gateways/ runs the real program."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from published import ROOT, schema
from small_fleets import FIXED, FLEETS, TODAY, compiled, model, routed

from modelspec.gateways.emit import GATEWAYS, emit_gateways
from modelspec.incremental import compile_fleet
from modelspec.pipeline import emission_of, emit
from modelspec.routing.table import RoutingTable


def files_of(routing: RoutingTable) -> dict[str, bytes]:
    written = emit_gateways(routing, ["prometheus"], {}, [])
    return {artifact.path: artifact.content for artifact in written}


def check(files: dict[str, bytes]) -> None:
    assert list(files) == [
        f"gateways/prometheus/{name}" for name in ("targets.json", "alerts.yml", "dashboard.json")
    ]
    validator = jsonschema_rs.Draft202012Validator(schema("prometheus-targets"))
    targets = json.loads(files["gateways/prometheus/targets.json"])
    assert [error.message for error in validator.iter_errors(targets)] == []
    urls = [target["targets"][0] for target in targets]
    assert len(urls) == len(set(urls))
    rules = files["gateways/prometheus/alerts.yml"]
    assert yaml.safe_load(rules) == json.loads(rules)


@pytest.mark.parametrize("name", FLEETS)
def test_small_fleets_follow_the_schema(name: str, tmp_path: Path) -> None:
    check(files_of(routed(compiled(tmp_path, FLEETS[name]))))


def test_the_example_fleet_follows_the_schema() -> None:
    files = files_of(routed(compile_fleet(ROOT, today=TODAY, targets=["prometheus"])))
    check(files)
    text = files["gateways/prometheus/targets.json"].decode()
    assert "https://head-service-eu-2.llm.example.net/health/readiness" in text
    assert "http://10." not in text
    assert "AZURE" not in text


def test_an_endpoint_of_two_providers_is_probed_once(tmp_path: Path) -> None:
    models = {
        "atlas": model("atlas"),
        "bison": model("bison", "provider: mistral", "endpoint: https://upstream.example.com/v1"),
    }
    targets = json.loads(files_of(routed(compiled(tmp_path, models)))["gateways/prometheus/targets.json"])
    assert targets[-1]["labels"] == {"modelspec": "endpoint", "provider": "mistral,openai"}


def test_edges_are_scraped_where_modelspec_yaml_says(tmp_path: Path) -> None:
    fixed = FIXED | {
        "modelspec.yaml": "targets: [prometheus]\nedges:\n"
        "  - {edge_id: edge-us, region: us}\n"
        "  - {edge_id: edge-eu, region: eu, metrics: ['edge-eu-1.example.net:9902', '[2001:db8::1]:9902']}\n"
    }
    prepared = emission_of(compiled(tmp_path, {"atlas": model("atlas")}, fixed))
    outputs = {artifact.path: artifact.content for artifact in emit(prepared)}
    targets = json.loads(outputs["gateways/prometheus/targets.json"])
    assert jsonschema_rs.is_valid(schema("prometheus-targets"), targets)
    labels = {"modelspec": "edge", "edge": "edge-eu", "edge_region": "eu"}
    assert [row for row in targets if row["labels"]["modelspec"] == "edge"] == [
        {"targets": ["edge-eu-1.example.net:9902"], "labels": labels},
        {"targets": ["[2001:db8::1]:9902"], "labels": labels},
    ]


def test_the_dashboard_follows_the_schema_of_grafana(tmp_path: Path) -> None:
    """What the classes that Grafana generates from its schema do not know is lost on the way through them."""
    files = files_of(routed(compiled(tmp_path, {"atlas": model("atlas")})))
    written = json.loads(files["gateways/prometheus/dashboard.json"])
    register_default_plugins()
    read = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(written)))
    assert _within(written, read) == []
    panels = written["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 20
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))


def _within(value: Any, whole: Any, where: str = "$") -> list[str]:
    """The paths in a value that are not the same in another."""
    if isinstance(value, dict) and isinstance(whole, dict):
        return [one for name in value for one in _within(value[name], whole.get(name), f"{where}.{name}")]
    if isinstance(value, list) and isinstance(whole, list) and len(value) == len(whole):
        pairs = enumerate(zip(value, whole, strict=True))
        return [one for place, (a, b) in pairs for one in _within(a, b, f"{where}[{place}]")]
    return [] if value == whole else [where]


def test_the_schema_names_the_gateways_that_are_written() -> None:
    assert schema("modelspec")["properties"]["targets"]["items"]["enum"] == list(GATEWAYS)
