"""The files for Prometheus; tests/gateways/ runs the real program."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from published import ROOT, schema
from small_fleets import FLEETS, TODAY, compiled, model, routed

from modelspec.gateways.emit import GATEWAYS, emit_gateways
from modelspec.incremental import compile_fleet
from modelspec.routing.table import RoutingTable


def files_of(routing: RoutingTable) -> dict[str, bytes]:
    written = emit_gateways(routing, ["prometheus"], {}, [])
    return {artifact.path: artifact.content for artifact in written}


def check(files: dict[str, bytes]) -> None:
    assert list(files) == ["gateways/prometheus/targets.json", "gateways/prometheus/alerts.yml"]
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


def test_the_schema_names_the_gateways_that_are_written() -> None:
    assert schema("modelspec")["properties"]["targets"]["items"]["enum"] == list(GATEWAYS)
