"""The same work on many items, in two processes where that is faster."""

import os
import pickle
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH_A_FORK = 3_000
"""Items from which a second process pays for itself, as docs/performance.md measures: with fewer, carrying its
results over costs more than it saves."""


def each(
    items: Sequence[Item], work: Callable[[Item], Result], *, at_least: int = WORTH_A_FORK
) -> list[Result]:
    """The results of `work` in the order of the items.

    From `at_least` items on, the second half is done by a child process, if there is a processor for it. Then results
    must be picklable, and what `work` changes outside of its result is lost.
    """
    # A fork is what makes it cheap, and only Linux programs are known to survive one whatever they have loaded.
    if len(items) < at_least or sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:  # noqa: PLR2004
        return [work(item) for item in items]
    middle = len(items) // 2
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _serve(writing, items[middle:], work)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as stream:
            first = [work(item) for item in items[:middle]]
            sent = stream.read()
    finally:
        _, status = os.waitpid(child, 0)
    if status:
        # It has failed where this process would fail as well, and tell why.
        return first + [work(item) for item in items[middle:]]
    second: list[Result] = pickle.loads(sent)  # noqa: S301 - written by our own child, through a pipe of ours
    return first + second


def _serve(writing: int, items: Sequence[Item], work: Callable[[Item], Result]) -> NoReturn:
    """Do the child's part and end, without the clean-up that is the parent's."""
    status = 1
    try:
        sent = pickle.dumps([work(item) for item in items], protocol=pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as stream:
            stream.write(sent)
        status = 0
    finally:
        os._exit(status)
