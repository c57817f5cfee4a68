"""Every command of README.md and docs/*.md does what the page says; `--update-golden` writes anew what is printed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs_pages import Block, Reader, blocks, matches
from forked_command import ForkedCommand

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("docs/guides/*.md"))]
FLEET = (
    "regions.yaml", "heads.yaml", "keys.yaml", "modelspec.yaml", "waivers.yaml", "routes.test.yaml",
    "metadata.schema.json", "models.d", "schemas", ".gitignore",
)  # fmt: skip
NOT_RUN = {
    "needs the network",
    "run by tests/gateways",
    "needs running gateways",
    "needs a container engine",
    "run by .ci/run",
    "needs files of yours",
    "takes minutes",
}


def _git(folder: Path, *arguments: str, environment: dict[str, str]) -> None:
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A home, and in it a bare repository of the example fleet; the environment that a reader has."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(
        "[user]\nname = Reader\nemail = reader@example.com\n[init]\ndefaultBranch = main\n", encoding="utf-8"
    )
    programs = home / "bin"
    programs.mkdir()
    (programs / "modelspec").symlink_to(Path(sys.executable).parent / "modelspec")
    environment = {
        "HOME": str(home),
        "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "COLUMNS": "160",
        "SAMPLES": str(Path(__file__).parent),
        "TMPDIR": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        # What the pages leave to the reader's pipeline.
        "TARGET": "origin/main",
        "BASE_BRANCH": "main",
        "COMMIT": "3fe1c0958a4e4c0c7d2b6f1e9a8c7b6d5e4f3a2b",
    }
    fleet = home / "made"
    fleet.mkdir()
    for name in FLEET:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, fleet / name)
        else:
            shutil.copy2(source, fleet / name)
    _git(fleet, "init", "-q", environment=environment)
    _git(fleet, "add", "-A", environment=environment)
    _git(fleet, "commit", "-q", "-m", "The example fleet", environment=environment)
    _git(home, "clone", "-q", "--bare", str(fleet), "origin.git", environment=environment)
    return home / "origin.git", environment


def _reader(origin: tuple[Path, dict[str, str]], folder: Path, command: ForkedCommand) -> Reader:
    bare, environment = origin
    mine, machine = folder / "origin.git", folder / "machine"
    shutil.copytree(bare, mine)
    machine.mkdir()
    _git(folder, "clone", "-q", str(mine), "fleet", environment=environment)
    return Reader(folder=folder / "fleet", machine=machine, environment=environment, command=command)


def _codes(block: Block, count: int) -> list[int]:
    codes = [int(code) for said in block.all("exits") for code in said.split()] or [0] * count
    assert len(codes) == count, (
        f"line {block.line}: exit codes of {len(codes)} commands, but there are {count}"
    )
    return codes


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_do_what_the_page_says(
    page: Path, origin: tuple[Path, dict[str, str]], tmp_path: Path, forked: ForkedCommand, *, update: bool
) -> None:
    text = page.read_text(encoding="utf-8")
    steps = [block for block in blocks(text) if block.notes or block.is_run]
    if not any(block.is_run for block in steps):
        return
    reader = _reader(origin, tmp_path, forked)
    differ = []
    for block in steps:
        for command in block.all("run"):
            code, printed = reader.run(command)
            assert code == 0, f"{page.name}:{block.line}: {command}\n{printed}"
        reader.write(block)
        commands = block.commands() if block.is_run else []
        for (command, shown), wanted in zip(commands, _codes(block, len(commands)), strict=True):
            code, printed = reader.run(command)
            assert code == wanted, f"{page.name}:{block.line}: {command}: exit code {code}\n{printed}"
            if shown is None or matches(shown, printed):
                continue
            differ.append(f"{page.name}:{block.line}: {command}\n{printed}")
            if update and "…" not in shown:
                assert text.count(shown) == 1, f"{page.name}:{block.line}: shown twice"
                text = text.replace(shown, printed)
                differ.pop()
    if update:
        page.write_text(text, encoding="utf-8")
    assert not differ, "\n".join(differ)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_hides(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        assert set(block.all("not run")) <= NOT_RUN, f"{page.name}:{block.line}"
        if not block.is_run and not block.all("not run"):
            typed = re.search(r"(?m)^(\$ |(modelspec|make|python3?|pip|git|docker) [a-z-])", block.text)
            assert not typed, f"{page.name}:{block.line}: {block.text}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_output_hides(page: Path) -> None:
    """What stands right behind commands is what they print: compared, or with the reason why it is not."""
    commands = r"^ *```(?:sh|console)\n(?:(?! *```).*\n)* *```\n\n+"
    behind = re.compile(commands + r"(?P<notes>(?: *<!-- .+? -->\n+)*) *```\n", re.MULTILINE)
    for found in behind.finditer(page.read_text(encoding="utf-8")):
        assert re.search("shows|not run|example", found["notes"]), found[0]


def test_every_reason_is_used() -> None:
    found = [block for page in PAGES for block in blocks(page.read_text(encoding="utf-8"))]
    assert {reason for block in found for reason in block.all("not run")} == NOT_RUN


PAGE = """\
<!-- write: notes.txt -->
```yaml
one: 1
```

<!-- run: echo two: 2 >> notes.txt -->
<!-- exits: 0 3 -->
```console
$ cat notes.txt  # both
one: 1
…
$ echo "a \\
b"; (exit 3)
a …
```
"""


def test_pages_are_run_and_compared(tmp_path: Path, forked: ForkedCommand) -> None:
    reader = Reader(folder=tmp_path, machine=tmp_path, environment=dict(os.environ), command=forked)
    written, run = blocks(PAGE)
    assert (written.is_run, run.is_run, run.line) == (False, True, 8)
    reader.write(written)
    reader.run(run.all("run")[0])
    (first, shown), (second, end) = run.commands()
    assert reader.run(first) == (0, "one: 1\ntwo: 2\n")
    assert matches(shown or "", "one: 1\ntwo: 2\n")
    assert not matches(shown or "", "two: 2\n")
    assert reader.run(second) == (3, "a b\n")
    assert matches(end or "", "a b\n")
    assert not matches(end or "", "a b\nc\n")


def test_ids_of_commits_differ_and_words_do_not() -> None:
    assert matches("committed c7f84ae\n", "committed 01234ab\n")
    assert not matches("defaced\n", "effaced\n")
