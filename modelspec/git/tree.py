"""A commit as the compiler reads it: the same Tree that a checkout of it would give."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelspec.diagnostic import Diagnostic
from modelspec.git.commit import Commit
from modelspec.git.objects import Entry, Listing, Objects, UnreadableError, objects
from modelspec.git.repository import Repository
from modelspec.load.find import File, Tree, find_file, find_tree
from modelspec.load.folder import Kind
from modelspec.load.unread import MAX_BYTES, MODELS, irregular, link, no_folder, too_large, unreadable
from modelspec.quote import quote
from modelspec.refusal import Refusal

_LINK = "120000"
_FOLDER = "040000"
_SUBMODULE = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitFolder:
    """A tree. `listing` has its entries under `within`, and perhaps those of the trees in it."""

    objects: Objects
    listing: Listing
    within: str = ""

    def entries(self) -> Iterator[tuple[str, Kind]]:
        """The names in it."""
        return ((name, _kind(entry)) for name, entry in self._own.items())

    def folder(self, name: str, path: str) -> "GitFolder | Diagnostic | None":
        """Go to a tree in it."""
        entry = self._own.get(name)
        if entry is None:
            return None
        if entry.mode != _FOLDER:
            return _no_folder(entry, path)
        inner = f"{self.within}/{name}" if self.within else name
        if inner in self.listing:
            return GitFolder(objects=self.objects, listing=self.listing, within=inner)
        # Of the configuration only the models are wanted whole: a repository may hold much else.
        return GitFolder(objects=self.objects, listing=self.objects.tree(entry.id, deep=path == MODELS))

    def file(self, name: str, path: str) -> bytes | Diagnostic | None:
        """Read a blob in it."""
        entry = self._own.get(name)
        if entry is None:
            return None
        if entry.mode == _LINK:
            return link(path)
        if entry.mode in (_FOLDER, _SUBMODULE):
            return irregular(path)
        return too_large(path) if entry.size > MAX_BYTES else self.objects.blob(entry.id)

    def close(self) -> None:
        """There is nothing to let go of."""

    @property
    def _own(self) -> dict[str, Entry]:
        return self.listing.get(self.within, {})


def read_commit(repository: Repository, commit: Commit, known: dict[str, bytes]) -> Tree | Refusal:
    """Read the configuration as a commit has it.

    `known` are contents by the ids of their blobs: what is in it is not read from git, and what is read is put into it.
    """
    top = repository.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit.id}:./")
    if top.code:
        return Refusal(
            message=f"{commit.title} has no folder {quote(repository.root.resolve().name)}",
            help="compare with a commit that has the configuration",
        )
    try:
        with objects(repository.git, known) as found:
            folder = GitFolder(objects=found, listing=found.tree(top.line, deep=False))
            return find_tree(folder, repository.root, lambda path: _other(repository, top.line, path))
    except UnreadableError as error:
        return error.refusal


def _other(repository: Repository, top: str, path: str) -> File | Diagnostic | None:
    try:
        with objects(repository.git, {}) as found:
            return find_file(GitFolder(objects=found, listing=found.tree(top, deep=False)), path)
    except UnreadableError as error:
        return unreadable(path, error.refusal.message)


def _kind(entry: Entry) -> Kind:
    match entry.mode:
        case "040000":
            return Kind.FOLDER
        case "120000":
            return Kind.LINK
        case "160000":
            return Kind.OTHER
        case _:
            return Kind.FILE


def _no_folder(entry: Entry, path: str) -> Diagnostic:
    if entry.mode == _LINK:
        return link(path)
    if entry.mode == _SUBMODULE:
        return unreadable(path, "it is a submodule")
    return no_folder(path)
