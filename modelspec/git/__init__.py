"""States of a configuration repository from git, and commits to it, without a checkout and without running its code."""

from modelspec.git.commit import Commit, Revisions, revisions
from modelspec.git.record import Recording, prepare, publish, push
from modelspec.git.repository import Repository, find_repository
from modelspec.git.tree import read_commit

__all__ = [
    "Commit",
    "Recording",
    "Repository",
    "Revisions",
    "find_repository",
    "prepare",
    "publish",
    "push",
    "read_commit",
    "revisions",
]
