"""`build --check`: what a build would change, without changing it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from output_trees import beside, build, built, check, refused, tree

from modelspec.emit.artifact import Artifact
from modelspec.write import MANIFEST, Stale, Staleness, Written, stale


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "dist"


def test_a_fresh_build_is_not_stale(output: Path) -> None:
    assert check(built(output), tree("old")) == []


def test_missing_different_and_extra_files_are_listed_in_path_order(output: Path) -> None:
    built(output)
    (output / "site" / "models" / "m0.json").unlink()
    (output / "routing" / "table.json").write_text("edited")
    (output / "top.txt").write_text("old top.txt and more")
    (output / "a.txt").write_text("foreign")
    (output / "site" / "models" / "m1.json").unlink()
    (output / "site" / "models" / "m1.json").symlink_to("m2.json")
    assert check(output, tree("old")) == [
        Stale(path="a.txt", why=Staleness.EXTRA),
        Stale(path="routing/table.json", why=Staleness.DIFFERS),
        Stale(path="site/models/m0.json", why=Staleness.MISSING),
        Stale(path="site/models/m1.json", why=Staleness.DIFFERS),
        Stale(path="top.txt", why=Staleness.DIFFERS),
    ]
    assert [*map(str, Staleness)] == ["missing", "differs", "extra"]


def test_the_manifest_is_compared_too(output: Path) -> None:
    built(output)
    result = check(output, tree("old")[:-1])
    assert result == [
        Stale(path=MANIFEST, why=Staleness.DIFFERS),
        Stale(path="old/only/here.json", why=Staleness.EXTRA),
    ]


@pytest.mark.parametrize("exists", ["parent", "empty", "nothing"])
def test_without_an_output_everything_is_missing_and_nothing_is_created(tmp_path: Path, exists: str) -> None:
    output = tmp_path / "a" / "dist"
    if exists != "nothing":
        output.parent.mkdir()
    if exists == "empty":
        output.mkdir()
    before = sorted(tmp_path.rglob("*"))
    paths = sorted([MANIFEST, *(artifact.path for artifact in tree("old"))])
    assert check(output, tree("old")) == [Stale(path=path, why=Staleness.MISSING) for path in paths]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_check_writes_nothing(output: Path) -> None:
    built(output)
    before = {path: path.stat().st_mtime_ns for path in [output.parent, output, *output.rglob("*")]}
    check(output, tree("new"))
    assert {path: path.stat().st_mtime_ns for path in [output.parent, output, *output.rglob("*")]} == before
    assert beside(output) == []


def test_a_check_does_not_wait_for_a_build(output: Path) -> None:
    def meanwhile() -> Iterator[Artifact]:
        assert check(output, tree("old")) == []
        yield from tree("new")

    built(output)
    assert isinstance(build(output, meanwhile(), wait=0), Written)


def test_a_fifo_instead_of_a_file_differs(output: Path) -> None:
    built(output)
    (output / "top.txt").unlink()
    os.mkfifo(output / "top.txt")
    assert check(output, tree("old")) == [Stale(path="top.txt", why=Staleness.DIFFERS)]


def test_rejects_an_output_that_is_not_ours(output: Path) -> None:
    output.symlink_to("elsewhere")
    refused(check(output, tree("new")), "symbolic link")
    refused(check(Path("/"), tree("new")), "root of the file system")
    refused(check(Path("/dev/null/dist"), tree("new")), "cannot read '/dev/null/dist': Not a directory")


def test_rejects_an_output_too_deep_to_read(output: Path) -> None:
    here = os.open(built(output), os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    refused(check(output, tree("old")), "File name too long")


def test_rejects_a_file_that_disappears_during_the_check(output: Path) -> None:
    def meanwhile() -> Iterator[Artifact]:
        (output / "top.txt").unlink()
        yield from tree("old")

    built(output)
    refused(check(output, meanwhile()), f"cannot read '{output}/top.txt'")


def test_exceptions_of_emitters_propagate(output: Path) -> None:
    with pytest.raises(ValueError, match="another artifact has the path"):
        check(output, [Artifact(path="a", content=b""), Artifact(path="A", content=b"")])
    with pytest.raises(ValueError, match="invalid manifest path"):
        stale(output, [], manifest=lambda _: Artifact(path="x", content=b""), root=output.parent / "fleet")
