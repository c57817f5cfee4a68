"""System calls that Python has no function for."""

import ctypes
import errno
import os

_LIBC = ctypes.CDLL(None, use_errno=True)
_RENAME_EXCHANGE = 2  # linux/fs.h
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


def exchange(parent: int, one: str, other: str) -> bool:
    """Swap two names of an open folder in one step; false where system or file system cannot do that."""
    number = call("renameat2", parent, os.fsencode(one), parent, os.fsencode(other), _RENAME_EXCHANGE)
    if number and number not in _UNSUPPORTED:
        raise OSError(number, os.strerror(number))
    return not number


def flush(folder: int) -> None:
    """Bring the file system of an open folder to the disk."""
    number = call("syncfs", folder)
    if number == errno.ENOSYS:  # pragma: no cover - Linux has it, and the tests run there
        os.sync()
    elif number:
        raise OSError(number, os.strerror(number))


def call(function: str, *arguments: int | bytes) -> int:
    """Zero, or the error number: ENOSYS where the C library has no such function."""
    if not hasattr(_LIBC, function):
        return errno.ENOSYS
    return ctypes.get_errno() if getattr(_LIBC, function)(*arguments) else 0
