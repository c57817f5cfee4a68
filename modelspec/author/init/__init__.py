"""A new configuration repository, which validates, tests and builds at once."""

from modelspec.author.init.content import files
from modelspec.author.init.create import Created, create
from modelspec.author.init.forge import FORGES, forge_of
from modelspec.author.init.start import Start, region_fault

__all__ = ["FORGES", "Created", "Start", "create", "files", "forge_of", "region_fault"]
