"""A commit of some files and nothing else: neither what is staged nor the rest of the working tree has a part in it.

Only plumbing is used: objects, a temporary index, references. No hook and no filter runs, so that a change made by a
command costs what it says; whatever a hook would check, CI checks again.
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
from modelspec.text.quote import visible

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
    """A commit that is ready: its objects are there, and no reference leads to it yet."""

    repository: Repository
    commit: str
    parent: str
    branch: str | None
    title: str
    entries: bytes


def prepare(  # noqa: PLR0911 - a return for each thing that may be wrong
    repository: Repository,
    files: Mapping[str, bytes | None],
    before: Mapping[str, bytes],
    message: str,
    branch: str | None,
) -> Recording | Refusal:
    """Make the commit of some files upon HEAD.

    Paths are relative to the configuration's root; None stands for a file that goes. `before` is what the files hold
    on disk: one that HEAD has otherwise, or that is staged, would take other work along, and is refused.
    """
    git = repository.git
    head = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.code:
        return Refusal(message="there is no commit yet to build upon", help="make a first one: git commit")
    refusal = _under_way(repository) or (None if branch is None else _no_branch(repository, branch))
    if refusal is not None:
        return refusal
    committed = _entries(git.run("ls-tree", "-r", "-z", "--full-tree", "HEAD").out, 2)
    staged = _entries(git.run("ls-files", "--stage", "-z", "--full-name").out, 1)
    entries = b""
    for path, data in files.items():
        whole = repository.prefix + path
        refusal = _other_work(repository, whole, before.get(path), committed.get(whole), staged.get(whole))
        if refusal is not None:
            return refusal
        name = os.fsencode(whole)
        if data is None:
            entries += b"0 " + b"0" * len(head.line) + b"\t" + name + b"\0"
            continue
        blob = git.run("hash-object", "-w", "--stdin", told=data)
        if blob.code:
            return _failed(blob)
        mode = committed[whole][0] if whole in committed else _FILE
        entries += f"{mode} {blob.line}\t".encode() + name + b"\0"
    tree = _tree(repository, entries)
    if tree.code:
        return _failed(tree)
    identity = {name: os.environ[name] for name in _IDENTITY if name in os.environ}
    made = git.run("commit-tree", tree.line, "-p", head.line, told=message.encode(), more=identity)
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
    """Let HEAD lead to the commit, on its new branch if it has one; the index follows for these files alone."""
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
        "update-index", "-z", "--index-info", told=recording.entries, folder=recording.repository.top
    )
    return _failed(done) if done.code else None


def _tree(repository: Repository, entries: bytes) -> GitResult:
    with TemporaryDirectory(prefix="modelspec-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        run = partial(repository.git.run, more=index, folder=repository.top)
        done = run("read-tree", "HEAD")
        if not done.code:
            done = run("update-index", "-z", "--index-info", told=entries)
        return done if done.code else run("write-tree")


def _entries(out: bytes, blob: int) -> dict[str, tuple[str, str]]:
    """Mode and id by path, of a listing of git; `blob` is where the id stands. Of a conflict, the last stage counts."""
    found = {}
    for line in out.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        parts = about.decode().split(" ")
        found[os.fsdecode(path)] = (parts[0], parts[blob])
    return found


def _other_work(
    repository: Repository,
    path: str,
    data: bytes | None,
    committed: tuple[str, str] | None,
    staged: tuple[str, str] | None,
) -> Refusal | None:
    on_disk = None if data is None else repository.git.run("hash-object", "--stdin", told=data).line
    if committed == staged and on_disk == (None if committed is None else committed[1]):
        return None
    return Refusal(
        message=f"{shown(path)} has changes that are not committed; a commit would take them along",
        help="commit or stash them first, or leave --commit and --branch out",
    )


def _under_way(repository: Repository) -> Refusal | None:
    for name, what in _UNDER_WAY.items():
        if not repository.git.run("rev-parse", "--verify", "--quiet", name).code:
            return Refusal(
                message=f"a {what} is under way", help=f"finish it first: git {what} --continue, or --abort"
            )
    return None


def _no_branch(repository: Repository, branch: str) -> Refusal | None:
    if branch.startswith("-") or repository.git.run("check-ref-format", f"refs/heads/{branch}").code:
        return Refusal(
            message=f"{shown(branch)} cannot be the name of a branch", help="write letters, digits, - and /"
        )
    if not repository.git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").code:
        return Refusal(
            message=f"there is a branch {shown(branch)} already",
            help="name another one, or go to it: git switch",
        )
    return None


def _failed(done: GitResult) -> Refusal:
    if "tell me who you are" in done.err or "empty ident" in done.err or "auto-detect" in done.err:
        return Refusal(
            message="git does not know who you are",
            help="git config user.name 'Your Name' && git config user.email you@example.com",
        )
    return Refusal(message=f"git made no commit: {done.words}", help="put it right, then run it again")


_OF_ONE_COMMAND = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


def push(repository: Repository) -> str | Refusal:
    """Push the branch that HEAD is on, with the user's own settings and credentials; its name."""
    git = repository.git
    head = git.run("symbolic-ref", "--quiet", "--short", "HEAD")
    if head.code:
        return Refusal(
            message="HEAD is on no branch, so there is none to push", help="name one with --branch"
        )
    remote = _remote(repository, head.line)
    if isinstance(remote, Refusal):
        return remote
    environment = {name: value for name, value in os.environ.items() if name not in _OF_ONE_COMMAND}
    done = subprocess.run(  # noqa: S603 - the branch is a name that git gave
        [git.program, "push", "--no-verify", "--set-upstream", "--", remote, f"refs/heads/{head.line}"],
        cwd=repository.root,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        return Refusal(
            message=f"the commit is made, but git could not push it to '{visible(remote)}'",
            help=f"git push --set-upstream {visible(remote)} {visible(head.line)}",
        )
    return head.line


def _remote(repository: Repository, branch: str) -> str | Refusal:
    """Where the user pushes to by default, else `origin`, else the only remote."""
    for name in (f"branch.{branch}.pushRemote", "remote.pushDefault", f"branch.{branch}.remote"):
        found = repository.git.run("config", "--get", name)
        if not found.code and not found.line.startswith("-"):
            return found.line
    remotes = repository.git.run("remote").out.decode(errors="replace").split()
    if "origin" in remotes:
        return "origin"
    if len(remotes) == 1:
        return remotes[0]
    return Refusal(message="no remote is the one to push to", help="git remote add origin URL")
