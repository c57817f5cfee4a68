"""Small repositories with every feature, written to disk and compiled."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from modelspec.emit import emit
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled
from modelspec.routing.route import route
from modelspec.routing.table import RoutingTable

TODAY = date(2026, 6, 1)

REGIONS = """\
regions:
  - {code: us, name: United States}
  - {code: eu, name: Europe, residency: [eu, uk], location: {latitude: 50.11, longitude: 8.68}, \
upstreams: {hosts: ["*.example.com"]}}
  - {code: uk, name: United Kingdom}
"""
HEADS = """\
heads:
  - {head_id: head-eu-1, region: eu, url: https://head-eu-1.example.net, inference_url: http://10.0.0.1:8000/v1}
  - {head_id: head-eu-2, region: eu, url: https://head-eu-2.example.net, status: draining, capacity: 4}
  - {head_id: head-uk-1, region: uk, url: https://head-uk-1.example.net, health_path: /health/readiness}
  - {head_id: head-us-1, region: us, url: https://head-us-1.example.net}
  - {head_id: head-us-2, region: us, url: https://head-us-2.example.net, status: offline}
"""
FIXED = {"regions.yaml": REGIONS, "heads.yaml": HEADS}


def model(model_id: str, *lines: str, region: str = "eu", head: str = "head-eu-1") -> str:
    """The text of a model file with an endpoint, unless the lines say where the model runs."""
    text = [
        f"model_id: {model_id}",
        f"name: {model_id.title()}",
        f"region: {region}",
        f"priority_head: {head}",
        *lines,
    ]
    if not any(
        line.startswith(("endpoint:", "deployments:", "local_inference:", "provider:")) for line in lines
    ):
        text.append("endpoint: https://upstream.example.com/v1")
    return "\n".join(text) + "\n"


FLEETS: dict[str, dict[str, str]] = {
    "plain": {"atlas": model("atlas", "fallback_heads: [head-uk-1]")},
    "tiers": {
        "atlas": model(
            "atlas",
            "fallback_heads: [head-uk-1]",
            "load_balancing: {policy: least_request, weights: {head-eu-1: 3, head-eu-2: 1}}",
        ),
        "bison": model("bison", "load_balancing: {policy: random}"),
    },
    "upstreams": {
        "atlas": model(
            "atlas",
            "deployments:",
            "  - {endpoint: {env: ATLAS_URL}, api_key: {vault: kv/llm#atlas}, region: eu, weight: 3, order: 1}",
            "  - {provider: mistral, upstream_model: large, api_key: {file: /run/secrets/atlas}, rpm: 5, tpm: 6}",
            "  - {endpoint: https://two.example.com/v1, api_key: {kubernetes: {secret: keys, key: two}}}",
        ),
        "bison": model(
            "bison",
            "provider: bedrock",
            "api_key: {env: BISON_CREDENTIALS}",
            "params: {aws_region_name: eu-west-1, retries: 3, ratio: 0.25, stream: true, account: {env: BISON}}",
        ),
    },
    "local": {
        "atlas": model("atlas", "local_inference: true", "upstream_model: org/atlas"),
        "bison": model(
            "bison",
            "fallback_heads: [head-uk-1]",
            "local_inference: true",
            "endpoint: http://127.0.0.1:8000/v1",
        ),
    },
    "names": {
        "any": model("router/*", "aliases: [other/*, anything]"),
        "deep": model("router/deep/*"),
        "one": model("router/deep/one", "aliases: [the-one]"),
    },
    "fallback-models": {
        "atlas": model("atlas", "fallback_models: [bison, cobra]"),
        "bison": model(
            "bison", "fallback_models: {error: [cobra], context_window: [cobra], content_policy: [atlas]}"
        ),
        "cobra": model("cobra", head="head-uk-1"),
    },
    "people": {
        "atlas": model(
            "atlas",
            "aliases: [atlas-latest]",
            "limits: {rpm: 60, tpm: 90000}",
            "access: {visibility: private, groups: [research], client_regions: [eu, uk]}",
            "tags: [chat]",
            "metadata: {owner: team-a, nested: {list: [1, 2.5, null, true, {deep: x}]}}",
        ),
        "bison": model("bison", "status: deprecated", "sunset: 2026-12-31", "replaced_by: atlas"),
        "cobra": model("cobra", "access: {visibility: public, client_regions: [us]}", "limits: {tpm: 9}"),
    },
    "disabled": {
        "atlas": model("atlas", "status: disabled", "access: {client_regions: [uk]}"),
        "bison": model("bison", "fallback_models: [atlas]"),
        "cobra": model("cobra", "status: disabled", "local_inference: true", "fallback_models: [bison]"),
    },
}
"""Model files by their stems, by the name of the fleet."""


def write_repository(root: Path, models: Mapping[str, str], fixed: Mapping[str, str] = FIXED) -> Path:
    """Write a repository; `fixed` are the files beside the models."""
    for stem, text in models.items():
        path = root / "models.d" / f"{stem}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name, text in fixed.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


def compiled(root: Path, models: Mapping[str, str], fixed: Mapping[str, str] = FIXED) -> Compiled:
    """Write and compile a repository."""
    return compile_fleet(write_repository(root, models, fixed), today=TODAY)


def routed(result: Compiled) -> RoutingTable:
    """Route a repository that has no errors."""
    errors = [f"{found.path}:{found.span.line} {found.code} {found.message}" for found in result.diagnostics]
    assert not result.has_errors, errors
    return route(result.catalog, result.models)


def artifacts(result: Compiled) -> dict[str, bytes]:
    """What a build writes beside the manifest."""
    return {artifact.path: artifact.content for artifact in emit(routed(result))}


def documents(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The JSON files among those that a build writes, read."""
    return {path: json.loads(content) for path, content in files.items() if path.endswith(".json")}


def codes(result: Compiled) -> list[str]:
    """The codes of the diagnostics, in their order."""
    return [found.code for found in result.diagnostics]


def found(result: Compiled, wanted: Iterable[str]) -> list[str]:
    """Code, path, line and column of the diagnostics with these codes."""
    known = set(wanted)
    return [
        f"{one.code} {one.path}:{one.span.line}:{one.span.column}"
        for one in result.diagnostics
        if one.code in known
    ]
