"""Committing and pushing given files only: neither staged changes nor the rest of the working tree.

A commit uses only plumbing: objects, a temporary index, references. No hook and no filter runs; CI repeats what a hook
would check.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.git.program import GitResult
from modelspec.git.repository import Repository
from modelspec.git.tree import blob_id
from modelspec.text.quote import visible
from modelspec.text.source import stored

_IDENTITY = (
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
    "EMAIL",
)
_UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "REBASE_HEAD": "rebase",
}
_FILE = "100644"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A prepared commit: its objects exist, but no reference points to it yet."""

    repository: Repository
    commit: str
    parent: str
    branch: str | None
    title: str
    entries: bytes


def prepare(  # noqa: PLR0911 - a return for each error
    repository: Repository,
    files: Mapping[str, bytes | None],
    before: Mapping[str, bytes],
    message: str,
    branch: str | None,
) -> Recording | Refusal:
    """Prepare a commit of the files on top of HEAD.

    Paths are relative to the root of the configuration; None deletes a file. `before` is the content on disk: a file
    that differs from HEAD, or that is staged, has other changes, and is refused.
    """
    git = repository.git
    head = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.code:
        return Refusal(message="this repository has no commit yet", help="create the first one: git commit")
    refusal = _under_way(repository) or (None if branch is None else _no_branch(repository, branch))
    if refusal is not None:
        return refusal
    committed = _entries(git.run("ls-tree", "-r", "-z", "--full-tree", "HEAD").out, 2)
    staged = _entries(git.run("ls-files", "--stage", "-z", "--full-name").out, 1)
    entries = b""
    for path, data in files.items():
        whole = repository.prefix + path
        refusal = _other_work(whole, before.get(path), committed.get(whole), staged.get(whole))
        if refusal is not None:
            return refusal
        name = os.fsencode(whole)
        if data is None:
            entries += b"0 " + b"0" * len(head.line) + b"\t" + name + b"\0"
            continue
        is_converted = _is_converted(before.get(path), committed.get(whole))
        blob = git.run("hash-object", "-w", "--stdin", stdin=stored(data) if is_converted else data)
        if blob.code:
            return _failed(blob)
        mode = committed[whole][0] if whole in committed else _FILE
        entries += f"{mode} {blob.line}\t".encode() + name + b"\0"
    tree = _tree(repository, entries)
    if tree.code:
        return _failed(tree)
    identity = {name: os.environ[name] for name in _IDENTITY if name in os.environ}
    made = git.run("commit-tree", tree.line, "-p", head.line, stdin=message.encode(), more=identity)
    if made.code:
        return _failed(made)
    return Recording(
        repository=repository,
        commit=made.line,
        parent=head.line,
        branch=branch,
        title=message.partition("\n")[0],
        entries=entries,
    )


def publish(recording: Recording) -> Refusal | None:
    """Move HEAD to the commit, on its new branch if it has one, and update the index for its files only."""
    git = recording.repository.git
    note = ("-m", f"modelspec: {recording.title}")
    if recording.branch is None:
        steps: list[tuple[str, ...]] = [("update-ref", *note, "HEAD", recording.commit, recording.parent)]
    else:
        name = f"refs/heads/{recording.branch}"
        steps = [
            ("update-ref", *note, name, recording.commit, "0" * len(recording.commit)),
            ("symbolic-ref", *note, "HEAD", name),
        ]
    for step in steps:
        done = git.run(*step)
        if done.code:
            return _failed(done)
    done = git.run(
        "update-index", "-z", "--index-info", stdin=recording.entries, folder=recording.repository.top
    )
    return _failed(done) if done.code else None


def _tree(repository: Repository, entries: bytes) -> GitResult:
    with TemporaryDirectory(prefix="modelspec-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        run = partial(repository.git.run, more=index, folder=repository.top)
        done = run("read-tree", "HEAD")
        if not done.code:
            done = run("update-index", "-z", "--index-info", stdin=entries)
        return done if done.code else run("write-tree")


def _entries(out: bytes, blob: int) -> dict[str, tuple[str, str]]:
    """Mode and id by path from a listing; `blob` is the position of the id. In a conflict, the last stage counts."""
    found = {}
    for line in out.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        parts = about.decode().split(" ")
        found[os.fsdecode(path)] = (parts[0], parts[blob])
    return found


def _other_work(
    path: str,
    data: bytes | None,
    committed: tuple[str, str] | None,
    staged: tuple[str, str] | None,
) -> Refusal | None:
    is_same = committed is None if data is None else committed is not None and _is_of(data, committed)
    if committed == staged and (is_same or _is_converted(data, committed)):
        return None
    return Refusal(
        message=f"{shown(path)} has uncommitted changes, which the commit would include",
        help="commit or stash them first, or omit --commit and --branch",
    )


def _is_of(data: bytes, entry: tuple[str, str]) -> bool:
    return blob_id(data, entry[1]) == entry[1]


def _is_converted(data: bytes | None, entry: tuple[str, str] | None) -> bool:
    """Whether a file on disk differs from its blob by the line ends that git gave it."""
    return data is not None and entry is not None and b"\r\n" in data and _is_of(stored(data), entry)


def _under_way(repository: Repository) -> Refusal | None:
    for name, what in _UNDER_WAY.items():
        if not repository.git.run("rev-parse", "--verify", "--quiet", name).code:
            return Refusal(
                message=f"a {what} is in progress", help=f"finish it first: git {what} --continue, or --abort"
            )
    return None


def _no_branch(repository: Repository, branch: str) -> Refusal | None:
    if branch.startswith("-") or repository.git.run("check-ref-format", f"refs/heads/{branch}").code:
        return Refusal(
            message=f"{shown(branch)} is not a valid branch name", help="use letters, digits, - and /"
        )
    if not repository.git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").code:
        return Refusal(
            message=f"branch {shown(branch)} already exists",
            help="choose another name, or go to it: git switch",
        )
    return None


def _failed(done: GitResult) -> Refusal:
    if "tell me who you are" in done.err or "empty ident" in done.err or "auto-detect" in done.err:
        return Refusal(
            message="git does not know your name and email address",
            help="git config user.name 'Your Name' && git config user.email you@example.com",
        )
    return Refusal(message=f"git could not commit: {done.words}", help="correct the problem, then try again")


_OF_ONE_COMMAND = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


def push(repository: Repository) -> str | Refusal:
    """Push the current branch with the user's settings and credentials; return its name."""
    git = repository.git
    head = git.run("symbolic-ref", "--quiet", "--short", "HEAD")
    if head.code:
        return Refusal(
            message="HEAD is detached, so there is no branch to push",
            help="create a branch with --branch NAME",
        )
    remote = _remote(repository, head.line)
    if isinstance(remote, Refusal):
        return remote
    environment = {name: value for name, value in os.environ.items() if name not in _OF_ONE_COMMAND}
    done = subprocess.run(  # noqa: S603 - the branch name comes from git
        [git.program, "push", "--no-verify", "--set-upstream", "--", remote, f"refs/heads/{head.line}"],
        cwd=repository.root,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        return Refusal(
            message=f"the commit was created, but git could not push it to '{visible(remote)}'",
            help=f"git push --set-upstream {visible(remote)} {visible(head.line)}",
        )
    return head.line


def _remote(repository: Repository, branch: str) -> str | Refusal:
    """The user's default remote for pushes, else `origin`, else the only remote."""
    for name in (f"branch.{branch}.pushRemote", "remote.pushDefault", f"branch.{branch}.remote"):
        found = repository.git.run("config", "--get", name)
        if not found.code and not found.line.startswith("-"):
            return found.line
    remotes = repository.git.run("remote").out.decode(errors="replace").split()
    if "origin" in remotes:
        return "origin"
    if len(remotes) == 1:
        return remotes[0]
    return Refusal(message="git has no remote to push to", help="git remote add origin URL")
