"""A runner of GitHub Actions, as far as the scripts of the action can tell: its environment, folders and files."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from modelspec_command import MEASURED, PROGRAM

PROJECT = Path(__file__).parents[2]
PROGRAMS = Path(PROGRAM).parent
SECONDS = 300.0
"""The most that one step may take: an installation on a busy machine takes minutes."""

LOGGED = (
    """\
{"modelspec.log": 1, "modelspec.layer": "edge", "time": "2026-11-02T08:00:00.000Z", "modelspec.request_id": "r1",
"gen_ai.request.model": "example", "modelspec.model": "example", "http.response.status_code": 200,
"modelspec.duration_ms": 1000}
""".replace("\n", "")
    + "\n"
)
"""One request, as an edge logs it."""


_PYTHON = """\
#!/bin/sh
# In place of a Python that makes an environment and installs: the real command under the name that it gets.
if [ "$3" = venv ]; then mkdir -p "$4/bin" && ln -sf "$0" "$4/bin/python" && ln -sf "$PROGRAM" "$4/bin/modelspec"; fi
echo "$@" >>"$HOME/installed"
"""


def installing_python(home: Path) -> str:
    """A program in place of Python for scripts that install the action's own version first."""
    python = home / "python"
    python.write_text(_PYTHON)
    python.chmod(0o755)
    return str(python)


@dataclass(frozen=True, slots=True)
class Step:
    """How a step ended, and what it has left for the next: its outputs and its summary."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


@dataclass(frozen=True, slots=True)
class Runner:
    """A job below `home`, with a checkout in `workspace`."""

    home: Path

    @property
    def workspace(self) -> Path:
        return self.home / "workspace"

    def step(self, script: str, *, program: str = PROGRAM, cwd: str = "", **environment: str) -> Step:
        """Run a script of the action as its step does, with nothing of the tester's environment."""
        temp = self.home / "temp"
        temp.mkdir(exist_ok=True)
        outputs, summary = self.home / "outputs", self.home / "summary"
        outputs.write_text("")
        summary.write_text("")
        file = PROJECT / "action" / script
        ended = subprocess.run(
            [sys.executable, "-I", file] if script.endswith(".py") else ["bash", file],
            cwd=cwd or self.workspace,
            env={
                **MEASURED,
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "LC_ALL": "C.UTF-8",
                "RUNNER_TEMP": str(temp),
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_SHA": "0" * 40,
                "GITHUB_ACTION_PATH": str(PROJECT),
                "MODELSPEC": program,
                "ROOT": ".",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
        said = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        return Step(ended.returncode, (ended.stdout + ended.stderr).decode(), said, summary.read_text())


def git(folder: Path, *arguments: str) -> str:
    """Run git for a user who has configured nothing."""
    return subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            **{
                f"GIT_{who}_{what}": "a@example.com"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        },
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@contextmanager
def serving(reply: Callable[[str, str, str, Any], tuple[int, str]]) -> Iterator[str]:
    """The URL of a forge that answers with a status and a text, of a redirection its target.

    `reply` gets the method, the target, the header `Authorization` and the JSON that was sent.
    """

    class Asked(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
            status, text = reply(self.command, self.path, self.headers["Authorization"], sent)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", text)
                text = ""
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - the names that the server calls

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
