"""`modelspec lsp` and yaml-language-server on one document, set up as docs/editors.md says: no fault is shown twice."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from language_client import LanguageClient, connected
from language_server import REPOSITORY, Server, language_server

from modelspec.author.schemas import WrittenSchemas, schema_line, write_schemas

pytestmark = pytest.mark.editor

OURS = {"validate": False}
"""The setting of docs/editors.md for the server that has only the schemas."""
PATH = "models.d/probe.yaml"
SOUND = f"""\
{schema_line(PATH)}
model_id: probe
name: Probe
region: eu
priority_head: head-service-eu
fallback_heads: [head-service-no]
endpoint: https://probe.example.net/v1
api_key: {{env: PROBE_API_KEY}}
metadata: {{owner: team-probe, vendor: Probe}}
"""
FAULTY = {
    "wrong region": SOUND.replace("region: eu\n", "region: eu-wset\n"),
    "wrong head": SOUND.replace("[head-service-no]", "[head-service-nope]"),
    "unknown field": f"{SOUND}visiblity: public\n",
    "missing field": SOUND.replace("name: Probe\n", ""),
    "wrong type": f"{SOUND}hedge: 7\n",
    "wrong word": f"{SOUND}status: retired\n",
    "not YAML": SOUND.replace("[head-service-no]", "[head-service-no"),
}


@pytest.fixture(name="fleet", scope="module")
def _fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fleet")
    for name in ("regions.yaml", "heads.yaml", "modelspec.yaml", "metadata.schema.json"):
        shutil.copy(REPOSITORY / name, root)
    shutil.copytree(REPOSITORY / "models.d", root / "models.d")
    assert isinstance(write_schemas(root), WrittenSchemas)
    return root


@pytest.fixture(name="modelspec", scope="module")
def _modelspec(fleet: Path) -> Iterator[LanguageClient]:
    with connected(LanguageClient, (sys.executable, "-m", "modelspec", "lsp"), fleet) as client:
        client.ask("initialize", processId=None, rootUri=fleet.as_uri(), capabilities={})
        client.tell("initialized")
        yield client


def _said(client: LanguageClient, uri: str, text: str) -> list[Any]:
    document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
    client.tell("textDocument/didOpen", textDocument=document)
    while client.published.get(uri, {}).get("version") != 1:
        client.receive()
    client.tell("textDocument/didClose", textDocument={"uri": uri})
    return list(client.published.pop(uri)["diagnostics"])


@pytest.fixture(name="yaml", scope="module")
def _yaml(fleet: Path) -> Iterator[Server]:
    with language_server(fleet, OURS) as server:
        yield server


@pytest.mark.parametrize("number", range(len(FAULTY)), ids=list(FAULTY))
def test_a_fault_is_shown_by_one_server(modelspec: LanguageClient, yaml: Server, number: int) -> None:
    text = [*FAULTY.values()][number]
    assert _said(modelspec, modelspec.uri(PATH), text) != []
    assert yaml.diagnostics(f"models.d/probe{number}.yaml", text) == []


def test_with_its_own_validation_the_other_shows_what_ours_shows(fleet: Path) -> None:
    """Why the setting is there; without it, this is what is shown twice."""
    with language_server(fleet) as server:
        assert server.diagnostics(PATH, FAULTY["unknown field"]) == ["Property visiblity is not allowed."]


def test_the_other_keeps_its_completion_and_hover(yaml: Server) -> None:
    assert "eu" in yaml.completions("models.d/completed.yaml", SOUND.replace("region: eu\n", "region: |\n"))
    assert yaml.hover("models.d/hovered.yaml", SOUND.replace("region: eu\n", "reg|ion: eu\n"))
