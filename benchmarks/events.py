"""The second floor: read a folder of models and have PyYAML's C parser make its events, which nobody looks at.

Usage: events.py FOLDER
"""

import os
import sys

from yaml._yaml import CParser

_MOST = 256 * 1024 + 1


def parse_below(folder: int) -> int:
    """Parse every file below an open folder; return the number of events."""
    total = 0
    with os.scandir(folder) as entries:
        names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in names:
        inner = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
        if is_folder:
            total += parse_below(inner)
        else:
            following = CParser(os.read(inner, _MOST)).get_event
            while following() is not None:
                total += 1
        os.close(inner)
    return total


if __name__ == "__main__":
    sys.exit(0 if parse_below(os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY)) else "no events")
