import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.load.find import MAX_FOLDERS, File, read_file, read_tree


def _repository(root: Path) -> Path:
    (root / "models.d").mkdir()
    for name in ("regions.yaml", "heads.yaml", "models.d/a.yaml"):
        (root / name).write_text("a: 1\n", encoding="utf-8")
    return root


def _found(root: Path) -> tuple[list[str], list[tuple[str, str]]]:
    tree = read_tree(root)
    return [file.path for file in tree.models], sorted((fault.code, fault.path) for fault in tree.faults)


def test_models_are_found_in_all_folders_in_the_order_of_their_paths(tmp_path: Path) -> None:
    models = _repository(tmp_path) / "models.d"
    for name in (
        "z.yml",
        "b/c.yaml",
        "b/_draft.yaml",
        ".hidden.yaml",
        "b/.git/x.yaml",
        "old.yaml~",
        "b~/copy.yaml",
        "README.md",
    ):
        (models / name).parent.mkdir(parents=True, exist_ok=True)
        (models / name).write_text("a: 1\n", encoding="utf-8")
    assert _found(tmp_path) == (["models.d/a.yaml", "models.d/b/c.yaml", "models.d/z.yml"], [])


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.symlink_to("a.yaml"), "MS002"),
        (lambda path: path.symlink_to("nowhere"), "MS002"),
        (lambda path: path.symlink_to(path.name), "MS002"),
        (lambda path: path.symlink_to("/etc/passwd"), "MS002"),
        (lambda path: path.symlink_to("/dev/zero"), "MS002"),
        (os.mkfifo, "MS001"),
        (_socket, "MS001"),
        (lambda path: path.write_bytes(b"x" * 300_000), "MS003"),
    ],
)
@pytest.mark.parametrize("where", ["models.d/x.yaml", "regions.yaml", "waivers.yaml"])
def test_only_regular_files_are_read(
    make: Callable[[Path], None], code: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _repository(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path(where).unlink(missing_ok=True)
    make(Path(where))
    assert _found(tmp_path) == (["models.d/a.yaml"], [(code, where)])


def test_a_folder_is_no_file_with_a_fixed_name(tmp_path: Path) -> None:
    (_repository(tmp_path) / "heads.yaml").unlink()
    (tmp_path / "heads.yaml").mkdir()
    assert _found(tmp_path)[1] == [("MS001", "heads.yaml")]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.symlink_to("elsewhere"), "MS002"),
        (lambda path: path.write_text("", encoding="utf-8"), "MS001"),
        (os.mkfifo, "MS001"),
    ],
)
def test_models_d_itself_is_a_folder(make: Callable[[Path], None], code: str, tmp_path: Path) -> None:
    (_repository(tmp_path) / "models.d").rename(tmp_path / "elsewhere")
    make(tmp_path / "models.d")
    assert _found(tmp_path) == ([], [(code, "models.d")])


def test_a_missing_models_d_and_missing_files_are_named(tmp_path: Path) -> None:
    assert _found(tmp_path) == (
        [],
        [("MS022", "heads.yaml"), ("MS022", "regions.yaml"), ("MS023", "models.d")],
    )


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (_repository(tmp_path) / "models.d" / "up").symlink_to("..")
    assert _found(tmp_path) == (["models.d/a.yaml"], [("MS002", "models.d/up")])


@pytest.mark.parametrize("name", ["a\nb.yaml", "a\x1b.yaml", "a\u202e.yaml", "a\u200b.yaml"])
def test_names_that_mislead_are_rejected(name: str, tmp_path: Path) -> None:
    (_repository(tmp_path) / "models.d" / name).write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "models.d" / f"{name}.d").mkdir()
    paths = sorted([f"models.d/{name}", f"models.d/{name}.d"])
    assert _found(tmp_path) == (["models.d/a.yaml"], [("MS024", path) for path in paths])


def test_a_name_that_is_not_utf_8_is_shown_escaped(tmp_path: Path) -> None:
    raw = os.fsencode(_repository(tmp_path) / "models.d") + b"/\xff.yaml"
    Path(os.fsdecode(raw)).write_text("a: 1\n", encoding="utf-8")
    assert _found(tmp_path)[1] == [("MS024", "models.d/\\xff.yaml")]


def test_letters_of_all_scripts_are_fine_in_names(tmp_path: Path) -> None:
    (_repository(tmp_path) / "models.d" / "atlás-中.yaml").write_text("a: 1\n", encoding="utf-8")
    assert _found(tmp_path)[1] == []


def test_folders_are_nested_so_deep_and_no_deeper(tmp_path: Path) -> None:
    folder = _repository(tmp_path) / "models.d"
    for _ in range(MAX_FOLDERS):
        folder /= "d"
    folder.mkdir(parents=True)
    (folder / "deep.yaml").write_text("a: 1\n", encoding="utf-8")
    (folder.parent / "less.yaml").write_text("a: 1\n", encoding="utf-8")
    found, faults = _found(tmp_path)
    assert len(found) == 2
    assert [code for code, _ in faults] == ["MS001"]


def test_a_file_below_the_root_is_read_without_following_links(tmp_path: Path) -> None:
    _repository(tmp_path)
    (tmp_path / "link").symlink_to("models.d")
    assert read_file(tmp_path, "models.d/a.yaml") == File("models.d/a.yaml", b"a: 1\n")
    assert read_file(tmp_path, "models.d/b.yaml") is None
    assert read_file(tmp_path, "nowhere/b.yaml") is None
    linked = read_file(tmp_path, "link/a.yaml")
    assert isinstance(linked, Diagnostic)
    assert linked.code == "MS002"
