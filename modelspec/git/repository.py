"""The git repository that a configuration lies in, which may be larger than it."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.git.program import Git, GitResult
from modelspec.load.find import OPTIONAL, REQUIRED
from modelspec.load.unread import MODELS
from modelspec.text.quote import quote

_NOT_OURS = re.compile(r"(?:dubious ownership in repository at |unsafe repository \()'([^']*)'")
"""The second form is that of git before 2.36."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository with a working tree; `root`, the configuration, is in it and git is run there.

    `prefix` is the way down from the top of the working tree to it, as git writes it: `fleet/`, or nothing.
    """

    git: Git
    root: Path
    top: Path
    prefix: str
    is_shallow: bool


def find_repository(root: Path) -> Repository | Refusal:
    """The repository of a folder, or why there is none that may be read."""
    git = Git.at(root)
    if isinstance(git, Refusal):
        return git
    found = git.run("rev-parse", "--show-toplevel")
    if found.code:
        return _refused(root, found)
    shallow, _, prefix = git.run("rev-parse", "--is-shallow-repository", "--show-prefix").out.partition(b"\n")
    return Repository(
        git=git,
        root=root,
        top=Path(found.line),
        prefix=prefix.removesuffix(b"\n").decode(errors="surrogateescape"),
        is_shallow=shallow == b"true",
    )


def _refused(root: Path, found: GitResult) -> Refusal:
    folder = shown(root)
    dubious = _NOT_OURS.search(found.err)
    if dubious is not None:
        path = shown(dubious[1])
        return Refusal(
            message=f"git does not trust {path}: it belongs to another user",
            help=f"if you do: git config --global --add safe.directory {path}",
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


def unfit(repository: Repository) -> Refusal | None:
    """Why the working tree is no state to look at: a merge is not finished, or a part of it was never checked out.

    What a sparse checkout leaves out would look as if it were removed.
    """
    listed = repository.git.run("ls-files", "-t", "-z")
    if listed.code:
        return listed.refusal()
    rows = [row.partition(" ") for row in os.fsdecode(listed.out).split("\0")[:-1]]
    unmerged = sorted({path for tag, _, path in rows if tag == "M"})
    if unmerged:
        return Refusal(
            message=f"a merge is not finished: {_first(unmerged)} conflicts",
            help="resolve them and `git add` the files, or abort the merge",
        )
    absent = sorted(_absent(repository.root, (path for tag, _, path in rows if tag == "S")))
    if absent:
        return Refusal(
            message=f"this checkout is sparse: {_first(absent)} been left out",
            help="`git sparse-checkout disable` gets everything; or compare commits: --head HEAD",
        )
    return None


def _absent(root: Path, paths: Iterable[str]) -> Iterator[str]:
    """Of the files that git does not look for, those that a configuration consists of and that are not there."""
    for path in paths:
        wanted = path in (*REQUIRED, *OPTIONAL) or path.startswith(f"{MODELS}/")
        if wanted and not (root / path).exists():
            yield path


def _first(paths: list[str]) -> str:
    return quote(paths[0]) + (f" and {len(paths) - 1} more have" if len(paths) > 1 else " has")
