"""The action's steps, one after the other, on a pull request: with the real verbs and nothing in their place."""

import re
from pathlib import Path

import pytest
import yaml
from modelspec_command import MODEL, Command, write_fleet
from runner import LOGGED, PROJECT, Runner, git

PLAN = {"BASE": "", "EVENT": "pull_request", "BASE_BRANCH": "main", "BEFORE": ""}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner that has checked out the trial merge of a branch in which nothing has changed yet."""
    made = Runner(tmp_path)
    fleet = write_fleet(made.workspace)
    git(fleet, "init", "-q", "-b", "main")
    git(fleet, "add", "--all")
    git(fleet, "commit", "-q", "-m", "first")
    git(fleet, "checkout", "-q", "-b", "change")
    return made


def merge(fleet: Path) -> None:
    git(fleet, "add", "--all")
    git(fleet, "commit", "-q", "--allow-empty", "-m", "change")
    git(fleet, "checkout", "-q", "--detach", "main")
    git(fleet, "merge", "-q", "--no-ff", "-m", "trial", "change")


def test_a_change_is_planned_tested_and_built(runner: Runner) -> None:
    fleet = runner.workspace
    (fleet / "models.d" / "boreas.yaml").write_text(MODEL.format("boreas"))
    (fleet / "routes.test.yaml").write_text(
        "tests: [{model: boreas, expect: {status: 200, head: head-us}}]\n"
    )
    merge(fleet)
    assert runner.step("validate.sh", STRICT="true", BASE="main").code == 0
    plan = runner.step("plan.sh", **PLAN)
    assert plan.code == 0, plan.log
    assert plan.outputs["changed"] == "true"
    assert "boreas" in plan.summary
    assert Path(plan.outputs["plan"]).read_text() == plan.summary
    test = runner.step("test.sh")
    assert test.code == 0, test.log
    assert "1 passed" in test.log
    assert runner.step("build.sh", STRICT="true", ARTIFACT="").code == 0
    assert git(fleet, "status", "--porcelain") == ""


def test_a_change_without_effect_has_an_empty_plan(runner: Runner) -> None:
    merge(runner.workspace)
    plan = runner.step("plan.sh", **PLAN)
    assert (plan.code, plan.outputs["changed"]) == (0, "false"), plan.log


def test_a_broken_change_fails_and_its_plan_says_so(runner: Runner) -> None:
    (runner.workspace / "models.d" / "boreas.yaml").write_text(
        MODEL.format("boreas").replace("head-us", "head-uss")
    )
    merge(runner.workspace)
    assert runner.step("validate.sh", STRICT="false").code == 1
    plan = runner.step("plan.sh", **PLAN)
    assert plan.code == 1
    assert plan.outputs["changed"] == ""
    assert plan.summary


def test_a_promise_that_is_broken_fails(runner: Runner) -> None:
    (runner.workspace / "routes.test.yaml").write_text("tests: [{model: atlas, expect: {status: 404}}]\n")
    assert runner.step("test.sh").code == 1


def test_a_base_that_nobody_knows_fails_with_a_reason(runner: Runner) -> None:
    plan = runner.step("plan.sh", **{**PLAN, "BASE": "--output=x"})
    assert plan.code == 2
    assert "could not make a plan" in plan.summary


def test_the_verbs_of_the_pipelines_take_what_they_are_given(tmp_path: Path) -> None:
    """Every line of the GitLab pipeline that calls modelspec, in the order of the jobs."""
    fleet = tmp_path / "fleet"
    command = Command(tmp_path)
    assert command.run("init", fleet, "--forge", "gitlab").code == 0
    git(fleet, "init", "-q", "-b", "main")
    git(fleet, "add", "--all")
    git(fleet, "commit", "-q", "-m", "first")
    (tmp_path / "edge.log").write_text(LOGGED)
    usage = tmp_path / "usage"
    assert command.run("usage", tmp_path / "edge.log", "--into", usage, cwd=fleet).code == 0
    pipeline = yaml.safe_load((PROJECT / "ci" / "gitlab.yml").read_text())
    exported = str(tmp_path / "usage.json.gz")
    values = {"$MODELSPEC_USAGE": str(usage), "/tmp/usage.json.gz": exported, "$usage": exported}
    values |= {"$MODELSPEC_ROOT": ".", "$base": "HEAD", "$CI_COMMIT_SHA": "0" * 40}
    values |= {"${base:+--base": "--base", '$base"}': "HEAD"}
    called = 0
    for job in pipeline.values():
        for line in job.get("script", []):
            if line.startswith("modelspec "):
                words = line.replace('${weighed:+--replay "$usage"}', '--replay "$usage"').partition(">")[0]
                words = re.sub(r" \|\| (true|code=\S+)", "", words).split()[1:]
                ended = command.run(*(values.get(word.strip('"'), word) for word in words), cwd=fleet)
                assert ended.code == 0, line + ended.out + ended.err
                called += 1
    assert called == 9
