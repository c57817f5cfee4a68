"""The format of the golden cases, and what holds for each of them."""

import re
from pathlib import Path

import pytest
from golden_cases import BASES, Case, escaped, read
from hypothesis import given
from hypothesis import strategies as st

HERE = Path(__file__).parent
FOLDERS = (
    "golden/err",
    "golden/ok",
    "plan/cases",
    "importing/cases",
    "ask/cases",
    "authoring/cases",
    "emit/cases",
)
PATHS = [path for folder in FOLDERS for path in sorted((HERE / folder).iterdir())]


def written(folder: Path, text: str) -> Case:
    (folder / "case.txt").write_bytes(text.encode())
    return read(folder / "case.txt")


@given(st.binary() | st.text("\\\r\n\tné\u200dx- ").map(str.encode))
def test_an_escaped_text_says_every_byte(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    text = escaped(content)
    assert all(one.isprintable() for one in text.split("\n"))
    case = written(tmp_path_factory.getbasetemp(), f"-- a.yaml (escaped) --\n{text}-- b --\nend\n")
    assert case.files == {"a.yaml": content, "b": b"end\n"}


@pytest.mark.parametrize(
    "content", [b"", b"plain\n", b"no end", b"caf\xe9\r\n", b"-- a --\n", "\u200d\n".encode(), None]
)
def test_an_expectation_is_written_as_it_is_read(tmp_path: Path, content: bytes | None) -> None:
    given_ = "base: common\n\n-- heads.yaml (deleted) --\n"
    case = written(tmp_path, given_ + "-- expected/old --\nold\n")
    with pytest.raises(AssertionError):
        case.settle({"new": content}, update=False)
    case.settle({"new": content}, update=True)
    again = read(case.path)
    assert (again.given, dict(again.expected)) == (given_, {"new": content})
    again.settle({"new": content}, update=False)
    for other in ({}, {"new": b"other"}, {"new": content, "more": b""}):
        with pytest.raises(AssertionError):
            again.settle(other, update=False)


def test_a_case_lies_over_its_base(tmp_path: Path) -> None:
    written(tmp_path, "base: common\n\n-- heads.yaml (deleted) --\n-- models.d/a.yaml --\na: 1\n")
    over = tmp_path / "over.txt"
    over.write_text("base: case\n-- regions.yaml --\n-- models.d/a.yaml --\nb: 1\n", encoding="utf-8")
    root = read(over).write(tmp_path / "root")
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.yaml")}
    steady = (BASES / "common/models.d/steady.yaml").read_bytes()
    assert found == {"regions.yaml": b"", "models.d/a.yaml": b"b: 1\n", "models.d/steady.yaml": steady}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bsae: common\n", "no settings of a case"),
        ("-- a --\n-- a --\n", "there twice"),
        ("-- a (deleted) --\nx\n", "deleted"),
        ("-- a --\nx", "ends with its line"),
        ("-- a --\nx\r\n", "escape it"),
        ("-- a --\n\u202ex\n", "escape it"),
        ("-- a (escaped) --\n\\q\n", "no escape"),
        ("-- expected/a --\n-- a --\n", "behind what is expected"),
    ],
)
def test_a_mistake_in_a_case_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        written(tmp_path, text)


def test_every_case_can_be_read_by_a_person() -> None:
    assert {path.name for path in PATHS if path.read_bytes().count(b"\n") > 200} == set()


def test_a_case_holds_only_what_differs_from_its_base() -> None:
    same = []
    for case in map(read, PATHS):
        for name, content in case.files.items():
            file = BASES / (case.base or "none") / re.sub("^(before|after)/", "", name)
            is_put_back = name.replace("after/", "before/") in case.files.keys() - {name}
            if file.exists() and file.read_bytes() == content and not is_put_back:
                same.append(f"{case.path}: {name}")
    assert same == []
