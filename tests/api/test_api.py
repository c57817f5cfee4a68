"""The library, as a program that imports it uses it; and the program without `incremental.py`."""

import os
import shutil
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from git_repositories import repository, write
from golden_cases import BASES
from small_fleets import FIXED, TODAY, model

from modelspec import api
from modelspec.change.plan import Planned

PROJECT = Path(__file__).parents[2]
FILES = {**FIXED, "models.d/atlas.yaml": model("atlas", "fallback_heads: [head-uk-1]")}

WITHOUT = '''
"""The program as it is, and nothing that an earlier run or another state has found out."""
from modelspec import pipeline
from modelspec.load.find import read_tree

def compile_tree(tree, *, today, like=None, targets=(), policy=None):
    return pipeline.compile_tree(tree, today=today, targets=targets, policy=policy)

def check(tree, *, today, policy=None):
    return pipeline.compile_tree(tree, today=today, route=None, policy=policy)

def validate(root, *, today, cache, policy=None):
    return check(read_tree(root), today=today, policy=policy)

def compile_fleet(root, *, today, targets=()):
    return compile_tree(read_tree(root), today=today, targets=targets)

def compile_to_build(root, *, today, targets=(), cache=True):
    return compile_fleet(root, today=today, targets=targets)

def fresh_output(root, **_):
    return None

write, stale_files = pipeline.write, pipeline.stale_files
'''


def test_validates_compiles_and_routes(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    assert not api.validate(root, today=TODAY, cache=False).has_errors
    compiled = api.compile(root, today=TODAY, targets=("envoy",))
    decision = api.route(compiled, "atlas", origin="us", down=("head-eu-1",))
    assert (decision.status, decision.first) == (200, ("head-uk-1",))
    assert api.route(compiled, "bison").status == 404
    with pytest.raises(FrozenInstanceError):
        decision.name = "bison"  # type: ignore[misc]


def test_a_fleet_with_a_broken_file_has_no_routes(tmp_path: Path) -> None:
    compiled = api.compile(write(tmp_path, {**FILES, "models.d/bison.yaml": "["}), today=TODAY)
    assert [found.severity for found in compiled.diagnostics] == [api.Severity.ERROR]
    with pytest.raises(ValueError, match="no routing table"):
        api.route(compiled, "atlas")


def test_plans_and_refuses_as_values(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FILES)
    write(root, {"models.d/bison.yaml": model("bison")})
    planned = api.plan(root, base="HEAD", today=TODAY)
    assert isinstance(planned, Planned)
    assert planned.is_allowed
    refused = api.plan(root, base="nowhere", today=TODAY)
    assert isinstance(refused, api.Refusal)
    assert refused.help


@pytest.mark.parametrize("fleet", [PROJECT, BASES / "edges"])
def test_without_incremental_every_byte_is_the_same(fleet: Path, tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(
        PROJECT / "modelspec", package / "modelspec", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(PROJECT / "schemas", package / "schemas")
    (package / "modelspec" / "incremental.py").write_text(WITHOUT)
    root = tmp_path / "fleet"
    root.mkdir()
    for name in (
        "regions.yaml",
        "heads.yaml",
        "modelspec.yaml",
        "routes.test.yaml",
        "waivers.yaml",
        "metadata.schema.json",
    ):
        if (fleet / name).exists():
            shutil.copy(fleet / name, root / name)
    shutil.copytree(fleet / "models.d", root / "models.d")
    repository(root)
    models = sorted((root / "models.d").rglob("[!_]*.yaml"))
    changed = next(file for file in models if "limits:" not in file.read_text())
    changed.write_text(changed.read_text() + "limits: {rpm: 7}\n")
    seen = [
        _everything(place, root, tmp_path / f"out{number}") for number, place in enumerate((PROJECT, package))
    ]
    assert seen[0] == seen[1]
    assert seen[0]["validate"].strip()


def _everything(package: Path, root: Path, output: Path) -> dict[str, str]:
    """What three verbs say, twice for the sake of the cache, and every file of a build."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(package),
        "XDG_CACHE_HOME": str(output / "cache"),
        "HOME": str(output),
    }
    found: dict[str, str] = {}
    for number in range(2):
        for words in (
            ("validate", "--format", "json"),
            ("plan", "--base", "HEAD", "--format", "json"),
            ("build", "--output", str(output / "dist"), "--quiet"),
            ("build", "--output", str(output / "dist"), "--quiet", "--check"),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "modelspec", *words, "--root", str(root)],
                env=environment,
                cwd=root,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode != 3, done.stderr
            said = found.setdefault(words[0], done.stdout)
            assert said == done.stdout, number
    for path in sorted((output / "dist").rglob("*")):
        if path.is_file():
            found[str(path.relative_to(output))] = path.read_bytes().decode("latin-1")
    return found
