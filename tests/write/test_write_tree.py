import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_processes import end, start
from output_trees import (
    beside,
    build,
    built,
    check,
    content,
    expected,
    manifest,
    no_exchange,
    refused,
    root,
    tree,
)

from modelspec.emit.artifact import Artifact
from modelspec.write import MANIFEST, Written, write_tree
from modelspec.write.swap import Exchange


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "dist"


def test_a_first_build_writes_every_artifact_and_the_manifest(output: Path) -> None:
    result = build(output, tree("new"))
    size = sum(len(artifact.content) for artifact in tree("new")) + (output / MANIFEST).stat().st_size
    assert result == Written(files=7, size=size, kept=())
    assert content(output) == expected("new")
    assert beside(output) == []


def test_the_manifest_is_made_from_the_sha256_of_every_other_artifact(output: Path) -> None:
    built(output)
    listed = json.loads((output / MANIFEST).read_bytes())["files"]
    assert listed == {path: hashlib.sha256(each).hexdigest() for path, each in expected("old").items()}


@pytest.mark.parametrize("more", [{}, {"swap": no_exchange}])
def test_a_second_build_replaces_the_tree_and_leaves_nothing_else(
    output: Path, more: dict[str, Exchange]
) -> None:
    built(output)
    assert isinstance(build(output, tree("new"), **more), Written)
    assert content(output) == expected("new")
    assert not (output / "old").exists()
    assert beside(output) == []


def test_an_empty_folder_becomes_the_output(output: Path) -> None:
    output.mkdir(mode=0o700)
    assert isinstance(build(output, tree("new")), Written)
    assert content(output) == expected("new")


def test_missing_folders_above_the_output_are_made(tmp_path: Path) -> None:
    output = tmp_path / "some" / "where" / "dist"
    assert isinstance(build(output, tree("new")), Written)
    assert content(output) == expected("new")


def test_replaces_a_tree_that_is_only_a_manifest(output: Path) -> None:
    assert isinstance(build(output, []), Written)
    assert isinstance(build(output, tree("new")), Written)
    assert content(output) == expected("new")


@pytest.mark.parametrize("name", [".", "../dist", "../dist/", "../linked/dist"])
def test_accepts_a_roundabout_path_of_the_output(
    output: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    output.mkdir()
    (output.parent / "linked").symlink_to(output.parent)
    monkeypatch.chdir(output)
    result = write_tree(Path(name), tree("new"), manifest=manifest, root=root(output))
    assert isinstance(result, Written)
    assert content(output) == expected("new")
    assert beside(output) == ["linked"]


def test_files_edited_by_hand_are_overwritten(output: Path) -> None:
    built(output)
    (output / "top.txt").write_text("edited")
    (output / "routing" / "table.json").unlink()
    (output / "routing" / "table.json").symlink_to("/etc/passwd")
    assert isinstance(build(output, tree("new")), Written)
    assert content(output) == expected("new")
    assert Path("/etc/passwd").exists()


def test_files_removed_by_hand_are_restored(output: Path) -> None:
    built(output)
    (output / "top.txt").unlink()
    assert isinstance(build(output, tree("old")), Written)
    assert content(output) == expected("old")


def test_accepts_empty_folders_in_the_output(output: Path) -> None:
    built(output)
    (output / "empty" / "deeper").mkdir(parents=True)
    assert isinstance(build(output, tree("new")), Written)
    assert not (output / "empty").exists()


def test_a_large_artifact_is_written_whole(output: Path) -> None:
    large = Artifact(path="large.bin", content=os.urandom(3_000_000))
    assert isinstance(build(output, [large, Artifact(path="empty", content=b"")]), Written)
    assert content(output) == {"large.bin": large.content, "empty": b""}


@pytest.mark.parametrize("mask", [0, 0o022, 0o027, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(output: Path, mask: int) -> None:
    def with_mask() -> None:
        os.umask(mask)
        assert isinstance(build(output, tree("new")), Written)

    assert end(start(with_mask)) == 0
    for path in [output, *output.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644)


def test_modes_are_corrected_in_this_process_too(output: Path) -> None:
    before = os.umask(0o077)
    try:
        assert isinstance(build(output, tree("new")), Written)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in output.rglob("*")} == {0o755, 0o644}


def test_artifacts_are_taken_one_at_a_time(output: Path) -> None:
    alive = 0

    class Counted(bytes):
        __slots__ = ()

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def artifacts() -> Iterator[Artifact]:
        nonlocal alive
        for number in range(100):
            alive += 1
            yield Artifact(path=str(number), content=Counted(b"x" * 1000))
            assert alive <= 2

    assert isinstance(build(output, artifacts()), Written)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "a//b",
        "a/",
        "ä",
        "\ud800",
    ],
)
def test_an_invalid_path_is_a_bug_and_leaves_the_output_alone(output: Path, path: str) -> None:
    built(output)
    with pytest.raises(ValueError, match="invalid artifact path"):
        build(output, [Artifact(path="first", content=b""), Artifact(path=path, content=b"")])
    assert content(output) == expected("old")
    assert beside(output) == []


@pytest.mark.parametrize(
    "paths",
    [
        ("a", "a"),
        ("a/b", "A/B"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("A", "a/b/c"),
        ("a/b/c", "A/B"),
        ("Manifest.json",),
    ],
)
def test_two_artifacts_with_one_path_are_a_bug_and_leave_the_output_alone(
    output: Path, paths: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="another artifact has the path"):
        build(output, [Artifact(path=path, content=b"") for path in paths])
    assert not output.exists()
    assert beside(output) == []


def test_folders_may_differ_only_in_case(output: Path) -> None:
    both = [Artifact(path="Meta/a", content=b"1"), Artifact(path="meta/b", content=b"2")]
    assert isinstance(build(output, both), Written)


def test_a_manifest_with_another_path_is_a_bug(output: Path) -> None:
    with pytest.raises(ValueError, match="invalid manifest path"):
        write_tree(output, [], manifest=lambda _: Artifact(path="list.json", content=b""), root=root(output))
    assert beside(output) == []


@pytest.mark.parametrize("error", [RuntimeError, OSError, KeyboardInterrupt])
def test_exceptions_of_an_emitter_propagate_and_leave_the_output_alone(
    output: Path, error: type[BaseException]
) -> None:
    def failing() -> Iterator[Artifact]:
        yield from tree("new")
        raise error

    built(output)
    with pytest.raises(error):
        build(output, failing())
    assert content(output) == expected("old")
    assert beside(output) == []


def test_the_output_may_not_appear_from_elsewhere_while_it_is_built(output: Path) -> None:
    def meanwhile() -> Iterator[Artifact]:
        yield from tree("new")
        output.mkdir()
        (output / "theirs.txt").write_text("theirs")

    refused(build(output, meanwhile()), "replace", str(output))
    assert content(output) == {"theirs.txt": b"theirs"}
    assert beside(output) == []


def test_the_output_may_not_disappear_while_it_is_built(output: Path) -> None:
    def meanwhile() -> Iterator[Artifact]:
        yield from tree("new")
        output.rename(output.with_name("moved"))

    built(output)
    refused(build(output, meanwhile()), "replace", str(output))
    assert content(output.with_name("moved")) == expected("old")


def test_a_file_saved_into_the_output_while_it_is_replaced_is_kept_beside_it(output: Path) -> None:
    def meanwhile() -> Iterator[Artifact]:
        yield from tree("new")
        (output / "site" / "notes.txt").write_text("mine")

    built(output)
    result = build(output, meanwhile())
    assert isinstance(result, Written)
    assert content(output) == expected("new")
    assert [*result.kept] == beside(output)
    assert content(output.with_name(result.kept[0])) == {"site/notes.txt": b"mine"}
    again = build(output, tree("new"))
    assert isinstance(again, Written)
    assert again.kept == result.kept
    (output.with_name(result.kept[0]) / "site" / "notes.txt").unlink()
    assert isinstance(build(output, tree("new")), Written)
    assert beside(output) == []


def test_short_writes_write_every_byte_once(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, bytes(data)[:7]))
    built(output)
    assert content(output) == expected("old")


def test_no_descriptor_stays_open(output: Path) -> None:
    def opened() -> int:
        return len([*Path("/proc/self/fd").iterdir()])

    before = opened()
    built(output)
    built(output, "new")
    check(output, tree("new"))
    (output / "mine").touch()
    refused(build(output, tree("old")), "mine")
    shutil.rmtree(output)
    output.symlink_to("elsewhere")
    refused(build(output, tree("old")), "symbolic link")
    refused(check(output, tree("old")), "symbolic link")
    assert opened() == before
