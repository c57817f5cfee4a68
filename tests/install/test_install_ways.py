"""Every way to install modelspec, each in an environment of its own: what runs there builds the same bytes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from modelspec_command import PROGRAM, tree

from modelspec import __version__

pytestmark = pytest.mark.registry

PROJECT = Path(__file__).parents[2]
FLEET = (
    "regions.yaml", "heads.yaml", "modelspec.yaml", "routes.test.yaml", "waivers.yaml", "keys.yaml",
    "metadata.schema.json", "models.d",
)  # fmt: skip
SOURCES = (
    "modelspec", "schemas", "pyproject.toml", "README.md", "LICENSE", ".gitignore",
)  # fmt: skip
KEPT = {
    name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "REQUESTS_"))
}
"""How pip and uv reach a registry."""


@dataclass(frozen=True, slots=True)
class Place:
    """A home below which everything is, and the example fleet in it."""

    home: Path

    def ended(
        self, *command: str | Path, cwd: str = "fleet", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in command],
            cwd=self.home / cwd,
            env={**KEPT, "PATH": "/usr/bin:/bin", "HOME": str(self.home), "LC_ALL": "C.UTF-8", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *command: str | Path, cwd: str = "fleet", **environment: str) -> str:
        done = self.ended(*command, cwd=cwd, **environment)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def environment(self, name: str) -> Path:
        """An empty environment, by its folder of programs; pip before 23.1 does not note the hash of a file."""
        self.run(sys.executable, "-m", "venv", "--upgrade-deps", self.home / name)
        return self.home / name / "bin"

    def builds_the_same(self, *modelspec: str | Path, **environment: str) -> None:
        """Whether every verb that reads the package's own files does there what it does in the checkout."""
        output = self.home / "fleet" / "dist"
        shutil.rmtree(output, ignore_errors=True)
        for verb in (
            ("validate", "--strict"),
            ("build",),
            ("build", "--check"),
            ("test",),
            ("explain", "MS301"),
        ):
            self.run(*modelspec, *verb, **environment)
        built = tree(output)
        assert len(built) > 100
        self.run(PROGRAM, "build", "--output", "expected")
        assert built == tree(self.home / "fleet" / "expected")
        schema = self.run(*modelspec, "schema", "model", **environment)
        assert schema == self.run(PROGRAM, "schema", "model")


@dataclass(frozen=True, slots=True)
class Built:
    """What is published, and the programs that install it, in folders of their own."""

    wheel: Path
    sdist: Path
    tools: Path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    _copy(FLEET, tmp_path / "fleet")
    return Place(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    home = tmp_path_factory.mktemp("built")
    maker = Place(home)
    _copy(SOURCES, home / "fleet")
    tools = maker.environment("tools")
    maker.run(tools / "python", "-m", "pip", "install", "--quiet", "build", "pipx", "shiv", "uv")
    maker.run(tools / "python", "-m", "build", "--outdir", home / "dist")
    (wheel,), (sdist,) = home.glob("dist/*.whl"), home.glob("dist/*.tar.gz")
    return Built(wheel, sdist, tools)


def _copy(names: Sequence[str], target: Path) -> None:
    target.mkdir()
    for name in names:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / name, target / name)


def digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def install_step(place: Place) -> dict[str, Any]:
    """The step that installs modelspec, in the workflow that `init` has written."""
    workflow = yaml.safe_load((place.home / "new/.github/workflows/models.yaml").read_text())
    step: dict[str, Any]
    (step,) = (step for step in workflow["jobs"]["models"]["steps"] if step["name"] == "Install modelspec")
    return step


def installed_from(place: Place, modelspec: Path) -> str:
    """What `init` takes for the source of the running copy: the value in the pipeline that it writes."""
    place.run(modelspec, "init", place.home / "new", "--quiet")
    value: str = install_step(place)["env"]["MODELSPEC_FROM"]
    return value


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_file_is_installed_by_pip_and_known_by_its_hash(built: Built, place: Place, kind: str) -> None:
    file: Path = getattr(built, kind)
    programs = place.environment("empty")
    place.run(programs / "pip", "install", "--quiet", file)
    place.builds_the_same(programs / "modelspec")
    assert installed_from(place, programs / "modelspec") == (
        f"modelspec-gitops @ file://{file}#sha256={digest(file)}"
    )
    served = place.ended(programs / "modelspec", "serve")
    assert served.returncode == 2
    command = f"pip install 'modelspec-gitops[serve] @ file://{file}#sha256={digest(file)}'"
    assert command in served.stderr
    place.run("sh", "-c", f"{programs}/{command} --quiet")
    found = "from importlib.util import find_spec; print(all(map(find_spec, ('starlette', 'uvicorn'))))"
    assert place.run(programs / "python", "-c", found) == "True\n"


def test_a_commit_is_installed_by_pip_and_known(place: Place) -> None:
    repository = place.home / "repository"
    _copy(SOURCES, repository)
    for words in (("init", "-q"), ("add", "--all"), ("commit", "-q", "-m", "all of it")):
        place.run("git", "-c", "user.name=A", "-c", "user.email=a@example.com", *words, cwd=repository.name)
    commit = place.run("git", "rev-parse", "HEAD", cwd=repository.name).strip()
    programs = place.environment("empty")
    wanted = f"git+file://{repository}@{commit}"
    place.run(programs / "pip", "install", "--quiet", wanted)
    place.builds_the_same(programs / "modelspec")
    assert installed_from(place, programs / "modelspec") == wanted


def test_pipx_installs_the_wheel(built: Built, place: Place) -> None:
    place.run(built.tools / "pipx", "install", "--quiet", built.wheel, USE_EMOJI="0")
    place.builds_the_same(place.home / ".local/bin/modelspec")


def test_uvx_runs_the_wheel(built: Built, place: Place) -> None:
    place.builds_the_same(built.tools / "uvx", "--python", sys.executable, "--from", built.wheel, "modelspec")


def test_a_shiv_archive_runs(built: Built, place: Place) -> None:
    archive = place.home / "modelspec.pyz"
    place.run(built.tools / "shiv", "-q", "-c", "modelspec", "-o", archive, built.wheel)
    place.builds_the_same(sys.executable, "-I", archive)


def test_a_package_in_a_zip_archive_finds_its_files(built: Built, place: Place) -> None:
    programs = place.environment("empty")
    place.run(programs / "pip", "install", "--quiet", built.wheel)
    place.run(programs / "pip", "uninstall", "--quiet", "--yes", "modelspec-gitops")
    python = (programs / "python", "-m", "modelspec")
    place.builds_the_same(*python, PYTHONPATH=str(built.wheel))
    refused = place.ended(*python, "init", "new", PYTHONPATH=str(built.wheel))
    assert "nothing pins this copy of modelspec" in refused.stderr


@dataclass(frozen=True, slots=True)
class Installation:
    """What a pipeline that `init` has written runs to install modelspec, and where the program is then."""

    script: str
    environment: dict[str, str]
    program: Path


def installation(place: Place, forge: str, programs: Path) -> Installation:
    if forge == "github":
        step = install_step(place)
        return Installation(step["run"], step["env"], programs / "modelspec")
    pipeline = yaml.safe_load((place.home / "new/.gitlab-ci.yml").read_text())
    script = "\n".join(pipeline[".modelspec"]["before_script"]).replace("/tmp/", f"{place.home}/made/")
    return Installation(script, pipeline["variables"], place.home / "made/modelspec/bin/modelspec")


@pytest.mark.parametrize(
    ("forge", "form"), [*(("github", form) for form in ("url", "path", "index")), ("gitlab", "path")]
)
def test_a_pipeline_installs_what_was_named_and_nothing_else(
    built: Built, place: Place, forge: str, form: str
) -> None:
    """The step of the pipeline that `init` writes, by bash, in a checkout that may hold the wheel."""
    known = digest(built.wheel)
    wheel = place.home / "new" / "vendor" / built.wheel.name
    named = {
        "url": f"file://{wheel}#sha256={known}",
        "path": f"vendor/{wheel.name}#sha256={known}",
        "index": f"modelspec-gitops=={__version__} --hash=sha256:{known}",
    }[form]
    place.run(PROGRAM, "init", place.home / "new", "--quiet", "--forge", forge, "--modelspec-from", named)
    programs = place.environment("empty")
    found = installation(place, forge, programs)
    wheel.parent.mkdir()
    for content in (built.wheel.read_bytes() + b"\0", built.wheel.read_bytes()):
        wheel.write_bytes(content)
        # A folder of files stands for the index that serves modelspec.
        links = f"{wheel.parent if form == 'index' else ''} {KEPT.get('PIP_FIND_LINKS', '')}"
        done = place.ended(
            "bash", "-eo", "pipefail", "-c", found.script, cwd="new", RUNNER_TEMP=str(place.home), PIP_FIND_LINKS=links,
            PATH=f"{programs}:/usr/bin:/bin", **found.environment,
        )  # fmt: skip
        sound = content == built.wheel.read_bytes()
        assert (done.returncode == 0) == found.program.exists() == sound, done.stderr
        assert ("HASH" in done.stderr) == (not sound)
    place.run(found.program, "validate", "--strict", cwd="new")
