"""The `modelspec` command."""

import errno
import os
import sys
import traceback

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of SIGINT."""

BUG = 3

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Why standard output cannot be written; verbs handle the files that they write."""


def main() -> None:
    """Run the command and exit: 0 clean, 1 faults, 2 usage, 3 a bug in modelspec, 130 interrupted."""
    _reopen_closed_streams()
    try:
        # Inside the try, so that Ctrl-C during these imports ends quietly too.
        from modelspec.cli import run  # noqa: PLC0415

        code = run(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has closed the pipe; the interpreter must not flush again.
        _discard_output()
        code = 1
    except Exception as error:  # noqa: BLE001 - the one place that separates our bugs from the user's faults
        if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
            _discard_output()
            sys.stderr.write(
                f"modelspec: cannot write the output: {error.strerror}; free some space, or write it elsewhere\n"
            )
            code = 1
        else:
            traceback.print_exc()
            sys.stderr.write(
                "modelspec: this is a bug in modelspec, not a fault in your files; "
                "please report it with the traceback above\n"
            )
            code = BUG
    sys.exit(code)


def _reopen_closed_streams() -> None:
    """Point standard streams that the shell has closed (`>&-`) at the null device.

    Python sets them to None, and the next file to be opened would get their descriptor.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open until exit


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
