"""The `modelspec` command."""

import errno
import os
import sys
from collections.abc import Iterator
from io import BufferedWriter, FileIO, TextIOWrapper
from stat import S_ISFIFO
from traceback import extract_tb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of SIGINT."""

BUG = 3

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Why standard output cannot be written; verbs handle the files that they write."""


_MOST_CALLS = 40
"""Calls of a crash that are named, the last ones."""


def main() -> None:
    """Run the command and exit: 0 clean, 1 faults, 2 usage, 3 a bug in modelspec, 130 interrupted."""
    _reopen_closed_streams()
    _outlive_readers()
    try:
        # Inside the try, so that Ctrl-C during these imports ends quietly too.
        from modelspec.cli import run  # noqa: PLC0415

        code = run(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one place that separates our bugs from the user's faults
        if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
            _discard(sys.stdout.fileno())
            sys.stderr.write(
                f"modelspec: cannot write the output: {error.strerror}; free some space, or write it elsewhere\n"
            )
            code = 1
        else:
            sys.stderr.writelines(_places(error))
            sys.stderr.write(
                "modelspec: this is a bug in modelspec, not a fault in your files; "
                "please report it with the lines above\n"
            )
            code = BUG
    sys.exit(code)


def _places(error: BaseException | None) -> Iterator[str]:
    """What went wrong by types and places alone, the cause first: a message or a line of code may hold a value."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    for one in reversed(seen):
        yield f"Traceback of {type(one).__module__}.{type(one).__qualname__} (last call last):\n"
        yield from (
            f'  File "{at.filename}", line {at.lineno}, in {at.name}\n'
            for at in extract_tb(one.__traceback__, limit=-_MOST_CALLS)
        )


def _reopen_closed_streams() -> None:
    """Point standard streams that the shell has closed (`>&-`) at the null device.

    Python sets them to None, and the next file to be opened would get their descriptor.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open until exit


class _PipeEnd(FileIO):
    """A pipe that goes on into nothing once its reader, such as `head`, has gone: no exit code is a matter of luck."""

    def write(self, data: "Buffer", /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            _discard(self.fileno())
            return memoryview(data).nbytes


def _outlive_readers() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        try:
            is_pipe = S_ISFIFO(os.fstat(stream.fileno()).st_mode)
        except (OSError, ValueError):
            is_pipe = False  # a caller in this process has its own stream
        if not is_pipe:
            continue
        end = BufferedWriter(_PipeEnd(stream.fileno(), "w", closefd=False))
        made = TextIOWrapper(end, stream.encoding, stream.errors, line_buffering=stream.line_buffering)
        setattr(sys, name, made)


def _discard(descriptor: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


if __name__ == "__main__":
    main()
