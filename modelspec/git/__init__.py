"""States of a repository out of git, and commits into it: nothing is checked out, nothing is executed."""

from modelspec.git.commit import Commit, Revisions, commit_of, reference_names, revisions
from modelspec.git.record import Recording, prepare, publish, push
from modelspec.git.repository import Repository, find_repository
from modelspec.git.tree import as_it_was, is_submodule, read_commit, read_policy

__all__ = [
    "Commit",
    "Recording",
    "Repository",
    "Revisions",
    "as_it_was",
    "commit_of",
    "find_repository",
    "is_submodule",
    "prepare",
    "publish",
    "push",
    "read_commit",
    "read_policy",
    "reference_names",
    "revisions",
]
