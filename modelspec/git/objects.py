"""Trees and blobs by their ids."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from typing import IO

from modelspec.git.program import Git
from modelspec.refusal import Refusal

_SHA1 = 40
"""Hexadecimal digits of an id; the other kind of repository has 64."""


class UnreadableError(Exception):
    """An object is not there or is not what it should be; caught where a commit is read."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name in a tree; `size` is that of a blob in bytes, and 0 of what is not there or is none."""

    mode: str
    id: str
    size: int


Listing = dict[str, dict[str, Entry]]
"""The entries of folders, each by its path from the tree that was listed, which itself is ''."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """The objects of a repository, read by one process that stays open. `known` are blobs that need no reading."""

    git: Git
    asking: IO[bytes]
    answers: IO[bytes]
    known: dict[str, bytes] = field(default_factory=dict)

    def blob(self, blob_id: str) -> bytes:
        """The content of a blob.

        Raises:
            UnreadableError: it is not there, or damaged.
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
        """What stands in a tree; with `deep`, in the trees in it as well.

        Raises:
            UnreadableError: it is not there.
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
            entry = Entry(mode=mode, id=entry_id, size=int(size) if size.isdigit() else 0)
            listing.setdefault(within, {})[name] = entry
        return listing


@contextmanager
def objects(git: Git, known: dict[str, bytes]) -> Iterator[Objects]:
    """The objects of the repository that git is run in; what is read is put into `known`."""
    with git.talk("cat-file", "--batch") as (asking, answers):
        yield Objects(git=git, asking=asking, answers=answers, known=known)


def blob_id(data: bytes, like: str) -> str:
    """The id that a content has in the repository which `like` is an id of."""
    head = b"blob %d\0" % len(data)
    if len(like) == _SHA1:
        return sha1(head + data, usedforsecurity=False).hexdigest()
    return sha256(head + data).hexdigest()


def _lost(object_id: str) -> Refusal:
    return Refusal(
        message=f"the object {object_id[:12]} is not in this repository",
        help="a partial clone leaves objects out: clone without --filter; else `git fsck` says what is missing",
    )
