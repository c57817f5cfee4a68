"""`modelspec` in a process of its own, forked off one that has loaded it: what a start costs is paid once.

For tests of what the command does, not of how it is installed and started.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Self

from modelspec import cli
from modelspec.__main__ import main

_SECONDS = 60.0
_LONGEST = 1 << 20


class ForkedCommand:
    """The process that is forked, from the first run until the end of the block."""

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._control: socket.socket | None = None
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(
        self, arguments: tuple[str, ...], *, cwd: Path, environment: Mapping[str, str], merged: bool = False
    ) -> tuple[int, bytes, bytes]:
        """The exit code, and what was written to standard output and error; `merged`: all of it to standard output."""
        control = self._control = self._control or self._start(environment)
        request = {"arguments": arguments, "cwd": str(cwd), "environment": dict(environment)}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            files = [out.fileno(), (out if merged else err).fileno()]
            socket.send_fds(control, [json.dumps(request).encode()], files)
            code = json.loads(control.recv(_LONGEST))
            out.seek(0)
            err.seek(0)
            return code, out.read(), err.read()

    def _start(self, environment: Mapping[str, str]) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.settimeout(_SECONDS)

        def end() -> None:
            ours.close()
            try:
                process.wait(timeout=_SECONDS)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

        self._stack.callback(end)
        return ours


def _serve(control: socket.socket) -> None:
    """Fork a process for each request and answer with its exit code; only such a process returns before the end."""
    for module in iter_modules(cli.__path__, f"{cli.__name__}."):
        import_module(module.name)
    gc.collect()
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _LONGEST, 2)
        if not message:
            return
        if child := os.fork():
            for descriptor in descriptors:
                os.close(descriptor)
            control.send(json.dumps(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
            continue
        control.close()
        request = json.loads(message)
        for number, descriptor in enumerate(descriptors, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv[1:] = request["arguments"]
        main()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
