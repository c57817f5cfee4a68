"""Reading a commit gives the same as reading its checkout."""

import os
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest
from git_repositories import commit, git, repository, write
from hypothesis import given, settings
from hypothesis import strategies as st

from modelspec.diagnose.diagnostic import Diagnostic, ordered
from modelspec.diagnose.refusal import Refusal
from modelspec.git import find_repository, read_commit, revisions
from modelspec.git.tree import blob_id
from modelspec.load.find import MAX_FOLDERS, File, Tree, read_tree
from modelspec.load.unread import MAX_BYTES


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def _committed(root: Path, known: dict[str, bytes] | None = None) -> Tree:
    found = find_repository(root)
    assert not isinstance(found, Refusal), found
    named = revisions(found, base="HEAD", head=None, fork=False)
    assert not isinstance(named, Refusal), named
    tree = read_commit(found, named.base, {} if known is None else known)
    assert not isinstance(tree, Refusal), tree
    return tree


def _same(one: Tree, other: Tree) -> bool:
    """Whether two trees are equal, except for how they read one more file."""
    return (
        replace(one, faults=ordered(one.faults), unread=sorted(one.unread), other=other.other)
        == replace(other, faults=ordered(other.faults), unread=sorted(other.unread))
    ) and one.models == other.models


PLAIN: dict[str, str | bytes | None] = {
    "regions.yaml": "a: 1\n",
    "heads.yaml": "a: 1\n",
    "models.d/a.yaml": "a: 1\n",
}


def _nasty(root: Path) -> Path:
    write(
        root,
        {
            **PLAIN,
            "modelspec.yaml": b"x" * (MAX_BYTES + 1),
            "models.d/full.yaml": b"y" * MAX_BYTES,
            "models.d/over.yaml": b"y" * (MAX_BYTES + 1),
            "models.d/empty.yaml": b"",
            "models.d/b c/d\te.yaml": "a: 1\n",
            "models.d/b c/line\nend.yaml": "a: 1\n",
            "models.d/line\nend/x.yaml": "a: 1\n",
            "models.d/b c/plain.yml": "a: 2\n",
            "models.d/atlás-中.yaml": "a: 1\n",
            "models.d/a\u202e.yaml": "a: 1\n",
            "models.d/upper.YAML": "a: 1\n",
            "models.d/other.json": "{}",
            "models.d/README.md": "no model",
            "models.d/.hidden.yaml": "a: 1\n",
            "models.d/_draft/x.yaml": "a: 1\n",
            "models.d/old.yaml~": "a: 1\n",
            "models.d/bytes.yaml": bytes(range(256)),
            "models.d" + "/d" * (MAX_FOLDERS - 1) + "/less.yaml": "a: 1\n",
            "models.d" + "/d" * MAX_FOLDERS + "/deep.yaml": "a: 1\n",
            "models.d/runs.yaml": "a: 1\n",
        },
    )
    raw = os.fsencode(root / "models.d") + b"/\xff.yaml"
    Path(os.fsdecode(raw)).write_text("a: 1\n", encoding="utf-8")
    (root / "models.d/runs.yaml").chmod(0o755)
    (root / "models.d/link.yaml").symlink_to("a.yaml")
    (root / "models.d/far.md").symlink_to("/etc/passwd")
    (root / "models.d/up").symlink_to("..")
    (root / "models.d/x\x07.yaml").symlink_to("a.yaml")
    (root / "waivers.yaml").symlink_to("/dev/zero")
    (root / "routes.test.yaml").mkdir()
    (root / "routes.test.yaml" / "x").write_text("", encoding="utf-8")
    return root


@pytest.mark.parametrize("options", [(), ("--object-format", "sha256")])
def test_a_hostile_tree_is_reported_as_on_disk(options: tuple[str, ...], tmp_path: Path) -> None:
    root = repository(tmp_path / "r", None, *options)
    commit(_nasty(root))
    on_disk, in_git = read_tree(root), _committed(root)
    assert _same(on_disk, in_git)
    assert {fault.code for fault in in_git.faults} == {"MS001", "MS002", "MS003", "MS024", "MS025"}
    assert len(in_git.faults) == 16
    assert len(in_git.models) == 8


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"regions.yml": "a: 1\n"},
        {"Regions.yaml": "a: 1\n", "models.d": "no folder"},
        {"models.d/.keep": ""},
        {"heads.yaml/x": "", **{key: value for key, value in PLAIN.items() if key != "heads.yaml"}},
    ],
)
def test_missing_files_are_reported_as_on_disk(files: dict[str, str | bytes | None], tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"README": "", **files})
    assert _same(read_tree(root), _committed(root))
    assert _committed(root).faults


def test_models_d_may_be_a_link(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"elsewhere/a.yaml": "a: 1\n"})
    (root / "models.d").symlink_to("elsewhere")
    commit(root)
    assert _same(read_tree(root), _committed(root))
    assert "MS002" in {fault.code for fault in _committed(root).faults}


_PARTS = st.sampled_from(
    ["a", "b.yaml", "c.yml", "_d", ".e", "f~", "g.json", "h\u200b", "i\x01.yaml", "J.YAML", "ö"]
)


@settings(deadline=None, max_examples=15)
@given(
    st.dictionaries(
        st.lists(_PARTS, min_size=1, max_size=3).map(lambda parts: "models.d/" + "/".join(parts)),
        st.binary(max_size=20) | st.none(),
        max_size=8,
    )
)
def test_any_tree_is_reported_as_on_disk(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes | None]
) -> None:
    root = repository(tmp_path_factory.mktemp("any"), PLAIN)
    for path, content in files.items():
        target = root / path
        if any(folder.is_file() or folder.is_symlink() for folder in target.parents) or target.is_dir():
            continue  # one path cannot be a file and a folder
        target.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            target.symlink_to("nowhere")
        else:
            target.write_bytes(content)
    commit(root)
    git(root, "clean", "-dfx", "--quiet")  # git does not keep empty folders
    assert _same(read_tree(root), _committed(root))


def test_a_submodule_is_read_where_it_is_checked_out(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"x.yaml": "a: 1\n"})
    root = repository(tmp_path / "r", PLAIN)
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "models.d/sub")
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "waivers.yaml")
    commit(root)
    faults = {fault.path: fault.message for fault in _committed(root).faults}
    assert [file.path for file in _committed(root).models] == ["models.d/a.yaml", "models.d/sub/x.yaml"]
    assert faults == {
        "waivers.yaml": "cannot read this file: it is not a regular file",
    }
    git(root, "rm", "--quiet", "--cached", "-r", "models.d")
    rmtree(root / "models.d")
    git(
        root,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "--name",
        "m",
        inner,
        "models.d",
    )
    commit(root)
    assert [file.path for file in _committed(root).models] == ["models.d/x.yaml"]
    rmtree(root / "models.d")
    (fault,) = (fault for fault in _committed(root).faults if fault.path == "models.d")
    assert "it is a submodule, and its commit" in fault.message


def test_one_more_file_is_read_from_the_same_state(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {**PLAIN, "deep/in/schema.json": "{}"})
    (root / "link").symlink_to("deep")
    commit(root)
    git(root, "rm", "--quiet", "-r", "deep")
    tree = _committed(root)
    assert tree.other("deep/in/schema.json") == File("deep/in/schema.json", b"{}")
    for path in ("schema.json", "deep/schema.json", "nowhere/schema.json", "deep/in/schema.json/x"):
        assert not isinstance(tree.other(path), File)
    linked = tree.other("link/in/schema.json")
    assert isinstance(linked, Diagnostic)
    assert linked.code == "MS002"


def test_reads_only_unknown_blobs(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {**PLAIN, "models.d/b.yaml": "b: 1\n"})
    like = git(root, "rev-parse", "HEAD")
    known = {blob_id(b"b: 1\n", like): b"known"}
    tree = _committed(root, known)
    assert [file.data for file in tree.models] == [b"a: 1\n", b"known"]
    assert known[blob_id(b"a: 1\n", like)] == b"a: 1\n"


def test_the_root_may_be_a_folder_of_the_repository(tmp_path: Path) -> None:
    top = repository(tmp_path / "t", {f"a b/ö\n/{path}": text for path, text in PLAIN.items()})
    commit(top, {"models.d/elsewhere.yaml": "a: 1\n", "unrelated.yaml": "a: 1\n"})
    root = top / "a b/ö\n"
    assert _same(read_tree(root), _committed(root))
    assert [file.path for file in _committed(root).models] == ["models.d/a.yaml"]


@pytest.mark.parametrize("there", ["README", "sub", "sub/README"])
def test_a_folder_that_the_commit_does_not_have_is_empty(there: str, tmp_path: Path) -> None:
    top = repository(tmp_path / "t", {there: "a: 1\n"})
    (top / there).unlink()
    root = write(top / "sub", PLAIN)
    empty = tmp_path / "empty"
    empty.mkdir()
    found = _committed(root)
    assert (found.fixed, found.models) == ({}, [])
    assert found.faults == read_tree(empty).faults


def test_worktrees_and_replaced_objects(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", PLAIN)
    git(root, "worktree", "add", "--quiet", "-b", "topic", tmp_path / "second")
    assert _same(read_tree(tmp_path / "second"), _committed(tmp_path / "second"))
    lie = git(root, "hash-object", "-w", "regions.yaml")
    (root / "lie").write_text("lie\n", encoding="utf-8")
    git(root, "replace", lie, git(root, "hash-object", "-w", "lie"))
    assert _committed(root).fixed["regions.yaml"].data == b"a: 1\n"


@pytest.mark.parametrize("which", ["regions.yaml", "models.d"])
def test_reports_a_missing_object(which: str, tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"regions.yaml": "r\n", "heads.yaml": "h\n", "models.d/a.yaml": "m\n"})
    object_id = git(root, "rev-parse", f"HEAD:{which}")
    (root / ".git/objects" / object_id[:2] / object_id[2:]).unlink()
    found = find_repository(root)
    assert not isinstance(found, Refusal)
    named = revisions(found, base="HEAD", head=None, fork=False)
    assert not isinstance(named, Refusal)
    refused = read_commit(found, named.base, {})
    assert isinstance(refused, Refusal)
    assert object_id[:12] in refused.message
    assert "clone without --filter" in refused.help


def test_reports_a_damaged_object(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {**PLAIN, "regions.yaml": "".join(f"{n}\n" for n in range(40_000))})
    object_id = git(root, "rev-parse", "HEAD:regions.yaml")
    stored = root / ".git/objects" / object_id[:2] / object_id[2:]
    content = stored.read_bytes()
    stored.unlink()
    stored.write_bytes(content[: len(content) // 2])
    found = find_repository(root)
    assert not isinstance(found, Refusal)
    named = revisions(found, base="HEAD", head=None, fork=False)
    assert not isinstance(named, Refusal)
    refused = read_commit(found, named.base, {})
    assert isinstance(refused, Refusal)
    assert object_id[:12] in refused.message


def test_reports_one_more_missing_file(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {**PLAIN, "schema.json": "{}"})
    tree = _committed(root)
    object_id = git(root, "rev-parse", "HEAD:schema.json")
    (root / ".git/objects" / object_id[:2] / object_id[2:]).unlink()
    fault = tree.other("schema.json")
    assert isinstance(fault, Diagnostic)
    assert (fault.code, fault.path) == ("MS001", "schema.json")
    assert object_id[:12] in fault.message
