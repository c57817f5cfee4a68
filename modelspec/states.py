"""Two states of a repository, compiled together: what a change is measured between."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

from modelspec.catalog import Model
from modelspec.git import Commit, Repository, find_repository, read_commit, revisions
from modelspec.git.commit import unmerged
from modelspec.git.objects import blob_id
from modelspec.load.find import Tree, read_tree
from modelspec.pipeline import Compiled, compile_tree, has_same_surroundings
from modelspec.refusal import Refusal
from modelspec.route import route
from modelspec.routing import Route, RoutingTable


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state. `commit` is None for the working tree; `title` is what people are told: "main (3f2a91c)".

    `files` leads from the path of every file that was read to the id of its content, which is that of git. `routing`
    is None where the state cannot be compared: the head has errors, or the base has faults of reading, schema or links.
    """

    compiled: Compiled
    title: str
    commit: str | None
    files: Mapping[str, str]
    routing: RoutingTable | None


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
    new_table = None if new.has_errors else route(new.catalog, new.models)
    return States(
        base=_state(old, found.base, _base_table(old, new, new_table), found.base.id),
        head=_state(new, found.head, new_table, found.base.id),
    )


def _read_head(
    repository: Repository, head: Commit | None, base: Commit, contents: dict[str, bytes]
) -> Tree | Refusal:
    if head is not None:
        return read_commit(repository, head, contents)
    unfinished = unmerged(repository)
    if unfinished is not None:
        return unfinished
    tree = read_tree(repository.root)
    contents.update(
        (blob_id(file.data, base.id), file.data) for file in chain(tree.fixed.values(), tree.models)
    )
    return tree


def _base_table(old: Compiled, new: Compiled, new_table: RoutingTable | None) -> RoutingTable | None:
    if not old.is_linked:
        return None
    comparable = has_same_surroundings(old.tree, old.setup, new)
    return route(old.catalog, old.models, known=_routes(new, new_table) if new_table and comparable else {})


def _routes(compiled: Compiled, table: RoutingTable) -> Mapping[str, tuple[Model, Route]]:
    models = {model.model_id: model for model in compiled.models}
    return {route.model_id: (models[route.model_id], route) for route in table.routes}


def _state(compiled: Compiled, commit: Commit | None, table: RoutingTable | None, like: str) -> State:
    tree, schema = compiled.tree, compiled.setup.metadata_file
    files = [*tree.fixed.values(), *tree.models, *([] if schema is None else [schema])]
    return State(
        compiled=compiled,
        title="the working tree" if commit is None else commit.title,
        commit=None if commit is None else commit.id,
        files={file.path: blob_id(file.data, like) for file in files},
        routing=table,
    )
