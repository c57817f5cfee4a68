"""`modelspec schema` as a user sees it."""

import json
import os
from pathlib import Path

import click
import pytest
from modelspec_command import REGIONS, Command, tree, write_fleet

from modelspec import cli
from modelspec.cli import build
from modelspec.schema import DOCUMENT_KINDS


def test_the_verb_accepts_every_kind() -> None:
    kind = next(parameter for parameter in build.schema_command.params if parameter.name == "kind")
    assert isinstance(kind.type, click.Choice)
    assert tuple(kind.type.choices) == DOCUMENT_KINDS


def test_the_schema_of_models_is_printed(command: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet")
    outcome = command.run("schema", "--root", root)
    assert (outcome.code, outcome.err) == (0, "")
    schema = json.loads(outcome.out)
    assert schema["$defs"]["declaredRegion"]["enumDescriptions"] == [
        "United States (us)",
        "Europe (eu); served in eu",
    ]
    assert command.run("schema", "model", "--root", root) == outcome
    heads = command.run("schema", "heads", "--root", root)
    assert json.loads(heads.out)["title"] == "heads.yaml"


def test_schemas_are_printed_despite_faults_with_a_note(command: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet", {"heads.yaml": "heads: [\n", "models.d/atlas.yaml": "a: ]\n"})
    outcome = command.run("schema", "--root", root)
    assert outcome.code == 0
    assert (
        outcome.err
        == "modelspec: no heads could be read from heads.yaml, so they are left out of the choices\n"
    )
    assert json.loads(outcome.out)["properties"]["priority_head"]["$ref"] == "#/$defs/headId"


def test_writing_prints_how_to_configure_an_editor(command: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet")
    outcome = command.run("schema", "--write", cwd=root)
    assert (outcome.code, outcome.out) == (0, "")
    lines = outcome.err.splitlines()
    assert lines[0] == "wrote 8 of 8 schemas to '.modelspec/schemas'"
    assert "  # yaml-language-server: $schema=../.modelspec/schemas/model.schema.json" in lines
    settings = json.loads("\n".join(lines[lines.index("{") :]))
    assert "./.modelspec/schemas/heads.schema.json" in settings["yaml.schemas"]
    again = command.run("schema", "--write", cwd=root)
    assert (again.code, again.err) == (0, "wrote 0 of 8 schemas to '.modelspec/schemas'\n")
    assert command.run("schema", "--write", "--quiet", cwd=root).err == ""


def test_a_folder_may_be_named(command: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet")
    inside = command.run("schema", "--write", "editor", cwd=root)
    assert "$schema=../editor/model.schema.json" in inside.err
    outside = command.run("schema", "--root", "fleet", "--write", "schemas", cwd=tmp_path)
    assert outside.err == "wrote 8 of 8 schemas to '../schemas'\n"
    assert tree(root / "editor") == tree(tmp_path / "schemas")


def test_check_lists_what_is_stale(command: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet")
    missing = command.run("schema", "--check", cwd=root)
    assert missing.code == 1
    assert missing.err.splitlines()[0] == "missing: model.schema.json"
    assert missing.err.splitlines()[-1] == "the schemas for editors are stale; run modelspec schema --write"
    named = command.run("schema", "--check", "--write", "a b", cwd=root)
    assert named.err.splitlines()[-1].endswith("run modelspec schema --write 'a b'")
    assert not (root / ".modelspec").exists()
    command.run("schema", "--write", cwd=root)
    current = command.run("schema", "--check", cwd=root)
    assert (current.code, current.err) == (0, "the schemas for editors are up to date\n")
    (root / "regions.yaml").write_text(REGIONS + "  - {code: uk, name: Britain}\n", encoding="utf-8")
    stale = command.run("schema", "--check", "--quiet", cwd=root)
    assert stale.code == 1
    assert "differs: model.schema.json" in stale.err


def test_a_foreign_file_is_not_replaced(command: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet", {"schemas/model.schema.json": "{}"})
    for arguments in (("--write", "schemas"), ("--check", "--write", "schemas")):
        outcome = command.run("schema", *arguments, cwd=root)
        assert outcome.code == 1
        assert outcome.err == (
            "modelspec: 'schemas/model.schema.json' was not written by modelspec schema\n"
            "  = help: move it away, or choose another folder\n"
        )
    assert tree(root / "schemas") == {"model.schema.json": b"{}"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("heads", "--write", "x"), "--write and --check apply to all schemas: leave KIND out"),
        (("heads", "--check"), "--write and --check apply to all schemas: leave KIND out"),
        (("head",), "'head' is not one of"),
    ],
)
def test_misuse_gives_2(command: Command, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    outcome = command.run("schema", *arguments, cwd=write_fleet(tmp_path / "fleet"))
    assert outcome.code == 2
    assert message in outcome.err
    assert outcome.out == ""


def test_an_unreadable_root_is_a_usage_error(
    fleet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    assert cli.run(["schema", "--root", str(fleet)]) == 2
    assert "cannot read the repository: Permission denied" in capsys.readouterr().err


def test_a_verb_says_where_it_makes_the_schemas_stale(command: Command, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet")
    edit = ("head", "edit", "head-us", "capacity=2")
    stale = "modelspec: the schemas for editors are stale; run modelspec schema --write"
    add = ("head", "add", "head-x", "--region", "us", "--url", "https://x.example.com")
    assert stale not in command.run(*edit, cwd=root).err, "there are none"
    assert command.run("schema", "--write", "--quiet", cwd=root).code == 0
    assert stale not in command.run("edit", "atlas", "tags+=x", cwd=root).err
    assert stale in command.run(*add, cwd=root).err
    assert command.run("schema", "--check", "--quiet", cwd=root).code == 1
