"""Repositories that cannot be compared: the message for each, and that nothing in them is executed."""

import os
from datetime import date
from pathlib import Path

import pytest
from git_repositories import commit, git, repository, write
from small_fleets import FIXED, FLEETS

from modelspec.change.states import States, read_states
from modelspec.diagnose.refusal import Refusal

TODAY = date(2026, 6, 1)
FLEET: dict[str, str | bytes | None] = {
    **FIXED,
    **{f"models.d/{stem}.yaml": text for stem, text in FLEETS["plain"].items()},
}


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def _states(root: Path, base: str | None = None, head: str | None = None) -> States:
    states = read_states(root, base=base, head=head, today=TODAY)
    assert not isinstance(states, Refusal), states
    return states


def _refused(root: Path, base: str | None = None, head: str | None = None) -> Refusal:
    refused = read_states(root, base=base, head=head, today=TODAY)
    assert isinstance(refused, Refusal)
    assert "\n" not in refused.message + refused.help
    assert refused.message.isprintable()
    return refused


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is empty"),
        ("-x", "begins with '-'"),
        ("--output=/tmp/x", "begins with '-'"),
        ("^HEAD", "begins with '^'"),
        ("a..b", "contains '..'"),
        ("main@{1}", "contains '@{'"),
        ("HEAD:models.d/atlas.yaml", "contains ':'"),
        (":/state", "contains ':'"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("a b", "a space"),
        ("main^{tree}", "branches and tags cannot have"),
        ("ma*n", "branches and tags cannot have"),
        ("x" * 256, "too long"),
        ("x\udcff", "no commit is named 'x\\udcff'"),
        ("nope", "no commit is named 'nope'"),
        ("HEAD~9", "no commit is named 'HEAD~9': the history of 'HEAD' does not go back that far"),
        ("main^^2", "no commit is named 'main^^2': the history of 'main'"),
        ("nope~2", "no commit is named 'nope~2'"),
        ("0" * 40, f"no commit is named '{'0' * 40}'"),
    ],
)
def test_rejects_names_that_no_commit_can_have(name: str, why: str, tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    assert why in _refused(root, base=name).message
    assert why in _refused(root, base="HEAD", head=name).message


def test_the_nearest_name_is_suggested(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    git(root, "branch", "release-2026")
    git(root, "update-ref", "refs/remotes/origin/topic", "HEAD")
    assert _refused(root, base="maln").help == "did you mean 'main'?"
    assert _refused(root, base="release-2027").help == "did you mean 'release-2026'?"
    assert _refused(root, base="topic").help == "did you mean 'origin/topic'?"
    assert "git fetch" in _refused(root, base="unlike").help


def test_rejects_a_tree_as_a_commit(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    git(root, "tag", "blob", git(root, "hash-object", "-w", "heads.yaml"))
    assert _refused(root, base="blob").message == "'blob' is a blob, not a commit"
    tree = git(root, "rev-parse", "HEAD^{tree}")
    assert _refused(root, base=tree).message == f"'{tree}' is a tree, not a commit"
    git(root, "tag", "--annotate", "--message", "x", "v1")
    assert _states(root, base="v1").base.commit == git(root, "rev-parse", "HEAD")


def test_rejects_an_ambiguous_name(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    git(root, "tag", "twice")
    git(root, "branch", "twice")
    refused = _refused(root, base="twice")
    assert refused.message == "'twice' is ambiguous"
    assert "'refs/heads/twice'" in refused.help
    head = git(root, "rev-parse", "HEAD")
    assert _states(root, base="refs/tags/twice").base.title == f"refs/tags/twice ({head[:7]})"
    git(root, "update-ref", f"refs/heads/{head}", "HEAD")
    assert _states(root, base=head).base.title == f"{head[:7]} ({head[:7]})"


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    root = write(tmp_path / "r", FLEET)
    git(root, "init", "--quiet")
    assert _refused(root).message == "this repository has no commit yet"


def test_no_git_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert "is not in a git repository" in _refused(write(tmp_path / "r", FLEET)).message


@pytest.mark.parametrize("path", ["", "/nowhere", "."])
def test_no_git_program(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path / "r", FLEET)
    (root / "git").write_text("#!/bin/sh\ntouch canary\n", encoding="utf-8")
    (root / "git").chmod(0o755)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", path)
    assert "it is not in PATH" in _refused(root).message
    assert not (root / "canary").exists()


def test_a_shallow_clone_says_what_to_fetch(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin", FLEET)
    first = git(origin, "rev-parse", "HEAD")
    git(origin, "checkout", "--quiet", "-b", "topic")
    commit(origin, {"README": "x"})
    git(origin, "checkout", "--quiet", "main")
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "topic", f"file://{origin}", "clone")
    clone = tmp_path / "clone"
    for refused in (
        _refused(clone, base=first),
        _refused(clone, base="main"),
        _refused(clone, base="HEAD~1"),
    ):
        assert refused.message.startswith("this clone is shallow and does not contain '")
        assert "git fetch --unshallow" in refused.help
        assert "fetch-depth: 0" in refused.help
    git(clone, "fetch", "--quiet", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    assert "ends before origin/main" in _refused(clone).message
    git(clone, "fetch", "--quiet", "--unshallow", "origin")
    assert _states(clone).base.title == f"origin/main ({first[:7]})"


def test_a_shallow_clone_without_a_default_branch(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin", FLEET)
    git(origin, "checkout", "--quiet", "-b", "topic")
    commit(origin)
    git(origin, "checkout", "--quiet", "main")
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "topic", f"file://{origin}", "clone")
    assert (
        _refused(tmp_path / "clone").message
        == "this clone is shallow and does not contain the default branch"
    )


def test_no_default_branch(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    git(root, "branch", "--move", "trunk")
    refused = _refused(root)
    assert refused.message.startswith("there is no default branch to compare with")
    assert "--base REF" in refused.help


def test_unrelated_histories(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    git(root, "checkout", "--quiet", "--orphan", "other")
    commit(root, {"README": "x"})
    assert "have no common history" in _refused(root).message
    assert _states(root, base="main").base.compiled.table == _states(root, base="main").head.compiled.table


def test_the_default_base_is_the_merge_base(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    first = git(root, "rev-parse", "HEAD")[:7]
    git(root, "checkout", "--quiet", "-b", "topic")
    commit(root)
    assert _states(root).base.title == f"main ({first})"
    git(root, "checkout", "--quiet", "main")
    commit(root, {"models.d/atlas.yaml": None, "models.d/bison.yaml": FLEETS["disabled"]["bison"]})
    assert _states(root, head="topic").base.title == f"the merge base with main ({first})"
    tip = git(root, "rev-parse", "HEAD")[:7]
    assert _states(root, base="main", head="topic").base.title == f"main ({tip})"
    git(root, "update-ref", "refs/remotes/origin/trunk", "topic")
    git(root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert _states(root, head="topic").base.title.startswith("origin/trunk (")


def test_an_unfinished_merge(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    git(root, "checkout", "--quiet", "-b", "topic")
    commit(root, {"heads.yaml": "a: 1\n", "models.d/atlas.yaml": "a: 1\n"})
    git(root, "checkout", "--quiet", "main")
    commit(root, {"heads.yaml": "a: 2\n", "models.d/atlas.yaml": "a: 2\n"})
    git(root, "merge", "--quiet", "topic", code=1)
    assert _refused(root).message == "a merge is not finished: 'heads.yaml' and 1 more have conflicts"
    assert _states(root, head="topic").head.commit == git(root, "rev-parse", "topic")
    git(root, "checkout", "--ours", "heads.yaml")
    git(root, "add", "heads.yaml")
    assert _refused(root).message == "a merge is not finished: 'models.d/atlas.yaml' has conflicts"


def test_rejects_a_sparse_checkout_instead_of_reporting_removals(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {**FLEET, "docs/a.md": "", "models.d/zebra.yaml": "a: 1\n"})
    git(root, "sparse-checkout", "set", "--no-cone", "/*", "!/docs", "!/models.d/zebra.yaml")
    refused = _refused(root)
    assert refused.message == "this checkout is sparse: 'models.d/zebra.yaml' has not been checked out"
    assert "--head HEAD" in refused.help
    assert _states(root, head="HEAD").head.commit == git(root, "rev-parse", "HEAD")
    git(root, "sparse-checkout", "set", "--no-cone", "/*", "!/docs", "!/models.d")
    assert "and 1 more have not been checked out" in _refused(root).message
    git(root, "sparse-checkout", "set", "--no-cone", "/*", "!/docs")
    assert _states(root).head.commit is None


def test_a_repository_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path / "r", FLEET)
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    real = git(root, "--exec-path") + "/git"
    wrapper.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", str(wrapper.parent))
    refused = _refused(root)
    assert refused.message == f"git does not trust '{root}': it belongs to another user"
    assert refused.help.endswith(f"git config --global --add safe.directory '{root}'")


def test_a_broken_repository(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    (root / ".git" / "index").write_bytes(b"no index")
    assert _refused(root).message.startswith("git cannot read this repository: ")
    (root / ".git" / "config").write_text("[broken", encoding="utf-8")
    assert "bad config line" in _refused(root).message


def _booby_trapped(folder: Path, canary: Path) -> None:
    """Settings that make git start a program, for almost every command with such settings."""
    script = folder / "trap"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n", encoding="utf-8")
    script.chmod(0o755)
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
        (folder / "hooks").mkdir(exist_ok=True)
        (folder / "hooks" / hook).write_bytes(script.read_bytes())
        (folder / "hooks" / hook).chmod(0o755)
    (folder / "more").write_text(
        f"[core]\n\tfsmonitor = {script}\n\tpager = {script}\n\tsshCommand = {script}\n\tgitProxy = {script}\n"
        f"\teditor = {script}\n\taskPass = {script}\n\talternateRefsCommand = {script}\n"
        f'[diff]\n\texternal = {script}\n[diff "x"]\n\ttextconv = {script}\n'
        f'[filter "x"]\n\tclean = {script}\n\tsmudge = {script}\n\tprocess = {script}\n'
        "[pager]\n"
        + "".join(f"\t{verb} = {script}\n" for verb in ("ls-tree", "rev-parse", "cat-file", "merge-base"))
        + "[alias]\n"
        + "".join(f"\t{verb} = !{script}\n" for verb in ("ls-tree", "rev-parse", "cat-file", "merge-base"))
        + f'[remote "origin"]\n\turl = ext::{script}\n\tpromisor = true\n[protocol "ext"]\n\tallow = always\n'
        f"[credential]\n\thelper = !{script}\n[gpg]\n\tprogram = {script}\n",
        encoding="utf-8",
    )
    with (folder / "config").open("a", encoding="utf-8") as config:
        config.write(f"[core]\n\thooksPath = {folder / 'hooks'}\n[include]\n\tpath = more\n")


def test_a_root_that_looks_like_a_bare_repository_executes_nothing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    top = repository(tmp_path / "top", {f"sub/{path}": text for path, text in FLEET.items()})
    root = top / "sub"
    git(root, "init", "--quiet", "--bare", ".")
    _booby_trapped(root, canary)
    commit(top)
    refused = _refused(root)
    assert not canary.exists()
    assert "looks like a bare git repository" in refused.message


def test_a_root_with_a_planted_repository_of_its_own_executes_nothing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    root = repository(tmp_path / "r", {**FLEET, ".gitattributes": "* diff=x filter=x\n"})
    lost = git(root, "rev-parse", "HEAD:models.d/atlas.yaml")
    _booby_trapped(root / ".git", canary)
    write(root, {"models.d/atlas.yaml": "a: 2\n"})
    assert _states(root).base.compiled.table is not None
    (root / ".git/objects" / lost[:2] / lost[2:]).unlink()
    assert lost[:12] in _refused(root).message
    assert "no commit is named" in _refused(root, base="0" * 40).message
    assert not canary.exists()


def test_the_planted_programs_do_run_in_plain_git(tmp_path: Path) -> None:
    """The traps of the tests above are real: without the precautions, git runs the programs."""
    canary = tmp_path / "canary"
    root = repository(tmp_path / "r", FLEET)
    _booby_trapped(root / ".git", canary)
    git(root, "status")
    assert canary.exists()


def test_a_git_folder_inside_models_is_not_a_model(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    root = repository(tmp_path / "r", FLEET)
    inner = repository(root / "models.d" / "inner", {"x.md": "x"})
    _booby_trapped(inner / ".git", canary)
    states = _states(root)
    assert states.base.files == states.head.files
    assert not canary.exists()


def test_a_bare_repository_with_a_configuration_beside_it(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin", FLEET)
    root = write(tmp_path / "r", FLEET)
    git(tmp_path, "clone", "--quiet", "--bare", origin, root / ".git")
    assert "has no working tree" in _refused(root).message


def test_rejects_an_incomplete_history(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", FLEET)
    lost = commit(root, {"README": "1"})
    git(root, "checkout", "--quiet", "-b", "topic")
    commit(root, {"README": "2"})
    commit(root, {"README": "3"})
    git(root, "branch", "--force", "main", "HEAD~3")
    (root / ".git/objects" / lost[:2] / lost[2:]).unlink()
    assert _refused(root).message.startswith("git cannot read this repository: ")


def test_git_variables_do_not_redirect_to_another_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    other = repository(tmp_path / "other", {"x": "x"})
    _booby_trapped(other / ".git", canary)
    root = repository(tmp_path / "r", FLEET)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other / ".git"))
    monkeypatch.setenv("GIT_NAMESPACE", "elsewhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(other / ".git" / "trap"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(other / ".git" / "trap"))
    monkeypatch.setenv("GIT_PAGER", str(other / ".git" / "trap"))
    assert _states(root).base.files.keys() == FLEET.keys()
    assert not canary.exists()
