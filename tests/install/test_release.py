"""The release script: two builds of the last commit, kept where they are the same bytes."""

import shutil
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
from git_repositories import git, repository

pytestmark = pytest.mark.registry

PROJECT = Path(__file__).parents[2]
SCRIPT = PROJECT / "tools" / "release.py"

_HOOK = """
import os
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Stamp(BuildHookInterface):
    def initialize(self, version, build_data):
        with open(os.path.join(self.root, "small", "stamp.py"), "w") as file:
            file.write(f"FOLDER = {self.root!r}\\n")
        build_data["artifacts"].append("small/stamp.py")
"""
_PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "small"
version = "1"
[tool.hatch.build.hooks.custom]
"""


@pytest.fixture(name="python", scope="module")
def _python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the package `build`."""
    home = tmp_path_factory.mktemp("builder")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "build"], check=True, capture_output=True)
    return python


def _released(python: Path, checkout: Path, to: Path) -> subprocess.CompletedProcess[str]:
    (checkout / "tools").mkdir(exist_ok=True)
    shutil.copy(SCRIPT, checkout / "tools")
    command = [python, checkout / "tools" / "release.py", to]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_commit_is_built_twice_to_the_same_bytes(python: Path, tmp_path: Path) -> None:
    checkout, to = tmp_path / "checkout", tmp_path / "to"
    git(tmp_path, "clone", "--quiet", "--depth", "1", PROJECT.as_uri(), str(checkout))
    (checkout / "modelspec" / "notes.py").write_text("PRIVATE = True\n")
    done = _released(python, checkout, to)
    assert done.returncode == 0, done.stderr
    wheel, sdist = sorted(to.iterdir(), key=lambda file: file.suffix, reverse=True)
    said = dict(line.split("  ")[::-1] for line in done.stdout.splitlines())
    assert said == {file.name: sha256(file.read_bytes()).hexdigest() for file in (wheel, sdist)}
    with ZipFile(wheel) as packed, tarfile.open(sdist) as packed_sources:
        names = [*packed.namelist(), *packed_sources.getnames()]
    assert any(name.endswith("modelspec/pipeline.py") for name in names)
    assert not [name for name in names if name.endswith("notes.py")], "what is not committed is not released"


def test_builds_that_differ_are_not_kept(python: Path, tmp_path: Path) -> None:
    files = {"pyproject.toml": _PYPROJECT, "hatch_build.py": _HOOK, "small/__init__.py": ""}
    checkout = repository(tmp_path / "small", files)
    done = _released(python, checkout, tmp_path / "to")
    assert done.returncode == 1
    assert "the two builds differ" in done.stderr
    assert not (tmp_path / "to").exists()


def test_a_python_without_build_is_told_what_to_install(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    done = _released(tmp_path / "bare" / "bin" / "python", repository(tmp_path / "small"), tmp_path / "to")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'build' is missing: install it" in done.stderr
