"""Two states of a small repository, in real git."""

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

from modelspec.change.plan import Planned, plan_change

TODAY = date(2026, 6, 1)
GOLDEN = Path(__file__).parent / "golden"
FLEET = GOLDEN / "fleet"
GONE = "gone.txt"
"""In `after/`: the paths that the change deletes, one a line."""

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


def git(folder: Path, *arguments: str) -> None:
    """Run git with nothing of the tester's own settings."""
    subprocess.run(["git", *arguments], cwd=folder, env=_ENVIRONMENT, check=True, capture_output=True)


def commit(root: Path) -> Path:
    """Make a repository of a folder and commit all of it."""
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all", "--force", ".")
    git(root, "commit", "--quiet", "--message", "base")
    return root


def overlay(root: Path, change: Path) -> None:
    """Put the files of a change over those that are there, and delete those that it names."""
    for file in sorted(change.rglob("*")):
        target = root / file.relative_to(change)
        if file.is_dir():
            target.mkdir(exist_ok=True)
        elif target.name != GONE:
            shutil.copyfile(file, target)
    gone = change / GONE
    for path in gone.read_text(encoding="utf-8").split("\n") if gone.exists() else ():
        if path:
            (root / path).unlink()


def case(root: Path, name: str) -> Path:
    """The golden case: the fleet with `before/` committed, and `after/` in the working tree."""
    shutil.copytree(FLEET, root, dirs_exist_ok=True)
    overlay(root, GOLDEN / name / "before")
    commit(root)
    overlay(root, GOLDEN / name / "after")
    return root


def planned(root: Path) -> Planned:
    """The plan from the commit to the working tree."""
    made = plan_change(root, base="HEAD", head=None, today=TODAY)
    assert isinstance(made, Planned)
    return made
