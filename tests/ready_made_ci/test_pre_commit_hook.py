"""The hook, by the real pre-commit: from a repository that holds the working tree, in an environment that it makes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from modelspec_command import write_fleet
from runner import PROGRAMS, PROJECT, git

HOOKS = PROJECT / ".pre-commit-hooks.yaml"
BROKEN = "model_id: atlas\nname: Atlas\nregion: eu-wset\npriority_head: head-us\n"


def pre_commit(home: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pre-commit with a store of its own; what pip needs of the tester's environment stays."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "SSL_", "REQUESTS_", "UV_"))
    }
    return subprocess.run(
        [PROGRAMS / "pre-commit", *arguments],
        cwd=cwd,
        env={
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "PRE_COMMIT_HOME": str(home / "store"),
            "GIT_CONFIG_NOSYSTEM": "1",
            **{
                f"GIT_{who}_{what}": "a@example.com"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_pre_commit_takes_the_manifest(tmp_path: Path) -> None:
    ended = pre_commit(tmp_path, PROJECT, "validate-manifest", str(HOOKS))
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("path", "concerns"),
    [
        ("regions.yaml", True),
        ("fleet/heads.yaml", True),
        ("modelspec.yaml", True),
        ("waivers.yaml", True),
        ("routes.test.yaml", True),
        ("models.d/chat/atlas.yaml", True),
        ("a/b/models.d/atlas.yml", True),
        ("models.d/README.md", False),
        ("xregions.yaml", False),
        ("mymodels.d/atlas.yaml", False),
        ("regions.yaml.md", False),
        ("docs/index.md", False),
    ],
)
def test_the_pattern_knows_the_files_of_a_fleet(path: str, *, concerns: bool) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text())
    assert bool(re.search(hook["files"], path)) == concerns


def hook_repository(folder: Path) -> tuple[Path, str]:
    """A git repository of what the hook is installed from, and its commit."""
    folder.mkdir()
    for name in ("modelspec", "schemas"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(PROJECT / name, folder / name)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "all of it")
    return folder, git(folder, "rev-parse", "HEAD")


@pytest.mark.registry
def test_the_hook_lets_a_sound_fleet_through_and_stops_a_broken_one(tmp_path: Path) -> None:
    repository, commit = hook_repository(tmp_path / "hooks")
    fleet = write_fleet(tmp_path / "fleet")
    configuration = {
        "repos": [{"repo": str(repository), "rev": commit, "hooks": [{"id": "modelspec-validate"}]}]
    }
    (fleet / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configuration))
    git(fleet, "init", "-q", "-b", "main")
    git(fleet, "add", "--all")
    sound = pre_commit(tmp_path, fleet, "run")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert re.search(r"modelspec validate\.+Passed", sound.stdout)
    git(fleet, "commit", "-q", "-m", "sound")

    (fleet / "models.d" / "atlas.yaml").write_text(BROKEN)
    git(fleet, "add", "--all")
    broken = pre_commit(tmp_path, fleet, "run")
    assert broken.returncode == 1
    assert "no region is named 'eu-wset'" in broken.stdout

    git(fleet, "reset", "-q", "--hard")
    git(fleet, "rm", "-q", "heads.yaml")
    removed = pre_commit(tmp_path, fleet, "run")
    assert removed.returncode == 1, "a commit that only removes files is checked as well"
    assert "heads.yaml" in removed.stdout

    git(fleet, "reset", "-q", "--hard")
    tried = pre_commit(tmp_path, fleet, "try-repo", str(repository), "modelspec-validate", "--all-files")
    assert tried.returncode == 0, tried.stdout + tried.stderr
