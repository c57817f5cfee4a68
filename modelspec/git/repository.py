"""The git repository of a configuration, which may contain other files."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.git.program import Git, GitResult
from modelspec.load.disk import may_be_sparse
from modelspec.load.find import OPTIONAL, REQUIRED
from modelspec.load.unread import MODELS
from modelspec.text.quote import quote

_NOT_OURS = re.compile(r"(?:dubious ownership in repository at |unsafe repository \()'([^']*)'")
"""The second form is from git before 2.36."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository with a working tree; git runs in `root`, the folder of the configuration.

    `prefix` is the path from the top of the working tree to it, as git writes it: `fleet/`, or empty.
    """

    git: Git
    root: Path
    top: Path
    prefix: str
    is_shallow: bool


def find_repository(root: Path) -> Repository | Refusal:
    """The repository of a folder, or why it cannot be read."""
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
            help=f"if you trust it: git config --global --add safe.directory {path}",
        )
    if "cannot use bare repository" in found.err:
        return Refusal(
            message=f"{folder} looks like a bare git repository, which modelspec does not trust",
            help="use a checkout; if HEAD, objects/ and refs/ were planted there, delete them",
        )
    if "must be run in a work tree" in found.err:
        return Refusal(
            message=f"{folder} has no working tree",
            help="use a checkout: `git worktree add ../checkout`",
        )
    if "not a git repository" in found.err:
        return Refusal(
            message=f"{folder} is not in a git repository",
            help="run modelspec in a clone, or create a repository with `git init` and a first commit",
        )
    return found.refusal()


def incomplete(root: Path) -> Refusal | None:
    """Why files of the configuration at a root are not there: a sparse checkout, whose models would have no routes."""
    if not may_be_sparse(root):
        return None
    repository = find_repository(root)
    if isinstance(repository, Refusal):
        return repository
    rows = _listed(repository)
    return rows if isinstance(rows, Refusal) else _sparse(repository, rows, "")


def unfit(repository: Repository) -> Refusal | None:
    """Why the working tree cannot be compared: an unfinished merge, or files that are not checked out.

    Files that a sparse checkout leaves out would look as if they were deleted.
    """
    rows = _listed(repository)
    if isinstance(rows, Refusal):
        return rows
    unmerged = sorted({path for tag, _, path in rows if tag == "M"})
    if unmerged:
        return Refusal(
            message=f"a merge is not finished: {_first(unmerged)} conflicts",
            help="resolve them and `git add` the files, or abort the merge",
        )
    return _sparse(repository, rows, ", or compare commits: --head HEAD")


def _listed(repository: Repository) -> list[tuple[str, str, str]] | Refusal:
    """The tag, a space and the path of each file of the index below the root."""
    listed = repository.git.run("ls-files", "-t", "-z")
    if listed.code:
        return listed.refusal()
    return [row.partition(" ") for row in os.fsdecode(listed.out).split("\0")[:-1]]


def _sparse(repository: Repository, rows: Iterable[tuple[str, str, str]], otherwise: str) -> Refusal | None:
    absent = sorted(_absent(repository.root, (path for tag, _, path in rows if tag == "S")))
    if not absent:
        return None
    return Refusal(
        message=f"this checkout is sparse: {_first(absent)} not been checked out",
        help=f"check out everything with `git sparse-checkout disable`{otherwise}",
    )


def _absent(root: Path, paths: Iterable[str]) -> Iterator[str]:
    """Of the files that git skips, the missing ones that belong to a configuration."""
    for path in paths:
        wanted = path in (*REQUIRED, *OPTIONAL) or path.startswith(f"{MODELS}/")
        if wanted and not (root / path).exists():
            yield path


def _first(paths: list[str]) -> str:
    return quote(paths[0]) + (f" and {len(paths) - 1} more have" if len(paths) > 1 else " has")
