"""Two states of a repository, compiled together, and the faults of the later one that a change touches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal
from modelspec.git import Commit, Repository, find_repository, read_commit, revisions
from modelspec.git.repository import unfit
from modelspec.git.tree import blob_id
from modelspec.incremental import compile_tree
from modelspec.load.find import Tree, read_tree
from modelspec.load.unread import MODELS
from modelspec.pipeline import Checked, Compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state. `commit` is None for the working tree; `title` is for people: "main (3f2a91c)".

    `files` maps the path of every file that was read to the git id of its content.
    """

    compiled: Compiled
    title: str
    commit: str | None
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The states before and after a change.

    What they have in common is shared: a route that is the same object in both tables has not changed.
    """

    base: State
    head: State


def read_states(
    root: Path, *, base: str | None, head: str | None, today: date, fork: bool = False
) -> States | Refusal:
    """Read and compile two states of the repository at `root`.

    `base` names a commit; None means the merge base of the head and the default branch. `head` names a commit; None
    means the working tree. With `fork`, the merge base of the head and `base` is the base.

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
    # The head first: the base takes over what they share.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The working tree with the diagnostics that a change touches, and how many others it has."""

    checked: Checked
    left_out: int


def validate_changes(root: Path, *, since: str, today: date) -> Changes | Refusal:
    """Find every fault of the working tree, and keep those touched since it forked from the commit `since`.

    Raises:
        OSError: the root cannot be opened.
    """
    states = read_states(root, base=since, head=None, today=today, fork=True)
    if isinstance(states, Refusal):
        return states
    compiled = states.head.compiled
    kept = touched(states)
    return Changes(
        checked=Checked(tree=compiled.tree, diagnostics=kept, locator=compiled.locator),
        left_out=len(compiled.diagnostics) - len(kept),
    )


def touched(states: States) -> list[Diagnostic]:
    """The diagnostics of the head, in order, without those unrelated to the change.

    A diagnostic is left out only if the base has the same one, its file is the same in both states, and neither its
    subject nor what it points at is a model of a changed file. So a fault that a change causes in another file is
    never lost: it is new. Pointing into a changed regions.yaml or heads.yaml does not count, since most do.
    """
    files = _changed_files(states)
    before = {_fault(found) for found in states.base.compiled.diagnostics}
    names = {
        signature.model_id
        for state in (states.base, states.head)
        for signature in state.compiled.catalog.signatures
        if signature.path in files
    }
    return [
        found
        for found in states.head.compiled.diagnostics
        if found.path in files
        or found.subject in names
        or any(label.path in files and label.path.startswith(f"{MODELS}/") for label in found.related)
        or _fault(found) not in before
    ]


def _changed_files(states: States) -> set[str]:
    """The paths of files that differ, of models whose defaults differ, and of files that could not be read."""
    base, head = states.base.files, states.head.files
    changed = {path for path in base.keys() | head.keys() if base.get(path) != head.get(path)}
    changed.update(states.base.compiled.tree.unread, states.head.compiled.tree.unread)
    folders = tuple(
        f"{folder}/" for folder, _, name in (path.rpartition("/") for path in changed) if name.startswith("_")
    )
    return changed | {path for path in base.keys() | head.keys() if path.startswith(folders)}


def _fault(found: Diagnostic) -> tuple[object, ...]:
    """What identifies a diagnostic of an unchanged file; the places that it points at may have moved.

    Their labels may not: that of a fault in defaults counts the models that it affects.
    """
    texts = tuple(label.text for label in found.related)
    return (
        found.code,
        found.severity,
        found.path,
        found.span,
        found.message,
        found.subject,
        found.help,
        texts,
    )
