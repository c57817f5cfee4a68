"""Resolving commit names from the command line, which git never sees as options."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from modelspec.diagnose.refusal import Refusal
from modelspec.git.repository import Repository
from modelspec.text.names import nearest
from modelspec.text.quote import quote

_DEFAULTS = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
"""Where to look for the default branch, in this order."""

_SHORT = 7
"""Digits of an id to show."""

_LONGEST = 255
_ANCESTRY = re.compile(r"[\^~][\^~0-9]*$")
_FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NO_NAME = (
    (re.compile(r"^$"), "it is empty"),
    (re.compile(r"^-"), "it begins with '-'"),
    (re.compile(r"^\^"), "it begins with '^', which excludes a commit"),
    (re.compile(r"[\x00-\x1f\x7f ]"), "it contains a space or a control character"),
    (re.compile(r"\.\."), "it contains '..', which makes a range"),
    (re.compile(r"@\{"), "it contains '@{', which refers to the history of this clone only"),
    (re.compile(r":"), "it contains ':', which names a file, not a commit"),
    (re.compile(r"\^\{|[*?\[\\]"), "it contains a character that branches and tags cannot have"),
)
_NAME_ONE = "name a branch, a tag or an id"
_DEPTH = "git fetch --unshallow; in a GitHub workflow, `fetch-depth: 0` of actions/checkout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit and how to show it: "main (3f2a91c)"."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """The two commits to compare; `head` is None for the working tree."""

    base: Commit
    head: Commit | None


def revisions(
    repository: Repository, *, base: str | None, head: str | None, fork: bool
) -> Revisions | Refusal:
    """Resolve both commits.

    Without a base, it is the merge base of the head and the default branch; with `fork`, that of the head and `base`.
    """
    tip = _named(repository, "HEAD" if head is None else head)
    if isinstance(tip, Refusal):
        return tip
    start = _default(repository) if base is None else _named(repository, base)
    if isinstance(start, Refusal):
        return start
    if base is None or fork:
        start = _fork(repository, start, tip)
        if isinstance(start, Refusal):
            return start
    return Revisions(base=start, head=None if head is None else tip)


def changed_since(repository: Repository, day: date) -> frozenset[str] | None:
    """Files below the root that a commit since a day changed, or that are changed now; None where git cannot tell.

    In a shallow clone, whatever is older than its first commit counts as changed by that.
    """
    since = f"--since={day.isoformat()}T00:00:00Z"
    logged = repository.git.run("log", since, "--format=", "--name-only", "--relative", "-z", "-m", "HEAD")
    now = repository.git.run("ls-files", "--modified", "--others", "--exclude-standard", "-z")
    if logged.code or now.code:
        return None
    names = os.fsdecode(logged.out + b"\0" + now.out).split("\0")
    return frozenset(name.strip("\n") for name in names if name.strip("\n"))


def commit_of(repository: Repository, files: Mapping[str, str]) -> str | None:
    """The commit of HEAD where it has these files, which are the ids of contents by path; None where one differs.

    git's own comparison would run the filters that a repository names.
    """
    listed = repository.git.run("ls-tree", "-r", "-z", "HEAD")
    found = repository.git.run("rev-parse", "--verify", "HEAD")
    if listed.code or found.code:
        return None
    rows = (row.partition(b"\t") for row in listed.out.split(b"\0"))
    there = {os.fsdecode(path): about.decode().rpartition(" ")[2] for about, _, path in rows}
    return found.line if all(there.get(path) == content for path, content in files.items()) else None


def _named(repository: Repository, name: str) -> Commit | Refusal:
    for pattern, why in _NO_NAME:
        if pattern.search(name):
            return Refusal(message=f"{quote(name)} is not the name of a commit: {why}", help=_NAME_ONE)
    if len(name) > _LONGEST:
        return Refusal(message="the name of the commit is too long", help=_NAME_ONE)
    git = repository.git
    found = git.run("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    if "is ambiguous" in found.err and not _FULL_ID.fullmatch(name):
        return Refusal(
            message=f"{quote(name)} is ambiguous",
            help=f"write more digits of the id, or {quote(f'refs/heads/{name}')} or {quote(f'refs/tags/{name}')}",
        )
    if found.code:
        return _unknown(repository, name)
    return Commit(id=found.line, title=f"{_shown(name)} ({found.line[:_SHORT]})")


def _unknown(repository: Repository, name: str) -> Refusal:
    """Why a name is not the name of a commit."""
    kind = repository.git.run("cat-file", "-t", name)
    if not kind.code:
        return Refusal(message=f"{quote(name)} is a {kind.line}, not a commit", help=_NAME_ONE)
    if name == "HEAD":
        return Refusal(
            message="this repository has no commit yet",
            help="commit the configuration first: git add, git commit",
        )
    if repository.is_shallow:
        return Refusal(
            message=f"this clone is shallow and does not contain {quote(name)}", help=f"fetch it: {_DEPTH}"
        )
    later = _ANCESTRY.sub("", name)
    if later != name and not repository.git.run("rev-parse", "--verify", "--end-of-options", later).code:
        return Refusal(
            message=f"no commit is named {quote(name)}: the history of {quote(later)} does not go back that far",
            help=f"`git log {_shown(later)}` shows the history",
        )
    names = reference_names(repository)
    remote = f"origin/{name}"
    near = remote if remote in names else nearest(name, names)
    return Refusal(
        message=f"no commit is named {quote(name)}",
        help=f"did you mean {quote(near)}?"
        if near
        else "`git branch -a` and `git tag` list the names; `git fetch` gets new ones",
    )


def _default(repository: Repository) -> Commit | Refusal:
    """The tip of the default branch."""
    git = repository.git
    for name in _DEFAULTS:
        found = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if not found.code:
            target = git.run("symbolic-ref", "--quiet", name)
            shown = _short(name if target.code else target.line)
            return Commit(id=found.line, title=f"{_shown(shown)} ({found.line[:_SHORT]})")
    if repository.is_shallow:
        return Refusal(
            message="this clone is shallow and does not contain the default branch",
            help=f"fetch it: {_DEPTH}",
        )
    return Refusal(
        message="there is no default branch to compare with: neither origin/HEAD, main nor master",
        help="name the commit to compare with: --base REF",
    )


def _fork(repository: Repository, start: Commit, tip: Commit) -> Commit | Refusal:
    """The last common commit of two."""
    found = repository.git.run("merge-base", start.id, tip.id)
    if not found.code:
        if found.line == start.id:
            return start
        name = start.title.rpartition(" (")[0]
        return Commit(id=found.line, title=f"the merge base with {name} ({found.line[:_SHORT]})")
    if found.err:
        # An incomplete history does not mean unrelated histories.
        return found.refusal()
    if repository.is_shallow:
        return Refusal(
            message=f"this clone is shallow and ends before {start.title} and {tip.title} meet",
            help=f"fetch the rest: {_DEPTH}",
        )
    return Refusal(
        message=f"{start.title} and {tip.title} have no common history",
        help="name the commit to compare with: --base REF",
    )


def reference_names(repository: Repository) -> list[str]:
    """The branches, those of remotes, and the tags."""
    listed = repository.git.run("for-each-ref", "--format=%(refname)")
    return [_short(name) for name in listed.out.decode(errors="surrogateescape").splitlines()]


def _short(name: str) -> str:
    return re.sub(r"^refs/(?:heads|tags|remotes)/", "", name)


def _shown(name: str) -> str:
    """A name in a title: ids are shortened, others only escaped."""
    return name[:_SHORT] if _FULL_ID.fullmatch(name) else quote(name)[1:-1]
