"""Changing one file of YAML: what is not touched stays as it is, byte for byte."""

from modelspec.author.edit.change import Append, Change, Discard, Put, Rekey, Unset, changed
from modelspec.author.edit.rewrite import Unfit, rewrite
from modelspec.author.edit.style import block, scalar

__all__ = [
    "Append",
    "Change",
    "Discard",
    "Put",
    "Rekey",
    "Unfit",
    "Unset",
    "block",
    "changed",
    "rewrite",
    "scalar",
]
