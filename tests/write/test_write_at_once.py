"""Concurrent builds and readers of one output, as real processes."""

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_processes import end, start
from output_trees import beside, build, built, content, expected, refused, root, tree

from modelspec.emit.artifact import Artifact
from modelspec.write import MANIFEST, Written
from modelspec.write.lock import acquire, release
from modelspec.write.output import Output, locate
from modelspec.write.tree import FOLDER


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "dist"


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, FOLDER)
    yield descriptor
    os.close(descriptor)


def place(output: Path) -> Output:
    found = locate(output, root=root(output))
    assert isinstance(found, Output)
    return found


def read_versions(output: Path) -> set[str]:
    """The versions of all files of one tree; none if it was removed while being read."""
    folder = os.open(output, FOLDER)  # fails if the output is ever missing
    try:
        with os.fdopen(os.open(MANIFEST, os.O_RDONLY, dir_fd=folder), "rb") as file:
            paths = json.load(file)["files"]
        versions = set()
        for path in paths:
            with os.fdopen(os.open(path, os.O_RDONLY, dir_fd=folder), "rb") as file:
                versions.add(file.read().split()[0].decode())
    except FileNotFoundError:
        return set()
    else:
        return versions
    finally:
        os.close(folder)


def test_readers_never_see_a_mixture_nor_a_missing_output_while_two_builds_race(output: Path) -> None:
    def build_often(version: str) -> None:
        for _ in range(40):
            assert isinstance(build(output, tree(version, 20)), Written)

    built(output)
    builders = [start(lambda: build_often("one")), start(lambda: build_often("two"))]
    seen: set[str] = set()
    for builder in builders:
        while os.waitid(os.P_PID, builder, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            versions = read_versions(output)
            assert len(versions) <= 1
            seen |= versions
        assert end(builder) == 0
    assert seen <= {"old", "one", "two"}
    assert content(output) in [expected("one", 20), expected("two", 20)]
    assert beside(output) == []


def test_a_build_that_waits_too_long_names_the_running_one(output: Path) -> None:
    begun, go = os.pipe(), os.pipe()

    def slow() -> Iterator[Artifact]:
        os.write(begun[1], b"x")
        os.read(go[0], 1)
        yield from tree("slow")

    child = start(lambda: build(output, slow()))
    os.read(begun[0], 1)
    result = refused(build(output, tree("new"), wait=0.05), "another build", f"process {child} on ")
    assert "wait" in result.help
    os.write(go[1], b"x")
    assert end(child) == 0
    for descriptor in (*begun, *go):
        os.close(descriptor)
    assert content(output) == expected("slow")


def test_builds_of_two_outputs_in_one_folder_do_not_wait_for_each_other(output: Path) -> None:
    other = output.with_name("other")

    def meanwhile() -> Iterator[Artifact]:
        yield from tree("new")
        built(other)

    assert isinstance(build(output, meanwhile(), wait=0), Written)
    assert content(other) == expected("old")


def test_the_lock_of_a_killed_build_blocks_no_other(output: Path) -> None:
    output.with_name(".dist.modelspec.lock").write_text("1 on elsewhere\n")
    assert isinstance(build(output, tree("new"), wait=0), Written)
    assert beside(output) == []


@pytest.mark.parametrize("note", ["", "\x1b[31m on fire\n", "12 on \n", "x" * 1000])
def test_a_lock_file_with_an_invalid_note_names_no_process(output: Path, note: str) -> None:
    lock = output.with_name(".dist.modelspec.lock")
    lock.write_text(note)
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused(build(output, tree("new"), wait=0), "process unknown")


def test_a_lock_that_is_a_link_is_refused_and_not_followed(output: Path) -> None:
    target = output.with_name("target")
    target.write_text("mine")
    output.with_name(".dist.modelspec.lock").symlink_to(target)
    refused(build(output, tree("new")), ".dist.modelspec.lock")
    assert target.read_text() == "mine"


def test_does_not_lock_a_path_that_is_not_a_file(output: Path) -> None:
    os.mkfifo(output.with_name(".dist.modelspec.lock"))
    refused(build(output, tree("new"), wait=0), ".dist.modelspec.lock")


@pytest.mark.parametrize("again", [True, False])
def test_a_lock_whose_file_is_removed_while_it_is_taken_is_not_held(
    output: Path, parent: int, *, again: bool
) -> None:
    lock = output.with_name(".dist.modelspec.lock")
    removals: list[str] = []

    def hook(event: str, _: tuple[object, ...]) -> None:
        if event == "fcntl.flock" and lock.exists() and not removals:
            removals.append(event)
            lock.unlink()
            if again:
                lock.write_text("")

    sys.addaudithook(hook)
    descriptor = acquire(parent, place(output), 60)
    assert isinstance(descriptor, int)
    assert removals
    assert os.path.samestat(os.fstat(descriptor), lock.stat())
    release(parent, place(output), descriptor)
    assert not lock.exists()


def test_releases_a_lock_whose_file_was_removed(output: Path, parent: int) -> None:
    descriptor = acquire(parent, place(output), 0)
    assert isinstance(descriptor, int)
    output.with_name(".dist.modelspec.lock").unlink()
    release(parent, place(output), descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
