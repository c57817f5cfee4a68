import json
from pathlib import Path
from typing import Any

import pytest
from published import ROOT
from small_fleets import FIXED, FLEETS, TODAY, artifacts, compiled, documents, model, routed

from modelspec.emit import emit
from modelspec.incremental import compile_fleet
from modelspec.pipeline import emission_of, stale_files
from modelspec.pipeline import emit as build_artifacts
from modelspec.pipeline import write as write_files
from modelspec.write import Written

Outputs = dict[str, Any]


def _outputs(root: Path, models: dict[str, str], fixed: dict[str, str] = FIXED) -> Outputs:
    return documents(artifacts(compiled(root, models, fixed)))


def _route(outputs: Outputs, model_id: str) -> dict[str, Any]:
    return next(r for r in outputs["routing/table.json"]["routes"] if r["model_id"] == model_id)


def _row(outputs: Outputs, model_id: str) -> dict[str, Any]:
    return next(m for m in outputs["site/admin/models.json"]["models"] if m["model_id"] == model_id)


def _served(outputs: Outputs, head: str) -> dict[str, dict[str, Any]]:
    return {m["model_id"]: m for m in outputs[f"routing/heads/{head}.json"]["models"]}


@pytest.mark.parametrize(
    ("model_id", "name", "region", "head"),
    [
        ("mistral-7b", "Mistral 7B", "eu", "head-service-eu"),
        ("kimi-13b", "Kimi 13B", "cn", "head-service-cn"),
        ("gemini-pro", "Gemini Pro", "us", "head-service-us"),
    ],
)
def test_the_example_models_are_served_where_they_belong(
    model_id: str, name: str, region: str, head: str
) -> None:
    outputs = documents(artifacts(compile_fleet(ROOT, today=TODAY)))
    row = _row(outputs, model_id)
    assert (row["name"], row["region"], row["priority_head"]) == (name, region, head)
    assert row["endpoint"].startswith("https://")
    source = (ROOT / row["source"]["path"]).read_text(encoding="utf-8").splitlines()
    assert source[row["source"]["line"] - 1].split()[:2] == ["model_id:", model_id]
    alone = outputs[f"site/admin/models/{model_id}.json"]
    assert (alone["schema_version"], alone["model"]) == (1, row)
    assert all(source[line - 1].startswith(f"{field}:") for field, line in alone["lines"].items())
    assert head in _route(outputs, model_id)["tiers"][0]["heads"]
    assert _served(outputs, head)[model_id]["tier"] == 0
    assert model_id in [m["model_id"] for m in outputs[f"routing/regions/{region}.json"]["models"]]


def test_every_value_stands_under_the_name_of_its_field(tmp_path: Path) -> None:
    fields = json.loads((ROOT / "schemas/model.schema.json").read_text(encoding="utf-8"))["properties"]
    row = _row(_outputs(tmp_path, FLEETS["plain"]), "atlas")
    assert row.keys() - fields.keys() == {"local_targets", "tiers", "reach", "source", "url"}
    assert fields.keys() - row.keys() == set()


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    row = _row(_outputs(tmp_path, FLEETS["plain"]), "atlas")
    assert row["load_balancing"] == {"policy": "round_robin", "weights": {}}
    assert (row["provider"], row["upstream_model"], row["api_key"]) == ("openai", "atlas", None)
    assert row["access"] == {"visibility": "internal", "groups": [], "client_regions": None}
    assert row["limits"] == {"rpm": None, "tpm": None, "first_byte_seconds": None}
    assert (row["status"], row["sunset"], row["replaced_by"]) == ("active", None, None)
    assert [each["endpoint"] for each in row["deployments"]] == [row["endpoint"]]


def test_draining_heads_come_after_all_active_ones(tmp_path: Path) -> None:
    outputs = _outputs(tmp_path, FLEETS["tiers"])
    route = _route(outputs, "atlas")
    assert route["tiers"] == [
        {"heads": {"head-eu-1": 3}},
        {"heads": {"head-uk-1": 1}},
        {"heads": {"head-eu-2": 1}},
    ]
    assert route["policy"] == "least_request"
    assert _served(outputs, "head-eu-2")["atlas"]["tier"] == 2
    assert _served(outputs, "head-eu-1")["atlas"]["weight"] == 3
    assert _row(outputs, "atlas")["load_balancing"]["weights"] == {"head-eu-1": 3, "head-eu-2": 1}


def test_keys_settings_and_endpoints_stay_references(tmp_path: Path) -> None:
    outputs = _outputs(tmp_path, FLEETS["upstreams"])
    first, second, third = _route(outputs, "atlas")["targets"]
    assert (first["endpoint"], first["api_key"]) == ({"env": "ATLAS_URL"}, {"vault": "kv/llm#atlas"})
    assert (first["region"], first["weight"], first["order"]) == ("eu", 3, 1)
    assert (second["endpoint"], second["api_key"]) == (
        "https://api.mistral.ai/v1",
        {"file": "/run/secrets/atlas"},
    )
    assert (second["upstream_model"], second["rpm"], second["tpm"]) == ("large", 5, 6)
    assert third["api_key"] == {"kubernetes": {"secret": "keys", "key": "two"}}
    bison = _row(outputs, "bison")
    assert bison["endpoint"] is None
    assert bison["params"] == {
        "aws_region_name": "eu-west-1",
        "retries": 3,
        "ratio": 0.25,
        "stream": True,
        "account": {"env": "BISON"},
    }


def test_the_fields_of_a_model_with_deployments_are_those_of_the_first(tmp_path: Path) -> None:
    row = _row(_outputs(tmp_path, FLEETS["upstreams"]), "atlas")
    fields = ("endpoint", "provider", "upstream_model", "api_key", "params")
    assert [row[field] for field in fields] == [row["deployments"][0][field] for field in fields]
    assert len(row["deployments"]) == 3


def test_heads_that_run_a_model_get_a_target_of_their_own(tmp_path: Path) -> None:
    outputs = _outputs(tmp_path, FLEETS["local"])
    atlas, bison = _route(outputs, "atlas"), _route(outputs, "bison")
    assert (atlas["targets"], bison["targets"]) == ([], [])
    assert atlas["local_targets"]["head-eu-1"]["endpoint"] == "http://10.0.0.1:8000/v1"
    assert {head: t["endpoint"] for head, t in bison["local_targets"].items()} == dict.fromkeys(
        ["head-eu-1", "head-uk-1"], "http://127.0.0.1:8000/v1"
    )
    assert bison["local_targets"]["head-uk-1"]["region"] == "uk"
    assert _row(outputs, "atlas")["endpoint"] == "http://10.0.0.1:8000/v1"
    assert _row(outputs, "atlas")["deployments"] == []
    assert _served(outputs, "head-uk-1")["bison"]["targets"] == [bison["local_targets"]["head-uk-1"]]


def test_names_are_sorted_into_exact_ones_and_prefixes(tmp_path: Path) -> None:
    outputs = _outputs(tmp_path, FLEETS["names"])
    assert _route(outputs, "router/*")["match"] == {"exact": ["anything"], "prefixes": ["router/", "other/"]}
    assert _route(outputs, "router/deep/*")["match"] == {"exact": [], "prefixes": ["router/deep/"]}
    assert _served(outputs, "head-eu-1")["router/deep/one"]["match"] == {
        "exact": ["router/deep/one", "the-one"],
        "prefixes": [],
    }
    assert "site/admin/models/router/=2a.json" in outputs
    assert _row(outputs, "router/*")["url"] == "/admin/models/router/=2a.json"


def test_fallback_models_are_listed_by_condition(tmp_path: Path) -> None:
    outputs = _outputs(tmp_path, FLEETS["fallback-models"])
    assert _route(outputs, "atlas")["fallback_models"] == {"any": ["bison", "cobra"]}
    assert _route(outputs, "atlas")["reach"] == ["eu", "uk"]
    assert _served(outputs, "head-eu-1")["bison"]["fallback_models"] == {
        "error": ["cobra"],
        "context_window": ["cobra"],
        "content_policy": ["atlas"],
    }


def test_a_disabled_model_is_shown_and_routed_nowhere(tmp_path: Path) -> None:
    outputs = _outputs(tmp_path, FLEETS["disabled"])
    route, row = _route(outputs, "atlas"), _row(outputs, "atlas")
    assert (route["status"], route["tiers"], route["reach"]) == ("disabled", [], [])
    assert (row["status"], row["tiers"], row["reach"]) == ("disabled", [], [])
    assert row["endpoint"] == "https://upstream.example.com/v1"
    assert _served(outputs, "head-eu-1").keys() == {"bison"}
    region = outputs["routing/regions/eu.json"]
    assert {m["model_id"]: m["heads"] for m in region["models"]} == {
        "atlas": [],
        "bison": ["head-eu-1"],
        "cobra": [],
    }
    assert region["denied"] == []
    assert _route(outputs, "cobra")["local_targets"].keys() == {"head-eu-1"}


def test_regions_know_which_models_are_denied_to_their_clients(tmp_path: Path) -> None:
    outputs = _outputs(tmp_path, FLEETS["people"])
    denied = {code: outputs[f"routing/regions/{code}.json"]["denied"] for code in ("eu", "uk", "us")}
    assert denied == {"eu": ["cobra"], "uk": ["cobra"], "us": ["atlas"]}
    assert _route(outputs, "atlas")["access"] == {
        "visibility": "private",
        "groups": ["research"],
        "client_regions": ["eu", "uk"],
    }
    assert _route(outputs, "atlas")["limits"] == {"rpm": 60, "tpm": 90000, "first_byte_seconds": None}


def test_descriptions_for_people_are_in_the_snapshot(tmp_path: Path) -> None:
    outputs = _outputs(tmp_path, FLEETS["people"])
    atlas, bison = _row(outputs, "atlas"), _row(outputs, "bison")
    assert (atlas["aliases"], atlas["tags"]) == (["atlas-latest"], ["chat"])
    assert atlas["metadata"]["nested"] == {"list": [1, 2.5, None, True, {"deep": "x"}]}
    assert (bison["status"], bison["sunset"], bison["replaced_by"]) == ("deprecated", "2026-12-31", "atlas")
    assert bison["source"] == {"path": "models.d/bison.yaml", "line": 1}
    assert _route(outputs, "bison")["tiers"] != []


def test_a_model_without_a_serving_head_has_no_tiers_if_a_waiver_allows_it(tmp_path: Path) -> None:
    models = {
        "atlas": model("atlas", region="us", head="head-us-2"),
        "bison": model("bison", region="us", head="head-us-1"),
    }
    fixed = {**FIXED, "modelspec.yaml": "rules: {MS401: off}\n"}
    outputs = _outputs(tmp_path, models, fixed)
    assert (_route(outputs, "atlas")["tiers"], _route(outputs, "atlas")["reach"]) == ([], [])
    assert _route(outputs, "atlas")["status"] == "active"
    assert _served(outputs, "head-us-2") == {}


def test_deployments_win_where_the_heads_should_run_the_model_too(tmp_path: Path) -> None:
    models = {
        "atlas": model(
            "atlas",
            "local_inference: true",
            "deployments:",
            "  - {endpoint: https://one.example.com/v1, region: uk}",
            "  - {endpoint: https://two.example.com/v1}",
        )
    }
    outputs = _outputs(tmp_path, models, {**FIXED, "modelspec.yaml": "rules: {MS308: off}\n"})
    route = _route(outputs, "atlas")
    assert (route["local_inference"], route["local_targets"]) == (False, {})
    assert [t["endpoint"] for t in route["targets"]] == [
        "https://one.example.com/v1",
        "https://two.example.com/v1",
    ]
    assert route["reach"] == ["eu", "uk"]


def test_one_changed_model_is_one_changed_line(tmp_path: Path) -> None:
    before = artifacts(compiled(tmp_path / "a", FLEETS["people"]))
    changed = {**FLEETS["people"], "atlas": FLEETS["people"]["atlas"].replace("rpm: 60", "rpm: 61")}
    after = artifacts(compiled(tmp_path / "b", changed))
    for path in ("routing/table.json", "routing/heads/head-eu-1.json", "site/admin/models.json"):
        lines = list(zip(before[path].splitlines(), after[path].splitlines(), strict=True))
        assert [old != new for old, new in lines].count(True) == 1


def test_lists_without_entries_are_empty(tmp_path: Path) -> None:
    outputs = artifacts(compiled(tmp_path, FLEETS["plain"]))
    assert b'"models": []\n}\n' in outputs["routing/heads/head-us-2.json"]


def test_the_manifest_lists_every_artifact_in_order(tmp_path: Path) -> None:
    result = compiled(tmp_path / "in", FLEETS["plain"])
    prepared = emission_of(result, commit="abc", commit_date="2026-06-01")
    written = write_files(prepared, tmp_path / "dist")
    assert isinstance(written, Written)
    manifest = json.loads((tmp_path / "dist/manifest.json").read_bytes())
    assert list(manifest["files"]) == sorted(artifact.path for artifact in build_artifacts(prepared))
    assert manifest["files"].keys() >= artifacts(result).keys()
    assert manifest["source"] == {
        "sha256": prepared.origin.digest,
        "commit": "abc",
        "commit_date": "2026-06-01",
    }
    assert stale_files(prepared, tmp_path / "dist") == []


def test_only_the_dashboard_the_manifest_and_gateways_name_the_commit(tmp_path: Path) -> None:
    result = compiled(tmp_path / "in", FLEETS["people"])
    trees = []
    for number, commit in enumerate(("a" * 40, "b" * 40)):
        out = tmp_path / str(number)
        write_files(emission_of(result, commit=commit, commit_date=f"2026-06-0{number + 1}"), out)
        files = (path for path in out.rglob("*") if path.is_file())
        trees.append({path.relative_to(out).as_posix(): path.read_bytes() for path in files})
    assert trees[0].keys() == trees[1].keys()
    changed = {path for path in trees[0] if trees[0][path] != trees[1][path]}
    assert {path for path in changed if not path.startswith("gateways/")} == {
        "manifest.json",
        "site/admin/index.html",
    }


def test_emitters_write_each_path_once(tmp_path: Path) -> None:
    routing = routed(compiled(tmp_path, FLEETS["people"]))
    paths = [artifact.path for artifact in emit(routing)]
    assert len(paths) == len(set(paths))


def test_nothing_is_written_where_there_is_an_error(tmp_path: Path) -> None:
    result = compiled(tmp_path / "in", {"atlas": model("atlas", region="nowhere")})
    with pytest.raises(ValueError, match="where there is an error"):
        emission_of(result, commit=None, commit_date=None)
