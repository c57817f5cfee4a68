"""What `modelspec init` writes holds at once, for every forge and every region that one may think of."""

import os
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml
from git_command import git
from modelspec_command import MODELSPEC_FROM, Command, tree

from modelspec.author.init import FORGES, is_owner, region_fault

PROGRAMS = Path(sysconfig.get_path("scripts"))
PIPELINES = {
    "github": (".github/workflows/models.yaml", "vendor.github-workflows"),
    "gitlab": (".gitlab-ci.yml", "vendor.gitlab-ci"),
    "gitea": (".gitea/workflows/models.yaml", "vendor.github-workflows"),
    "bitbucket": ("bitbucket-pipelines.yml", "vendor.bitbucket-pipelines"),
}


@pytest.mark.parametrize("forge", [*PIPELINES, "none"])
def test_a_new_repository_validates_and_builds_and_leaves_git_clean(command: Command, forge: str) -> None:
    fleet = command.home / "fleet"
    made = command.run("init", fleet, "--forge", forge)
    assert (made.code, made.out) == (0, ""), made.err

    git(fleet, "init", "-q", "-b", "main")
    git(fleet, "add", "--all")
    git(fleet, "commit", "-q", "-m", "Begin the fleet")
    checked = command.run("validate", "--strict", cwd=fleet)
    assert checked.code == 0, checked.out
    assert "no faults" in checked.out
    built = command.run("build", cwd=fleet)
    assert built.code == 0, built.err
    assert command.run("build", "--check", cwd=fleet).code == 0
    assert command.run("schema", "--check", cwd=fleet).code == 0
    assert git(fleet, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "regions",
    [
        ["no=Norge"],
        ["us-east=US East", "eu=Europe", "br=Brasil"],
        ["true=Sant", "null=Leer", "y=Ja", "x1=  eins  "],
        ['eu="Europe": #1 \\ {a}', "us=@example `x` & *y !z %", "cn=中国", "a=- a", "b=no", "c=012", "d=~"],
        [f"{'a' * 32}={'n' * 128}"],
    ],
)
def test_any_region_makes_a_repository_without_a_fault(command: Command, regions: list[str]) -> None:
    fleet = command.home / "fleet"
    made = command.run("init", fleet, *(f"--region={region}" for region in regions))
    assert made.code == 0, made.out + made.err
    checked = command.run("validate", "--strict", "--root", fleet, "--format", "json")
    assert '"diagnostics": []' in checked.out or '"diagnostics":[]' in checked.out, checked.out
    assert command.run("build", "--root", fleet).code == 0

    written = yaml.load((fleet / "regions.yaml").read_text(), yaml.BaseLoader)["regions"]
    pairs = [region.partition("=") for region in regions]
    assert [(region["code"], region["name"]) for region in written] == [
        (code, name.strip()) for code, _, name in pairs
    ]
    assert len(list(fleet.glob("models.d/*.yaml"))) == max(2, len(regions))


def test_a_secret_for_a_name_is_found_by_the_compiler_and_nothing_is_kept(command: Command) -> None:
    key = "sk-proj-" + "Zq8Rk2Vw5Xn7Bt4Md9Lc3Hf6Js1Gp0Ya8Te5Uo2"
    made = command.run("init", "fleet", f"--region=eu={key}")
    assert made.code == 1
    assert "error[MS5" in made.out
    assert key not in made.out + made.err
    assert "nothing was written" in made.err
    assert list(command.home.iterdir()) == []


def test_it_says_what_to_do_next_and_nothing_when_asked_to_be_quiet(command: Command) -> None:
    said = command.run("init", "fleet", "--owner", "@acme/models").err
    assert said.startswith("wrote 20 files to 'fleet'\n")
    for wanted in ("cd 'fleet'", "modelspec validate", ".github/CODEOWNERS says @acme/models", "--forge"):
        assert wanted in said
    assert command.run("init", "other", "--quiet").err == ""
    here = command.home / "here"
    here.mkdir()
    said = command.run("init", "--forge", "none", cwd=here).err
    assert "cd " not in said
    assert "CODEOWNERS" not in said


def test_a_fleet_below_the_top_of_git_is_told_where_its_checks_belong(command: Command) -> None:
    git(command.home, "init", "-q")
    said = command.run("init", "fleet").err
    assert f"to the top of the git repository, '{command.home}'" in said
    top = command.home / "other"
    top.mkdir()
    git(top, "init", "-q")
    assert "top of the git repository" not in command.run("init", cwd=top).err


def test_code_owners_hold_the_policy_and_the_checks(command: Command) -> None:
    for forge, facts in FORGES.items():
        command.run("init", forge, "--forge", forge, "--owner", "@acme/models")
        lines = (command.home / forge / facts.owners).read_text().splitlines()
        owned = {line.split()[0] for line in lines if line and not line.startswith("#")}
        assert {line.split()[1] for line in lines if line and not line.startswith("#")} == {"@acme/models"}
        paths = ["modelspec.yaml", "waivers.yaml", "regions.yaml", "heads.yaml", facts.pipeline, facts.owners]
        paths += [
            "metadata.schema.json",
            "routes.test.yaml",
            "models.d/_defaults.yaml",
            "models.d/a/b/_defaults.yaml",
        ]
        if forge == "gitea":  # https://docs.gitea.com/usage/code-owners: expressions
            assert all(any(re.fullmatch(pattern, path) for pattern in owned) for path in paths)
        else:
            assert all(
                any(
                    f"/{path}" == entry
                    or (entry.endswith("/") and f"/{path}".startswith(entry))
                    or re.fullmatch(entry.replace("**/", "(.*/)?"), f"/{path}")
                    for entry in owned
                )
                for path in paths
            )


@pytest.mark.parametrize("forge", PIPELINES)
def test_the_pipeline_is_what_the_forge_expects(command: Command, forge: str) -> None:
    command.run("init", "fleet", "--forge", forge)
    path, schema = PIPELINES[forge]
    assert FORGES[forge].pipeline == path
    pipeline = command.home / "fleet" / path
    ended = subprocess.run(
        [PROGRAMS / "check-jsonschema", "--builtin-schema", schema, pipeline],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    text = pipeline.read_text()
    assert MODELSPEC_FROM in text
    assert "@SOURCE@" not in text
    for verb in ("validate", "plan", "test", "build"):
        assert re.search(rf"^[ -]*(run: |\S.*then |- )?modelspec {verb}\b", text, re.MULTILINE), verb


@pytest.mark.parametrize("forge", ["github", "gitea"])
def test_the_pipeline_is_safe(command: Command, forge: str) -> None:
    command.run("init", "fleet", "--forge", forge)
    ended = subprocess.run(
        [
            PROGRAMS / "zizmor", "--offline", "--no-config", "--no-progress", "--persona", "auditor",
            "--strict-collection", command.home / "fleet" / PIPELINES[forge][0],
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "No findings to report" in ended.stdout


@pytest.mark.parametrize(
    ("config", "forge"),
    [
        ('[remote "origin"]\n\turl = git@gitlab.com:acme/fleet.git\n', "gitlab"),
        ('[remote "origin"]\n\turl = https://github.com/gitlab/fleet.git\n', "github"),
        ('[remote "origin"]\n\turl = ssh://git@codeberg.org:22/acme/fleet\n', "gitea"),
        ('[remote "origin"]\n\turl = https://user:token@bitbucket.org/acme/fleet.git\n', "bitbucket"),
        (
            '[remote "up"]\n\turl = https://gitlab.example.com/a/b\n[core]\n\turl = git@github.com:a/b\n',
            "gitlab",
        ),
        (
            '[remote "up"]\n\turl = https://gitlab.example.com/a/b\n[remote "origin"]\nurl=git@gitea.example.com:a\n',
            "gitea",
        ),
        ('[remote "origin"]\n\turl = /srv/git/fleet.git\n', "github"),
        ('[remote "origin"]\n\turl = https://git.example.com/a/b\n', "github"),
        ("\x00\xff[[[\n[remote", "github"),
        ("", "github"),
    ],
)
def test_the_forge_is_that_of_the_remote(command: Command, config: str, forge: str) -> None:
    fleet = command.home / "fleet"
    (fleet / ".git").mkdir(parents=True)
    (fleet / ".git" / "config").write_text(config)
    assert command.run("init", fleet).code == 0
    assert (fleet / PIPELINES[forge][0]).is_file()


def test_a_git_whose_configuration_cannot_be_read_is_no_obstacle(command: Command) -> None:
    fleet = command.home / "fleet"
    (fleet / ".git").mkdir(parents=True)
    os.mkfifo(fleet / ".git" / "config")
    assert command.run("init", "fleet").code == 0
    unreadable = command.home / "unreadable"
    (unreadable / ".git").mkdir(parents=True)
    (unreadable / ".git" / "config").symlink_to("/proc/self/mem")  # a file whose first byte nobody can read
    assert command.run("init", "unreadable").code == 0
    worktree = command.home / "worktree"
    worktree.mkdir()
    (worktree / ".git").write_text("gitdir: elsewhere\n")
    assert command.run("init", "worktree").code == 0


def test_the_bytes_are_the_same_wherever_and_whenever(command: Command) -> None:
    command.run("init", "one")
    command.run("init", "two", env={"LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"})
    assert tree(command.home / "one") == tree(command.home / "two")


def test_the_readme_and_the_editor_lines_lead_to_files_that_are_there(command: Command) -> None:
    command.run("init", "fleet")
    fleet = command.home / "fleet"
    readme = (fleet / "README.md").read_text()
    for named in re.findall(r"^\| `([^`]+)` \|", readme, re.MULTILINE):
        assert (fleet / named).exists(), named
    for file in (*fleet.glob("*.yaml"), *fleet.glob("models.d/*.yaml")):
        line = file.read_text().splitlines()[0]
        target = line.removeprefix("# yaml-language-server: $schema=")
        assert target != line
        assert (file.parent / target).is_file()


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu", "CODE=NAME"),
        ("EU=Europe", "'EU' is no region code"),
        ("e_u=Europe", "'e_u' is no region code"),
        (f"{'e' * 33}=Europe", "is no region code"),
        ("eu=", "is no name of a region"),
        ("eu=  ", "is no name of a region"),
        ("eu=a\nb", "is no name of a region"),
        (f"eu={'n' * 129}", "is no name of a region"),
    ],
)
def test_a_region_that_is_none_is_refused(command: Command, region: str, said: str) -> None:
    made = command.run("init", "fleet", "--region", region)
    assert made.code == 2
    assert said in made.err
    assert list(command.home.iterdir()) == []


def test_other_mistakes_of_usage_are_refused(command: Command) -> None:
    twice = command.run("init", "fleet", "--region", "eu=A", "--region", "eu=B")
    assert (twice.code, "names 'eu' twice" in twice.err) == (2, True)
    owner = command.run("init", "fleet", "--owner", "acme\n* @evil")
    assert (owner.code, "--owner takes" in owner.err) == (2, True)
    assert command.run("init", "fleet", "--forge", "sourcehut").code == 2
    assert list(command.home.iterdir()) == []


def test_what_is_an_owner_and_a_region() -> None:
    assert is_owner("@acme/models-team_1.x")
    assert not is_owner("@")
    assert not is_owner("acme")
    assert region_fault("eu", "Europe") is None
