"""A new configuration repository, which validates, tests and builds at once."""

from modelspec.init.content import files
from modelspec.init.create import Created, create
from modelspec.init.forge import FORGES, forge_of
from modelspec.init.start import Start, region_fault

__all__ = ["FORGES", "Created", "Start", "create", "files", "forge_of", "region_fault"]
