"""Two states of a repository, compiled together: what a change is measured between."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from modelspec.diagnose.refusal import Refusal
from modelspec.git import Commit, Repository, find_repository, read_commit, revisions
from modelspec.git.repository import unfit
from modelspec.git.tree import blob_id
from modelspec.incremental import compile_tree
from modelspec.load.find import Tree, read_tree
from modelspec.pipeline import Compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state. `commit` is None for the working tree; `title` is what people are told: "main (3f2a91c)".

    `files` leads from the path of every file that was read to the id of its content, which is that of git.
    """

    compiled: Compiled
    title: str
    commit: str | None
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The state before a change and the one behind it.

    What both have in common is shared: a route that is the very same object in both tables has not changed.
    """

    base: State
    head: State


def read_states(
    root: Path, *, base: str | None, head: str | None, today: date, fork: bool = False
) -> States | Refusal:
    """Read and compile two states of the repository at `root`.

    `base` names a commit, None means the merge base of the head with the default branch. `head` names a commit, None
    means the working tree. With `fork` the merge base of the head with `base` is taken.

    Raises:
        OSError: the root cannot be opened.
    """
    repository = find_repository(root)
    if isinstance(repository, Refusal):
        return repository
    found = revisions(repository, base=base, head=head, fork=fork)
    if isinstance(found, Refusal):
        return found
    contents: dict[str, bytes] = {}
    after = _read_head(repository, found.head, found.base, contents)
    if isinstance(after, Refusal):
        return after
    before = read_commit(repository, found.base, contents)
    if isinstance(before, Refusal):
        return before
    # The head first: what is said of the base beyond it is rarely asked for.
    new = compile_tree(after, today=today)
    old = compile_tree(before, today=today, like=new)
    return States(
        base=_state(old, found.base, found.base.id),
        head=_state(new, found.head, found.base.id),
    )


def _read_head(
    repository: Repository, head: Commit | None, base: Commit, contents: dict[str, bytes]
) -> Tree | Refusal:
    if head is not None:
        return read_commit(repository, head, contents)
    refused = unfit(repository)
    if refused is not None:
        return refused
    tree = read_tree(repository.root)
    contents.update((blob_id(file.data, base.id), file.data) for file in tree.files)
    return tree


def _state(compiled: Compiled, commit: Commit | None, like: str) -> State:
    tree, schema = compiled.tree, compiled.setup.metadata_file
    files = [*tree.files, *([] if schema is None else [schema])]
    return State(
        compiled=compiled,
        title="the working tree" if commit is None else commit.title,
        commit=None if commit is None else commit.id,
        files={file.path: blob_id(file.data, like) for file in files},
    )
