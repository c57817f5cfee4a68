"""The `modelspec` command."""

import os
import sys
import traceback

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of SIGINT."""

BUG = 3


def main() -> None:
    """Run the command and exit: 0 clean, 1 faults, 2 usage, 3 a bug in modelspec, 130 interrupted."""
    try:
        # A Ctrl-C during these imports is one as well.
        from modelspec.cli import run  # noqa: PLC0415

        code = run(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; the interpreter must not try to flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception:  # noqa: BLE001 - the one place that tells a bug of ours from a fault of the user
        traceback.print_exc()
        sys.stderr.write(
            "modelspec: this is a bug in modelspec, not a fault in your files; please report it with the lines above\n"
        )
        code = BUG
    sys.exit(code)


if __name__ == "__main__":
    main()
