"""The `modelspec` command."""

import errno
import os
import sys
import traceback

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of SIGINT."""

BUG = 3

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Why an output cannot be written; files that a verb writes are its own business."""


def main() -> None:
    """Run the command and exit: 0 clean, 1 faults, 2 usage, 3 a bug in modelspec, 130 interrupted."""
    _open_what_is_closed()
    try:
        # A Ctrl-C during these imports is one as well.
        from modelspec.cli import run  # noqa: PLC0415

        code = run(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; the interpreter must not try to flush once more.
        _write_no_more()
        code = 1
    except Exception as error:  # noqa: BLE001 - the one place that tells a bug of ours from a fault of the user
        if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
            _write_no_more()
            sys.stderr.write(
                f"modelspec: the output cannot be written: {error.strerror}; make room, or write it elsewhere\n"
            )
            code = 1
        else:
            traceback.print_exc()
            sys.stderr.write(
                "modelspec: this is a bug in modelspec, not a fault in your files; "
                "please report it with the lines above\n"
            )
            code = BUG
    sys.exit(code)


def _open_what_is_closed() -> None:
    """Let standard streams that a shell has closed (`>&-`) lead nowhere.

    Python has None in their place, and the next file that is opened would get their number.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open to the end


def _write_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
