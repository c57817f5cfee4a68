"""The floor: list a folder of models and read every byte of it, in a fresh process.

Usage: floor.py FOLDER
"""

import os
import sys

_MOST = 256 * 1024 + 1


def read_below(folder: int) -> int:
    """Read every file below an open folder; return the number of bytes."""
    total = 0
    with os.scandir(folder) as entries:
        names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in names:
        inner = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
        total += read_below(inner) if is_folder else len(os.read(inner, _MOST))
        os.close(inner)
    return total


if __name__ == "__main__":
    sys.exit(0 if read_below(os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY)) else "no bytes")
