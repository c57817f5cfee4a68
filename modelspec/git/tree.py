"""Reading the tree of a commit: the same `Tree` as from a checkout."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha1, sha256
from typing import IO

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal
from modelspec.git.commit import Commit
from modelspec.git.program import Git
from modelspec.git.repository import Repository
from modelspec.load.disk import FileKind
from modelspec.load.find import OPTIONAL, REQUIRED, File, Tree, find_file, find_tree
from modelspec.load.unread import MAX_BYTES, MODELS, irregular, link, no_folder, too_large, unreadable

_SHA1 = 40
"""Hexadecimal digits of an id; SHA-256 repositories have 64."""


class UnreadableError(Exception):
    """An object is missing or damaged; caught where a commit is read."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """An entry of a tree; `size` is that of a blob in bytes, and 0 for a missing one or another object."""

    mode: str
    id: str
    size: int


Listing = dict[str, dict[str, TreeEntry]]
"""The entries of folders by their path from the listed tree, which itself is ''."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """The objects of a repository, read by one long-running process. Blobs in `known` are not read again."""

    git: Git
    asking: IO[bytes]
    answers: IO[bytes]
    open: ExitStack
    known: dict[str, bytes] = field(default_factory=dict)

    def beside(self, git: Git) -> "Objects":
        """Those of another repository, for as long as these."""
        return self.open.enter_context(objects(git, self.known))

    def blob(self, blob_id: str) -> bytes:
        """The content of a blob.

        Raises:
            UnreadableError: it is missing or damaged.
            OSError: git has ended.
        """
        found = self.known.get(blob_id)
        if found is None:
            found = self.known[blob_id] = self._read(blob_id)
        return found

    def _read(self, blob_id: str) -> bytes:
        self.asking.write(f"{blob_id}\n".encode())
        self.asking.flush()
        head = self.answers.readline().split()
        if len(head) != 3 or head[1] != b"blob":  # noqa: PLR2004 - id, type, size
            raise UnreadableError(_lost(blob_id))
        size = int(head[2])
        data = self.answers.read(size + 1)
        if len(data) <= size:
            raise UnreadableError(_lost(blob_id))
        return data[:-1]

    def tree(self, tree_id: str, *, deep: bool) -> Listing:
        """The entries of a tree; with `deep`, those of its subtrees as well.

        Raises:
            UnreadableError: it is missing.
        """
        options = ("-r", "-t") if deep else ()
        listed = self.git.run("ls-tree", "-z", "-l", "--full-tree", *options, tree_id)
        if listed.code:
            missing = "could not get object info" in listed.err or "not a tree object" in listed.err
            raise UnreadableError(_lost(tree_id) if missing else listed.refusal())
        listing: Listing = {"": {}}
        for row in listed.out.split(b"\0")[:-1]:
            about, _, raw = row.partition(b"\t")
            mode, _, entry_id, size = about.decode().split()
            within, _, name = raw.decode(errors="surrogateescape").rpartition("/")
            entry = TreeEntry(mode=mode, id=entry_id, size=int(size) if size.isdigit() else 0)
            listing.setdefault(within, {})[name] = entry
        return listing


@contextmanager
def objects(git: Git, known: dict[str, bytes]) -> Iterator[Objects]:
    """The objects of the repository of `git`; what is read is added to `known`."""
    with git.talk("cat-file", "--batch") as (asking, answers), ExitStack() as stack:
        yield Objects(git=git, asking=asking, answers=answers, open=stack, known=known)


def blob_id(data: bytes, like: str) -> str:
    """The id of a content, with the hash function that made the id `like`."""
    head = b"blob %d\0" % len(data)
    if len(like) == _SHA1:
        return sha1(head + data, usedforsecurity=False).hexdigest()
    return sha256(head + data).hexdigest()


def _lost(object_id: str) -> Refusal:
    return Refusal(
        message=f"the object {object_id[:12]} is not in this repository",
        help="if this is a partial clone, clone without --filter; else run `git fsck`",
    )


_LINK = "120000"
_FOLDER = "040000"
_SUBMODULE = "160000"
_KINDS = {_FOLDER: FileKind.FOLDER, _LINK: FileKind.LINK, _SUBMODULE: FileKind.FOLDER}
_SETTINGS = "modelspec.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitFolder:
    """A tree. `listing` has its entries under `within`, and possibly those of its subtrees."""

    objects: Objects
    listing: Listing
    within: str = ""

    def entries(self) -> Iterator[tuple[str, FileKind]]:
        """The names and types of its entries."""
        return ((name, _KINDS.get(entry.mode, FileKind.FILE)) for name, entry in self._own.items())

    def folder(self, name: str, path: str) -> "GitFolder | Diagnostic | None":
        """Open a subtree."""
        entry = self._own.get(name)
        if entry is None:
            return None
        if entry.mode == _SUBMODULE:
            return self._submodule(entry, path)
        if entry.mode != _FOLDER:
            return _no_folder(entry, path)
        inner = f"{self.within}/{name}" if self.within else name
        if inner in self.listing:
            return GitFolder(objects=self.objects, listing=self.listing, within=inner)
        # Only models.d is listed as a whole: a repository may contain many other files.
        return GitFolder(objects=self.objects, listing=self.objects.tree(entry.id, deep=path == MODELS))

    def _submodule(self, entry: TreeEntry, path: str) -> "GitFolder | Diagnostic":
        """The tree of a commit of another repository, which is there where it is checked out."""
        git = replace(self.objects.git, folder=self.objects.git.folder / path)
        if not git.folder.is_dir() or git.run("cat-file", "-e", f"{entry.id}^{{tree}}").code:
            return unreadable(
                path,
                f"it is a submodule, and its commit {entry.id[:7]} is not here (git submodule update --init)",
            )
        inner = self.objects.beside(git)
        return GitFolder(objects=inner, listing=inner.tree(entry.id, deep=True))

    def file(self, name: str, path: str) -> bytes | Diagnostic | None:
        """Read a blob."""
        entry = self._own.get(name)
        if entry is None:
            return None
        if entry.mode == _LINK:
            return link(path)
        if entry.mode in (_FOLDER, _SUBMODULE):
            return irregular(path)
        return too_large(path) if entry.size > MAX_BYTES else self.objects.blob(entry.id)

    def close(self) -> None:
        """Nothing to close."""

    @property
    def _own(self) -> dict[str, TreeEntry]:
        return self.listing.get(self.within, {})


def read_commit(repository: Repository, commit: Commit, known: dict[str, bytes]) -> Tree | Refusal:
    """Read the configuration of a commit; without its folder, it is empty, like an empty checkout.

    `known` maps blob ids to contents: blobs in it are not read from git, and what is read is added to it.
    """
    try:
        with objects(repository.git, known) as found:
            top = _top(found, repository.prefix, commit)
            return find_tree(top, repository.root, lambda path: _other(repository, commit, path))
    except UnreadableError as error:
        return error.refusal


def read_policy(repository: Repository, commit: Commit) -> Tree | Refusal | None:
    """Read modelspec.yaml of a commit, and what it names: what decides. None where there is no configuration yet."""
    try:
        with objects(repository.git, {}) as found:
            top = _top(found, repository.prefix, commit)
            if not any(name in (MODELS, *REQUIRED, *OPTIONAL) for name, _ in top.entries()):
                return None
            data = find_file(top, _SETTINGS)
    except UnreadableError as error:
        return error.refusal
    faults = [data] if isinstance(data, Diagnostic) else []
    return Tree(
        root=repository.root,
        fixed={_SETTINGS: data} if isinstance(data, File) else {},
        models=[],
        faults=faults,
        other=lambda path: _other(repository, commit, path),
        unread=[fault.path for fault in faults],
    )


def as_it_was(repository: Repository, commit: Commit, head: Commit | None) -> Repository:
    """The repository with the folder in which a commit has the configuration: this one, or the only one gone since.

    `head` None is the working tree. A folder that is still there holds another fleet.
    """
    if _has_models(repository, commit.id, repository.prefix):
        return repository
    listed = repository.git.run("ls-tree", "-r", "-t", "-z", "--full-tree", "--name-only", commit.id)
    paths = (f"/{os.fsdecode(path)}" for path in listed.out.split(b"\0"))
    prefixes = [path[1 : -len(MODELS)] for path in paths if path.endswith(f"/{MODELS}")]

    def is_gone(prefix: str) -> bool:
        if head is None:
            return not os.path.lexists(repository.top / prefix / MODELS)
        return not _has_models(repository, head.id, prefix)

    # A folder inside models.d may have its name.
    outer = [one for one in prefixes if not any(one.startswith(f"{other}{MODELS}/") for other in prefixes)]
    gone = [prefix for prefix in outer if is_gone(prefix)]
    return replace(repository, prefix=gone[0]) if len(gone) == 1 else repository


def is_submodule(repository: Repository, commit: Commit | None) -> bool:
    """Whether the models of a commit, or of the working tree, are in another repository."""
    if commit is None:
        listed = repository.git.run("ls-files", "--stage", "--", MODELS)
    else:
        listed = repository.git.run("ls-tree", "--full-tree", commit.id, f"{repository.prefix}{MODELS}")
    return listed.out.startswith(_SUBMODULE.encode())


def _has_models(repository: Repository, commit_id: str, prefix: str) -> bool:
    return not repository.git.run("rev-parse", "--verify", "--quiet", f"{commit_id}:{prefix}{MODELS}").code


def _other(repository: Repository, commit: Commit, path: str) -> File | Diagnostic | None:
    try:
        with objects(repository.git, {}) as found:
            return find_file(_top(found, repository.prefix, commit), path)
    except UnreadableError as error:
        return unreadable(path, error.refusal.message)


def _top(found: Objects, prefix: str, commit: Commit) -> GitFolder:
    """The folder of the configuration. It is empty before the pull request that adds it."""
    listing = found.tree(commit.id, deep=False)
    for name in prefix.split("/")[:-1]:
        entry = listing[""].get(name)
        listing = {"": {}} if entry is None or entry.mode != _FOLDER else found.tree(entry.id, deep=False)
    return GitFolder(objects=found, listing=listing)


def _no_folder(entry: TreeEntry, path: str) -> Diagnostic:
    if entry.mode == _LINK:
        return link(path)
    return no_folder(path)
