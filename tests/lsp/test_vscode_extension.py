"""The extension for VS Code is packed by the program that publishes extensions, with what it needs inside."""

import json
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
VSCE = "@vscode/vsce@3.9.2"


@pytest.mark.editor
@pytest.mark.registry
def test_vsce_packs_the_extension(tmp_path: Path) -> None:
    folder = tmp_path / "vscode"
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "*.vsix"))
    for command in (
        ["npm", "install", "--silent", "--no-audit", "--no-fund"],
        ["npx", "--yes", VSCE, "package", "--allow-missing-repository", "--out", "modelspec.vsix"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    with ZipFile(folder / "modelspec.vsix") as packed:
        names = set(packed.namelist())
        manifest = json.loads(packed.read("extension/package.json"))
        code = packed.read(f"extension/{manifest['main'].removeprefix('./')}").decode()
    assert "extension/node_modules/vscode-languageclient/node.js" in names
    assert 'args: ["lsp"]' in code
