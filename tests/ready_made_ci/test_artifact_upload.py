"""The artifact upload of GitHub, as far as it runs without GitHub: its own check of names and paths."""

import os
import subprocess
from pathlib import Path

import pytest
from modelspec_command import MODEL, write_fleet
from runner import PROJECT, Runner

from modelspec.text.portable import portable

PACKAGE = "@actions/artifact@5.0.1"
"""What `actions/upload-artifact` v6.0.0 is made of."""

CHECK = """
const [root, name, ...files] = process.argv.slice(2);
const of = (part) => require(`./package/lib/internal/upload/${part}`);
of("path-and-artifact-name-validation").validateArtifactName(name);
of("upload-zip-specification").validateRootDirectory(root);
console.log(of("upload-zip-specification").getUploadZipSpecification(files, root).length);
"""
ODD = ("gpt-oss:20b", "open/*", "con")


@pytest.fixture(scope="module")
def uploader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script of the check, beside the package from the registry; what it needs of `@actions/core` is a log."""
    folder = tmp_path_factory.mktemp("npm")
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, env=dict(os.environ))
    (archive,) = folder.glob("*.tgz")
    subprocess.run(["tar", "-xzf", archive], cwd=folder, check=True)
    core = folder / "node_modules" / "@actions" / "core"
    core.mkdir(parents=True)
    (core / "index.js").write_text("exports.info = exports.debug = () => {};")
    script = folder / "check.js"
    script.write_text(CHECK)
    return script


def _upload(script: Path, dist: Path) -> subprocess.CompletedProcess[str]:
    files = [str(path) for path in sorted(dist.rglob("*")) if path.is_file()]
    return subprocess.run(
        ["node", script, dist, "modelspec-dist", *files], check=False, capture_output=True, text=True
    )


@pytest.mark.registry
def test_the_upload_takes_every_name_of_a_build(uploader: Path, tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    for number, model_id in enumerate(ODD):
        text = MODEL.format("odd").replace("model_id: odd", f"model_id: '{model_id}'")
        write_fleet(runner.workspace)
        (runner.workspace / "models.d" / f"odd-{number}.yaml").write_text(text)
    built = runner.step("build.sh", STRICT="false", ARTIFACT="fleet")
    assert built.code == 0, built.log
    dist = Path(built.outputs["dist"])
    for model_id in ODD:
        assert (dist / portable(f"site/admin/models/{model_id}.json")).is_file()
    taken = _upload(uploader, dist)
    assert (taken.returncode, taken.stderr) == (0, "")
    (dist / "site" / "gpt-oss:20b.json").write_text("{}")
    refused = _upload(uploader, dist)
    assert refused.returncode == 1
    assert "Colon :" in refused.stderr


@pytest.mark.registry
def test_the_upload_takes_the_example_fleet(uploader: Path, tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    runner.workspace.mkdir()
    built = runner.step("build.sh", STRICT="false", ARTIFACT="fleet", ROOT=str(PROJECT))
    assert built.code == 0, built.log
    taken = _upload(uploader, Path(built.outputs["dist"]))
    assert (taken.returncode, taken.stderr) == (0, "")
