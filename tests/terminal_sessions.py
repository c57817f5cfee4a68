"""The command in a real terminal, for tests of what it asks."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pexpect
from modelspec_command import PROGRAM, SECONDS, Command

UP, DOWN, ENTER, CANCEL = "\x1b[A", "\x1b[B", "\r", "\x03"
WITHOUT_LIBRARY = (
    "import sys; sys.modules['questionary'] = None; from modelspec.__main__ import main; sys.exit(main())"
)


def start(
    command: Command, cwd: Path, *arguments: str, library: bool = True, env: Mapping[str, str] | None = None
) -> "pexpect.spawn[str]":
    """A session in `cwd`; without `library` the questions are asked line by line."""
    program = [PROGRAM] if library else [sys.executable, "-c", WITHOUT_LIBRARY]
    return pexpect.spawn(
        program[0],
        [*program[1:], *arguments],
        cwd=str(cwd),
        env={**command.environment(env), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        timeout=SECONDS,
        encoding="utf-8",
        dimensions=(40, 120),
    )


def ended(session: "pexpect.spawn[str]") -> tuple[int | None, str]:
    """The exit code, and what the session wrote since it was last read."""
    session.expect(pexpect.EOF)
    rest = session.before or ""
    session.close()
    return session.exitstatus, rest
