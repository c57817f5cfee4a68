"""Outputs that modelspec must not replace, and file systems that reject them."""

import json
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_processes import end, start
from output_trees import beside, build, built, content, expected, manifest, refused, tree

from modelspec.diagnose.refusal import Refusal
from modelspec.emit.artifact import Artifact
from modelspec.write import MANIFEST, Written, write_tree

DIGEST = "0" * 64


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "dist"


def test_rejects_the_root_of_the_file_system() -> None:
    refused(build(Path("/"), tree("new")), "'/'", "root of the file system")


@pytest.mark.parametrize("below", ["", "me"])
def test_rejects_a_home_folder_and_its_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    home = tmp_path / "home" / below
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    refused(build(tmp_path / "home", tree("new")), "home folder")
    assert list(home.iterdir()) == []


def test_accepts_a_user_without_a_home() -> None:
    def as_nobody_known() -> None:
        os.environ.pop("HOME", None)
        os.setuid(os.getuid() or 54321)
        refused(build(Path("/proc/dist"), tree("new")), "/proc")

    assert end(start(as_nobody_known)) == 0


def test_rejects_the_configuration_and_its_parents(tmp_path: Path) -> None:
    (tmp_path / "fleet").mkdir()
    for output in (tmp_path, tmp_path / "fleet", tmp_path / "fleet" / "x" / ".."):
        result = write_tree(output, tree("new"), manifest=manifest, root=tmp_path / "fleet")
        refused(result, "contains the configuration")


def test_rejects_a_folder_of_models_also_through_a_link(tmp_path: Path) -> None:
    models = tmp_path / "kept" / "models"
    models.mkdir(parents=True)
    root = tmp_path / "fleet"
    root.mkdir()
    (root / "models.d").symlink_to(models)
    for output in (models, tmp_path / "kept"):
        refused(write_tree(output, tree("new"), manifest=manifest, root=root), "contains the configuration")
    for output in (models / "dist", root / "models.d" / "dist"):
        refused(write_tree(output, tree("new"), manifest=manifest, root=root), "is inside models.d")
    assert list(models.iterdir()) == []


@pytest.mark.parametrize("marker", ["folder", "file"])
def test_rejects_the_top_of_a_git_repository_even_with_our_manifest(output: Path, marker: str) -> None:
    built(output)
    if marker == "folder":
        subprocess.run(["git", "init", "-q", str(output)], check=True)
    else:
        (output / ".git").write_text("gitdir: elsewhere")
    refused(build(output, tree("new")), "git repository")
    assert (output / "top.txt").read_text() == "old top.txt"


def test_rejects_a_path_inside_a_git_folder(tmp_path: Path) -> None:
    refused(build(tmp_path / ".git" / "hooks", tree("new")), "inside a git folder")
    assert not (tmp_path / ".git").exists()


@pytest.mark.parametrize("name", ["a\0b", "a\ud800"])
def test_rejects_a_name_that_no_folder_can_have(tmp_path: Path, name: str) -> None:
    refused(build(tmp_path / name, tree("new")), "cannot be the name of a folder")


def test_rejects_every_symbolic_link(output: Path) -> None:
    elsewhere = built(output.with_name("elsewhere"))
    for target in (elsewhere, output.with_name("nowhere"), output):
        output.symlink_to(target)
        refused(build(output, tree("new")), "symbolic link")
        output.unlink()
    assert content(elsewhere) == expected("old")


def test_rejects_a_file(output: Path) -> None:
    output.write_text("mine")
    refused(build(output, tree("new")), "not a folder")
    assert output.read_text() == "mine"


def test_rejects_a_folder_without_our_manifest(output: Path) -> None:
    output.mkdir()
    (output / "mine.txt").write_text("mine")
    refused(build(output, tree("new")), str(output), "it does not exist")
    assert content(output) == {"mine.txt": b"mine"}
    assert beside(output) == []


def test_rejects_foreign_files_and_names_the_first(output: Path) -> None:
    built(output)
    (output / "site" / "b.txt").write_text("mine")
    refused(build(output, tree("new")), f"'{output}/site/b.txt'")
    (output / "site" / "a.txt").symlink_to("/etc/passwd")
    assert f"'{output}/site/a.txt' (and 1 more)" in refused(build(output, tree("new"))).message
    assert (output / "top.txt").read_text() == "old top.txt"
    assert beside(output) == []


def test_a_name_that_could_mislead_is_shown_escaped(output: Path) -> None:
    built(output)
    (output / "\x1b[2J\u202e").write_text("mine")
    message = refused(build(output, tree("new"))).message
    assert message.isprintable()


def test_a_link_instead_of_a_folder_is_foreign_and_not_followed(output: Path) -> None:
    built(output)
    elsewhere = output.with_name("elsewhere")
    (output / "site" / "models").rename(elsewhere)
    (output / "site" / "models").symlink_to(elsewhere)
    refused(build(output, tree("new")), "site/models")
    assert len(list(elsewhere.iterdir())) == 3


def listing(files: object, **more: object) -> bytes:
    return json.dumps({"schema_version": 1, "generator": "modelspec", "files": files} | more).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b"9" * 10_000,
        b"," * 1_000_001,
        b" " * (64 * 1024 * 1024 + 1),
        listing([]),
        listing({}, generator="another"),
        listing({}, schema_version=2),
        listing({"a": None}),
        listing({"a": "0" * 63 + "g"}),
        *(listing({path: DIGEST}) for path in ("../../x", "/etc/passwd", "a//b", ".", "a\0b", "")),
    ],
    ids=lambda text: text[:60].decode(errors="replace"),
)
def test_rejects_a_manifest_of_another_program(output: Path, text: bytes) -> None:
    built(output)
    outside = output.parent.parent / "x"
    outside.write_text("mine")
    (output / MANIFEST).write_bytes(text)
    refused(build(output, tree("new")), MANIFEST)
    assert content(output) == expected("old")
    assert outside.read_text() == "mine"
    assert Path("/etc/passwd").exists()


@pytest.mark.parametrize("kind", ["link", "fifo", "socket", "folder"])
def test_rejects_a_manifest_that_is_not_a_file(
    output: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    listed = built(output).with_name("listed.json")
    (output / MANIFEST).rename(listed)
    monkeypatch.chdir(output)
    match kind:
        case "link":
            (output / MANIFEST).symlink_to(listed)
        case "fifo":
            os.mkfifo(output / MANIFEST)
        case "folder":
            (output / MANIFEST).mkdir()
        case _:
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(MANIFEST)
    refused(build(output, tree("new")), str(output))
    assert (output / "top.txt").exists()


def test_a_manifest_of_300000_files_is_read(output: Path) -> None:
    output.mkdir()
    files = {f"site/admin/models/an-organisation/a-model-{number}.json": DIGEST for number in range(300_000)}
    (output / MANIFEST).write_bytes(listing(files))
    assert isinstance(build(output, tree("new")), Written)
    assert content(output) == expected("new")


@pytest.mark.parametrize(
    "output", ["/proc/dist", "/proc/none/dist", "/sys/dist", "/dev/null/dist", "/proc/self/dist"]
)
def test_rejects_a_folder_that_cannot_be_written_to(output: str) -> None:
    refused(build(Path(output), tree("new")), output.rpartition("/")[0])


def test_rejects_a_name_that_is_too_long(tmp_path: Path) -> None:
    refused(build(tmp_path / ("x" * 250), tree("new")), "File name too long")
    refused(build(tmp_path / ("x" * 300) / "dist", tree("new")), "File name too long")


def test_names_an_artifact_whose_name_is_too_long(output: Path) -> None:
    built(output)
    refused(build(output, [Artifact(path="y" * 300, content=b"")]), f"{output}/yyy", "File name too long")
    assert content(output) == expected("old")
    assert beside(output) == []


def test_a_full_disk_changes_nothing(output: Path) -> None:
    """A file size limit simulates a full disk: one write is short, the next one fails."""
    built(output)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        result = build(output, [*tree("new"), Artifact(path="large/one", content=b"x" * 8000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, previous)
    refused(result, f"'{output}/large/one'", "File too large")
    assert content(output) == expected("old")
    assert beside(output) == []


def test_a_rejected_build_emits_no_artifact(output: Path) -> None:
    def unwanted() -> Iterator[Artifact]:
        yield from pytest.fail("asked for an artifact")

    output.write_text("mine")
    assert isinstance(build(output, unwanted()), Refusal)


def test_a_read_only_output_is_left_alone(output: Path) -> None:
    """Modes do not restrict root, so the test runs as another user."""

    def as_somebody() -> None:
        os.setuid(os.getuid() or 65534)
        refused(build(output, tree("new")), "Permission denied")

    built(output)
    output.parent.chmod(0o555)
    for above in (output.parent.parent, output.parent.parent.parent):
        above.chmod(0o755)
    try:
        assert end(start(as_somebody)) == 0
    finally:
        output.parent.chmod(0o755)
    assert content(output) == expected("old")
