"""The demand that a plan and a drill are weighed by: out of an aggregate of usage, or of a file with its sums.

The sums of an aggregate are kept beside it, in `demand/`, until it grows: to read 20 million counts takes seconds, a
plan itself one or two. Neither they nor a file need the engine of the aggregate.
"""

import os
import stat
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from modelspec.author.init import with_extra
from modelspec.change.demand import VERSION, Demand, demand_file, demand_of
from modelspec.diagnose.refusal import Refusal, shown, unusable
from modelspec.traffic.live import replace_file
from modelspec.traffic.store import UsageFolder

DEMAND = "demand"
_NEEDS = ("duckdb", "ibis", "sqlglot")
_LARGEST_FILE = 256 * 1024 * 1024
"""Bytes of a compressed file that are read."""
_KEPT = 4


def demand_at(path: Path, days: int) -> Demand | Refusal | None:
    """The demand of the last `days` days of a folder, or that of a file; None where there is nothing at all."""
    if path.is_dir():
        return _of_folder(UsageFolder(path=path), days)
    try:
        found = _read(path)
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


def _read(path: Path) -> Demand | None:
    """What a regular file of a size to read holds.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - pathlib opens no descriptors
        about = os.fstat(descriptor)
        is_readable = stat.S_ISREG(about.st_mode) and about.st_size <= _LARGEST_FILE
        return demand_of(file.read(_LARGEST_FILE)) if is_readable else None


def _of_folder(folder: UsageFolder, days: int) -> Demand | Refusal | None:
    try:
        files = folder.files()
        if not files:
            return None
        kept = folder.path / DEMAND
        name = _name(folder.path, files, days)
        with suppress(OSError):
            found = _read(kept / name)
            if found is not None:
                return found
    except OSError as error:
        return unusable("read", folder.path, error, "name a folder that `modelspec usage` writes")
    if not all(map(find_spec, _NEEDS)):
        return Refusal(message="an aggregate of usage needs a few packages more", help=with_extra("traffic"))
    from modelspec.traffic.summed import demand_in  # noqa: PLC0415 - only this pays for the engine

    summed = demand_in(folder.path, days)
    if isinstance(summed, Demand):
        # Where nothing can be kept, the next plan takes as long.
        replace_file(kept, name, demand_file(summed))
        _clear(kept, name)
    return summed


def _name(root: Path, files: list[Path], days: int) -> str:
    """A name for the sums of these files, which are never changed once they are written."""
    digest = sha256(f"{VERSION} {days}\n".encode())
    for path in files:
        digest.update(f"{path.relative_to(root)} {path.stat().st_size}\n".encode())
    return f"{digest.hexdigest()[:32]}.json.gz"


def _clear(kept: Path, name: str) -> None:
    """Remove sums of what the aggregate was."""
    with suppress(OSError):
        others = [path for path in kept.glob("*.json.gz") if path.name != name]
        for path in sorted(others, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            path.unlink()
