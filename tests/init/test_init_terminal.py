"""`modelspec init` in a real terminal: what it asks, and that it asks nothing where options speak."""

import pytest
from modelspec_command import Command
from terminal_sessions import CANCEL, DOWN, ENTER, ended, start


@pytest.mark.parametrize("library", [True, False])
def test_what_is_chosen_is_written(command: Command, *, library: bool) -> None:
    session = start(command, command.home, "init", library=library)
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
    code, said = ended(session)
    assert code == 0, said
    fleet = command.home / "fleet"
    assert (fleet / ".gitlab-ci.yml").is_file()
    assert "@acme/models" in (fleet / ".gitlab/CODEOWNERS").read_text()
    assert sorted(file.name for file in fleet.glob("models.d/*.yaml")) == ["chat-eu.yaml", "chat-no.yaml"]
    assert "head-service-no-3" in (fleet / "heads.yaml").read_text()
    assert command.run("validate", "--strict", cwd=fleet).code == 0


def test_a_cancelled_question_leaves_nothing(command: Command) -> None:
    session = start(command, command.home, "init")
    session.expect("Folder")
    session.sendline("fleet")
    session.expect("Regions|Forge")
    session.send(CANCEL)
    code, _ = ended(session)
    assert code not in (0, 3, None)
    assert not (command.home / "fleet").exists()


@pytest.mark.parametrize("arguments", [("fleet",), ("--forge", "none"), ("--quiet",)])
def test_nothing_is_asked_where_something_is_said(command: Command, arguments: tuple[str, ...]) -> None:
    code, said = ended(start(command, command.home, "init", *arguments))
    assert (code, "Folder" in said) == (0, False)
