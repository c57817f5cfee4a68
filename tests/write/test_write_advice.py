"""What a refusal says, word for word: each is all that a user has to go by."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from output_trees import manifest, tree

from modelspec.diagnose.refusal import Refusal
from modelspec.write import Written, write_tree
from modelspec.write.output import unusable_output

MOVE = "move it out of the output folder, or remove it, then build again"
ELSEWHERE = "use a dedicated folder, such as dist"
EMPTY = "empty or remove the folder if you need nothing in it, or build into another one"
NOTHING = "00" * 32


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "choose an output folder that you can write to"),
        (errno.EPERM, "choose an output folder that you can write to"),
        (errno.EROFS, "choose an output folder on a writable file system"),
        (errno.ENOSPC, "free some space, then build again"),
        (errno.EDQUOT, "free some space, then build again"),
        (errno.EFBIG, "raise the file size limit, then build again"),
        (errno.ENAMETOOLONG, "choose a shorter path for the output folder"),
        (
            errno.EBUSY,
            "the output folder is replaced as a whole, so it cannot be a mount point: choose a folder inside it",
        ),
        (errno.EIO, "choose another output folder, or repair this one, then build again"),
        (None, "choose another output folder, or repair this one, then build again"),
    ],
)
def test_an_error_of_the_system_has_its_own_advice(number: int | None, advice: str) -> None:
    error = OSError() if number is None else OSError(number, "")
    assert unusable_output("write", "dist/a.json", error) == Refusal(
        message=f"cannot write 'dist/a.json': {os.strerror(number or errno.EIO)}", help=advice
    )


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("/", "is the root of the file system"),
        ("fleet", "contains the configuration"),
        (".", "contains the configuration"),
        ("fleet/models.d", "contains the configuration"),
        ("fleet/models.d/dist", "is inside models.d"),
        ("fleet/.git/dist", "is inside a git folder"),
    ],
)
def test_a_place_that_is_ruled_out(place: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "fleet" / "models.d").mkdir(parents=True)
    output = tmp_path / place
    assert _refusal(output, tmp_path) == Refusal(
        message=f"cannot build into '{output}': it {why}", help=ELSEWHERE
    )


def test_a_name_that_no_folder_has(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "a\0b", tmp_path) == Refusal(
        message=f"'{tmp_path}/a\\u0000b' cannot be the name of a folder", help=ELSEWHERE
    )


def _manifest(**changes: object) -> Callable[[Path], object]:
    said = {"schema_version": 1, "generator": "modelspec", "files": {"a.json": NOTHING}} | changes

    def make(output: Path) -> None:
        output.mkdir()
        (output / "manifest.json").write_text(json.dumps(said))

    return make


def _with(name: str, content: str | None = "") -> Callable[[Path], object]:
    def make(output: Path) -> None:
        output.mkdir()
        if content is None:
            (output / name).mkdir()
        else:
            (output / name).write_text(content)

    return make


def _link(output: Path) -> None:
    (output.parent / "real").mkdir()
    output.symlink_to("real")


def _fifo(output: Path) -> None:
    output.mkdir()
    os.mkfifo(output / "manifest.json")


def _foreign(output: Path) -> None:
    _manifest()(output)
    for name in ("note.txt", "b", "c"):
        (output / name).touch()


FOREIGN = "another program wrote it"
LISTS = "it lists files that modelspec does not write"


@pytest.mark.parametrize(
    ("make", "why", "advice"),
    [
        (_link, "it is a symbolic link", "use the folder that it points to"),
        (Path.touch, "it is not a folder", "remove it, or build into another folder"),
        (_with(".git", None), "it is the top of a git repository", ELSEWHERE),
        (_foreign, "modelspec did not write '{}/b' (and 2 more)", MOVE),
        (_with("a"), "(manifest.json: it does not exist)", EMPTY),
        (_fifo, "(manifest.json: it is not a file)", EMPTY),
        (_with("manifest.json", "{"), "(manifest.json: it is not JSON)", EMPTY),
        (_with("manifest.json", "[" * 20_000), "(manifest.json: it is not JSON)", EMPTY),
        (_with("manifest.json", "[]"), f"(manifest.json: {FOREIGN})", EMPTY),
        (_manifest(generator="other"), f"(manifest.json: {FOREIGN})", EMPTY),
        (_manifest(files=[]), f"(manifest.json: {FOREIGN})", EMPTY),
        (_manifest(schema_version=2), "(manifest.json: another version of modelspec wrote it)", EMPTY),
        (_manifest(files={"../a": NOTHING}), f"(manifest.json: {LISTS})", EMPTY),
        (_manifest(files={"a": 1}), f"(manifest.json: {LISTS})", EMPTY),
        (_manifest(files={"a": NOTHING + "0"}), f"(manifest.json: {LISTS})", EMPTY),
        (_manifest(files={"a": NOTHING, "é": NOTHING}), f"(manifest.json: {LISTS})", EMPTY),
    ],
)  # fmt: skip
def test_what_is_there_is_not_ours(
    make: Callable[[Path], object], why: str, advice: str, tmp_path: Path
) -> None:
    output = tmp_path / "dist"
    make(output)
    if why.startswith("("):
        why = f"modelspec did not write what is in it {why}"
    assert _refusal(output, tmp_path) == Refusal(
        message=f"cannot build into '{output}': {why.format(output)}", help=advice
    )


def _refusal(output: Path, within: Path) -> object:
    return write_tree(output, tree("new"), manifest=manifest, root=within / "fleet")


@pytest.mark.parametrize(("values", "ours"), [(1_000_000, True), (1_000_001, False)])
def test_a_manifest_holds_a_million_values(values: int, *, ours: bool, tmp_path: Path) -> None:
    output = tmp_path / "dist"
    output.mkdir()
    text = '{"generator": "modelspec", "schema_version": 1, "files": {}, "more": [%s0]}'
    (output / "manifest.json").write_text(text % ("0," * (values - 6)))  # six stand in the text already
    assert isinstance(_refusal(output, tmp_path), Written) is ours


@pytest.mark.parametrize(("more", "why"), [(0, "it is not JSON"), (1, "it is too large")])
def test_a_manifest_has_at_most_64_mib(more: int, why: str, tmp_path: Path) -> None:
    output = tmp_path / "dist"
    output.mkdir()
    with (output / "manifest.json").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + more)
    result = _refusal(output, tmp_path)
    assert isinstance(result, Refusal)
    assert result.message.endswith(f"(manifest.json: {why})")
