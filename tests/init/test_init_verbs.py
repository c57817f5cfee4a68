"""A new repository under the verbs of the pull request: its tests hold, and its plans say what a change does."""

import re
import shlex
from pathlib import Path

import pytest
from git_command import git
from modelspec_command import Command


@pytest.fixture(params=[["eu=Europe"], ["eu=Europe", "us=United States"], ["no=Norge", "true=Sant", "y=Ja"]])
def fleet(command: Command, request: pytest.FixtureRequest) -> Path:
    """A new repository in git."""
    fleet = command.home / "fleet"
    regions: list[str] = request.param
    assert command.run("init", fleet, *(f"--region={region}" for region in regions)).code == 0
    git(fleet, "init", "-q", "-b", "main")
    git(fleet, "add", "--all")
    git(fleet, "commit", "-q", "-m", "Begin the fleet")
    return fleet


def test_its_routing_tests_pass_and_cover_it(command: Command, fleet: Path) -> None:
    tested = command.run("test", "--root", fleet, "--fail-under", "100")
    assert tested.code == 0, tested.out + tested.err
    assert " 0 failed" in tested.out


def test_the_tests_cover_every_head(command: Command) -> None:
    assert command.run("init", "fleet", "--heads", "4", "--region", "eu=Europe").code == 0
    tested = command.run("test", "--root", "fleet", "--fail-under", "100")
    assert tested.code == 0, tested.out + tested.err


def test_the_first_model_of_the_readme_passes_every_check(command: Command, fleet: Path) -> None:
    readme = (fleet / "README.md").read_text()
    (line,) = re.findall(r"modelspec new .*", readme)
    made = command.run(*shlex.split(line)[1:], cwd=fleet)
    assert made.code == 0, made.err
    assert "wrote models.d/my-model.yaml" in made.err
    checked = command.run("validate", "--strict", cwd=fleet)
    assert (checked.code, "no faults" in checked.out) == (0, True), checked.out
    assert command.run("plan", "--base", "HEAD", cwd=fleet).code == 10


def test_its_plan_is_empty_and_a_change_is_not(command: Command, fleet: Path) -> None:
    assert command.run("plan", "--root", fleet, "--base", "HEAD").code == 0
    model = next(fleet.glob("models.d/chat-*.yaml"))
    code = model.stem.removeprefix("chat-")
    text = model.read_text()
    model.write_text(
        text.replace(
            f"priority_head: head-service-{code} ", f"priority_head: head-service-{code}-2 "
        ).replace(f"fallback_heads: [head-service-{code}-2]", f"fallback_heads: [head-service-{code}]")
    )
    planned = command.run("plan", "--root", fleet, "--base", "HEAD", "--format", "markdown")
    assert planned.code == 10, planned.out + planned.err
    assert "1 model moves" in planned.out
    assert command.run("test", "--root", fleet).code == 1
