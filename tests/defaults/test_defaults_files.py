"""Where defaults files are found, what is odd about one, and how much they may hold together."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from git_repositories import write
from small_fleets import FIXED, TODAY, codes, found, model

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.incremental import compile_fleet, compile_tree
from modelspec.load.disk import DiskFolder, FileKind
from modelspec.load.find import find_tree, read_tree
from modelspec.pipeline import Compiled

SHARED = (
    "region: eu\npriority_head: head-eu-1\nfallback_heads: [head-uk-1]\nendpoint: https://a.example.com/v1\n"
)
OWN = "model_id: {0}\nname: {0}\n"


def fleet(root: Path, files: dict[str, str]) -> Path:
    return write(root, {**FIXED, **files})


def of(root: Path, files: dict[str, str]) -> Compiled:
    return compile_fleet(fleet(root, files), today=TODAY)


def without_infos(result: Compiled) -> list[str]:
    return [code for code in codes(result) if code != "MS601"]


def test_each_folder_may_have_one(tmp_path: Path) -> None:
    names = ["_defaults.yaml", "a/_defaults.yaml", "a/b/c/_defaults.yaml", "a/b/c/x.yaml", "a/_other.yaml"]
    root = fleet(tmp_path, {f"models.d/{name}": "a: 1\n" for name in [*names, "_a/_defaults.yaml"]})
    tree = read_tree(root)
    assert [*tree.defaults] == ["models.d", "models.d/a", "models.d/a/b/c"]
    assert [file.path for file in tree.models] == ["models.d/a/b/c/x.yaml"]
    assert [folder for folder, _ in tree.layers("models.d/a/b/c/x.yaml")] == [*tree.defaults]
    assert [folder for folder, _ in tree.layers("models.d/a/y.yaml")] == ["models.d", "models.d/a"]
    assert tree.layers("models.d-not/y.yaml") == ()
    assert {file.path for file in tree.files} == {
        "regions.yaml",
        "heads.yaml",
        "models.d/a/b/c/x.yaml",
        *(file.path for file in tree.defaults.values() if file is not None),
    }


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.symlink_to("a.yaml"), "MS002"),
        (lambda path: path.symlink_to("/etc/passwd"), "MS002"),
        (lambda path: path.symlink_to("nowhere"), "MS002"),
        (os.mkfifo, "MS001"),
        (lambda path: path.mkdir(), "MS001"),
        (lambda path: path.write_bytes(b"x" * 300_000), "MS003"),
        (lambda path: path.write_bytes(b"region: \xff"), "MS004"),
        (lambda path: path.write_bytes(b"<<: {a: b}"), "MS014"),
        (lambda path: path.write_bytes(b"a: 1\na: 2\n"), "MS011"),
        (lambda path: path.write_bytes(b"tags: " + b"[" * 40 + b"]" * 40), "MS017"),
    ],
)
def test_an_odd_one_is_one_fault_and_no_other_file_has_one_for_it(
    make: Callable[[Path], None], code: str, tmp_path: Path
) -> None:
    root = fleet(tmp_path, {"models.d/x/a.yaml": OWN.format("a"), "models.d/b.yaml": model("b")})
    make(root / "models.d" / "x" / "_defaults.yaml")
    result = compile_fleet(root, today=TODAY)
    assert [(one.code, one.path) for one in result.diagnostics if one.severity == "error"] == [
        (code, "models.d/x/_defaults.yaml")
    ]


@pytest.mark.parametrize("name", ["_defaults.yml", "_DEFAULTS.YAML", "_defaults.json", "_Defaults.yaml"])
def test_another_spelling_is_a_fault_and_no_model_lacks_what_it_holds(name: str, tmp_path: Path) -> None:
    result = of(tmp_path, {f"models.d/{name}": SHARED, "models.d/a.yaml": OWN.format("a")})
    assert found(result, {*codes(result)} - {"MS601"}) == [f"MS025 models.d/{name}:1:1"]
    both = of(tmp_path, {"models.d/_defaults.yaml": SHARED})
    assert without_infos(both) == ["MS025"]
    assert both.tree.defaults["models.d"] is not None


def test_other_names_with_an_underscore_stay_unread(tmp_path: Path) -> None:
    names = ["_default.yaml", "_defaults.yaml~", "_defaults", "__defaults.yaml", "_defaults.txt"]
    files = {f"models.d/{name}": "a: [\n" for name in names}
    found = of(tmp_path, {**files, "models.d/a.yaml": model("a", "fallback_heads: [head-uk-1]")})
    assert [one for one in without_infos(found) if not one.startswith("MS614")] == []
    assert codes(found).count("MS614") == 2


class Shuffled:
    """A folder whose entries come backwards; files named `gone` are listed and gone when they are read."""

    def __init__(self, folder: DiskFolder, gone: str = "") -> None:
        self._folder = folder
        self._gone = gone

    def entries(self) -> Iterator[tuple[str, FileKind]]:
        yield from sorted(self._folder.entries(), reverse=True, key=lambda entry: entry[0])

    def folder(self, name: str, path: str) -> "Shuffled | Diagnostic | None":
        inner = self._folder.folder(name, path)
        return Shuffled(inner, self._gone) if isinstance(inner, DiskFolder) else inner

    def file(self, name: str, path: str) -> bytes | Diagnostic | None:
        return None if name == self._gone else self._folder.file(name, path)

    def close(self) -> None:
        self._folder.close()


def test_the_order_of_the_folder_means_nothing(tmp_path: Path) -> None:
    folders = ["", "a/", "a/b/", "c/"]
    files = {f"models.d/{at}_defaults.yaml": f"{SHARED}tags: ['{at}']\n" for at in folders}
    files |= {f"models.d/{at}_defaults.yml": SHARED for at in folders}
    files |= {f"models.d/{at}m{number}.yaml": OWN.format(f"m{number}") for number, at in enumerate(folders)}
    root = fleet(tmp_path, files)
    straight = read_tree(root)
    backwards = find_tree(Shuffled(DiskFolder.at(root)), root, straight.other)
    assert [*backwards.defaults.items()] == [*straight.defaults.items()]
    one, other = compile_tree(straight, today=TODAY), compile_tree(backwards, today=TODAY)
    assert one.diagnostics == other.diagnostics
    assert one.models == other.models


def test_one_that_goes_away_while_it_is_read_was_never_there(tmp_path: Path) -> None:
    root = fleet(tmp_path, {"models.d/_defaults.yaml": SHARED, "models.d/a.yaml": OWN.format("a")})
    tree = find_tree(Shuffled(DiskFolder.at(root), "_defaults.yaml"), root, read_tree(root).other)
    assert tree.defaults == {}
    assert without_infos(compile_tree(tree, today=TODAY)) == ["MS102", "MS102"]


def many(number: int, letter: str = "k") -> str:
    return "metadata: {" + ", ".join(f"{letter}{n}: 1" for n in range(number)) + "}\n"


def test_defaults_upon_defaults_keep_to_the_limit_of_one_file(tmp_path: Path) -> None:
    files = {
        "models.d/_defaults.yaml": SHARED + many(6_000),
        "models.d/a/_defaults.yaml": many(6_000, "l"),
        "models.d/a/b/_defaults.yaml": "tags: [too late]\n",
        "models.d/a/b/x.yaml": OWN.format("x"),
        "models.d/y.yaml": OWN.format("y"),
    }
    result = of(tmp_path, files)
    assert found(result, ["MS019"]) == ["MS019 models.d/a/_defaults.yaml:1:1"]
    assert without_infos(result) == ["MS019"]
    assert [one.model_id for one in result.models] == ["y"]


def test_a_model_upon_defaults_keeps_to_the_limit_of_one_file(tmp_path: Path) -> None:
    files = {
        "models.d/_defaults.yaml": SHARED + many(6_000),
        "models.d/large.yaml": OWN.format("large") + many(6_000, "l"),
        "models.d/same.yaml": OWN.format("same") + many(6_000),
        "models.d/alias.yaml": OWN.format("alias") + "metadata: {a: &a [1, 2], b: *a}\n",
        "models.d/bomb.yaml": OWN.format("bomb")
        + "metadata: {a: &a ["
        + "1, " * 900
        + "1], b: ["
        + "*a, " * 8
        + "*a]}\n",
    }
    result = of(tmp_path, files)
    assert found(result, ["MS019"]) == ["MS019 models.d/bomb.yaml:1:1", "MS019 models.d/large.yaml:1:1"]
    assert {one.model_id for one in result.models} == {"same", "alias"}


def test_depth_does_not_grow_by_laying_files_over_one_another(tmp_path: Path) -> None:
    deep = "{a: " * 30 + "1" + "}" * 30
    other = "{b: " * 30 + "1" + "}" * 30
    files = {
        "models.d/_defaults.yaml": f"{SHARED}metadata: {{x: {deep}}}\n",
        "models.d/a.yaml": f"{OWN.format('a')}metadata: {{x: {{a: {{a: 1}}}}, y: {other}}}\n",
        "models.d/b.yaml": OWN.format("b") + "metadata: {x: " + "{a: " * 31 + "1" + "}" * 31 + "}\n",
    }
    result = of(tmp_path, files)
    assert found(result, ["MS017"]) == ["MS017 models.d/b.yaml:3:135"]
    assert [one.model_id for one in result.models] == ["a"]


def test_many_faults_of_one_file_are_reported_for_one_file(tmp_path: Path) -> None:
    heads = ", ".join(f"nowhere-{number}" for number in range(300))
    files = {"models.d/_defaults.yaml": SHARED.replace("[head-uk-1]", f"[{heads}]")}
    files |= {f"models.d/m{number}.yaml": OWN.format(f"m{number}") for number in range(20)}
    result = of(tmp_path, files)
    assert codes(result).count("MS202") == 50
    (cut,) = (one for one in result.diagnostics if one.code == "MS026")
    assert (cut.path, cut.message) == (
        "models.d/_defaults.yaml",
        "this file has 250 more faults, which are not shown",
    )
    assert cut.severity == "error"


def test_one_file_gives_no_more_than_a_million_values(tmp_path: Path) -> None:
    """A pull request writes it once; each model would have to be checked with all of it."""
    files = {"models.d/_defaults.yaml": SHARED + many(4_990)}
    files |= {f"models.d/m{number}.yaml": OWN.format(f"m{number}") for number in range(100)}
    assert found(of(tmp_path, files), ["MS019"]) == []
    files["models.d/more.yaml"] = OWN.format("more")
    result = of(tmp_path, files)
    assert without_infos(result) == ["MS019"]
    assert result.models == []
    (told,) = (one for one in result.diagnostics if one.code == "MS019")
    assert (
        told.message == "these defaults give 9,992 values to each of 101 models, more than 1,000,000 in total"
    )
