"""Actions in processes of their own, which can be killed."""

import os
from collections.abc import Callable


def start(action: Callable[[], object]) -> int:
    """Run the action in its own process, with exit status 0 if the action returns."""
    child = os.fork()
    if child:
        return child
    try:
        action()
        os._exit(0)
    finally:
        os._exit(99)


def end(child: int) -> int:
    """The exit status, or the negative number of the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
