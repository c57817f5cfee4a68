"""The read-only API of the site in OpenAPI 3.1."""

import json
from collections.abc import Iterator
from typing import Any

from modelspec import __version__
from modelspec.emit.artifact import Artifact
from modelspec.schema import schema_text
from modelspec.site.hosting import PROBLEM_TYPE

_MODEL_ID = {
    "name": "model_id",
    "in": "path",
    "required": True,
    "description": (
        "The id of the model as its file is named; the `url` of each model in the list has it. Slashes are plain, and "
        "`=` and two hexadecimal digits stand for a character that not every file system allows: `gpt-oss=3a20b`. "
        "nginx, Caddy and `modelspec serve` take the id itself as well, percent-encoded and with `%2F` for slashes."
    ),
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 384,
        "pattern": "^[A-Za-z0-9=*]([A-Za-z0-9._:@/~+=-]*[A-Za-z0-9])?(/[*])?$",
    },
}
_VARY = {"description": "The response depends on `Accept`.", "schema": {"type": "string", "const": "Accept"}}
_PROBLEM = {
    "description": "RFC 9457.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do instead."},
    },
}
_WRITES = {"post": "add", "put": "replace", "patch": "change", "delete": "delete"}


def emit(base_path: str) -> Iterator[Artifact]:
    """`site/admin/openapi.json`."""
    text = json.dumps(_document(base_path), indent=2)
    yield Artifact(path="site/admin/openapi.json", content=f"{text}\n".encode())


def _document(base_path: str) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Models of the fleet",
            "version": __version__,
            "description": "Generated from a git repository and read-only: changes are pull requests there.",
        },
        "servers": [{"url": f"/{base_path.strip('/')}".rstrip("/") or "/"}],
        "paths": {
            "/admin/models": {
                "get": _read("listModels", "Every model, with its regions and heads", "Snapshot"),
                **_refusals("Models"),
            },
            "/admin/models/{model_id}": {
                "parameters": [_MODEL_ID],
                "get": _read("getModel", "One model", "ModelPage", missing=True),
                **_refusals("Model"),
            },
        },
        "components": {
            "schemas": {
                "Snapshot": _schema("snapshot", "Snapshot"),
                "ModelPage": _schema("model-page", "ModelPage"),
                "Problem": _PROBLEM,
            },
            "responses": {
                "NotFound": {
                    "description": "No model has this id.",
                    "headers": {"Vary": _VARY},
                    "content": {**_problem(), "text/html": {"schema": {"type": "string"}}},
                },
                "ReadOnly": {
                    "description": "This API is read-only; the body describes how to make the change in git.",
                    "headers": {"Allow": {"schema": {"type": "string", "const": "GET, HEAD"}}},
                    "content": _problem(),
                },
            },
        },
    }


def _read(operation: str, summary: str, schema: str, *, missing: bool = False) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {
            "description": "A page if `Accept` names `text/html` and does not prefer JSON; otherwise JSON.",
            "headers": {"Vary": _VARY},
            "content": {
                "application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}},
                "text/html": {"schema": {"type": "string"}},
            },
        }
    }
    if missing:
        answers["404"] = {"$ref": "#/components/responses/NotFound"}
    return {"operationId": operation, "summary": summary, "responses": answers}


def _refusals(of: str) -> dict[str, Any]:
    return {
        method: {
            "operationId": f"{verb}{of}Refused",
            "summary": "Rejected: make the change in git",
            "responses": {"405": {"$ref": "#/components/responses/ReadOnly"}},
        }
        for method, verb in _WRITES.items()
    }


def _problem() -> dict[str, Any]:
    return {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _schema(kind: str, name: str) -> object:
    """A published schema as a component, with its references moved there."""
    schema = json.loads(schema_text(kind))
    del schema["$schema"], schema["$id"]
    return _moved(schema, f"#/components/schemas/{name}/")


def _moved(value: object, to: str) -> object:
    if isinstance(value, dict):
        return {
            key: item.replace("#/", to, 1) if key == "$ref" else _moved(item, to)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_moved(item, to) for item in value]
    return value
