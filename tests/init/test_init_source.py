"""What a pipeline installs: where the running copy came from, or what is named; pinned, and plain text."""

import json
from pathlib import Path

import pytest
from modelspec_command import MODELSPEC_FROM, Command

from modelspec import __version__
from modelspec.author.init import FORGES, InstallSource, origin, source_of, with_extra

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HASH = f"{'0123456789abcdef' * 4}"
WHEEL = "modelspec_gitops-0.1.0-py3-none-any.whl"
GIT = f"git+https://git.example.net/platform/modelspec@{COMMIT}"
URL = f"https://files.example.net:8443/a%20b/{WHEEL}#sha256={HASH}"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (GIT, f"modelspec-gitops @ {GIT}"),
        (f" modelspec-gitops  @ {GIT}\n", f"modelspec-gitops @ {GIT}"),
        (f"modelspec-gitops@{GIT}", f"modelspec-gitops @ {GIT}"),
        (f"git+ssh://git@host:22/m.git@{COMMIT}", f"modelspec-gitops @ git+ssh://git@host:22/m.git@{COMMIT}"),
        (f"git+file:///srv/m@{COMMIT}", f"git+file:///srv/m@{COMMIT}"),
        (URL, f"modelspec-gitops @ {URL}"),
        (f"file:///srv/{WHEEL}#sha256={HASH}", f"modelspec-gitops @ file:///srv/{WHEEL}#sha256={HASH}"),
        (f"/srv/{WHEEL}#sha256={HASH}", f"modelspec-gitops @ file:///srv/{WHEEL}#sha256={HASH}"),
        (f"vendor/{WHEEL}#sha256={HASH}", f"./vendor/{WHEEL} --hash=sha256:{HASH}"),
        (f"./m-0.1.0.tar.gz#sha256={HASH}", f"./m-0.1.0.tar.gz --hash=sha256:{HASH}"),
        (
            f"modelspec-gitops==0.1.0rc1  --hash=sha256:{HASH} --hash=sha256:{HASH}",
            f"modelspec-gitops==0.1.0rc1 --hash=sha256:{HASH} --hash=sha256:{HASH}",
        ),
    ],
)
def test_a_pinned_source_is_one_line_of_a_requirements_file(given: str, line: str) -> None:
    source = source_of(given)
    assert source is not None
    assert source.line == line
    assert source.is_url == (" --hash" not in line)
    assert source.is_local == ("file:///" in line)
    assert source_of(line.replace("./", "").replace(" --hash=sha256:", "#sha256=", line.startswith("./")))


@pytest.mark.parametrize(
    "given",
    [
        "",
        "modelspec",
        "modelspec-gitops",
        "modelspec-gitops==0.1.0",
        f"modelspec==0.4.0 --hash=sha256:{HASH}",
        f"modelspec-gitops==0.1.0 --hash=sha256:{HASH[1:]}",
        f"modelspec-gitops==0.1.0 --hash=sha256:{HASH} --index-url=https://evil.example.com",
        f"modelspec-gitops>=0.1.0 --hash=sha256:{HASH}",
        GIT[:-1],
        GIT.upper(),
        GIT.replace(COMMIT, "main"),
        GIT.replace("https", "http"),
        GIT.replace("git+", "hg+"),
        GIT.replace("git.example.net", "user:password@git.example.net"),
        GIT.replace("git.example.net", "token@git.example.net"),
        GIT.replace("platform", "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"),
        f"git+ssh://git:password@host/m@{COMMIT}",
        f"git+https://{COMMIT}",
        f"git+https://host@{COMMIT}",
        f"other @ {GIT}",
        f"{GIT}#subdirectory=a",
        URL.partition("#")[0],
        URL.replace("https", "http"),
        URL.replace("sha256", "md5"),
        URL.replace("/a", "/a?token=x"),
        f"-r/{WHEEL}#sha256={HASH}",
        f"--pre/{WHEEL}#sha256={HASH}",
        f"/srv/modelspec#sha256={HASH}",
        f"/srv/{WHEEL}",
        f"modelspec-gitops @ {URL}\nevil",
        *(GIT.replace("platform", f"a{bad}b") for bad in "'\"`$\\;&|<>(){}[]*!#, \n\x00é\u202e"),
        *(f"vendor{bad}/{WHEEL}#sha256={HASH}" for bad in "'\"`$\\;&|<>(){}[]*!#, @\n"),
        f"git+https://host/{'a' * 3000}@{COMMIT}",
    ],
)
def test_anything_else_is_none(given: str) -> None:
    assert source_of(given) is None


@pytest.mark.parametrize(
    "given", ["modelspec-gitops", f"git+https://user:hunter2@git.example.net/m@{COMMIT}"]
)
def test_what_is_none_is_refused_and_not_repeated(command: Command, given: str) -> None:
    made = command.run("init", "fleet", "--modelspec-from", given)
    assert made.code == 2
    said = " ".join(made.err.split())
    assert "--modelspec-from, or MODELSPEC_FROM, takes git+https://HOST/PATH@COMMIT" in said
    assert "hunter2" not in said
    assert list(command.home.iterdir()) == []


def noted(folder: Path, note: object) -> Path:
    """A package in a folder as an installer leaves it, with the note beside it."""
    beside = folder / f"modelspec_gitops-{__version__}.dist-info"
    beside.mkdir()
    (beside / "direct_url.json").write_text(note if isinstance(note, str) else json.dumps(note))
    return folder / "modelspec"


PIP_GIT = {
    "url": "https://git.example.net/platform/modelspec",
    "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"},
}
PIP_WHEEL = {
    "url": URL.partition("#")[0],
    "archive_info": {"hash": f"sha256={HASH}", "hashes": {"sha256": HASH}},
}


@pytest.mark.parametrize(
    ("note", "line", "extra"),
    [
        (PIP_GIT, f"modelspec-gitops @ {GIT}", f"pip install 'modelspec-gitops[serve] @ {GIT}'"),
        (PIP_WHEEL, f"modelspec-gitops @ {URL}", f"pip install 'modelspec-gitops[serve] @ {URL}'"),
        (
            {"url": URL, "archive_info": {}},  # uv
            f"modelspec-gitops @ {URL}",
            f"pip install 'modelspec-gitops[serve] @ {URL}'",
        ),
    ],
)
def test_the_running_copy_knows_what_it_was_installed_from(
    tmp_path: Path, note: object, line: str, extra: str
) -> None:
    package = noted(tmp_path, note)
    assert origin(package) == InstallSource(line=line, is_url=True)
    assert with_extra("serve", package) == extra


@pytest.mark.parametrize(
    "note",
    [
        {**PIP_GIT, "subdirectory": "a"},
        {**PIP_GIT, "url": "https://git.example.net/a b"},
        {**PIP_GIT, "url": "https://git.example.net/$(id)"},
        {**PIP_GIT, "vcs_info": {"vcs": "hg", "commit_id": COMMIT}},
        {**PIP_GIT, "vcs_info": {"vcs": "git"}},
        {**PIP_GIT, "vcs_info": None},
        {**PIP_WHEEL, "archive_info": {}},
        {**PIP_WHEEL, "archive_info": []},
        {"url": "https://example.com"},
        {},
        [],
        "",
        "[" * 5,
        "\x00",
    ],
)
def test_a_note_that_pins_nothing_is_none(tmp_path: Path, note: object) -> None:
    package = noted(tmp_path, note)
    assert origin(package) is None
    assert with_extra("serve", package) == (
        "install modelspec with the extra 'serve', from where this copy came from"
    )


def test_a_folder_is_where_extras_come_from_and_pins_nothing(tmp_path: Path) -> None:
    assert origin(tmp_path / "modelspec") is None
    package = noted(tmp_path, {"url": "file:///srv/it%27s%20mine", "dir_info": {}})
    assert origin(package) == Path("/srv/it's mine")
    assert with_extra("serve", package) == """pip install '/srv/it'"'"'s mine[serve]'"""
    (tmp_path / "pyproject.toml").touch()
    assert origin(package) == tmp_path
    assert with_extra("prompt", package) == f"pip install --editable '{tmp_path}[prompt]'"


def test_a_folder_whose_name_cannot_be_seen_is_not_printed(tmp_path: Path) -> None:
    package = noted(tmp_path, {"url": "file:///srv/a%0Ab", "dir_info": {}})
    assert with_extra("serve", package).startswith("install modelspec with the extra 'serve'")


def test_a_copy_that_nothing_pins_asks(command: Command) -> None:
    made = command.run("init", "fleet", env={"MODELSPEC_FROM": ""})
    assert made.code == 2
    said = " ".join(made.err.split())
    assert "nothing pins this copy of modelspec" in said
    assert "--modelspec-from takes git+https://HOST/PATH@COMMIT" in said
    assert list(command.home.iterdir()) == []


@pytest.mark.parametrize("forge", FORGES)
def test_what_is_named_stands_in_the_pipeline_and_the_readme(command: Command, forge: str) -> None:
    line = f"./vendor/{WHEEL} --hash=sha256:{HASH}"
    command.run("init", "fleet", "--forge", forge, "--modelspec-from", f"vendor/{WHEEL}#sha256={HASH}")
    fleet = command.home / "fleet"
    assert (
        f"MODELSPEC_FROM{'=' if forge == 'bitbucket' else ': '}'{line}'"
        in (fleet / FORGES[forge].pipeline).read_text()
    )
    assert f"echo '{line}' | .venv/bin/pip wheel --no-deps " in (fleet / "README.md").read_text()


def test_a_path_of_this_machine_is_pointed_out(command: Command) -> None:
    named = command.run("init", "fleet", "--modelspec-from", f"/srv/{WHEEL}#sha256={HASH}").err
    assert f"they install file:///srv/{WHEEL}" in named
    assert "they install" not in command.run("init", "other", "--modelspec-from", MODELSPEC_FROM).err
