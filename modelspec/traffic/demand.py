"""The demand that a plan and a drill are weighed by: out of an aggregate of usage, or of a file with its sums."""

import os
import stat
from pathlib import Path

from modelspec.change.demand import Demand, demand_of
from modelspec.diagnose.refusal import Refusal, shown, unusable

_LARGEST_FILE = 256 * 1024 * 1024
"""Bytes of a compressed file that are read."""


def demand_at(path: Path) -> Demand | Refusal | None:
    """The demand of a file; None where there is nothing at all."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - pathlib opens no descriptors
            about = os.fstat(descriptor)
            is_readable = stat.S_ISREG(about.st_mode) and about.st_size <= _LARGEST_FILE
            found = demand_of(file.read(_LARGEST_FILE)) if is_readable else None
    except FileNotFoundError:
        return None
    except OSError as error:
        return unusable("read", path, error, "name an aggregate of usage that can be read")
    if found is None:
        return Refusal(
            message=f"{shown(path)} is not usage that can be replayed",
            help="name a folder that `modelspec usage` writes, or a file that it exports",
        )
    return found
