"""Nothing that is shipped, written or printed installs by a bare name, which whoever registers it could answer for."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from modelspec import cli
from modelspec.author.init import FORGES, InstallSource, Start, files, source_of

PROJECT = Path(__file__).parents[2]

COMMAND = re.compile(
    r"(?:\b(?:pip3?|pipx|uv|uv pip|uv tool) (?:install|download|wheel|inject|add|run|upgrade)|\buvx|\bshiv)(?=[ \n])"
    r"(?P<rest>[^\n|;&`]*)"
)
"""What installs; in prose such a command ends where its quotes do."""

REQUIREMENT = re.compile(
    r"\bmodelspec(?:-gitops|_gitops)?(?:\[[\w,]+\])?(?: ?[=~<>!]=|(?<=\]))(?P<rest>[^\n`]*)"
)
"""A version or an extra of ours, in a file of requirements or the metadata of a package."""

WITH_VALUE = {"-r", "-c", "-o", "--wheel-dir", "--python", "--console-script", "--output-file"}
NAMES_SOURCE = {"--from", "--spec"}
"""Options that name what is installed: what follows is a command, and its arguments."""

PINNED = re.compile(r"@(?:[0-9a-f]{40}|COMMIT)$|#sha256=(?:[0-9a-f]{64}|HASH)$")
OTHERS = re.compile(r"(?!modelspec)[\w.-]+(?:\[\w+\])?==[\d.]+")


def bare(text: str) -> Iterator[str]:
    """The install lines of a text that name neither a place that is there nor a pin."""
    for found in COMMAND.finditer(text.replace("\\\n", " ")):
        if any(not _is_safe(target) for target in _targets(found["rest"])):
            yield found[0]
    for found in REQUIREMENT.finditer(text):
        if not re.match(r"[\w.]+ --hash=sha256:| ?@ ", found["rest"]):
            yield found[0]


def _targets(rest: str) -> Iterator[str]:
    words = [word.strip("'\"") for word in re.findall(r"'[^']*'|\"[^\"]*\"|\S+", re.split(r"\s#\s", rest)[0])]
    words_left = iter(words)
    for word in words_left:
        if word in NAMES_SOURCE:
            yield next(words_left, "")
            return
        if word in WITH_VALUE:
            next(words_left, "")
        elif word and not word.startswith("-"):
            yield word


def _is_safe(target: str) -> bool:
    # A folder, a file, a variable of a script, or a value of a format string, of which the source is another line.
    return bool(re.match(r"[./${]", target) or PINNED.search(target) or OTHERS.fullmatch(target))


@pytest.mark.parametrize(
    "line",
    [
        "pip install modelspec",
        "pip install modelspec-gitops",
        "python -I -m pip install --quiet modelspec==0.1.0",
        "pip install 'modelspec[serve]'",
        "pip3 install -r /dev/stdin modelspec-gitops",
        "pipx install modelspec-gitops",
        "pipx run modelspec validate",
        "uv tool install modelspec-gitops",
        "uv pip install --upgrade modelspec",
        "uvx modelspec",
        "uvx --from modelspec-gitops modelspec validate",
        "shiv -o x --console-script modelspec modelspec-gitops",
        "pip install 'modelspec-gitops @ git+https://host/x@main'",
        "pip install 'modelspec-gitops @ https://host/x.whl'",
        "pip install \\\n  modelspec",
        "pip install click",
        'say("pip install modelspec")',
        "MODELSPEC_PACKAGE: modelspec==0.1.0",
        '"modelspec-gitops[prompt,serve]",',
        "modelspec-gitops>=0.1",
    ],
)
def test_the_search_finds_a_bare_name(line: str) -> None:
    assert list(bare(f"See:\n{line} # so\n"))


def test_the_search_lets_places_and_pins_through() -> None:
    text = f"""\
    pip install .
    .venv/bin/pip install --editable '.[dev,serve]' # so
    pip install 'modelspec-gitops[serve] @ git+https://host/x@{"0" * 40}'
    uvx --from ./x.whl modelspec validate
    pip wheel --no-deps --wheel-dir wheels -r /dev/stdin
    pip install "$wheels"/*.whl
    pip install 'litellm[proxy]==1.108.7'
    modelspec-gitops==0.1.0 --hash=sha256:{"0" * 64}
    `pip install` brings what it needs.
    """
    assert list(bare(text)) == []


def shipped() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [name for name in listed.stdout.split("\0") if name and not name.startswith("tests/")]


def test_no_file_installs_by_a_bare_name() -> None:
    read = 0
    for name in shipped():
        file = PROJECT / name
        if file.is_file() and file.suffix not in {".png", ".webp", ".ico", ".woff2"}:
            assert list(bare(file.read_text(encoding="utf-8"))) == [], name
            read += 1
    assert read > 300


@pytest.mark.parametrize("forge", [*FORGES, "none"])
@pytest.mark.parametrize(
    "given",
    [
        f"git+https://git.example.net/m@{'0' * 40}",
        f"vendor/m.whl#sha256={'0' * 64}",
        f"modelspec-gitops==0.1.0 --hash=sha256:{'0' * 64}",
    ],
)
def test_nothing_that_init_writes_installs_by_a_bare_name(forge: str, given: str) -> None:
    source = source_of(given)
    assert isinstance(source, InstallSource)
    written = files(Start(forge=forge, source=source))
    assert sum(source.line in text for text in written.values()) == (1 if forge == "none" else 2)
    for path, text in written.items():
        assert list(bare(text)) == [], path


def _helps(command: click.Command, context: click.Context) -> Iterator[str]:
    yield command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _helps(below, click.Context(below, parent=context, info_name=name))


def test_no_help_says_to_install_by_a_bare_name() -> None:
    group = cli._modelspec  # noqa: SLF001 - the verbs and their helps
    helps = [" ".join(text.split()) for text in _helps(group, click.Context(group, info_name="modelspec"))]
    assert len(helps) > 30
    for text in helps:
        assert list(bare(text)) == []


def make(folder: Path, python: str = sys.executable, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", f"VENV={folder}/venv", f"PYTHON={python}", f"{folder}/venv/installed"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


def test_make_says_what_to_install_where_a_python_makes_no_environment(tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ModuleNotFoundError('as in Debian, without python3-venv')")
    made = make(tmp_path, PYTHONPATH=str(tmp_path))
    assert made.returncode != 0
    assert "apt install python3-venv" in made.stderr
    assert "Traceback" not in made.stdout + made.stderr
    assert not (tmp_path / "venv").exists()


def test_make_says_which_python_it_needs(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for python in (str(old), str(tmp_path / "none")):
        made = make(tmp_path, python)
        assert made.returncode != 0
        assert "modelspec needs Python 3.11 or later" in made.stderr
    assert not (tmp_path / "venv").exists()
