"""`modelspec init` in a real terminal: what it asks, and that it asks nothing where options speak."""

import sys

import pexpect
import pytest
from modelspec_command import PROGRAM, SECONDS, Command

DOWN, ENTER, CANCEL = "\x1b[B", "\r", "\x03"
WITHOUT_LIBRARY = (
    "import sys; sys.modules['questionary'] = None; from modelspec.__main__ import main; sys.exit(main())"
)


def _session(command: Command, *arguments: str, library: bool = True) -> "pexpect.spawn[str]":
    start = [PROGRAM] if library else [sys.executable, "-c", WITHOUT_LIBRARY]
    return pexpect.spawn(
        start[0],
        [*start[1:], "init", *arguments],
        cwd=str(command.home),
        env={**command.environment(), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        timeout=SECONDS,
        encoding="utf-8",
        dimensions=(40, 120),
    )


def _ended(session: "pexpect.spawn[str]") -> tuple[int | None, str]:
    session.expect(pexpect.EOF)
    rest = session.before or ""
    session.close()
    return session.exitstatus, rest


@pytest.mark.parametrize("library", [True, False])
def test_what_is_chosen_is_written(command: Command, *, library: bool) -> None:
    session = _session(command, library=library)
    session.expect(r"Folder \[\.\]")
    session.sendline("fleet")
    session.expect("Forge")
    session.expect("bitbucket")
    session.send(DOWN + ENTER) if library else session.sendline("2")
    session.expect("Regions")
    session.expect("China")
    session.send(" " + DOWN + DOWN + DOWN + " " + ENTER) if library else session.sendline("1 4")
    session.expect(r"Heads in each region.*\[2\]")
    session.sendline("3")
    session.expect("Who agrees to changes of the policy")
    session.sendline("@acme/models")
    code, said = _ended(session)
    assert code == 0, said
    fleet = command.home / "fleet"
    assert (fleet / ".gitlab-ci.yml").is_file()
    assert "@acme/models" in (fleet / ".gitlab/CODEOWNERS").read_text()
    assert sorted(file.name for file in fleet.glob("models.d/*.yaml")) == ["chat-eu.yaml", "chat-no.yaml"]
    assert "head-service-no-3" in (fleet / "heads.yaml").read_text()
    assert command.run("validate", "--strict", cwd=fleet).code == 0


def test_a_cancelled_question_leaves_nothing(command: Command) -> None:
    session = _session(command)
    session.expect("Folder")
    session.sendline("fleet")
    session.expect("Regions|Forge")
    session.send(CANCEL)
    code, _ = _ended(session)
    assert code not in (0, 3, None)
    assert not (command.home / "fleet").exists()


@pytest.mark.parametrize("arguments", [("fleet",), ("--forge", "none"), ("--quiet",)])
def test_nothing_is_asked_where_something_is_said(command: Command, arguments: tuple[str, ...]) -> None:
    code, said = _ended(_session(command, *arguments))
    assert (code, "Folder" in said) == (0, False)
