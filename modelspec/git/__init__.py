"""States of a configuration repository out of git: objects are read, nothing is checked out, nothing is executed."""

from modelspec.git.commit import Commit, Revisions, revisions
from modelspec.git.repository import Repository, find_repository
from modelspec.git.tree import read_commit

__all__ = ["Commit", "Repository", "Revisions", "find_repository", "read_commit", "revisions"]
