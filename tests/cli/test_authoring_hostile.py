"""Hostile values, through the installed command: none of them escapes its field."""

import json
import subprocess
from pathlib import Path

import pytest
from modelspec_command import PROGRAM, SECONDS, Command, tree, write_fleet

KEY = "sk-proj-9fK2mQx7LrT4vNbW8sYcZ1aHdE6gJuP3iXoV5kB0"
NEW = ("--name", "X", "--region", "us", "--head", "head-us", "--endpoint", "https://x.example.com/v1")
VALUES = [
    "a\nregion: eu",
    "a\r\nregion: eu",
    "x: y # z",
    "- a",
    "[a, b]",
    "{a: b}",
    "!!python/object:os.system",
    "&a b",
    "*a",
    "'",
    '"',
    "\\",
    "%YAML",
    "---",
    "...",
    "? x",
    "| \n x",
    "@x",
    "`x`",
    "=cmd|' /C calc'!A0",
    "null",
    "~",
    "true",
    "012",
    "1:30",
    "2026-01-01",
    " lead",
    "trail ",
    "é漢字",
    "a\tb",
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_stays_in_its_field(command: Command, fleet: Path, value: str) -> None:
    outcome = command.run("edit", "atlas", f"metadata.owner={json.dumps(value)}", f"tags+={value}", cwd=fleet)
    assert outcome.code in (0, 1, 2), outcome.err
    text = (fleet / "models.d/atlas.yaml").read_text()
    if outcome.code == 0:
        shown = command.run("show", "atlas", "--format", "json", cwd=fleet)
        values = {one["field"]: one["value"] for one in json.loads(shown.out)["values"]}
        assert (values["metadata.owner"], values["region"]) == (value, "us")
        assert values["tags"] == [value]
    else:
        assert "tags" not in text


@pytest.mark.parametrize(
    "model_id",
    ["../x", "a/../b", "/etc/x", "a//b", ".hidden", "a/", "-x", "a b", "a\nb", "a\x1b[2Jb", "a\u202eb",
     "page/x", "é", "x" * 200, "a/*/b", "**", "atlas", "ATLAS", "a\\b", "C:\\x"],
)  # fmt: skip
def test_an_id_cannot_escape_models_d(command: Command, fleet: Path, model_id: str) -> None:
    before = tree(fleet.parent)
    for arguments in (("new", *NEW, "--", model_id), ("rename", "--", "atlas", model_id)):
        outcome = command.run(*arguments, cwd=fleet)
        assert outcome.code in (1, 2) or (model_id, arguments[0], outcome.code) == ("ATLAS", "rename", 0)
        assert "\x1b" not in outcome.err
        assert "\u202e" not in outcome.err
        if outcome.code:
            assert tree(fleet.parent) == before


@pytest.mark.parametrize("model_id", ["a/.b", "a/_b", "a~/b", "a@b", "a+b~c", "a:b", "A/B.c"])
def test_an_odd_id_gets_a_file_that_is_read(command: Command, fleet: Path, model_id: str) -> None:
    outcome = command.run("new", model_id, *NEW, "--fallback", "head-eu", cwd=fleet)
    assert outcome.code == 0, outcome.err
    assert model_id in command.run("list", "--format", "ids", cwd=fleet).out.splitlines()
    assert "MS603" not in command.run("validate", cwd=fleet).out


@pytest.mark.parametrize(
    "arguments",
    [
        ("new", "x", *NEW, "--api-key-env", KEY),
        ("new", "x", *NEW, "--api-key-file", KEY),
        ("new", "x", *NEW, "--api-key-vault", f"a#{KEY}"),
        ("new", "x", *NEW, "--endpoint-env", KEY),
        ("new", "x", *NEW, "--tag", KEY),
        ("new", "x", *NEW, "--metadata", f"note={KEY}"),
        ("new", "x", *NEW, "--metadata", f"{KEY}=note"),
        ("new", "x", *NEW[:-1], f"https://user:{KEY}@x.example.com"),
        ("new", KEY, *NEW),
        ("edit", "atlas", f"api_key={KEY}"),
        ("edit", "atlas", f"api_key={{env: {KEY}}}"),
        ("edit", "atlas", f"metadata.note={KEY}"),
        ("edit", "atlas", f"params.token={KEY}", "--dry-run"),
        ("edit", "atlas", f"tags+={KEY}", "--dry-run"),
        ("edit", "atlas", KEY),
        ("edit", KEY, "tags+=x"),
        ("rename", "atlas", KEY),
        ("list", "--where", f'name == "{KEY}'),
        ("list", "--where", f"{KEY} == 3"),
        ("remove", KEY),
        ("head", "drain", KEY.lower()),
        ("region", "add", "xx", "--name", KEY),
    ],
)
def test_a_key_is_never_printed_or_written(command: Command, fleet: Path, arguments: tuple[str, ...]) -> None:
    before = tree(fleet)
    outcome = command.run(*arguments, cwd=fleet)
    assert outcome.code in (1, 2), outcome.err
    said = outcome.out + outcome.err
    assert KEY not in said
    assert KEY[10:26] not in said
    assert tree(fleet) == before


def test_secrets_in_files_are_masked(command: Command, tmp_path: Path) -> None:
    fleet = write_fleet(tmp_path / "leaky")
    path = fleet / "models.d/atlas.yaml"
    path.write_text(path.read_text() + f"tags: [{KEY}]\nmetadata: {{note: '{KEY}'}}\n")
    runs = [
        ("list",), ("list", "--format", "json"), ("list", "--format", "csv"), ("show", "atlas"),
        ("show", "atlas", "--format", "json"), ("edit", "atlas", "--unset", "tags", "--dry-run"),
        ("edit", "atlas", f"tags-={KEY}", "--dry-run"), ("fmt", "--dry-run"),
    ]  # fmt: skip
    for arguments in runs:
        outcome = command.run(*arguments, cwd=fleet)
        assert outcome.code == 0, outcome.err
        assert KEY not in outcome.out + outcome.err


def test_csv_contains_no_formula(command: Command, tmp_path: Path) -> None:
    fleet = write_fleet(tmp_path / "formula")
    path = fleet / "models.d/atlas.yaml"
    names = ["=1+1", "+1", "-1", "@x", '=HYPERLINK("http://x")']
    for number, name in enumerate(names):
        text = path.read_text().replace("model_id: atlas", f"model_id: atlas{number}")
        (fleet / f"models.d/atlas{number}.yaml").write_text(
            text.replace("name: Atlas", f"name: {json.dumps(name)}")
        )
    out = command.run("list", "--format", "csv", cwd=fleet).out
    assert [line.split(",", 2)[1].strip('"')[0] for line in out.splitlines()[2:]] == ["'"] * len(names)


def test_control_characters_of_a_file_are_escaped(command: Command, tmp_path: Path) -> None:
    fleet = write_fleet(tmp_path / "escapes")
    path = fleet / "models.d/atlas.yaml"
    path.write_text(path.read_text().replace("name: Atlas", 'name: "A\\e[2J\\u202e"'))
    for arguments in (
        ("list",),
        ("show", "atlas"),
        ("edit", "atlas", "name=x", "--dry-run"),
        ("list", "--format", "csv"),
    ):
        outcome = command.run(*arguments, cwd=fleet)
        assert "\x1b" not in outcome.out + outcome.err
        assert "\u202e" not in outcome.out + outcome.err


def test_a_full_disk_changes_nothing(command: Command, tmp_path: Path) -> None:
    """A limit on the size of files stands in for it: writing fails after the first bytes."""
    fleet = write_fleet(tmp_path / "full", {"models.d/bison.yaml": _long("bison")})
    before = tree(fleet)
    # Quick and small files pass, the long one does not.
    limited = subprocess.run(
        ["/bin/bash", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$@"', "bash", PROGRAM,
         "edit", "--where", 'region == "us"', "tags+=x", "--yes"],
        cwd=fleet, env=command.environment(), capture_output=True, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip
    assert limited.returncode == 1, limited.stderr
    assert "cannot write 'models.d/bison.yaml': file too large; nothing was changed" in limited.stderr
    assert tree(fleet) == before
    assert list(fleet.rglob(".*")) == []


def _long(model_id: str) -> str:
    comment = "# a line that takes room\n" * 4000
    return (
        f"{comment}model_id: {model_id}\nname: B\nregion: us\npriority_head: head-us\n"
        "fallback_heads: [head-eu]\nendpoint: https://b.example.com/v1\n"
    )


@pytest.mark.parametrize("arguments", [("list",), ("show", "atlas"), ("new", "x", *NEW), ("edit", "atlas", "name=x"),
                                       ("remove", "atlas"), ("rename", "atlas", "x"), ("head", "drain", "head-us"),
                                       ("region", "remove", "us"), ("fmt",)])  # fmt: skip
def test_a_broken_repository_is_no_bug(command: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    broken: dict[str, str | bytes] = {
        "heads.yaml": "heads: 3\n",
        "regions.yaml": "regions: [{code: [us]}, 4]\n",
        "routes.test.yaml": "tests: {a: b}\n",
        "waivers.yaml": "[a",
        "models.d/atlas.yaml": "model_id: atlas\nname: {a: [b]}\nregion: [us]\npriority_head: {}\ntags: 3\n"
        "deployments: [3, {weight: x}]\nload_balancing: []\naccess: 7\nfallback_models: {error: [{}]}\n"
        "provider: [x]\n",
        "models.d/list.yaml": "- model_id: list\n",
        "models.d/binary.yaml": b"\xff\x00",
    }
    fleet = write_fleet(tmp_path / "broken", broken)
    before = tree(fleet)
    outcome = command.run(*arguments, cwd=fleet)
    assert outcome.code in (0, 1, 2), outcome.err
    assert "Traceback" not in outcome.err
    if outcome.code:
        assert tree(fleet) == before
