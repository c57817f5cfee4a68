import json
from typing import Any

import jsonschema
import pytest

from modelspec.site.openapi import emit


def _document(base: str = "/") -> dict[str, Any]:
    (artifact,) = emit(base)
    assert artifact.path == "site/admin/openapi.json"
    document: dict[str, Any] = json.loads(artifact.content)
    return document


@pytest.mark.parametrize(("base", "server"), [("/", "/"), ("/a", "/a"), ("/a/b/", "/a/b")])
def test_the_server_is_the_base_path(base: str, server: str) -> None:
    assert _document(base)["servers"] == [{"url": server}]


def test_the_api_is_read_only() -> None:
    for path in _document()["paths"].values():
        assert set(path["get"]["responses"]) - {"404"} == {"200"}
        for method in ("post", "put", "patch", "delete"):
            assert list(path[method]["responses"]) == ["405"]


def test_every_reference_leads_somewhere() -> None:
    document = _document()

    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if "$ref" in value else []
            return own + [found for item in value.values() for found in references(item)]
        if isinstance(value, list):
            return [found for item in value for found in references(item)]
        return []

    found = references(document)
    assert found
    for reference in found:
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


@pytest.mark.parametrize("name", ["Snapshot", "ModelPage", "Problem"])
def test_the_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(_document()["components"]["schemas"][name])
