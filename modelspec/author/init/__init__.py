"""A new configuration repository, which validates, tests and builds at once."""

from modelspec.author.init.content import (
    DEFAULT_OWNER,
    DEFAULT_REGIONS,
    Start,
    files,
    first_model,
    is_owner,
    region_fault,
)
from modelspec.author.init.create import Created, create
from modelspec.author.init.forge import FORGES, forge_of, git_top
from modelspec.author.init.install import FORMS, InstallSource, origin, source_of, with_extra

__all__ = [
    "DEFAULT_OWNER",
    "DEFAULT_REGIONS",
    "FORGES",
    "FORMS",
    "Created",
    "InstallSource",
    "Start",
    "create",
    "files",
    "first_model",
    "forge_of",
    "git_top",
    "is_owner",
    "origin",
    "region_fault",
    "source_of",
    "with_extra",
]
