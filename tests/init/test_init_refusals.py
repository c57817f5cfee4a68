"""Where `modelspec init` will not write, and that nothing is half written when it cannot."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from modelspec_command import MODELSPEC_FROM, Command, tree

from modelspec.author.init import Created, InstallSource, Start, create, files
from modelspec.diagnose.refusal import Refusal
from modelspec.incremental import validate

FILES = files(Start(forge="github", source=InstallSource(line=MODELSPEC_FROM, is_url=True)))
CHECK = partial(validate, today=date(2026, 1, 1), cache=False)


def refused(command: Command, folder: Path | str, *said: str, cwd: Path | None = None) -> None:
    before = tree(command.home)
    made = command.run("init", folder, cwd=cwd)
    assert made.code == 1, made.err
    assert made.out == ""
    for words in said:
        assert words in made.err
    assert "= help: " in made.err
    assert tree(command.home) == before
    assert not list(command.home.rglob(".modelspec-init-*"))


@pytest.mark.parametrize(
    "path", ["README.md", "models.d/chat-eu.yaml", ".github/CODEOWNERS", "modelspec.yaml"]
)
def test_nothing_is_overwritten_and_what_is_there_is_named(command: Command, path: str) -> None:
    file = command.home / "fleet" / path
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    refused(command, "fleet", f"this file is there already: '{path}'")


def test_every_file_that_is_in_the_way_is_named(command: Command) -> None:
    fleet = command.home / "fleet"
    (fleet / "regions.yaml").mkdir(parents=True)
    (fleet / "README.md").symlink_to("nowhere")
    (fleet / ".github").symlink_to("/tmp")
    (fleet / ".modelspec").write_text("a file where a folder has to be")
    (fleet / "LICENSE").write_text("not in the way")
    (fleet / "heads.yaml").write_text("mine")
    refused(
        command,
        "fleet",
        "these files are there already: '.github', 'README.md', 'heads.yaml', 'regions.yaml'",
    )


def test_a_schema_that_is_in_the_way_is_named(command: Command) -> None:
    schemas = command.home / "fleet" / ".modelspec" / "schemas"
    schemas.mkdir(parents=True)
    (schemas / "model.schema.json").write_text("mine")
    refused(command, "fleet", "this file is there already: '.modelspec/schemas/model.schema.json'")


def test_what_is_not_in_the_way_stays(command: Command) -> None:
    fleet = command.home / "fleet"
    (fleet / ".github" / "workflows").mkdir(parents=True)
    (fleet / ".github" / "workflows" / "other.yaml").write_text("on: push\n")
    (fleet / "LICENSE").write_text("MIT\n")
    assert command.run("init", cwd=fleet).code == 0
    assert (fleet / "LICENSE").read_text() == "MIT\n"
    assert (fleet / ".github" / "workflows" / "other.yaml").read_text() == "on: push\n"
    assert not list(fleet.glob(".modelspec-init-*"))
    assert command.run("validate", "--strict", cwd=fleet).code == 0
    assert (fleet / "regions.yaml").stat().st_nlink == 1


def test_a_place_that_is_no_folder_is_refused(command: Command) -> None:
    (command.home / "file").write_text("")
    (command.home / "folder").mkdir()
    (command.home / "link").symlink_to("folder")
    (command.home / "dangling").symlink_to("nowhere")
    refused(command, "file", "'file' is a file")
    refused(command, "link", "'link' is a symbolic link")
    refused(command, "dangling", "'dangling' is a symbolic link")
    refused(command, "no/such/place", "there is no folder 'no/such'")
    refused(command, "file/fleet", "cannot write")
    refused(command, "x" * 300, "cannot write")


def test_a_repository_is_not_put_into_another(command: Command) -> None:
    assert command.run("init", "outer").code == 0
    (command.home / "outer" / "sub").mkdir()
    refused(command, "outer/sub", "is a configuration repository already")
    refused(command, "sub/fleet", "is a configuration", cwd=command.home / "outer")
    refused(command, "new", "is a configuration repository already", cwd=command.home / "outer" / "sub")
    bare = command.home / "bare"
    (bare / "models.d").mkdir(parents=True)
    refused(command, "bare", "is a configuration repository already")


def test_a_folder_that_cannot_be_written_to_is_refused(command: Command) -> None:
    refused(command, "/proc/fleet", "cannot write '/proc/fleet'")
    refused(command, "/proc", "cannot write '/proc'")


def test_a_name_that_is_not_utf_8_is_a_name(command: Command) -> None:
    name = os.fsdecode(b"fl\xe9et \n")
    made = command.run("init", name)
    assert made.code == 0
    assert "'fl\\udce9et \\u000a'" in made.err
    assert len(names_below(os.fsencode(command.home / name))) == 20
    again = command.run("init", name)
    assert again.code == 1


def names_below(folder: bytes) -> list[bytes]:
    return [name for _, _, names in os.walk(folder) for name in names]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A file system that takes no file larger than that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("size", [900, 6000])  # all but the longer files fit, all but the schemas
def test_a_file_system_that_takes_no_more_is_left_as_it_was(
    tmp_path: Path, size: int, *, is_there: bool
) -> None:
    fleet = tmp_path / "fleet"
    if is_there:
        fleet.mkdir()
        (fleet / "LICENSE").write_text("mine")
    with largest_file(size):
        outcome = create(fleet, FILES, CHECK)
    assert isinstance(outcome, Refusal)
    assert "cannot write" in outcome.message
    assert "File too large" in outcome.message
    assert tree(tmp_path) == ({"fleet/LICENSE": b"mine"} if is_there else {})
    assert fleet.exists() == is_there
    assert len(list(tmp_path.iterdir())) == is_there


class Interrupting:
    """A file system call that works so often, and then is interrupted or fails."""

    def __init__(self, real: Callable[..., object], times: int, error: BaseException) -> None:
        self.real, self.times, self.error = real, times, error

    def __call__(self, *arguments: object, **options: object) -> object:
        if self.times == 0:
            raise self.error
        self.times -= 1
        return self.real(*arguments, **options)


@pytest.mark.parametrize("times", [0, 1, 5, 16])
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    (tmp_path / "LICENSE").write_text("mine")
    monkeypatch.setattr(os, "link", Interrupting(os.link, times, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        create(tmp_path, FILES, CHECK)
    assert [path.name for path in tmp_path.iterdir()] == ["LICENSE"]


def test_a_file_that_appears_meanwhile_is_not_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def appears(source: Path, target: Path) -> None:
        if target.name == "heads.yaml":
            target.write_text("somebody else's")
            (tmp_path / ".github").mkdir()
        link(source, target)

    link = os.link
    monkeypatch.setattr(os, "link", appears)
    outcome = create(tmp_path, FILES, CHECK)
    assert isinstance(outcome, Refusal)
    assert "File exists" in outcome.message
    assert tree(tmp_path) == {"heads.yaml": b"somebody else's"}


def test_a_folder_that_somebody_else_uses_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def uses(source: Path, target: Path) -> None:
        if target.name == "modelspec.yaml":
            (tmp_path / "models.d" / "other").write_text("somebody else's")
            raise PermissionError(1, "no")
        link(source, target)

    link = os.link
    monkeypatch.setattr(os, "link", uses)
    outcome = create(tmp_path, FILES, CHECK)
    assert isinstance(outcome, Refusal)
    assert tree(tmp_path) == {"models.d/other": b"somebody else's"}


def test_a_folder_that_appears_meanwhile_is_left_alone(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"

    def check(root: Path) -> object:
        fleet.mkdir()
        (fleet / "LICENSE").write_text("somebody else's")
        return CHECK(root)

    outcome = create(fleet, FILES, check)  # type: ignore[arg-type]
    assert isinstance(outcome, Refusal)
    assert tree(tmp_path) == {"fleet/LICENSE": b"somebody else's"}


def test_a_file_in_the_way_that_appears_meanwhile_is_refused(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"

    def check(root: Path) -> object:
        (fleet / ".modelspec").mkdir(parents=True)
        (fleet / ".modelspec" / "schemas").write_text("somebody else's")
        return CHECK(root)

    outcome = create(fleet, FILES, check)  # type: ignore[arg-type]
    assert isinstance(outcome, Refusal)
    assert "'.modelspec/schemas'" in outcome.message
    assert tree(tmp_path) == {"fleet/.modelspec/schemas": b"somebody else's"}


def test_a_new_folder_has_the_usual_mode(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        assert isinstance(create(tmp_path / "fleet", FILES, CHECK), Created)
    finally:
        os.umask(old)
    assert (tmp_path / "fleet").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "fleet" / "regions.yaml").stat().st_mode & 0o777 == 0o640


def test_two_at_once_leave_one_whole_repository(command: Command) -> None:
    fleet = command.home / "fleet"
    fleet.mkdir()
    started = [command.start("init", "fleet", "--region", f"{code}=A") for code in ("aa", "bb")]
    codes = []
    for process in started:
        process.communicate(timeout=60)
        codes.append(process.returncode)
    assert 0 in codes
    assert codes.count(0) == 1
    kept = "aa" if codes[0] == 0 else "bb"
    assert sorted(path.stem for path in fleet.glob("models.d/*")) == [f"chat-{kept}", f"embeddings-{kept}"]
    assert command.run("validate", "--strict", "--root", fleet).code == 0
