"""The git repository that a configuration lies in, which may be larger than it."""

import re
from dataclasses import dataclass
from pathlib import Path

from modelspec.git.program import Git, Outcome
from modelspec.quote import visible
from modelspec.refusal import Refusal

_LONGEST = 4096
_NOT_OURS = re.compile(r"(?:dubious ownership in repository at |unsafe repository \()'([^']*)'")
"""The second form is that of git before 2.36."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository with a working tree; `root`, the configuration, is in it and git is run there."""

    git: Git
    root: Path
    top: Path
    is_shallow: bool


def find_repository(root: Path) -> Repository | Refusal:
    """The repository of a folder, or why there is none that may be read."""
    git = Git.at(root)
    if isinstance(git, Refusal):
        return git
    found = git.run("rev-parse", "--show-toplevel")
    if found.code:
        return _refused(root, found)
    shallow = git.run("rev-parse", "--is-shallow-repository")
    return Repository(git=git, root=root, top=Path(found.line), is_shallow=shallow.line == "true")


def _refused(root: Path, found: Outcome) -> Refusal:
    folder = f"'{visible(str(root), _LONGEST)}'"
    dubious = _NOT_OURS.search(found.err)
    if dubious is not None:
        path = visible(dubious[1], _LONGEST)
        return Refusal(
            message=f"git does not trust '{path}': it belongs to another user",
            help=f"if you do: git config --global --add safe.directory '{path}'",
        )
    if "cannot use bare repository" in found.err:
        return Refusal(
            message=f"{folder} looks like a bare git repository, and no such one is trusted here",
            help="delete HEAD, objects/ and refs/ from it if they are planted, or go to a checkout",
        )
    if "must be run in a work tree" in found.err:
        return Refusal(
            message=f"{folder} has no working tree of its own",
            help="go to a checkout: `git worktree add ../checkout`",
        )
    if "not a git repository" in found.err:
        return Refusal(
            message=f"{folder} is not in a git repository",
            help="run it in a clone; `git init` and a first commit make one",
        )
    return found.refusal()
