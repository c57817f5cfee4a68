"""The action, workflows, hook and pipeline as files: of the right form, safe, pinned, and in step with each other."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from runner import PROGRAMS, PROJECT

RESOURCES = PROJECT / "modelspec" / "author" / "init" / "files"
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
ACTIONS = [PROJECT / "action.yml", PROJECT / "usage" / "action.yml", PROJECT / "suggest" / "action.yml"]
SCRIPTS = sorted((PROJECT / "action").glob("*.sh"))

PIN = re.compile(r"uses: *([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")

PINS = {
    "actions/checkout": ("de0fac2e4500dabe0009e67214ff5f5447ce83dd", "v6.0.2"),
    "actions/deploy-pages": ("cd2ce8fcbc39b97be8ca5fce6e763baed58fa128", "v5.0.0"),
    "actions/setup-python": ("a309ff8b426b58ec0e2a45f0f869d46889d02405", "v6.2.0"),
    "actions/upload-artifact": ("b7c566a772e6b6bfb58ed0dc250532a479d7789f", "v6.0.0"),
    "actions/upload-pages-artifact": ("fc324d3547104276b827a68afc52ff2a11cc49c9", "v5.0.0"),
}
"""The actions of others, and the commit of each release: one place to compare, and one version of each everywhere."""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAMS / arguments[0], *arguments[1:]], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def steps(*files: Path) -> list[dict[str, object]]:
    """Those of actions; without any, those of the main one."""
    actions = [yaml.safe_load(file.read_text()) for file in files or ACTIONS[:1]]
    return [step for action in actions for step in action["runs"]["steps"]]


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", ACTIONS),
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.gitlab-ci", ["ci/gitlab.yml"]),
    ],
)
def test_each_file_has_the_form_that_its_host_wants(schema: str, files: list[str | Path]) -> None:
    ended = run("check-jsonschema", "--builtin-schema", schema, *files)
    assert ended.returncode == 0, ended.stdout


def test_zizmor_finds_nothing() -> None:
    ended = run(
        "zizmor", "--offline", "--no-config", "--no-progress", "--persona", "auditor", "--strict-collection",
        "--collect=all", *ACTIONS, ".pre-commit-hooks.yaml", *WORKFLOWS,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "No findings to report" in ended.stdout


def test_zizmor_would_find_something(tmp_path: Path) -> None:
    action = (PROJECT / "action.yml").read_text()
    spoiled = tmp_path / "action.yml"
    step = 'bash "$GITHUB_ACTION_PATH/action/plan.sh"'
    assert step in action
    spoiled.write_text(action.replace(step, 'echo "${{ github.head_ref }}"'))
    ended = run("zizmor", "--offline", "--no-config", "--no-progress", spoiled)
    assert ended.returncode != 0
    assert "template-injection" in ended.stdout


def test_shellcheck_finds_nothing_in_the_scripts() -> None:
    assert SCRIPTS
    ended = run("shellcheck", *SCRIPTS)
    assert ended.returncode == 0, ended.stdout


def test_shellcheck_finds_nothing_in_the_pipelines(tmp_path: Path) -> None:
    gitlab = yaml.safe_load((PROJECT / "ci" / "gitlab.yml").read_text())
    bitbucket = yaml.safe_load((RESOURCES / "bitbucket.yml").read_text())
    github = yaml.safe_load((RESOURCES / "github.yaml").read_text())["jobs"]["models"]["steps"]
    gitea = yaml.safe_load((RESOURCES / "gitea.yaml").read_text())["jobs"]["models"]["steps"]
    pieces = [
        *(
            gitlab[".modelspec"]["before_script"] + job["script"]
            for job in gitlab.values()
            if "script" in job
        ),
        bitbucket["definitions"]["steps"][0]["step"]["script"],
        *([step["run"]] for step in (*github, *gitea) if "run" in step),
    ]
    for index, lines in enumerate(pieces):
        (tmp_path / f"{index}.sh").write_text("#!/bin/bash\nset -eo pipefail\n" + "\n".join(lines) + "\n")
    assert len(pieces) > 10
    ended = run("shellcheck", *sorted(tmp_path.glob("*.sh")))
    assert ended.returncode == 0, ended.stdout


def test_every_action_of_others_is_pinned_to_the_commit_of_its_release() -> None:
    found = []
    for file in (*ACTIONS, *WORKFLOWS, RESOURCES / "github.yaml", RESOURCES / "gitea.yaml"):
        for line in file.read_text().splitlines():
            if "uses:" in line.partition("#")[0] and "uses: ./" not in line:
                pin = PIN.search(line)
                assert pin is not None, line
                assert (pin[2], pin[3]) == PINS[pin[1]]
                found.append(pin[1])
    assert set(found) == PINS.keys()


def test_no_script_of_a_step_holds_an_expression() -> None:
    for file in (*ACTIONS, *WORKFLOWS, RESOURCES / "github.yaml", RESOURCES / "gitea.yaml"):
        document = yaml.safe_load(file.read_text())
        listed = (
            [document["runs"]["steps"]]
            if "runs" in document
            else [job["steps"] for job in document["jobs"].values()]
        )
        for step in (step for steps_ in listed for step in steps_):
            assert "${{" not in step.get("run", ""), step["name"]


def test_each_script_gets_exactly_what_it_reads() -> None:
    of_runner = {"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_SHA", "PWD", "RUNNER_TEMP"}
    of_runner |= {"GITHUB_ACTION_PATH", "GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"}
    of_runner |= {"GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"}
    scripts = {}
    for step in steps(*ACTIONS):
        script = re.search(r"action/(\w+\.(?:sh|py))", str(step.get("run", "")))
        if script is not None:
            scripts[script[1]] = set(step["env"])  # type: ignore[call-overload]
    assert scripts.keys() == {file.name for file in (PROJECT / "action").iterdir() if file.is_file()}
    for name, given in scripts.items():
        text = (PROJECT / "action" / name).read_text()
        reads = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", text)) | set(
            re.findall(r'environ(?:ment)?\["([A-Z_]+)"\]', text)
        )
        if name == "refuse.sh":
            reads |= {"STRICT", "COMMENT"}
        step_only = {"PYTHON"}
        assert reads - of_runner <= given, name
        assert given - reads <= step_only, name


def test_inputs_and_outputs_are_described_and_used() -> None:
    text = (PROJECT / "action.yml").read_text()
    action = yaml.safe_load(text)
    for name, input_ in action["inputs"].items():
        assert input_["description"].endswith(".")
        assert f"inputs.{name}" in text
    for output in action["outputs"].values():
        step, name = re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", output["value"])[0]
        script = next(s for s in steps() if s.get("id") == step)["run"]
        assert f"{name}=%s" in (PROJECT / "action" / str(script).rpartition("/")[2].rstrip('"')).read_text()
    page = (PROJECT / "docs" / "ci.md").read_text()
    for name in (*action["inputs"], *action["outputs"]):
        assert f"| `{name}` |" in page


@pytest.mark.parametrize("file", ACTIONS[1:], ids=lambda file: str(file.parent.name))
def test_the_actions_for_usage_describe_their_inputs(file: Path) -> None:
    text = file.read_text()
    action = yaml.safe_load(text)
    page = (PROJECT / "docs" / "ci.md").read_text()
    for name, input_ in action["inputs"].items():
        assert input_["description"].endswith(".")
        assert f"inputs.{name}" in text
        assert f"`{name}`" in page


def test_nothing_runs_with_the_rights_of_the_base_on_the_files_of_a_fork() -> None:
    for file in WORKFLOWS:
        triggers = yaml.load(file.read_text(), yaml.BaseLoader)["on"]
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers)


def test_every_job_has_the_least_permissions() -> None:
    granted = {
        (file.name, name): job["permissions"]
        for file in WORKFLOWS
        for name, job in yaml.safe_load(file.read_text())["jobs"].items()
    }
    assert granted == {
        ("ci.yml", "check"): {"contents": "read"},
        ("ci.yml", "fleet"): {"contents": "read", "pull-requests": "write"},
        ("publish.yml", "build"): {"contents": "read"},
        ("publish.yml", "deploy"): {"pages": "write", "id-token": "write"},
    }
    assert all(yaml.safe_load(file.read_text())["permissions"] == {} for file in WORKFLOWS)


def test_this_repository_checks_its_own_fleet_with_its_own_action() -> None:
    jobs = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    assert any(step.get("uses") == "./" for step in jobs["fleet"]["steps"])
    assert any("bash .ci/run" in step.get("run", "") for step in jobs["check"]["steps"])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (f"modelspec-gitops @ git+https://git.example.net/m@{'0' * 40}", 0),
        (f"modelspec-gitops==0.1.0 --hash=sha256:{'0' * 64}", 0),
        (f"modelspec-gitops @ https://files.example.net/m.whl#sha256={'0' * 64}", 0),
        ("", 1),
        ("modelspec-gitops", 1),
        (f"git+https://git.example.net/m@{'0' * 39}", 1),
        ("git+https://git.example.net/m@main", 1),
        (f"modelspec-gitops\nx @ git+https://git.example.net/m@{'0' * 40}", 1),
        (f"git+https://git.example.net/m@{'0' * 40}\nmodelspec-gitops", 1),
    ],
)
def test_the_pipeline_to_include_wants_a_commit_or_a_hash(value: str, code: int) -> None:
    check = yaml.safe_load((PROJECT / "ci" / "gitlab.yml").read_text())[".modelspec"]["before_script"][0]
    for shell in (["bash", "-eo", "pipefail", "-c"], ["sh", "-e", "-c"]):
        ended = subprocess.run(
            [*shell, check],
            env={"PATH": os.environ["PATH"], "MODELSPEC_FROM": value},
            capture_output=True,
            check=False,
        )
        assert ended.returncode == code
        assert (b"has to end in a full commit" in ended.stdout) == bool(code)


def test_the_pipeline_to_include_is_the_one_that_init_writes() -> None:
    written = (RESOURCES / "gitlab.yml").read_text().replace("'@SOURCE@'", '""')
    header, _, rest = (PROJECT / "ci" / "gitlab.yml").read_text().partition("#\n# The pipeline")
    assert "include:" in header
    assert f"# The pipeline{rest}" == written
