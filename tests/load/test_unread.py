"""What is said of each kind of file that is not read."""

from pathlib import Path

import pytest

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.load import read, unread
from modelspec.load.find import File, read_file, read_tree

REGULAR = "make it a readable regular file"
PLAIN = "rename it with plain letters"


@pytest.mark.parametrize(
    ("fault", "code", "message", "advice"),
    [
        (unread.unreadable("a", "gone"), "MS001", "cannot read this file: gone", REGULAR),
        (unread.irregular("a"), "MS001", "cannot read this file: it is not a regular file", REGULAR),
        (unread.no_folder("a"), "MS001", "cannot read this file: it is not a folder", REGULAR),
        (
            unread.link("a"),
            "MS002",
            "this is a symbolic link; links are not followed",
            "put the file itself in its place",
        ),
        (
            unread.too_large("a"),
            "MS003",
            "this file is larger than 256 KiB",
            "keep one model per file and large documents elsewhere",
        ),
        (
            unread.not_a_model("a"),
            "MS025",
            "this file is not read: the name of a model file ends in .yaml or .yml",
            "rename it, or begin its name with _ to leave it out on purpose",
        ),
        (
            unread.other_defaults("a"),
            "MS025",
            "this file is not read: the defaults of a folder belong in _defaults.yaml",
            "rename it to _defaults.yaml",
        ),
        (
            unread.odd_name("a\x07"),
            "MS024",
            "the name of this file contains a control or invisible character",
            PLAIN,
        ),
        (
            unread.odd_name("a\u200b"),
            "MS024",
            "the name of this file contains a control or invisible character",
            PLAIN,
        ),
        (unread.odd_name("a\udcff"), "MS024", "the name of this file is not UTF-8", PLAIN),
    ],
)
def test_each_kind(fault: Diagnostic | None, code: str, message: str, advice: str) -> None:
    assert fault is not None
    assert (fault.code, fault.message, fault.help) == (code, message, advice)
    assert fault.path in ("a", "a\x07", "a\u200b", "a\\xff")


@pytest.mark.parametrize(
    ("present", "advice"),
    [
        ((), "create regions.yaml at the top of the repository"),
        (("heads.yaml", "region.yaml"), "create regions.yaml at the top of the repository"),
        (("regions.yml", "x"), "rename regions.yml to regions.yaml"),
        (("Regions.YAML",), "rename Regions.YAML to regions.yaml"),
        (("REGIONS.yml", "Regions.yaml"), "rename REGIONS.yml to regions.yaml"),
    ],
)
def test_a_file_with_nearly_the_name_of_a_missing_one(present: tuple[str, ...], advice: str) -> None:
    fault = unread.missing("regions.yaml", present)
    assert (fault.code, fault.path, fault.message) == ("MS022", "regions.yaml", "regions.yaml is missing")
    assert fault.help == advice


def test_no_model_at_all() -> None:
    fault = unread.empty()
    assert (fault.code, fault.path) == ("MS023", "models.d")
    assert fault.message == "models.d contains no model; a build would drop every route"
    assert fault.help == "add a model, or disable the last one instead of removing it"


def test_a_tree_knows_its_files(tmp_path: Path) -> None:
    files = {
        "regions.yaml": "regions: []",
        "waivers.yaml": "waivers: []",
        "models.d/_defaults.yaml": "tags: []",
        "models.d/b.yaml": "b: 1",
        "models.d/x/a.yml": "a: 1",
        "models.d/x/_defaults.yml": "",
        "models.d/c.JSON": "",
        "models.d/_skipped.yaml": "",
        "models.d/d.yaml~": "",
        "models.d/.e.yaml": "",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    tree = read_tree(tmp_path)
    assert [file.path for file in tree.files] == [
        "regions.yaml",
        "waivers.yaml",
        "models.d/_defaults.yaml",
        "models.d/b.yaml",
        "models.d/x/a.yml",
    ]
    unread_files = ["heads.yaml", "models.d/c.JSON", "models.d/x/_defaults.yml"]
    assert sorted(tree.unread) == sorted(fault.path for fault in tree.faults) == unread_files
    layers = tree.layers("models.d/x/a.yml")
    assert [(folder, file and file.path) for folder, file in layers] == [
        ("models.d", "models.d/_defaults.yaml"),
        ("models.d/x", None),
    ]
    other = tree.other("models.d/b.yaml")
    assert other == File("models.d/b.yaml", b"b: 1")


def test_descriptors_are_closed(tmp_path: Path) -> None:
    (tmp_path / "models.d" / "x" / "y").mkdir(parents=True)
    (tmp_path / "models.d" / "x" / "y" / "a.yaml").write_text("a: 1")
    before = len([*Path("/proc/self/fd").iterdir()])
    for path in ("models.d/x/y/a.yaml", "models.d/x/none.yaml", "none/a.yaml", "models.d/x/y/a.yaml/b"):
        read_file(tmp_path, path)
    read_tree(tmp_path)
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_the_same_fault_is_not_reported_more_often_than_a_reader_can_use() -> None:
    for text, code in (("a: \x01" + "\x01" * 500, "MS005"), ("a: " + "\u200b" * 500, "MS006")):
        assert [fault.code for fault in read(File("models.d/a.yaml", text.encode())).faults] == [code] * 100


def test_a_missing_folder_of_models_is_no_fault_of_reading(tmp_path: Path) -> None:
    tree = read_tree(tmp_path)
    assert [fault.code for fault in tree.faults] == ["MS022", "MS022", "MS023"]


@pytest.mark.parametrize("data", [b"\xff\xfea\0", b"\xfe\xff\0a", b"a\0:\0", b"\0a\0:"])
def test_utf_16_is_named(data: bytes) -> None:
    (fault,) = read(File("models.d/a.yaml", data)).faults
    assert (fault.code, fault.message, fault.help) == (
        "MS004",
        "this file is UTF-16, not UTF-8",
        "save it as UTF-8",
    )


@pytest.mark.parametrize("path", ["a" * 300 + "/b.yaml", "a" * 300])
def test_a_name_that_the_system_refuses(path: str, tmp_path: Path) -> None:
    fault = read_file(tmp_path, path)
    assert isinstance(fault, Diagnostic)
    assert (fault.code, fault.path) == ("MS001", path)
    assert fault.message == "cannot read this file: file name too long"


def test_a_root_that_is_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "fleet").touch()
    with pytest.raises(NotADirectoryError):
        read_tree(tmp_path / "fleet")
    with pytest.raises(NotADirectoryError):
        read_file(tmp_path / "fleet", "regions.yaml")
