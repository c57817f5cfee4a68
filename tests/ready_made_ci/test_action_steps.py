"""The scripts of the action, run by bash with the environment of a runner, on real repositories."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from modelspec_command import MODEL, MODELSPEC_FROM, PROGRAM, Command, tree, write_fleet
from runner import LOGGED, PROGRAMS, PROJECT, Runner, git, installing_python

STUB = """\
#!{python}
# In place of a verb: what it was called with, and an answer of choice.
import os, sys
open(os.environ["HOME"] + "/called", "a").write("\\n".join(sys.argv[1:]) + "\\n")
sys.stdout.write(os.environ.get("SAYS", ""))
sys.exit(int(os.environ.get("EXITS", "0")))
"""
"""Only for exit codes and texts that take a whole fleet to bring about; everything else calls the real command."""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner whose workspace is a sound fleet in git, two commits long."""
    made = Runner(tmp_path)
    fleet = write_fleet(made.workspace)
    git(fleet, "init", "-q", "-b", "main")
    commit(fleet, "first")
    (fleet / "models.d" / "boreas.yaml").write_text(MODEL.format("boreas"))
    commit(fleet, "second")
    return made


@pytest.fixture
def stub(runner: Runner) -> str:
    program = runner.home / "stub"
    program.write_text(STUB.format(python=sys.executable))
    program.chmod(0o755)
    return str(program)


def commit(fleet: Path, message: str) -> str:
    git(fleet, "add", "--all")
    git(fleet, "commit", "-q", "-m", message)
    return git(fleet, "rev-parse", "HEAD")


def called(runner: Runner) -> list[str]:
    return (runner.home / "called").read_text().splitlines()


def base_of(runner: Runner, stub: str, **environment: str) -> str:
    values = {"BASE": "", "EVENT": "pull_request", "BASE_BRANCH": "main", "BEFORE": ""}
    step = runner.step("plan.sh", program=stub, SAYS="plan", **{**values, **environment})
    assert step.code == 0, step.log
    arguments = called(runner)
    assert arguments[-2:] == ["--format", "markdown"]
    return arguments[arguments.index("--base") + 1]


REFUSE = {
    "EVENT": "pull_request",
    "STRICT": "false",
    "COMMENT": "true",
    "ARTIFACT": "modelspec-dist",
}


def test_sound_inputs_are_let_through(runner: Runner) -> None:
    for more in ({}, {"ARTIFACT": ""}, {"STRICT": "true", "EVENT": "push"}):
        assert runner.step("refuse.sh", **{**REFUSE, **more}).code == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"EVENT": "pull_request_target"}, "use pull_request, which is safe on forks"),
        ({"STRICT": "yes"}, "the input strict is true or false"),
        ({"COMMENT": ""}, "the input comment is true or false"),
        ({"ARTIFACT": "a\nchanged=true"}, "the input artifact-name"),
        ({"ARTIFACT": "a/b"}, "the input artifact-name"),
    ],
)
def test_other_inputs_are_refused(runner: Runner, more: dict[str, str], said: str) -> None:
    step = runner.step("refuse.sh", **{**REFUSE, **more})
    assert step.code == 1
    assert step.log.startswith("::error title=modelspec::")
    assert said in step.log
    assert step.log.count("\n") == 1


def test_validate_annotates_and_decides(runner: Runner) -> None:
    sound = runner.step("validate.sh", STRICT="false")
    assert sound.code == 0, sound.log
    (runner.workspace / "models.d" / "atlas.yaml").write_text(
        MODEL.format("atlas").replace("head-us", "head-uss")
    )
    broken = runner.step("validate.sh", STRICT="false")
    assert broken.code == 1
    assert "::error file=models.d/atlas.yaml,line=4" in broken.log


def test_validate_lets_the_base_judge(runner: Runner) -> None:
    single = MODEL.format("atlas").replace("fallback_heads: [head-eu]\n", "")
    (runner.workspace / "models.d" / "atlas.yaml").write_text(single)
    (runner.workspace / "modelspec.yaml").write_text("rules: {MS402: 'off'}\n")
    assert runner.step("validate.sh", STRICT="true").code == 0
    assert runner.step("validate.sh", STRICT="true", BASE="").code == 0
    judged = runner.step("validate.sh", STRICT="true", BASE="HEAD")
    assert judged.code == 1
    assert "MS402" in judged.log


def test_validate_is_strict_when_asked(runner: Runner) -> None:
    single = MODEL.format("atlas").replace("fallback_heads: [head-eu]\n", "")
    (runner.workspace / "models.d" / "atlas.yaml").write_text(single)
    assert runner.step("validate.sh", STRICT="false").code == 0
    assert runner.step("validate.sh", STRICT="true").code == 1


def test_a_root_with_a_space_is_one_root(runner: Runner) -> None:
    write_fleet(runner.workspace / "my fleet; true")
    assert runner.step("validate.sh", STRICT="false", ROOT="my fleet; true").code == 0
    assert runner.step("validate.sh", STRICT="false", ROOT="no fleet").code == 2


@pytest.mark.parametrize(
    ("root", "named"),
    [
        ("fleets/one", "fleets/one/"),
        ("./fleets/one/", "fleets/one/"),
        ("{}/fleets/one", "fleets/one/"),
        ("a&b|c, 100%\\d", "a&b|c%2C 100%25\\d/"),
        ("./", ""),
    ],
)
def test_annotations_name_files_from_the_checkout(runner: Runner, root: str, named: str) -> None:
    root = root.format(runner.workspace)
    fleet = write_fleet(runner.workspace / root)
    (fleet / "models.d" / "atlas.yaml").write_text(MODEL.format("atlas").replace("head-us", "head-uss"))
    step = runner.step("validate.sh", STRICT="false", ROOT=root)
    assert step.code == 1
    assert f"::error file={named}models.d/atlas.yaml,line=4" in step.log


def test_build_writes_beside_the_checkout_whatever_the_settings_say(runner: Runner) -> None:
    (runner.workspace / "modelspec.yaml").write_text("output: elsewhere\n")
    before = tree(runner.workspace)
    step = runner.step("build.sh", STRICT="false", ARTIFACT="fleet")
    assert step.code == 0, step.log
    assert step.outputs == {"dist": str(runner.home / "temp" / "modelspec-dist"), "artifact": "fleet"}
    assert (Path(step.outputs["dist"]) / "routing" / "table.json").is_file()
    assert "0" * 40 in (Path(step.outputs["dist"]) / "manifest.json").read_text()
    assert tree(runner.workspace) == before


def test_a_build_that_fails_has_no_outputs(runner: Runner) -> None:
    (runner.workspace / "heads.yaml").unlink()
    step = runner.step("build.sh", STRICT="true", ARTIFACT="fleet")
    assert (step.code, step.outputs) == (1, {})


def test_the_routing_tests_run_where_there_are_some(runner: Runner, stub: str) -> None:
    none = runner.step("test.sh", program=stub)
    assert none.code == 0
    assert "no route was tested" in none.log
    assert not (runner.home / "called").exists()
    (runner.workspace / "routes.test.yaml").write_text("tests: []\n")
    assert runner.step("test.sh", program=stub, EXITS="1").code == 1
    assert called(runner) == ["test", "--root", "."]


def test_the_plan_of_a_trial_merge_compares_with_the_branch_it_goes_into(runner: Runner, stub: str) -> None:
    fleet = runner.workspace
    git(fleet, "checkout", "-q", "-b", "change", "HEAD~1")
    (fleet / "README").write_text("x")
    commit(fleet, "parent 1234567890123456789012345678901234567890")
    git(fleet, "checkout", "-q", "--detach", "main")
    git(fleet, "merge", "-q", "--no-ff", "-m", "trial\n\nparent of nothing", "change")
    assert base_of(runner, stub) == git(fleet, "rev-parse", "main")


def test_the_plan_of_a_branch_compares_with_where_it_started(runner: Runner, stub: str) -> None:
    fleet = runner.workspace
    start = git(fleet, "rev-parse", "HEAD~1")
    git(fleet, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(fleet, "checkout", "-q", "-b", "change", start)
    (fleet / "README").write_text("x")
    commit(fleet, "change")
    assert base_of(runner, stub) == start


def test_the_plan_of_a_push_compares_with_what_was_there(runner: Runner, stub: str) -> None:
    first = git(runner.workspace, "rev-parse", "HEAD~1")
    assert base_of(runner, stub, EVENT="push", BEFORE=first) == first
    assert base_of(runner, stub, EVENT="push", BEFORE="0" * 40) == first
    assert base_of(runner, stub, EVENT="schedule") == first
    assert base_of(runner, stub, EVENT="merge_group", BEFORE=first) == first


def committed_usage(fleet: Path, content: bytes, ref: str) -> None:
    """As the scheduled job leaves it."""
    (fleet.parent / "usage").write_bytes(content)
    blob = git(fleet, "hash-object", "-w", str(fleet.parent / "usage"))
    (fleet.parent / "index").unlink(missing_ok=True)
    tree_of = f"100644 blob {blob}\tusage.json.gz\n"
    made = subprocess.run(
        ["git", "mktree"], cwd=fleet, input=tree_of, capture_output=True, text=True, check=True
    )
    commit_of = git(fleet, "commit-tree", made.stdout.strip(), "-m", "usage")
    git(fleet, "update-ref", ref, commit_of)


def test_a_plan_is_weighed_by_usage_of_the_base_repository_alone(runner: Runner, stub: str) -> None:
    values = {"BASE": "HEAD", "EVENT": "push", "BASE_BRANCH": "", "BEFORE": ""}
    # A branch and a file of the pull request's own.
    committed_usage(runner.workspace, b"planted", "refs/heads/modelspec-usage")
    (runner.workspace / "usage.json.gz").write_bytes(b"planted")
    runner.step("plan.sh", program=stub, **values)
    assert "--replay" not in called(runner)
    committed_usage(runner.workspace, b"sums", "refs/remotes/origin/modelspec-usage")
    runner.step("plan.sh", program=stub, **values)
    arguments = called(runner)
    assert Path(arguments[arguments.index("--replay") + 1]).read_bytes() == b"sums"


def test_usage_becomes_the_only_commit_of_a_branch(runner: Runner) -> None:
    python = installing_python(runner.home)
    (runner.home / "edge.log").write_text(LOGGED.replace('"example"', '"atlas"'))
    git(runner.home, "init", "-q", "--bare", "remote")
    command = Command(runner.home)
    usage = runner.home / "usage-folder"
    into = command.run("usage", runner.home / "edge.log", "--into", usage, "--root", runner.workspace)
    assert into.code == 0, into
    values = {
        "PYTHON": python,
        "PROGRAM": PROGRAM,
        "USAGE": str(usage),
        "TOKEN": "planted-token",
        "REMOTE": f"file://{runner.home}/remote",
        "GITHUB_SERVER_URL": "https://github.example.com",
        "GITHUB_ACTION_PATH": f"{PROJECT}/usage",
    }
    assert runner.step("usage.sh", **values).code == 0
    step = runner.step("usage.sh", **values)
    assert step.code == 0, step.log
    assert "planted-token" not in step.log
    remote = runner.home / "remote"
    assert git(remote, "rev-list", "--count", "modelspec-usage") == "1"
    assert git(remote, "rev-parse", "modelspec-usage") == step.outputs["commit"]
    assert git(remote, "ls-tree", "--name-only", "modelspec-usage") == "usage.json.gz"
    assert f"{PROJECT}[traffic]" in (runner.home / "installed").read_text()
    step = runner.step("usage.sh", **{**values, "USAGE": str(runner.home / "gone")})
    assert step.code != 0
    assert "commit" not in step.outputs


def test_a_base_that_was_given_is_taken(runner: Runner, stub: str) -> None:
    assert base_of(runner, stub, BASE="v1; touch x") == "v1; touch x"


def test_the_first_commit_of_all_has_no_plan(runner: Runner, stub: str) -> None:
    git(runner.workspace, "checkout", "-q", "HEAD~1")
    step = runner.step("plan.sh", program=stub, BASE="", EVENT="push", BASE_BRANCH="", BEFORE="0" * 40)
    assert (step.code, step.outputs, step.summary) == (0, {}, "")
    assert "there is no plan" in step.log


def test_a_shallow_checkout_says_which_depth_it_takes(runner: Runner, stub: str) -> None:
    fleet = runner.workspace
    git(fleet, "checkout", "-q", "-b", "change", "HEAD~1")
    (fleet / "README").write_text("x")
    commit(fleet, "change")
    git(fleet, "checkout", "-q", "--detach", "main")
    git(fleet, "merge", "-q", "--no-ff", "-m", "trial", "change")
    git(fleet, "branch", "trial")
    git(runner.home, "clone", "-q", "--depth=1", "--branch=trial", f"file://{fleet}", "shallow")
    values = {"BASE": "", "EVENT": "pull_request", "BASE_BRANCH": "main", "BEFORE": ""}
    step = runner.step("plan.sh", program=stub, cwd=str(runner.home / "shallow"), **values)
    assert step.code == 1
    assert step.log.startswith(
        "::error title=modelspec plan::the commit that this pull request would be merged into"
    )
    assert "fetch-depth: 0" in step.log
    git(runner.home, "clone", "-q", "--depth=1", "--branch=change", f"file://{fleet}", "branch")
    step = runner.step("plan.sh", program=stub, cwd=str(runner.home / "branch"), **values)
    assert step.code == 1
    assert "fetch-depth: 0" in step.log


@pytest.mark.parametrize(
    ("exits", "code", "changed"),
    [("0", 0, "false"), ("10", 0, "true"), ("1", 1, ""), ("2", 2, ""), ("3", 3, "")],
)
def test_what_a_plan_says_becomes_of_the_step(
    runner: Runner, stub: str, exits: str, code: int, changed: str
) -> None:
    values = {"BASE": "HEAD", "EVENT": "push", "BASE_BRANCH": "", "BEFORE": "", "EXITS": exits}
    step = runner.step("plan.sh", program=stub, SAYS="**3 models move**\n", **values)
    assert step.code == code
    assert step.summary == "**3 models move**\n"
    plan = runner.home / "temp" / "modelspec-plan.md"
    assert step.outputs == {"base": "HEAD", "plan": str(plan), "changed": changed}
    assert plan.read_text() == step.summary
    assert ("::error" in step.log) == (code != 0)
    silent = runner.step("plan.sh", program=stub, **values)
    assert "could not make a plan" in silent.summary


@pytest.mark.registry
def test_install_puts_the_version_of_the_action_beside_the_checkout(runner: Runner) -> None:
    (runner.workspace / "pip.py").write_text("raise SystemExit('a file of the pull request was run')")
    (runner.workspace / "venv.py").write_text("raise SystemExit('a file of the pull request was run')")
    python = str(PROGRAMS / "python")
    source = runner.home / "action"
    names = ["modelspec", "schemas", "pyproject.toml", "README.md", "LICENSE", "action"]
    for name in names:
        here = PROJECT / name
        if here.is_dir():
            shutil.copytree(here, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            source.mkdir(exist_ok=True)
            shutil.copy(here, source / name)
    step = runner.step("install.sh", PYTHON=python, GITHUB_ACTION_PATH=str(source))
    assert step.code == 0, step.log
    assert step.outputs["modelspec"] == str(runner.home / "temp" / "modelspec" / "bin" / "modelspec")
    assert runner.step("validate.sh", program=step.outputs["modelspec"], STRICT="false").code == 0
    fresh = subprocess.run(
        [step.outputs["modelspec"], "init", runner.home / "fresh", "--modelspec-from", MODELSPEC_FROM],
        capture_output=True,
        check=False,
    )
    assert fresh.returncode == 0, fresh.stderr
    assert (runner.home / "fresh" / ".github" / "CODEOWNERS").is_file()
