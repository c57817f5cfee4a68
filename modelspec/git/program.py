"""The git program, run so that nothing of a repository is ever executed.

A repository is a stranger's: its own configuration may name programs (an alias, a hook, a pager, a file system
monitor, a filter, a helper of a remote). Only plumbing is run here, which reads and, for a commit, writes
objects, names and the index, with what could still start a program turned off on the command line, where it wins over
every file, and with an environment of our own. A push is the exception, in a module of its own.
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
"""What stays of the environment: where the user's own configuration lies, and how far up a repository is looked for."""

_SET = {
    "LC_ALL": "C",  # what git says is read
    "GIT_ALLOW_PROTOCOL": "",  # no remote is asked, whatever `protocol.*.allow` says
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
"""Characters of git's own words that are passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitResult:
    """What a run of git gave: its exit code, its output, and its complaints."""

    code: int
    out: bytes
    err: str

    @property
    def line(self) -> str:
        """An output that is one line; a path in it may hold line ends, so only the last one is git's."""
        return os.fsdecode(self.out.removesuffix(b"\n"))

    @property
    def words(self) -> str:
        """The first line of what git complained of."""
        lines = [line for line in self.err.splitlines() if not line.startswith(("warning:", "hint:"))]
        first = lines[0] if lines else f"exit code {self.code}"
        return visible(first.removeprefix("fatal: ").removeprefix("error: "), _LONGEST)

    def refusal(self) -> Refusal:
        """What git complained of, for faults that have no words of their own here."""
        return Refusal(
            message=f"git cannot read this repository: {self.words}",
            help="`git fsck` says whether the repository is whole",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The program, and the folder that it is run in."""

    program: str
    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Git | Refusal":
        """The program as PATH knows it; entries of PATH that depend on the current folder are passed over."""
        found = shutil.which("git", path=_search_path())
        if found is None:
            return Refusal(
                message="another state of the repository is read with git, and no program of that name is in PATH",
                help="install git 2.30 or later, or correct PATH",
            )
        return cls(program=found, folder=folder)

    def run(
        self,
        *arguments: str,
        told: bytes = b"",
        more: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> GitResult:
        """Run one command to its end: `told` on its standard input, with `more` in its environment."""
        done = subprocess.run(  # noqa: S603 - what a user names stands behind --end-of-options
            self._command(arguments),
            cwd=folder or self.folder,
            env={**_environment(), **(more or {})},
            input=told,
            capture_output=True,
            check=False,
        )
        return GitResult(code=done.returncode, out=done.stdout, err=done.stderr.decode(errors="replace"))

    @contextmanager
    def talk(self, *arguments: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Run a command that is asked line by line: what it is told by, and what it answers with."""
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
