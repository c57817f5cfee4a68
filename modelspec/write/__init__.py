"""Writes artifacts to disk, all or nothing, or lists what is stale there.

`docs/decisions/0004-atomic-output.md` explains the design.
"""

from modelspec.write.compare import Stale, Staleness, is_intact, stale
from modelspec.write.manifest import read_origin
from modelspec.write.tree import MANIFEST
from modelspec.write.write import Written, write_tree

__all__ = ["MANIFEST", "Stale", "Staleness", "Written", "is_intact", "read_origin", "stale", "write_tree"]
