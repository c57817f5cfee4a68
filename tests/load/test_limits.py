from pathlib import Path

import pytest

from modelspec.load import read
from modelspec.load.find import File, read_file
from modelspec.load.unread import MAX_BYTES
from modelspec.load.values import _scalars

PATH = "models.d/a.yaml"


def _codes(text: str) -> list[str]:
    return [fault.code for fault in read(File(PATH, text.encode())).faults]


def _nested(levels: int, opening: str, closing: str, inner: str) -> str:
    return opening * levels + inner + closing * levels


@pytest.mark.parametrize("anchor", ["", "&x "])
@pytest.mark.parametrize(
    ("opening", "closing", "inner"), [("[", "]", "1"), ("{a: ", "}", "1"), ("[", "]", ""), ("{a: ", "}", "")]
)
def test_32_levels_are_read_and_33_are_not(anchor: str, opening: str, closing: str, inner: str) -> None:
    # The mapping at the top is the first level.
    assert _codes(f"{anchor and 'b: &b 1'}\na: {_nested(31, opening, closing, inner)}\n") == []
    assert _codes(f"{anchor and 'b: &b 1'}\na: {_nested(32, opening, closing, inner)}\n") == ["MS017"]


def test_block_nesting_counts_as_well() -> None:
    def text(levels: int) -> str:
        return "".join(f"{' ' * level}a:\n" for level in range(levels - 1)) + " " * levels + "a: 1\n"

    assert _codes(text(32)) == []
    assert _codes(text(33)) == ["MS017"]


def test_100_aliases_are_read_and_101_are_not() -> None:
    assert _codes(f"a: &a 1\nb: [{', '.join(['*a'] * 100)}]\n") == []
    assert _codes(f"a: &a 1\nb: [{', '.join(['*a'] * 101)}]\n") == ["MS018"]


def test_20_000_values_are_read_and_one_more_is_not() -> None:
    # The mapping, its key and the list are three.
    assert _codes(f"a: [{', '.join(['1'] * 19_997)}]\n") == []
    assert _codes(f"a: [{', '.join(['1'] * 19_998)}]\n") == ["MS019"]
    assert _codes("a: [" + "[]," * 19_997 + "]\n") == []
    assert _codes("a: [" + "[]," * 19_998 + "]\n") == ["MS019"]


def test_values_behind_aliases_count_each_time() -> None:
    # The mapping, two keys and b's list are four; a's list and each alias of it are 101.
    text = f"a: &a [{', '.join(['1'] * 100)}]\nb: [{', '.join(['*a'] * 90)}, %s]\n"
    most = 20_000 - 4 - 101 - 90 * 101
    assert _codes(text % ", ".join(["2"] * most)) == []
    assert _codes(text % ", ".join(["2"] * (most + 1))) == ["MS019"]


def test_an_alias_bomb_ends_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 11)]
    assert _codes("\n".join(lines)) == ["MS019"]


def test_256_kib_are_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    body = b"a: 1\n#"
    (tmp_path / "full.yaml").write_bytes(body + b"x" * (MAX_BYTES - len(body)))
    (tmp_path / "over.yaml").write_bytes(body + b"x" * (MAX_BYTES - len(body) + 1))
    assert MAX_BYTES == 262_144
    full, over = read_file(tmp_path, "full.yaml"), read_file(tmp_path, "over.yaml")
    assert isinstance(full, File)
    assert read(full).faults == []
    assert not isinstance(over, File)
    assert over is not None
    assert over.code == "MS003"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 30_000, "MS017"),
        ("a: " + "[" * 100_000, "MS017"),
        ("- " * 30_000, "MS017"),
        ("? " * 30_000, "MS017"),
        ("{" * 250_000, "MS017"),
        ("".join(f"&a{n} " for n in range(40_000)), "MS008"),
        ("".join(f"- &a{n} x\n" for n in range(19_000)), None),
        ("&a [*a]", "MS020"),
        ("&a {b: *a}", "MS020"),
        ("a: *b", "MS020"),
        ("*a : 1", "MS020"),
        ("a: !!python/object/apply:os.system [id]", "MS013"),
        ("!include x", "MS013"),
        ("a: 1e999", "MS015"),
        ("a: [1, .nan]", "MS015"),
        ("a: 18446744073709551616", "MS016"),
        ("1: a", "MS012"),
        ("null: a", "MS012"),
        ("? [a]\n: b", "MS012"),
        ("? {a: 1}\n: b", "MS012"),
        ("true: a", "MS012"),
        ("<<: {a: 1}", "MS014"),
        ("a: &a {b: 1}\nc: {<<: *a}", "MS014"),
        ("a: 1\na: 2", "MS011"),
        ('a: 1\n"\\x61": 2', "MS011"),
        ("a: {b: 1, 'b': 2}", "MS011"),
        ("a: 1\n---\nb: 2", "MS009"),
        ("a: 1\n...\nb: 2", "MS008"),
        ("%YAML 1.1\n---\na: 1", "MS013"),
        ("%YAML 1.2\n---\na: 1", None),
        ("", "MS010"),
        ("# nothing", "MS010"),
        ("---\n", "MS010"),
        ("~", "MS010"),
        ("'<<': 1", None),
        ("'1': a", None),
        ("a: 1\n...\n", None),
        ("---\na: 1\n", None),
    ],
)
def test_each_fault_of_yaml_has_its_code(text: str, code: str | None) -> None:
    assert _codes(text) == ([] if code is None else [code])


def test_faults_that_do_not_stop_the_reader_are_all_found() -> None:
    assert _codes("a: !x 1\na: .inf\n1: *b\n<<: 99999999999999999999\n1e999: a\n*c : d\n") == [
        "MS013",
        "MS015",
        "MS011",
        "MS012",
        "MS020",
        "MS014",
        "MS016",
        "MS015",
        "MS020",
    ]


def test_what_many_files_hold_is_not_remembered_for_ever() -> None:
    for number in range(30):
        items = [f"{number}.{item}" for item in range(2000)]
        assert read(File(PATH, f"a: [{', '.join(items)}]\n".encode())).value == {
            "a": [float(item) for item in items]
        }
    assert len(_scalars) <= 52_000
