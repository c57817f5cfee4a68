"""What a shell completes: the protocol that its script speaks, and a real bash with a person at the Tab key."""

import subprocess
from pathlib import Path

import pexpect
import pytest
from modelspec_command import MODEL, PROGRAM, SECONDS, Command, write_fleet

ODD = MODEL.format("gpt-oss:20b@x/y")


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return write_fleet(tmp_path / "fleet", {"models.d/odd.yaml": ODD})


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("route at", ["atlas"]),
        ("show ", ["atlas", "gpt-oss:20b@x/y"]),
        ("show gpt-oss:20b@", ["gpt-oss:20b@x/y"]),
        ("list --region e", ["eu"]),
        ("list --region=e", ["--region=eu"]),
        ("list --head head-u", ["head-us"]),
        ("drill --down e", ["eu"]),
        ("new x --fallback head-e", ["head-eu"]),
        ("new x --fallback-model a", ["atlas"]),
        ("region add xx --residency u", ["us"]),
        ("explain ms40", ["MS401", "MS402", "MS403", "MS404"]),
        ("explai", ["explain"]),
        ("edit at", ["atlas"]),
        ("edit atlas lim", ["limits."]),
        ("edit atlas limits.r", ["limits.rpm="]),
        ("edit atlas region=", ["region=eu", "region=us"]),
        ("edit atlas fallback_heads+=head-e", ["fallback_heads+=head-eu"]),
        ("edit atlas local_inference=", ["local_inference=true", "local_inference=false"]),
        ("edit atlas --unset fallback_h", ["fallback_heads"]),
        ("edit --where x sunset", ["sunset="]),
        ("edit atlas no.such", []),
        ("head edit head-e", ["head-eu"]),
        ("head edit head-eu cap", ["capacity="]),
        ("head edit head-eu status=d", ["status=draining"]),
        ("region edit us residency-=", ["residency-=eu", "residency-=us"]),
        ("region edit us --unset res", ["residency"]),
    ],
)
def test_a_shell_completes_names_and_fields(
    command: Command, fleet: Path, line: str, offered: list[str]
) -> None:
    asked = {"COMP_LINE": f"modelspec {line}", "COMP_PART": "", "_MODELSPEC_COMPLETE": "bash_complete"}
    typed = line.rpartition(" ")[2]
    said = [one for one in command.run(cwd=fleet, env=asked).out.splitlines() if one]
    assert said == [f"plain,{name.removeprefix(typed)}" for name in offered]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("show gpt-oss:20b@", ["gpt-oss:20b@x/y"]),
        ("list --region=e", ["--region=eu"]),
        ("edit x no.such", []),
    ],
)
def test_zsh_and_fish_get_whole_words(
    command: Command, fleet: Path, shell: str, line: str, offered: list[str]
) -> None:
    words = f"modelspec {line}".split(" ")
    asked = {
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
        "_MODELSPEC_COMPLETE": f"{shell}_complete",
    }
    said = command.run(cwd=fleet, env=asked).out.strip()
    assert said == "\n".join(f"plain,{name}" if shell == "fish" else f"plain\n{name}\n_" for name in offered)


@pytest.mark.parametrize("line", ["show ", "list --region ", "plan --base ", "edit x region=", "head drain "])
def test_nothing_is_offered_outside_a_repository(command: Command, line: str) -> None:
    asked = {"COMP_LINE": f"modelspec {line}", "_MODELSPEC_COMPLETE": "bash_complete"}
    outcome = command.run(env=asked)
    assert (outcome.out.strip(), outcome.err) == ("", "")


def test_branches_and_tags_are_offered_unless_a_shell_would_run_them(command: Command, fleet: Path) -> None:
    hostile = ["x;reboot", "$(reboot)", "`reboot`", "a&b", "a|b", "-x", "a'b", 'a"b', "a>b", "été"]
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    git = ["git", *identity]
    subprocess.run([*git, "init", "-q", "-b", "main"], cwd=fleet, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], cwd=fleet, check=True)
    for name in (*hostile, "feature/one"):
        subprocess.run([*git, "update-ref", f"refs/heads/{name}", "HEAD"], cwd=fleet, check=True)
    subprocess.run([*git, "update-ref", "refs/tags/v1.0", "HEAD"], cwd=fleet, check=True)
    for option in ("plan --base ", "plan --head ", "validate --base ", "validate --changed-since "):
        asked = {"COMP_LINE": f"modelspec {option}", "_MODELSPEC_COMPLETE": "bash_complete"}
        said = command.run(cwd=fleet, env=asked).out.splitlines()
        assert said == ["plain,feature/one", "plain,main", "plain,v1.0"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_this_command(command: Command, shell: str) -> None:
    outcome = command.run("completion", shell)
    assert f"_MODELSPEC_COMPLETE={shell}_complete" in outcome.out
    assert command.run("completion", "tcsh").code == 2
    # What zsh must not end with a space is told apart by a line that replaces one of click's.
    assert ("compadd -U -S ''" in outcome.out) == (shell == "zsh")


_TYPED = {
    "show gpt-oss:2": "show gpt-oss:20b@x/y ",
    "show gpt-oss:20b@": "show gpt-oss:20b@x/y ",
    "edit atlas limits.r": "edit atlas limits.rpm=",
    "edit atlas region=e": "edit atlas region=eu ",
    "list --region=e": "list --region=eu ",
    "validate models.d/od": "validate models.d/odd.yaml ",
}


def test_a_real_bash_completes_a_line(command: Command, fleet: Path) -> None:
    env = {**command.environment(), "TERM": "dumb", "PS1": "$ ", "INPUTRC": "/dev/null"}
    env["PATH"] = f"{Path(PROGRAM).parent}:{env['PATH']}"
    arguments = ["--norc", "--noprofile", "-i"]
    shell = pexpect.spawn(
        "/bin/bash", arguments, cwd=str(fleet), env=env, encoding="utf-8", timeout=3 * SECONDS
    )
    shell.sendline("eval \"$(modelspec completion bash)\"; echo rea''dy")
    shell.expect("\nready")
    for typed, completed in _TYPED.items():
        # After the Tab, the line becomes an argument of echo.
        shell.send(f"modelspec {typed}\t")
        shell.send("\x01echo '<\x05>'\r")
        shell.expect_exact(f"\n<modelspec {completed}>")
    shell.close()
