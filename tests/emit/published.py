"""The published schemas by the files of a build that they describe."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FILES = {
    "manifest.json": "manifest",
    "routing/table.json": "table",
    "routing/heads/*.json": "head",
    "routing/regions/*.json": "region",
    "site/admin/models.json": "snapshot",
    "site/admin/models/*.json": "model-page",
    "gateways/litellm/*.env.json": "litellm-variables",
    "gateways/prometheus/targets.json": "prometheus-targets",
}
KINDS = (*FILES.values(), "diagnostics", "edge-log", "head-log")


def schema_path(kind: str) -> Path:
    return ROOT / "schemas" / f"{kind}.schema.json"


def schema(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(schema_path(kind).read_text(encoding="utf-8"))
    return loaded


def kind_of(path: str) -> str:
    return next(kind for pattern, kind in FILES.items() if fnmatchcase(path, pattern))
