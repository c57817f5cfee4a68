"""Killed builds: the output is the whole old tree or the whole new one, and the next build cleans up."""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from child_processes import end, start
from output_trees import (
    beside,
    build,
    built,
    check,
    content,
    dying,
    expected,
    killed_at,
    no_exchange,
    refused,
    tree,
)

from modelspec.emit.artifact import Artifact
from modelspec.write import Written
from modelspec.write.swap import Exchange, exchange

if TYPE_CHECKING:
    from modelspec.diagnose.refusal import Refusal

SWAPS = [exchange, no_exchange]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "dist"


def stop_after_recovery(output: Path) -> None:
    """Run the cleanup of a build, and nothing else."""

    def failing() -> Iterator[Artifact]:
        yield from ()
        raise InterruptedError

    with pytest.raises(InterruptedError):
        build(output, failing())


@pytest.mark.parametrize("count", range(7))
def test_a_build_killed_between_two_artifacts_changes_nothing(output: Path, count: int) -> None:
    built(output)
    child = start(lambda: build(output, dying(tree("new"), count)))
    assert end(child) == -9
    assert content(output) == expected("old")
    assert len(beside(output)) == 2
    stop_after_recovery(output)
    assert content(output) == expected("old")
    assert beside(output) == []


@pytest.mark.parametrize("swap", SWAPS)
def test_a_build_killed_at_any_step_leaves_one_whole_tree(output: Path, swap: Exchange) -> None:
    wholes = [expected("old"), expected("new")]
    seen = []
    for step in itertools.count(1):
        shutil.rmtree(output, ignore_errors=True)
        built(output)
        if not killed_at(step, lambda: build(output, tree("new"), swap=swap)):
            break
        if output.exists() or swap is exchange:
            assert content(output) in wholes
        stop_after_recovery(output)
        assert check(output, tree("old")) == [] or check(output, tree("new")) == []
        assert content(output) in wholes
        assert beside(output) == []
        seen.append(wholes.index(content(output)))
    assert sorted(seen) == seen
    assert {0, 1} == set(seen)
    assert len(seen) > 40


@pytest.mark.parametrize("swap", SWAPS)
def test_a_first_build_killed_at_any_step_leaves_nothing_or_one_whole_tree(
    output: Path, swap: Exchange
) -> None:
    for step in itertools.count(1):
        shutil.rmtree(output, ignore_errors=True)
        if not killed_at(step, lambda: build(output, tree("new"), swap=swap)):
            break
        assert not output.exists() or content(output) == expected("new")
        built(output, "old")
        assert content(output) == expected("old")
        assert beside(output) == []


def test_a_recovery_killed_at_any_step_is_completed_by_the_next_one(output: Path) -> None:
    """The old tree is aside, as after a kill between two renames, next to a half-removed older one."""
    aside = output.with_name(".dist.modelspec-0123abcd.old")
    for step in itertools.count(1):
        shutil.rmtree(output, ignore_errors=True)
        built(output, "half").rename(output.with_name(".dist.modelspec-00000000.new"))
        (output.with_name(".dist.modelspec-00000000.new") / "top.txt").unlink()
        built(output, "new")
        shutil.copytree(output, aside)
        shutil.rmtree(output)
        if not killed_at(step, lambda: stop_after_recovery(output)):
            break
        stop_after_recovery(output)
        assert content(output) == expected("new")
        assert beside(output) == []
    assert step > 20


def test_removes_an_old_tree_if_the_output_exists(output: Path) -> None:
    shutil.copytree(built(output), output.with_name(".dist.modelspec-0123abcd.old"))
    built(output, "new")
    assert content(output) == expected("new")
    assert beside(output) == []


def test_an_old_tree_is_not_given_the_name_of_a_link(output: Path) -> None:
    built(output).rename(output.with_name(".dist.modelspec-0123abcd.old"))
    output.symlink_to("nowhere")
    refused(build(output, tree("new")), "symbolic link")
    assert beside(output) == []


def test_an_old_tree_gets_its_name_back_if_the_new_one_cannot_be_renamed(output: Path) -> None:
    def lose_the_new_one(parent: int, staged: str, _: str) -> bool:
        shutil.rmtree(staged, dir_fd=parent)
        return False

    built(output)
    refused(build(output, tree("new"), swap=lose_the_new_one), "replace", str(output))
    assert content(output) == expected("old")
    assert beside(output) == []


def test_removes_only_folders_with_our_names(output: Path) -> None:
    names = [
        ".dist.modelspec-0123abcd.new.txt",
        ".dist.modelspec-0123ABCD.new",
        ".dist.modelspec-123.new",
        ".dist.modelspec-0123abcdxnew",
        ".dist.modelspec-0123abcdxold",
        ".distxmodelspec-0123abcd.new",
        ".other.modelspec-0123abcd.new",
        "x.dist.modelspec-0123abcd.new",
    ]
    for name in names:
        output.with_name(name).mkdir()
    elsewhere = built(output.with_name("elsewhere"))
    output.with_name(".dist.modelspec-01234567.new").symlink_to(elsewhere)
    output.with_name(".dist.modelspec-01234567.old").write_text("a file")
    built(output)
    assert set(names) <= set(beside(output))
    assert content(elsewhere) == expected("old")


def test_does_not_remove_the_tree_of_a_running_build_even_without_its_lock_file(output: Path) -> None:
    inner: list[Written | Refusal] = []

    def meanwhile() -> Iterator[Artifact]:
        yield from tree("outer")
        output.with_name(".dist.modelspec.lock").unlink()
        inner.append(build(output, tree("inner")))
        assert content(output) == expected("inner")

    outer = build(output, meanwhile())
    assert isinstance(inner[0], Written)
    refused(outer, "replace", str(output))
    assert content(output) == expected("inner")
    assert beside(output) == []


def test_names_a_stale_folder_that_cannot_be_removed(output: Path) -> None:
    stale = output.with_name(".dist.modelspec-0123abcd.new")
    deep = stale
    stale.mkdir()
    here = os.open(stale, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    refused(build(output, tree("new")), str(output), "File name too long")
    assert not output.exists()
    shutil.rmtree(deep)
