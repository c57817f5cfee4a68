"""The comment of the action against a server that keeps comments as the forge does: it stands in for GitHub's API."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from runner import PROJECT, Runner, Step, serving

TOKEN = "ghs_of_this_run"
PERSON = {"type": "User", "login": "mallory"}
BOT = {"type": "Bot", "login": "github-actions[bot]"}


@dataclass
class Forge:
    """The comments of pull request 7 of acme/fleet; `answers` is what it says instead, by method."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def add(self, body: str, user: dict[str, str] | None) -> None:
        self.comments.append({"id": len(self.comments) + 100, "body": body, "user": user})

    def answer(self, method: str, target: str, token: str, sent: dict[str, str]) -> tuple[int, str]:
        url = urlsplit(target)
        self.asked.append(f"{method} {url.path}")
        if token != f"Bearer {TOKEN}":
            return 401, "{}"
        if method in self.answers:
            return self.answers[method]
        if method == "GET" and url.path == "/repos/acme/fleet/issues/7/comments":
            query = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
            start = (query["page"] - 1) * query["per_page"]
            return 200, json.dumps(self.comments[start : start + query["per_page"]])
        if method == "POST" and url.path == "/repos/acme/fleet/issues/7/comments":
            self.add(sent["body"], BOT)
            return 201, json.dumps(self.comments[-1])
        for comment in self.comments:
            if method == "PATCH" and url.path == f"/repos/acme/fleet/issues/comments/{comment['id']}":
                comment["body"] = sent["body"]
                return 200, json.dumps(comment)
        return 404, "{}"


@pytest.fixture
def forge() -> Iterator[Forge]:
    kept = Forge()
    with serving(kept.answer) as url:
        kept.url = url
        yield kept


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    made = Runner(tmp_path)
    made.workspace.mkdir()
    return made


def comment(
    runner: Runner, forge: Forge, plan: str, *, changed: str = "true", root: str = ".", token: str = TOKEN
) -> Step:
    file = runner.home / "plan.md"
    file.write_text(plan)
    step = runner.step(
        "comment.py",
        GITHUB_API_URL=forge.url,
        GITHUB_REPOSITORY="acme/fleet",
        TOKEN=token,
        NUMBER="7",
        PLAN=str(file),
        CHANGED=changed,
        ROOT=root,
    )
    assert step.code == 0, step.log
    assert TOKEN not in step.log
    assert step.log.count("\n") == 1
    return step


def bodies(forge: Forge) -> list[str]:
    return [kept["body"].partition("\n")[2] for kept in forge.comments]


def test_the_plan_is_one_comment_that_is_kept_up_to_date(runner: Runner, forge: Forge) -> None:
    forge.add("What does this do?", PERSON)
    assert "is a comment" in comment(runner, forge, "1 model moves to 中国 🦊\n").log
    assert bodies(forge) == ["", "1 model moves to 中国 🦊\n"]
    assert forge.comments[1]["body"].startswith("<!-- modelspec plan ")
    assert "brought up to date" in comment(runner, forge, "2 models move\n").log
    assert bodies(forge) == ["", "2 models move\n"]
    assert "is up to date" in comment(runner, forge, "2 models move\n").log
    assert [asked.split()[0] for asked in forge.asked] == ["GET", "POST", "GET", "PATCH", "GET"]


def test_a_change_without_effect_begins_no_comment_and_ends_an_old_one(runner: Runner, forge: Forge) -> None:
    assert "nothing to comment on" in comment(runner, forge, "Nothing changes\n", changed="false").log
    assert forge.comments == []
    comment(runner, forge, "1 model moves\n")
    comment(runner, forge, "Nothing changes\n", changed="false")
    assert bodies(forge) == ["Nothing changes\n"]
    comment(runner, forge, "A guard is broken\n", changed="")
    assert bodies(forge) == ["A guard is broken\n"]


def test_a_long_conversation_is_read_to_its_end(runner: Runner, forge: Forge) -> None:
    for _ in range(130):
        forge.add("Ping", PERSON)
    comment(runner, forge, "one\n")
    forge.add("Ping", None)
    comment(runner, forge, "two\n")
    assert len(forge.comments) == 132
    assert bodies(forge)[130] == "two\n"


def test_each_root_has_a_comment_of_its_own(runner: Runner, forge: Forge) -> None:
    comment(runner, forge, "one\n", root="fleets/one")
    comment(runner, forge, "two\n", root="fleets/--> two")
    comment(runner, forge, "one again\n", root="./fleets/one/")
    assert bodies(forge) == ["one again\n", "two\n"]


def test_a_comment_of_a_person_that_bears_the_marker_is_left_alone(runner: Runner, forge: Forge) -> None:
    comment(runner, forge, "one\n")
    marker = forge.comments.pop()["body"].partition("\n")[0]
    forge.add(f"{marker}\nNothing changes, merge it", PERSON)
    forge.add(f"I quote: {marker}", BOT)
    comment(runner, forge, "1 model leaves the EU\n")
    assert bodies(forge)[0] == "Nothing changes, merge it"
    assert bodies(forge)[2] == "1 model leaves the EU\n"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_that_may_not_write_fails_nothing(
    runner: Runner, forge: Forge, method: str, status: int
) -> None:
    forge.answers[method] = (status, '{"message": "Resource not accessible by integration"}')
    said = comment(runner, forge, "one\n").log
    assert said.startswith("::notice title=modelspec::the token may not comment")
    assert "the summary of the run" in said


@pytest.mark.parametrize(
    "answer",
    [(500, "{}"), (422, "{}"), (200, "<html>"), (200, '{"message": "?"}'), (200, "[1]"), (200, "null")],
)
def test_a_forge_that_is_not_well_fails_nothing(
    runner: Runner, forge: Forge, answer: tuple[int, str]
) -> None:
    forge.answers["GET"] = answer
    assert comment(runner, forge, "one\n").log.startswith(
        "::warning title=modelspec::the comment was not written"
    )


def test_a_forge_that_is_not_there_fails_nothing(runner: Runner) -> None:
    said = comment(runner, Forge(url="http://127.0.0.1:1"), "one\n").log
    assert said.startswith("::warning title=modelspec::the comment was not written")


def test_the_token_follows_no_redirect(runner: Runner, forge: Forge) -> None:
    forge.answers["GET"] = (302, f"{forge.url}/elsewhere")
    assert "::warning" in comment(runner, forge, "one\n").log
    assert forge.asked == ["GET /repos/acme/fleet/issues/7/comments"]


@pytest.mark.parametrize("line", ["x" * 99 + "\n", "🦊" * 50 + "\n"])
def test_a_plan_that_is_too_long_is_cut_at_a_line_and_says_so(
    runner: Runner, forge: Forge, line: str
) -> None:
    comment(runner, forge, line * 1000)
    body = forge.comments[0]["body"]
    assert 65_000 < len(body.encode("utf-16-le")) // 2 <= 65_536
    assert "The plan is cut here" in body[:200]
    assert body.endswith(line)


def test_the_script_runs_on_python_alone() -> None:
    text = (PROJECT / "action" / "comment.py").read_text()
    assert "modelspec." not in text.replace("modelspec.md", "")
