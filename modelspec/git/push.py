"""A branch to its remote: the one command here that talks to somebody, and only because a user asks for it."""

import os
import subprocess

from modelspec.git.repository import Repository
from modelspec.quote import visible
from modelspec.refusal import Refusal

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
