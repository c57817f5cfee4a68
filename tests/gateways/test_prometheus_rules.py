"""The files for Prometheus, checked and run by the real promtool."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_fleets import FIXED, TODAY, compiled, model, routed

from modelspec.gateways.emit import emit_gateways
from modelspec.incremental import compile_fleet
from modelspec.routing.table import RoutingTable

pytestmark = pytest.mark.gateway

ROOT = Path(__file__).parents[2]
CONFIG = """\
rule_files: [alerts.yml]
scrape_configs:
  - job_name: modelspec
    metrics_path: /probe
    params: {module: [http_2xx]}
    file_sd_configs: [{files: [targets.json]}]
    relabel_configs:
      - {source_labels: [modelspec], regex: edge, action: drop}
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: "127.0.0.1:9115"}
  - job_name: modelspec-edges
    metrics_path: /stats/prometheus
    file_sd_configs: [{files: [targets.json]}]
    relabel_configs:
      - {source_labels: [modelspec], regex: edge, action: keep}
"""
"""As in docs/gateways-litellm.md."""
HOSTILE = "https://upstream.example.com/{{ .Labels }}/{{ query `up` }}/$(x)/'\"%s"
"""A URL with the syntax of alert templates and others; in a repository, a rule would reject it."""


def promtool(*arguments: str | Path, cwd: Path) -> str:
    """The output of the program; if it is missing, the test fails."""
    program = shutil.which("promtool")
    assert program, "promtool is missing: apt-get install prometheus"
    done = subprocess.run([program, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + (done.stderr if "SUCCESS" in done.stderr else "")


def written(folder: Path, routing: RoutingTable) -> Path:
    options = {"prometheus": {"scraped": {"edge-eu": ("10.0.0.5:9902", "[2001:db8::1]:9902")}}}
    for artifact in emit_gateways(routing, ["prometheus"], options, [("edge-eu", "eu")]):
        (folder / artifact.path.rpartition("/")[2]).write_bytes(artifact.content)
    (folder / "prometheus.yml").write_text(CONFIG, encoding="utf-8")
    return folder


def targets(folder: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((folder / "targets.json").read_bytes())
    return loaded


def test_the_example_fleet_is_discovered_and_watched(tmp_path: Path) -> None:
    written(tmp_path, routed(compile_fleet(ROOT, today=TODAY, targets=["prometheus"])))
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml", cwd=tmp_path)
    assert "8 rules found" in promtool("check", "rules", "alerts.yml", cwd=tmp_path)
    found = json.loads(
        promtool("check", "service-discovery", "--timeout=3s", "prometheus.yml", "modelspec", cwd=tmp_path)
    )
    probed = {row["labels"]["__param_target"]: row["labels"] for row in found if row["labels"]}
    every = {row["targets"][0]: row["labels"]["modelspec"] for row in targets(tmp_path)}
    assert probed.keys() == {url for url, kind in every.items() if kind != "edge"}
    edges = json.loads(
        promtool(
            "check", "service-discovery", "--timeout=3s", "prometheus.yml", "modelspec-edges", cwd=tmp_path
        )
    )
    assert {row["labels"]["__address__"]: row["labels"]["edge"] for row in edges if row["labels"]} == {
        "10.0.0.5:9902": "edge-eu",
        "[2001:db8::1]:9902": "edge-eu",
    }
    labels = probed["https://head-service-eu-2.llm.example.net/health/readiness"]
    assert labels["instance"] == "https://head-service-eu-2.llm.example.net/health/readiness"
    assert (labels["modelspec"], labels["head"]) == ("head", "head-service-eu-2")


@pytest.fixture(name="small")
def _small(tmp_path: Path) -> Path:
    models = {
        "atlas": model("atlas"),
        "bison": model(
            "bison", "endpoint: https://bison.example.com/v1?version=2", region="us", head="head-us-1"
        ),
        "cobra": model("cobra", "endpoint: {env: COBRA_URL}", "api_key: {env: COBRA_KEY}"),
        "dingo": model("dingo", "status: disabled", "endpoint: https://gone.example.com/v1"),
    }
    fixed = FIXED | {"modelspec.yaml": "targets: [prometheus]\n"}
    routing = routed(compiled(tmp_path / "fleet", models, fixed))
    atlas, *others = routing.routes
    hostile = replace(atlas, targets=(replace(atlas.targets[0], endpoint=HOSTILE),))
    return written(tmp_path, replace(routing, routes=(hostile, *others)))


def test_the_probe_targets(small: Path) -> None:
    assert [row["targets"][0] for row in targets(small)] == [
        "https://head-eu-1.example.net/health",
        "https://head-eu-2.example.net/health",
        "https://head-uk-1.example.net/health/readiness",
        "https://head-us-1.example.net/health",
        "https://head-us-2.example.net/health",
        "https://bison.example.com/v1",
        HOSTILE,
        "10.0.0.5:9902",
        "[2001:db8::1]:9902",
    ]
    assert [row["labels"].get("status") for row in targets(small)][:5] == [
        "active",
        "draining",
        "active",
        "active",
        "offline",
    ]
    assert b"COBRA" not in (small / "targets.json").read_bytes()


def test_the_rules_contain_nothing_of_the_fleet(small: Path, tmp_path: Path) -> None:
    """No id or URL can be a template, because they are labels."""
    other = tmp_path / "other"
    other.mkdir()
    written(other, routed(compile_fleet(ROOT, today=TODAY, targets=["prometheus"])))
    assert (small / "alerts.yml").read_bytes() == (other / "alerts.yml").read_bytes()


def test_alerts_fire_for_failures_and_hostile_labels_stay_text(small: Path) -> None:
    promtool("check", "config", "prometheus.yml", cwd=small)
    rows = {row["targets"][0]: row["labels"] | {"instance": row["targets"][0]} for row in targets(small)}
    down = [
        "https://head-eu-1.example.net/health",
        "https://head-us-2.example.net/health",
        "https://head-us-1.example.net/health",
        HOSTILE,
    ]
    series = [
        {"series": f"probe_success{_braces(labels)}", "values": "0x20" if url in down else "1x20"}
        for url, labels in rows.items()
    ]
    eu, us, hostile = (rows[url] for url in (down[0], down[2], HOSTILE))
    case = {
        "rule_files": ["alerts.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series,
                "alert_rule_test": [
                    _expected("ModelspecHeadDown", "1m"),
                    _expected(
                        "ModelspecHeadDown",
                        "6m",
                        _alert(eu, "critical", "The head head-eu-1 in eu does not answer."),
                        _alert(us, "critical", "The head head-us-1 in us does not answer."),
                    ),
                    _expected(
                        "ModelspecRegionDown",
                        "6m",
                        _alert({"region": "eu"}, "critical", "No head in eu answers."),
                        _alert({"region": "us"}, "critical", "No head in us answers."),
                    ),
                    _expected(
                        "ModelspecEndpointDown",
                        "6m",
                        _alert(hostile, "warning", f"The endpoint {HOSTILE} does not answer."),
                    ),
                    _expected("ModelspecNotProbed", "6m"),
                ],
            },
            {
                "interval": "1m",
                "input_series": [{"series": f"up{_braces(eu)}", "values": "0x20"}],
                "alert_rule_test": [
                    _expected("ModelspecHeadDown", "9m"),
                    _expected(
                        "ModelspecNotProbed",
                        "9m",
                        _alert(eu, "warning", _UNKNOWN),
                        _alert({"modelspec": "head"}, "warning", _UNKNOWN),
                    ),
                ],
            },
        ],
    }
    (small / "test.yml").write_text(json.dumps(case), encoding="utf-8")
    assert "SUCCESS" in promtool("test", "rules", "test.yml", cwd=small)


def test_alerts_of_edges_fire_for_errors_failover_and_certificates(small: Path) -> None:
    edge = {"modelspec": "edge", "edge": "edge-eu", "edge_region": "eu", "instance": "10.0.0.5:9902"}
    away = edge | {"edge": "edge-us", "edge_region": "us", "instance": "10.0.0.6:9902"}
    bad, good = edge | {"model": "{{ .Labels }}"}, edge | {"model": "good"}
    values = {
        f"up{_braces(edge)}": "1x20",
        f"up{_braces(away)}": "0x20",
        f"envoy_modelspec_requests{_braces(bad | {'code': '2xx'})}": "0+50x20",
        f"envoy_modelspec_requests{_braces(bad | {'code': '5xx'})}": "0+10x20",
        f"envoy_modelspec_requests{_braces(good | {'code': '2xx'})}": "0+100x20",
        f"envoy_modelspec_requests{_braces(good | {'code': '5xx'})}": "0+1x20",
        f"envoy_modelspec_failovers{_braces(good)}": "0+30x20",
        f"envoy_server_days_until_first_cert_expiring{_braces(edge)}": "3x90",
        f"envoy_server_days_until_first_cert_expiring{_braces(away)}": "4294967295x90",
    }
    fails = "Over a tenth of the requests for {{ .Labels }} fail with 5xx."
    behind = "Over a tenth of the requests at edge-eu are answered behind the first tier of their model."
    expires = "A certificate of edge-eu at 10.0.0.5:9902 expires in 3 days."
    down = "The edge edge-us does not give its metrics at 10.0.0.6:9902."
    case = {
        "rule_files": ["alerts.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": value} for name, value in values.items()],
                "alert_rule_test": [
                    _expected("ModelspecEdgeDown", "1m"),
                    _expected("ModelspecEdgeDown", "5m", _alert(away, "critical", down)),
                    _expected(
                        "ModelspecModelFails", "15m", _alert({"model": bad["model"]}, "warning", fails)
                    ),
                    _expected("ModelspecFailover", "15m", _alert({"edge": "edge-eu"}, "warning", behind)),
                    _expected("ModelspecCertificateExpires", "50m"),
                    _expected("ModelspecCertificateExpires", "80m", _alert(edge, "warning", expires)),
                ],
            }
        ],
    }
    (small / "test.yml").write_text(json.dumps(case), encoding="utf-8")
    assert "SUCCESS" in promtool("test", "rules", "test.yml", cwd=small)


def test_promtool_reads_every_expression_of_the_dashboard(small: Path) -> None:
    dashboard = json.loads((small / "dashboard.json").read_bytes())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    rules = [
        {"record": f"panel:{number}", "expr": said.replace("$__rate_interval", "5m").replace("$edge", ".*")}
        for number, said in enumerate(expressions)
    ]
    (small / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(expressions)} rules found" in promtool("check", "rules", "panels.yml", cwd=small)
    assert len(expressions) > 20


_UNKNOWN = "The state of heads and endpoints is unknown: the blackbox exporter does not answer."


def _braces(labels: dict[str, str]) -> str:
    return "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items()) + "}"


def _expected(name: str, when: str, *alerts: dict[str, Any]) -> dict[str, Any]:
    return {"eval_time": when, "alertname": name, "exp_alerts": list(alerts)}


def _alert(labels: dict[str, str], severity: str, summary: str) -> dict[str, Any]:
    return {"exp_labels": labels | {"severity": severity}, "exp_annotations": {"summary": summary}}


@pytest.mark.parametrize("file", ["targets.json", "alerts.yml"])
def test_promtool_reports_a_corrupted_file(small: Path, file: str) -> None:
    content = (small / file).read_text(encoding="utf-8")
    changes = [("[", "{"), ('"labels"', '"labelz"'), ('"', "")]
    changes += [("probe_success{", "probe_success{{"), ('"2m"', '"2q"'), ("{{ $labels", "{{ $$labels")]
    noticed = 0
    for old, new in changes:
        if old in content:
            (small / file).write_text(content.replace(old, new, 1), encoding="utf-8")
            with pytest.raises(AssertionError):
                promtool("check", "config", "prometheus.yml", cwd=small)
            noticed += 1
    assert noticed >= 3
