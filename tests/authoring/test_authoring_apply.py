"""Files on a real disk: all of them change or none, whatever happens."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from modelspec.author.apply import apply
from modelspec.diagnose.refusal import Refusal
from modelspec.load.find import File, read_tree

OLD = {"models.d/a.yaml": b"a: 1\n", "models.d/x/b.yaml": b"b: 1\n", "heads.yaml": b"h: 1\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, data in OLD.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


def _before(*paths: str) -> Mapping[str, File]:
    return {path: File(path, OLD[path]) for path in paths or OLD}


def _all(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_files_are_replaced_created_and_deleted(root: Path) -> None:
    (root / "models.d/a.yaml").chmod(0o640)
    files = {"models.d/a.yaml": b"a: 2\n", "models.d/x/b.yaml": None, "models.d/new/deep/c.yaml": b"c: 1\n"}
    assert apply(root, files, _before()) is None
    assert _all(root) == {
        "heads.yaml": b"h: 1\n",
        "models.d/a.yaml": b"a: 2\n",
        "models.d/new/deep/c.yaml": b"c: 1\n",
    }
    assert stat.S_IMODE((root / "models.d/a.yaml").stat().st_mode) == 0o640
    assert not (root / "models.d/x").exists()


def test_models_d_stays_when_its_last_file_is_deleted(root: Path) -> None:
    assert apply(root, {"models.d/a.yaml": None, "models.d/x/b.yaml": None}, _before()) is None
    assert _all(root) == {"heads.yaml": b"h: 1\n"}
    assert (root / "models.d").is_dir()


@pytest.mark.parametrize("state", ["changed", "gone", "appeared", "folder", "link", "read-only"])
def test_a_file_that_changed_since_is_not_replaced(root: Path, state: str) -> None:
    path, before = "models.d/x/b.yaml", _before()
    match state:
        case "changed":
            (root / path).write_bytes(b"b: 3\n")
        case "gone":
            (root / path).unlink()
        case "appeared":
            before = _before("models.d/a.yaml")
        case "folder":
            (root / path).unlink()
            (root / path).mkdir()
        case "link":
            (root / path).unlink()
            (root / path).symlink_to(root / "heads.yaml")
        case _:
            assert state == "read-only"
            (root / path).chmod(0o444)
    was = _all(root)
    refusal = apply(root, {"models.d/a.yaml": b"a: 2\n", path: b"b: 2\n", "models.d/n/c.yaml": b""}, before)
    assert isinstance(refusal, Refusal)
    assert path in refusal.message
    assert _all(root) == was
    assert not (root / "models.d/n").exists()


def test_links_in_the_path_are_not_followed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (root / "models.d/link").symlink_to(outside)
    refusal = apply(root, {"models.d/a.yaml": b"a: 2\n", "models.d/link/c.yaml": b"c"}, _before())
    assert isinstance(refusal, Refusal)
    assert "models.d/link" in refusal.message
    assert list(outside.iterdir()) == []
    assert _all(root) == OLD


def test_a_file_in_place_of_a_folder_is_refused(root: Path) -> None:
    refusal = apply(root, {"heads.yaml": b"h: 2\n", "models.d/a.yaml/c.yaml": b"c"}, _before())
    assert isinstance(refusal, Refusal)
    assert "models.d/a.yaml" in refusal.message
    assert _all(root) == OLD


@pytest.mark.parametrize("last", range(1, 5))
def test_a_failed_rename_restores_every_file(root: Path, monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    """The file system fails at the n-th step; restoring works."""
    steps = {"count": 0}
    real_rename, real_unlink = os.rename, os.unlink

    def count(name: str) -> None:
        if not name.startswith(".") and steps["count"] >= 0:
            steps["count"] += 1
            if steps["count"] == last:
                steps["count"] = -1
                raise OSError(5, "Input/output error", name)

    def rename(old: str, new: str, **folders: int) -> None:
        if old.endswith(".new"):
            count(new)
        real_rename(old, new, **folders)

    def unlink(name: str, **folders: int) -> None:
        count(name)
        real_unlink(name, **folders)

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "unlink", unlink)
    files = {
        "models.d/a.yaml": b"a: 2\n",
        "models.d/x/b.yaml": None,
        "heads.yaml": b"h: 2\n",
        "models.d/n/c.yaml": b"",
    }
    refusal = apply(root, files, _before())
    assert isinstance(refusal, Refusal)
    assert "nothing was changed" in refusal.message
    assert _all(root) == OLD
    assert not (root / "models.d/n").exists()


def test_hard_links_are_not_required(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_names: object, **_folders: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    assert apply(root, {"heads.yaml": b"h: 2\n"}, _before()) is None
    assert _all(root) == {**OLD, "heads.yaml": b"h: 2\n"}


_KILLED = """
import os, signal, sys
from pathlib import Path
from modelspec.author import apply as room
from modelspec.load.find import File
left = int(sys.argv[2])
real = os.rename
def rename(*names, **folders):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*names, **folders)
os.rename = rename
files = {"models.d/a.yaml": b"a: 2\\n", "heads.yaml": b"h: 2\\n"}
before = {"models.d/a.yaml": File("models.d/a.yaml", b"a: 1\\n"), "heads.yaml": File("heads.yaml", b"h: 1\\n")}
room.apply(Path(sys.argv[1]), files, before)
"""


@pytest.mark.parametrize(
    ("renames", "first", "second"), [(0, b"a: 1\n", b"h: 1\n"), (1, b"a: 2\n", b"h: 1\n")]
)
def test_after_a_kill_every_file_is_whole(root: Path, renames: int, first: bytes, second: bytes) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(root), str(renames)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (root / "models.d/a.yaml").read_bytes() == first
    assert (root / "heads.yaml").read_bytes() == second
    # The leftover files are not read as models, and do not disturb the next run.
    assert all(file.path in OLD for file in read_tree(root).models)
    now = {path: File(path, (root / path).read_bytes()) for path in OLD}
    assert apply(root, {"models.d/a.yaml": b"a: 3\n", "heads.yaml": b"h: 3\n"}, now) is None
    assert (root / "models.d/a.yaml").read_bytes() == b"a: 3\n"
