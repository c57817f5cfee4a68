"""The weekly suggestions: one branch and one request for it, whatever number of runs find the same."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from modelspec_command import HEADS, MODEL, PROGRAM, Command, write_fleet
from runner import PROJECT, Runner, git, installing_python, serving

BRANCH = "modelspec-suggest"
OPEN_REGIONS = "regions:\n  - {code: us, name: United States}\n  - {code: eu, name: Europe}\n"


@dataclass
class Forge:
    """The pull requests of acme/fleet, as its API keeps them."""

    pulls: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    code: int = 0
    url: str = ""

    def answer(self, method: str, target: str, sent: dict[str, str]) -> tuple[int, object]:
        self.asked.append(method)
        if self.code:
            return self.code, {}
        if method == "GET":
            assert target == f"/repos/acme/fleet/pulls?state=all&head=acme%3A{BRANCH}"
            return 200, self.pulls
        if method == "POST":
            number = len(self.pulls) + 1
            made = {**sent, "number": number, "state": "open", "html_url": f"{self.url}/pull/{number}"}
            self.pulls.insert(0, made)
            return 201, made
        pull = next(one for one in self.pulls if target == f"/repos/acme/fleet/pulls/{one['number']}")
        pull.update(sent)
        return 200, pull


@pytest.fixture
def forge() -> Iterator[Forge]:
    kept = Forge()

    def reply(method: str, target: str, token: str, sent: Any) -> tuple[int, str]:
        assert token == "Bearer planted-token"
        status, value = kept.answer(method, target, sent)
        return status, json.dumps(value)

    with serving(reply) as url:
        kept.url = url
        yield kept


@dataclass(frozen=True)
class Week:
    """A runner with a fleet, the aggregate of its traffic, and a bare repository that it pushes to."""

    runner: Runner
    usage: Path
    remote: Path

    def aggregate(self, name: str, clients: dict[str, int]) -> None:
        """Thirty-nine days of requests for `name`, all answered by head-us."""
        rows = [
            {
                "modelspec.log": 1,
                "modelspec.layer": "edge",
                "time": f"2026-{10 + day // 30:02}-{day % 30 + 1:02}T08:00:00.000Z",
                "modelspec.request_id": f"{name}-{day}-{client}-{number}",
                "gen_ai.request.model": name,
                "modelspec.model": name,
                "modelspec.client_region": client,
                "modelspec.head": "head-us",
                "http.response.status_code": 200,
                "modelspec.duration_ms": 100,
            }
            for day in range(39)
            for client, requests in clients.items()
            for number in range(requests)
        ]
        log = self.runner.home / f"{name}.log"
        log.write_text("".join(json.dumps(row) + "\n" for row in rows))
        into = Command(self.runner.home).run("usage", log, "--into", self.usage, "--root", self.fleet)
        assert into.code == 0, into

    @property
    def fleet(self) -> Path:
        return self.runner.workspace

    def back(self) -> None:
        """A fresh checkout of the default branch."""
        git(self.fleet, "checkout", "-q", "--force", "main")

    def branch(self) -> str:
        return git(self.remote, "for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}")


@pytest.fixture
def week(tmp_path: Path) -> Week:
    runner = Runner(tmp_path)
    guards = "guards: {max_moved: 100%, max_changed: 100%, empty_head: off, last_model_of_region: off}\n"
    models = {f"models.d/{name}.yaml": MODEL.format(name) for name in ("boreas", "civet")}
    fleet = write_fleet(
        runner.workspace,
        {"regions.yaml": OPEN_REGIONS, "heads.yaml": HEADS, "modelspec.yaml": guards, **models},
    )
    git(fleet, "init", "-q", "-b", "main")
    git(fleet, "add", "--all")
    git(fleet, "commit", "-q", "-m", "first")
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    remote = tmp_path / "remote.git"
    git(remote, "config", "receive.advertisePushOptions", "true")
    hook = remote / "hooks" / "pre-receive"
    hook.write_text(f'#!/bin/sh\nenv | grep ^GIT_PUSH_OPTION >>"{tmp_path}/options"\nexit 0\n')
    hook.chmod(0o755)
    made = Week(runner, tmp_path / "usage-folder", remote)
    made.aggregate("civet", {"us": 30})
    return made


def github(week: Week, forge: Forge) -> tuple[int, str]:
    """Both steps of the action, on a fresh checkout."""
    week.back()
    values = {
        "PYTHON": installing_python(week.runner.home),
        "PROGRAM": PROGRAM,
        "USAGE": str(week.usage),
        "TOKEN": "planted-token",
        "REMOTE": f"file://{week.remote}",
        "GITHUB_SERVER_URL": "https://github.example.com",
        "GITHUB_ACTION_PATH": f"{PROJECT}/suggest",
    }
    first = week.runner.step("suggest.sh", **values)
    assert "planted-token" not in first.log
    if first.code or not first.outputs.get("body"):
        return first.code, first.log
    second = week.runner.step(
        "pull_request.py",
        TOKEN="planted-token",
        BASE="main",
        BODY=first.outputs["body"],
        PUSHED=first.outputs["pushed"],
        GITHUB_API_URL=forge.url,
        GITHUB_REPOSITORY="acme/fleet",
    )
    return second.code, second.log


def gitlab(week: Week) -> tuple[int, str]:
    """The job of the pipeline as its runner runs it, on a detached checkout."""
    git(week.fleet, "checkout", "-q", "--force", "--detach", "main")
    pipeline = yaml.safe_load((PROJECT / "ci/gitlab.yml").read_text())
    job = pipeline["modelspec:suggest"]
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
        cwd=week.fleet,
        env={
            **job["variables"],
            "PATH": f"{Path(PROGRAM).parent}:/usr/bin:/bin",
            "HOME": str(week.runner.home),
            "MODELSPEC_ROOT": ".",
            "MODELSPEC_USAGE": str(week.usage),
            "MODELSPEC_PUSH_TOKEN": "planted-token",
            "CI_PROJECT_URL": f"file://{week.remote}".removesuffix(".git"),
            "CI_SERVER_URL": "https://gitlab.example.com",
            "CI_DEFAULT_BRANCH": "main",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "planted-token" not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def test_nothing_found_leaves_no_trace(week: Week, forge: Forge) -> None:
    assert github(week, forge)[0] == 0
    assert gitlab(week)[0] == 0
    assert (week.branch(), forge.asked) == ("", [])


def test_the_action_opens_one_pull_request_for_the_same_suggestions(week: Week, forge: Forge) -> None:
    week.aggregate("atlas", {"us": 3, "eu": 37})
    code, log = github(week, forge)
    assert (code, log) == (0, f"{forge.url}/pull/1\n")
    (pull,) = forge.pulls
    assert (pull["head"], pull["base"], pull["title"]) == (BRANCH, "main", "Changes that usage asks for")
    assert "Move atlas to eu, and its requests to head-eu" in pull["body"]
    assert "eu sends 92.5" in pull["body"]
    first = week.branch()
    assert git(week.remote, "log", "-1", "--format=%cn %ce", first) == "modelspec modelspec@localhost"
    assert git(week.fleet, "diff", "--name-only", f"main..{BRANCH}") == "models.d/atlas.yaml"

    # The same a week later, while it is open and once it was closed: nothing.
    for state in ("open", "closed"):
        pull["state"] = state
        assert github(week, forge) == (0, "these suggestions have had their pull request\n")
        assert week.branch() == first
        assert len(forge.pulls) == 1

    # Others: the open one is brought up to date, or there is a new one after one that was closed.
    week.aggregate("boreas", {"us": 3, "eu": 37})
    pull["state"] = "open"
    assert github(week, forge)[0] == 0
    assert week.branch() != first
    assert len(forge.pulls) == 1
    assert "boreas" in pull["body"]


def test_a_pull_request_that_could_not_be_opened_is_opened_the_next_time(week: Week, forge: Forge) -> None:
    week.aggregate("atlas", {"us": 3, "eu": 37})
    forge.code = 403
    code, log = github(week, forge)
    assert code == 1
    assert log.startswith("::error title=modelspec suggest::the forge refused the pull request (403)")
    forge.code = 0
    assert github(week, forge) == (0, f"{forge.url}/pull/1\n")


def test_commits_of_others_on_the_branch_are_never_lost(week: Week, forge: Forge) -> None:
    week.aggregate("atlas", {"us": 3, "eu": 37})
    assert github(week, forge)[0] == 0
    git(week.fleet, "commit", "-q", "--allow-empty", "-m", "A reviewer's own")
    git(week.fleet, "push", "-q", f"file://{week.remote}", BRANCH)
    theirs = week.branch()
    week.aggregate("boreas", {"us": 3, "eu": 37})
    assert "stays as it is" in github(week, forge)[1]
    code, log = gitlab(week)
    assert (code, week.branch()) == (0, theirs)
    assert "stays as it is" in log


def test_the_pipeline_opens_one_merge_request_for_the_same_suggestions(week: Week) -> None:
    week.aggregate("atlas", {"us": 3, "eu": 37})
    code, log = gitlab(week)
    assert (code, first := week.branch()) != (0, ""), log
    assert code == 0, log
    options = (week.runner.home / "options").read_text()
    for option in (
        "merge_request.create",
        "merge_request.target=main",
        "merge_request.title=Changes that usage asks for",
    ):
        assert f"={option}\n" in options
    assert "eu sends 92.5" in git(week.remote, "log", "-1", "--format=%B", first)
    code, log = gitlab(week)
    assert code == 0
    assert "have had their merge request" in log
    assert week.branch() == first
    assert (week.runner.home / "options").read_text() == options


def test_a_repository_that_cannot_be_reached_fails(week: Week, forge: Forge) -> None:
    week.aggregate("atlas", {"us": 3, "eu": 37})
    week.remote.rename(week.remote.with_name("gone"))
    assert github(week, forge)[0] != 0
    assert gitlab(week)[0] != 0
    assert forge.asked == []
