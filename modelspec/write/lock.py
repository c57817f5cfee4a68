"""One build of an output folder at a time."""

import fcntl
import os
import re
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.write.output import Output, unusable_output

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_HOLDER = re.compile(rb"[0-9]{1,10} on [A-Za-z0-9._-]{1,64}")
_PAUSE = 0.02  # seconds between two attempts


def acquire(parent: int, output: Output, wait: float) -> int | Refusal:
    """Lock the output folder within `wait` seconds: the descriptor for `release`, or who holds the lock.

    The lock is a file beside the output, removed on release. A process that waited for a removed lock sees that the
    name no longer leads to it, and tries again.
    """
    name = _name(output)
    deadline = time.monotonic() + wait
    while True:
        try:
            attempt = _attempt(parent, name)
        except OSError as error:
            return unusable_output("lock", str(Path(output.path).with_name(name)), error)
        if isinstance(attempt, int):
            return attempt
        if time.monotonic() >= deadline:
            return Refusal(
                message=f"another build of {shown(output.path)} is still running (process {attempt})",
                help="wait for it to finish, or stop it, then build again",
            )
        time.sleep(_PAUSE)


def release(parent: int, output: Output, lock: int) -> None:
    """Remove the lock, so that the next build can take it."""
    with suppress(OSError):  # already removed: only the descriptor is left to close
        os.unlink(_name(output), dir_fd=parent)
    os.close(lock)


def take(descriptor: int) -> bool:
    """Lock an open file or folder unless another process has locked it; closing the descriptor unlocks it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _attempt(parent: int, name: str) -> int | str:
    """The locked descriptor, or the holder as the lock file names it."""
    lock = os.open(name, _FLAGS, 0o644, dir_fd=parent)
    mine = False
    try:
        if take(lock) and _leads_to(parent, name, lock):
            note = f"{os.getpid()} on {socket.gethostname()}\n".encode()
            with suppress(OSError):  # a full disk: the note is only for waiting processes
                os.ftruncate(lock, 0)
                os.pwrite(lock, note, 0)
            mine = True
            return lock
        holder = _HOLDER.match(os.pread(lock, 100, 0))
        return holder[0].decode() if holder else "unknown"
    finally:
        if not mine:
            os.close(lock)


def _leads_to(parent: int, name: str, lock: int) -> bool:
    try:
        there = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(lock)) and stat.S_ISREG(there.st_mode)


def _name(output: Output) -> str:
    return f".{output.name}.modelspec.lock"
