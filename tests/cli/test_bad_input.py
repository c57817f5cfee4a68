"""What a pull request may hold that an editor or an attacker made: one clear diagnostic each, in little time and room.

All bad files of a kind stand in one repository: none may hide another.
"""

import contextlib
import gzip
import json
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from modelspec_command import MODEL, Command, write_fleet

from modelspec.report import REPORTS

_KIB = 512 * 1024
"""The limit on address space, which includes more than resident memory: 512 MiB."""

_MODEL = MODEL.format("bison")
_NESTED = {"[": "[" * 30_000, "{a: ": "{a: " * 30_000, "- ": "- " * 30_000, "? ": "? " * 30_000}
_BOMB = "metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)
_MERGE_BOMB = "metadata:\n  a0: &a0 {k0: v}\n" + "".join(
    f"  a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 9)}], k{level}: v}}\n"
    for level in range(1, 10)
)

_BYTES: dict[str, tuple[bytes, str, tuple[int, int]]] = {
    "nul": (b"model_id: bi\0son\n", "MS005", (1, 13)),
    "utf-16": (_MODEL.encode("utf-16"), "MS004", (1, 1)),
    "utf-16-be": (b"\xfe\xff" + _MODEL.encode("utf-16-be"), "MS004", (1, 1)),
    "utf-16-unmarked": (_MODEL.encode("utf-16-le"), "MS004", (1, 1)),
    "latin-1": (_MODEL.replace("Atlas", "Atl\xe4s").encode("latin-1"), "MS004", (2, 10)),
    "gzip": (gzip.compress(_MODEL.encode(), mtime=0), "MS004", (1, 2)),
    "surrogate": (_MODEL.encode().replace(b"Atlas", b"At\xed\xa0\x80las"), "MS004", (2, 9)),
    "escaped-surrogate": (_MODEL.replace("Atlas", '"At\\ud800las"').encode(), "MS008", (2, 12)),
    "overlong": (_MODEL.encode().replace(b"Atlas", b"At\xc0\xaelas"), "MS004", (2, 9)),
    "escape": (_MODEL.replace("Atlas", "At\x1blas").encode(), "MS005", (2, 9)),
    "c1-control": (_MODEL.replace("Atlas", "At\x85las").encode(), "MS005", (2, 9)),
    "large": (b"# " + b"x" * 12_000_000, "MS003", (1, 1)),
    "a-byte-too-large": (_MODEL.encode() + b"#" + b"x" * (256 * 1024 - len(_MODEL)), "MS003", (1, 1)),
    "anchors": (b"metadata: [" + b"&a 1," * 40_000 + b"1]\n", "MS019", (1, 99_997)),
    "alias-bomb": (_BOMB.encode(), "MS019", (6, 17)),
    "python": (b"!!python/object/apply:os.system ['touch owned']\n", "MS013", (1, 1)),
    "deep-[": (_NESTED["["].encode(), "MS017", (1, 33)),
    "deep-{": (_NESTED["{a: "].encode(), "MS017", (1, 129)),
    "deep--": (_NESTED["- "].encode(), "MS017", (1, 65)),
    "deep-?": (_NESTED["? "].encode(), "MS017", (1, 65)),
    "digits": (_MODEL.encode() + b"metadata: {n: " + b"1" * 200_000 + b"}\n", "MS016", (8, 15)),
    "fraction": (_MODEL.encode() + b"metadata: {n: " + b"1" * 200_000 + b".5}\n", "MS015", (8, 15)),
    "brackets": (b"]" * 200_000, "MS008", (1, 1)),
    "quotes": (b'"' + b"x\n" * 100_000, "MS008", (1, 1)),
    "long-key": (b"? " + b"k" * 200_000 + b"\n: v\n", "MS101", (1, 3)),
}


@pytest.fixture
def command(installed: Command) -> Command:
    return installed


@pytest.fixture
def confined(command: Command) -> Command:
    """The command with limited memory, so that its input cannot make a CI machine swap."""
    return Command(command.home, ("/bin/sh", "-c", f'ulimit -v {_KIB}; exec "$0" "$@"'))


def _faults(command: Command, root: Path) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """The path, code and place of every error."""
    outcome = command.run("validate", "--root", root, "--no-cache", "--format", "json", "--quiet")
    assert "Traceback" not in outcome.err
    assert (outcome.code, outcome.err) == (1, "")
    for found in json.loads(outcome.out)["diagnostics"]:
        if found["severity"] == "error":
            yield found["path"], found["code"], (found["line"], found["column"])


def test_each_file_that_is_no_model_is_one_fault_at_its_place(confined: Command, tmp_path: Path) -> None:
    files = {f"models.d/{name}.yaml": content for name, (content, _, _) in _BYTES.items()}
    found = [
        fault for fault in _faults(confined, write_fleet(tmp_path / "fleet", files)) if fault[1] != "MS102"
    ]
    assert sorted(found) == sorted(
        (f"models.d/{name}.yaml", code, place) for name, (_, code, place) in _BYTES.items()
    )
    assert not (confined.home / "owned").exists()


def test_a_merge_bomb_is_a_fault_at_its_merge_keys(confined: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet", {"models.d/merge.yaml": _MERGE_BOMB})
    found = list(_faults(confined, root))
    assert found[0] == ("models.d/merge.yaml", "MS014", (3, 12))
    assert {code for _, code, _ in found} == {"MS014", "MS019"}
    assert len(found) <= 10


def test_a_flood_of_odd_characters_is_cut_short(confined: Command, tmp_path: Path) -> None:
    floods = {
        "control": "\x01" * 250_000,
        "bidi": "\u202e" * 80_000,
        "escaped": "[" + '"\\e",' * 18_000 + "]",
    }
    files = {f"models.d/{name}.yaml": f"metadata: {text}\n" for name, text in floods.items()}
    found = [code for _, code, _ in _faults(confined, write_fleet(tmp_path / "fleet", files))]
    assert Counter(found) == {"MS005": 200, "MS006": 100}


_FLOODED = {
    "models.d/bison.yaml": _MODEL + f"tags: [{'1, ' * 19_000}1]\n",
    "regions.yaml": f"regions: [{'{code: eu, residency: 7}, ' * 6_000}]\n",
    "heads.yaml": f"heads: [{'{head_id: head-eu, region: [], url: 1}, ' * 4_000}]\n",
    "modelspec.yaml": f"targets: [{'1, ' * 19_000}]\n",
    "waivers.yaml": f"waivers: [{'{}, ' * 19_000}]\n",
    "routes.test.yaml": f"tests: [{'{from: 1, down: 1}, ' * 3_900}]\n",
}


@pytest.mark.parametrize("name", _FLOODED)
def test_a_flood_of_schema_faults_is_cut_short(name: str, confined: Command, tmp_path: Path) -> None:
    found = [
        path for path, _, _ in _faults(confined, write_fleet(tmp_path / "fleet", {name: _FLOODED[name]}))
    ]
    assert {*found} == {name}
    assert len(found) <= 1_000


@pytest.mark.parametrize("name", ["regions.yaml", "heads.yaml", "modelspec.yaml", "waivers.yaml"])
def test_the_other_files_are_checked_as_strictly(name: str, confined: Command, tmp_path: Path) -> None:
    for content, code, _ in (_BYTES["gzip"], _BYTES["large"], _BYTES["deep-["], _BYTES["alias-bomb"]):
        root = write_fleet(tmp_path / f"{name}-{code}", {name: content})
        assert [(path, found) for path, found, _ in _faults(confined, root)] == [(name, code)]


def test_only_regular_files_are_models(confined: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet")
    models = root / "models.d"
    outside = tmp_path / "outside.yaml"
    outside.write_text(_MODEL, encoding="utf-8")
    (models / "dangling.yaml").symlink_to("nowhere.yaml")
    (models / "inward.yaml").symlink_to("atlas.yaml")
    (models / "outward.yaml").symlink_to(outside)
    (models / "loop.yaml").symlink_to("loop.yaml")
    (models / "folder").symlink_to(tmp_path)
    (models / "device.yaml").symlink_to("/dev/zero")
    os.mkfifo(models / "fifo.yaml")
    _a_socket(models / "socket.yaml")
    assert [(path.removeprefix("models.d/"), code) for path, code, _ in _faults(confined, root)] == [
        ("dangling.yaml", "MS002"),
        ("device.yaml", "MS002"),
        ("fifo.yaml", "MS001"),
        ("folder", "MS002"),
        ("inward.yaml", "MS002"),
        ("loop.yaml", "MS002"),
        ("outward.yaml", "MS002"),
        ("socket.yaml", "MS001"),
    ]


def test_names_of_files_are_escaped(confined: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet")
    names = [
        b"new\nline.yaml",
        b"esc\x1b[31m.yaml",
        b"latin-\xe4.yaml",
        "bidi-\u202e.yaml".encode(),
        b"new\nfolder/x.yaml",
    ]
    for name in names:
        path = root / "models.d" / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(_MODEL, encoding="utf-8")
    assert [code for _, code, _ in _faults(confined, root)] == ["MS024"] * len(names)
    shown = confined.run("validate", "--root", root, "--no-cache").out
    for raw in ("new\n", "\x1b", "\u202e"):
        assert raw not in shown


def _linked(path: Path) -> None:
    path.rename(path.with_name(f"real-{path.name}"))
    path.symlink_to(f"real-{path.name}")


def _removed(path: Path) -> None:
    if path.is_dir():
        for inner in path.iterdir():
            inner.unlink()
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _a_socket(path: Path) -> None:
    _removed(path)
    # From inside the folder, because the name of a socket has at most 107 bytes.
    with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(path.parent):
        listening.bind(path.name)


def _a_fifo(path: Path) -> None:
    _removed(path)
    os.mkfifo(path)


def _a_folder(path: Path) -> None:
    _removed(path)
    path.mkdir()


def _a_file(path: Path) -> None:
    _removed(path)
    path.write_text("regions: []\n", encoding="utf-8")


def _dangling(path: Path) -> None:
    _removed(path)
    path.symlink_to("nowhere")


def _looping(path: Path) -> None:
    _removed(path)
    path.symlink_to(path.name)


def _a_device(path: Path) -> None:
    _removed(path)
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        *((name, make, code) for name in ("regions.yaml", "heads.yaml") for make, code in (
            (_linked, "MS002"), (_dangling, "MS002"), (_looping, "MS002"), (_a_device, "MS002"),
            (_a_fifo, "MS001"), (_a_socket, "MS001"), (_a_folder, "MS001"), (_removed, "MS022"),
        )),
        *((name, make, code) for name in ("modelspec.yaml", "waivers.yaml") for make, code in (
            (_dangling, "MS002"), (_looping, "MS002"), (_a_device, "MS002"),
            (_a_fifo, "MS001"), (_a_socket, "MS001"), (_a_folder, "MS001"),
        )),
        ("models.d", _linked, "MS002"),
        ("models.d", _dangling, "MS002"),
        ("models.d", _looping, "MS002"),
        ("models.d", _a_device, "MS002"),
        ("models.d", _a_fifo, "MS001"),
        ("models.d", _a_socket, "MS001"),
        ("models.d", _a_folder, "MS023"),
        ("models.d", _a_file, "MS001"),
    ],
)  # fmt: skip
def test_the_fixed_names_are_regular_files_and_a_folder(
    name: str, make: Callable[[Path], None], code: str, confined: Command, fleet: Path
) -> None:
    make(fleet / name)
    assert list(_faults(confined, fleet)) == [(name, code, (1, 1))]


@pytest.mark.parametrize(
    "name", ["regions.yaml", "heads.yaml", "modelspec.yaml", "waivers.yaml", "models.d/bison.yaml"]
)
def test_a_fifo_with_a_writer_is_not_read(name: str, confined: Command, fleet: Path) -> None:
    before = (fleet / name).read_bytes() if (fleet / name).exists() else b"{}\n"
    _a_fifo(fleet / name)
    writer = os.open(fleet / name, os.O_RDWR)  # a FIFO that is opened for both does not wait for a reader
    try:
        os.write(writer, before)
        assert list(_faults(confined, fleet)) == [(name, "MS001", (1, 1))]
        assert os.read(writer, 2 * len(before)) == before
    finally:
        os.close(writer)


def test_every_wrong_type_of_every_field_is_a_fault_at_the_value(confined: Command, tmp_path: Path) -> None:
    wrong = ("~", "7", "x y", "[1]", "{x: 1}", "true")
    fields = {
        "regions.yaml": ["code", "name", "residency", "location"],
        "heads.yaml": ["head_id", "region", "url", "status", "health_path", "inference_url", "capacity"],
    }
    for file, names in fields.items():
        key = file.removesuffix(".yaml")
        text = f"{key}:\n" + "".join(f"  - {{{name}: {value}}}\n" for name in names for value in wrong)
        root = write_fleet(tmp_path / key, {file: text})
        found = list(_faults(confined, root))
        assert {path for path, _, _ in found} == {file}
        assert {line for _, _, (line, _) in found} == set(range(2, 2 + len(names) * len(wrong)))


def test_heads_without_a_list_are_one_fault(confined: Command, tmp_path: Path) -> None:
    for number, content in enumerate(("heads:\n", "heads: []\n", "heads: {}\n", "[]\n", "x\n", "7\n")):
        root = write_fleet(tmp_path / str(number), {"heads.yaml": content})
        (fault,) = _faults(confined, root)
        assert fault[0] == "heads.yaml"


def test_a_syntax_error_does_not_echo_the_secret_beside_it(confined: Command, tmp_path: Path) -> None:
    secret = "sk-" + "not0A1real2Key3for4Tests5"
    broken = (
        "api_key: 'SECRET\n",
        "api_key: {env: SECRET, : }\n",
        "api_key: SECRET: x\n",
        'api_key: "SECRET" x\n',
        "\tapi_key: SECRET\n",
        "api_key: [SECRET\n",
        "SECRET\nx: y\n",
        "api_key: !SECRET x\n",
        "api_key: &SECRET x\nb: *SECRETS\n",
        "api_key: @SECRET\n",
    )
    files = {f"models.d/b{n}.yaml": _MODEL + text.replace("SECRET", secret) for n, text in enumerate(broken)}
    root = write_fleet(tmp_path / "fleet", files)
    for form in REPORTS:
        outcome = confined.run("validate", "--root", root, "--no-cache", "--format", form, "--quiet")
        assert (outcome.code, outcome.err) == (1, "")
        assert outcome.out.count("a secret is written in this file") >= len(broken)
        assert secret[3:] not in outcome.out
