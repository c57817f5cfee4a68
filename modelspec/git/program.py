"""The git program, run so that nothing in a repository is executed.

A repository is untrusted: its configuration may name programs (aliases, hooks, pagers, file system monitors, filters,
remote helpers). Only plumbing commands run here. They read and, for a commit, write objects, references and the index.
Options on the command line, which override every file, turn off whatever could still start a program, and the
environment is our own. The exception is a push, in `record.py`.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from modelspec.diagnose.refusal import Refusal
from modelspec.text.quote import visible

_KEPT = (
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
)
"""Kept from the environment: where the user's configuration is, and how far up to look for a repository."""

_SET = {
    "LC_ALL": "C",  # messages of git are parsed
    "GIT_ALLOW_PROTOCOL": "",  # contact no remote, even if `protocol.*.allow` permits it
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS = (
    "safe.bareRepository=explicit",
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "protocol.allow=never",
    "core.warnAmbiguousRefs=true",
    "advice.graftFileDeprecated=false",
    "core.quotePath=false",
)

_LONGEST = 200
"""Characters of a message of git to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitResult:
    """The result of a git command: exit code, output and error output."""

    code: int
    out: bytes
    err: str

    @property
    def line(self) -> str:
        """An output of one line. A path in it may contain line ends, so only the last one is removed."""
        return os.fsdecode(self.out.removesuffix(b"\n"))

    @property
    def words(self) -> str:
        """The first error line of git."""
        lines = [line for line in self.err.splitlines() if not line.startswith(("warning:", "hint:"))]
        first = lines[0] if lines else f"exit code {self.code}"
        return visible(first.removeprefix("fatal: ").removeprefix("error: "), _LONGEST)

    def refusal(self) -> Refusal:
        """The error of git, for errors without a message of our own."""
        return Refusal(
            message=f"git cannot read this repository: {self.words}",
            help="`git fsck` checks whether the repository is intact",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The program, and the folder to run it in."""

    program: str
    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Git | Refusal":
        """The program from PATH, ignoring entries that are relative to the current folder."""
        found = shutil.which("git", path=_search_path())
        if found is None:
            return Refusal(
                message="git is needed to read another state of the repository, and it is not in PATH",
                help="install git 2.30 or later, or correct PATH",
            )
        return cls(program=found, folder=folder)

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        more: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> GitResult:
        """Run a command with `stdin` as its input and `more` in its environment."""
        done = subprocess.run(  # noqa: S603 - names from the user follow --end-of-options
            self._command(arguments),
            cwd=folder or self.folder,
            env={**_environment(), **(more or {})},
            input=stdin,
            capture_output=True,
            check=False,
        )
        return GitResult(code=done.returncode, out=done.stdout, err=done.stderr.decode(errors="replace"))

    @contextmanager
    def talk(self, *arguments: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Run a command that answers line by line: its input and its output."""
        with subprocess.Popen(  # noqa: S603 - the same
            self._command(arguments),
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield process.stdin, process.stdout
            finally:
                process.kill()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        return [self.program, "--no-pager", "--literal-pathspecs", *settings, *arguments]


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {"PATH": _search_path(), **kept, **_SET}


def _search_path() -> str:
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if Path(entry).is_absolute())
