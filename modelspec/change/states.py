"""Two states of a repository, compiled together, and the faults of the later one that a change touches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from modelspec.check.base import Policy, policy_of, salvage
from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal
from modelspec.diagnose.rule import is_fixed
from modelspec.git import (
    Commit,
    Repository,
    as_it_was,
    commit_of,
    find_repository,
    is_submodule,
    read_commit,
    read_policy,
    revisions,
)
from modelspec.git.repository import unfit
from modelspec.git.tree import blob_id
from modelspec.incremental import compile_tree
from modelspec.load.find import Tree, read_tree
from modelspec.load.unread import MODELS
from modelspec.pipeline import Checked, Compiled
from modelspec.routing.route import route
from modelspec.text.quote import quote
from modelspec.text.source import stored


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state. `commit` is None for the working tree; `title` is for people: "main (3f2a91c)".

    `at` is the commit that the files are those of: also that of a working tree in which nothing differs from it.

    `files` maps the path of every file that was read to the git id of its content. This version refuses values of the
    files `refused`; without these values, the state is compiled. What the files `unreadable` say is not known.
    """

    compiled: Compiled
    title: str
    commit: str | None
    files: Mapping[str, str]
    refused: Sequence[str] = ()
    unreadable: Sequence[str] = ()
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The states before and after a change.

    What they have in common is shared: a route that is the same object in both tables has not changed.
    """

    base: State
    head: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Both ends of a change, and the policy of its base, which is None where that has no configuration yet.

    `was` is the repository with the folder in which the base has the configuration.
    """

    repository: Repository
    was: Repository
    base: Commit
    head: Commit | None
    policy: Policy | None


def read_states(
    root: Path, *, base: str | None, head: str | None, today: date, fork: bool = False
) -> States | Refusal:
    """Read and compile two states of the repository at `root`.

    `base` names a commit; None means the merge base of the head and the default branch. `head` names a commit; None
    means the working tree. With `fork`, the merge base of the head and `base` is the base.

    Raises:
        OSError: the root cannot be opened.
    """
    found = _fork(root, base=base, head=head, fork=fork)
    if isinstance(found, Refusal):
        return found
    policy = found.policy
    if policy is None or not policy.unreadable:
        return _compiled(found, policy=policy, today=today)
    # The guards speak of what is not known of the base.
    states = _compiled(found, policy=replace(policy, unreadable=()), today=today)
    if isinstance(states, Refusal):
        return states
    unreadable = (*policy.unreadable, *states.base.unreadable)
    return replace(states, base=replace(states.base, unreadable=unreadable))


def base_policy(root: Path, ref: str, *, strict: bool) -> Policy | Refusal | None:
    """The policy of the commit at which the working tree and `ref` forked; None where it has no configuration yet."""
    found = _fork(root, base=ref, head=None, fork=True)
    if isinstance(found, Refusal) or found.policy is None:
        return found if isinstance(found, Refusal) else None
    return replace(found.policy, strict=strict)


def _fork(root: Path, *, base: str | None, head: str | None, fork: bool) -> Fork | Refusal:
    repository = find_repository(root)
    if isinstance(repository, Refusal):
        return repository
    found = revisions(repository, base=base, head=head, fork=fork)
    if isinstance(found, Refusal):
        return found
    was = as_it_was(repository, found.base, found.head)
    tree = read_policy(was, found.base)
    if isinstance(tree, Refusal):
        return tree
    title = found.base.title
    if was is not repository:
        title += f", where the configuration was in {quote(was.prefix)}"
    if is_submodule(was, found.base):
        title += _SUBMODULE
    return Fork(
        repository=repository,
        was=was,
        base=replace(found.base, title=title),
        head=found.head,
        policy=None if tree is None else policy_of(tree, found.base.id),
    )


def _compiled(fork: Fork, *, policy: Policy | None, today: date) -> States | Refusal:
    contents: dict[str, bytes] = {}
    after = _read_head(fork.repository, fork.head, fork.base, contents)
    if isinstance(after, Refusal):
        return after
    before = read_commit(fork.was, fork.base, contents)
    if isinstance(before, Refusal):
        return before
    # The head first: the base takes over what they share.
    new = compile_tree(after, today=today, policy=policy)
    old = compile_tree(before, today=today, like=new)
    return States(
        base=_less_refused(_state(old, fork.base, fork.base.id)),
        head=_said(_state(new, fork.head, fork.base.id), fork.repository, fork.head),
    )


_SUBMODULE = ", where models.d is a submodule"


def _said(state: State, repository: Repository, head: Commit | None) -> State:
    """The head, with what a reader must know of where it is."""
    state = replace(state, at=commit_of(repository, state.files) if head is None else head.id)
    return replace(state, title=state.title + _SUBMODULE) if is_submodule(repository, head) else state


def _less_refused(state: State) -> State:
    """The base with the routes of what it says, where this version refuses some of it."""
    compiled = state.compiled
    if compiled.table is not None:
        return state
    found = salvage(compiled.tree, compiled.setup, compiled.facts)
    fixed = (one.path for one in compiled.diagnostics if is_fixed(one.code))
    is_enough = bool(found.models) and bool(found.catalog.fleet.heads)
    table = route(found.catalog, found.models) if is_enough else None
    return replace(
        state,
        compiled=replace(compiled, catalog=found.catalog, models=found.models, table=table),
        refused=sorted(set(fixed).difference(found.unreadable)),
        unreadable=found.unreadable,
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
    if any(fault.code == "MS023" for fault in tree.faults) and is_submodule(repository, None):
        return Refusal(
            message="models.d is a submodule that is not checked out, so its models cannot be compared",
            help="git submodule update --init",
        )
    contents.update((blob_id(stored(file.data), base.id), file.data) for file in tree.files)
    return tree


def _state(compiled: Compiled, commit: Commit | None, like: str) -> State:
    tree, schema = compiled.tree, compiled.setup.metadata_file
    files = [*tree.files, *([] if schema is None else [schema])]
    return State(
        compiled=compiled,
        title="the working tree" if commit is None else commit.title,
        commit=None if commit is None else commit.id,
        files={file.path: blob_id(stored(file.data), like) for file in files},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The working tree with the diagnostics that a change touches, how many others it has, and the changed files."""

    checked: Checked
    left_out: int
    files: frozenset[str]


def validate_changes(
    root: Path, *, since: str, today: date, policy: Policy | None = None
) -> Changes | Refusal:
    """Find every fault of the working tree, and keep those touched since it forked from the commit `since`.

    `policy` is as in `pipeline.compile_tree`.

    Raises:
        OSError: the root cannot be opened.
    """
    fork = _fork(root, base=since, head=None, fork=True)
    if isinstance(fork, Refusal):
        return fork
    states = _compiled(fork, policy=policy, today=today)
    if isinstance(states, Refusal):
        return states
    compiled = states.head.compiled
    kept = touched(states)
    return Changes(
        checked=Checked(tree=compiled.tree, diagnostics=kept, locator=compiled.locator),
        left_out=len(compiled.diagnostics) - len(kept),
        files=frozenset(_changed_files(states)),
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
