"""The schemas on disk: only changed ones are written, and never over foreign files."""

import json
import os
import stat
from pathlib import Path

import pytest
from small_fleets import FIXED, HEADS, model, write_repository

from modelspec.author.schemas import FOLDER, WrittenSchemas, schema_line, stale_schemas, wiring, write_schemas
from modelspec.diagnose.refusal import Refusal
from modelspec.schema import DOCUMENT_KINDS
from modelspec.write import Stale, Staleness

NAMES = tuple(f"{kind}.schema.json" for kind in DOCUMENT_KINDS)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    (tmp_path / "fleet").mkdir()
    return write_repository(tmp_path / "fleet", {"atlas": model("atlas")})


def written(outcome: WrittenSchemas | Refusal) -> tuple[str, ...]:
    assert isinstance(outcome, WrittenSchemas)
    return outcome.changed


def refused(outcome: object) -> str:
    assert isinstance(outcome, Refusal)
    assert outcome.help
    return outcome.message


def test_only_changed_schemas_are_written(fleet: Path) -> None:
    assert written(write_schemas(fleet)) == NAMES
    folder = fleet / FOLDER
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    before = {path.name: (path.read_bytes(), path.stat().st_ino) for path in folder.iterdir()}
    assert written(write_schemas(fleet)) == ()
    assert {path.name: (path.read_bytes(), path.stat().st_ino) for path in folder.iterdir()} == before
    (fleet / "heads.yaml").write_text(HEADS.replace("head-us-2", "head-us-9"), encoding="utf-8")
    assert written(write_schemas(fleet)) == (
        "model.schema.json",
        "defaults.schema.json",
        "routes.test.schema.json",
        "waivers.schema.json",
    )
    assert stat.S_IMODE((folder / NAMES[0]).stat().st_mode) & 0o111 == 0


def test_the_same_repository_gives_the_same_bytes_anywhere(fleet: Path, tmp_path: Path) -> None:
    other = write_repository(tmp_path / "other", {"atlas": model("atlas")})
    assert written(write_schemas(fleet, tmp_path / "one")) == NAMES
    assert written(write_schemas(other, tmp_path / "two")) == NAMES
    for name in NAMES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_stale_schemas_are_listed_by_name(fleet: Path) -> None:
    assert stale_schemas(fleet) == [Stale(path=name, why=Staleness.MISSING) for name in NAMES]
    assert not (fleet / FOLDER).exists()
    write_schemas(fleet)
    assert stale_schemas(fleet) == []
    (fleet / "regions.yaml").write_text(
        FIXED["regions.yaml"].replace("United Kingdom", "Britain"), encoding="utf-8"
    )
    (fleet / FOLDER / "waivers.schema.json").unlink()
    assert stale_schemas(fleet) == [
        Stale(path="model.schema.json", why=Staleness.DIFFERS),
        Stale(path="defaults.schema.json", why=Staleness.DIFFERS),
        Stale(path="regions.schema.json", why=Staleness.DIFFERS),
        Stale(path="heads.schema.json", why=Staleness.DIFFERS),
        Stale(path="modelspec.schema.json", why=Staleness.DIFFERS),
        Stale(path="routes.test.schema.json", why=Staleness.DIFFERS),
        Stale(path="waivers.schema.json", why=Staleness.MISSING),
    ]


def test_a_new_model_makes_nothing_stale(fleet: Path) -> None:
    """Otherwise two pull requests that each add a model would conflict in the schemas."""
    write_schemas(fleet)
    write_repository(fleet, {"bison": model("bison", "aliases: [buffalo]")}, {})
    assert stale_schemas(fleet) == []
    assert "model.schema.json" in written(write_schemas(fleet))
    assert '"bison"' in (fleet / FOLDER / "model.schema.json").read_text(encoding="utf-8")


def test_defaults_make_the_schema_of_models_stale(fleet: Path) -> None:
    write_schemas(fleet)
    write_repository(fleet, {"_defaults": "region: eu\n"}, {})
    assert stale_schemas(fleet) == [Stale(path="model.schema.json", why=Staleness.DIFFERS)]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"$comment": "mine"}', "[" * 100_000, '{"$comment": ["Written"]}', "\udcff"]
)
def test_a_foreign_file_is_not_replaced(fleet: Path, content: str) -> None:
    theirs = fleet / FOLDER / "heads.schema.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(content.encode(errors="surrogateescape"))
    assert "was not written by modelspec schema" in refused(write_schemas(fleet))
    assert "was not written by modelspec schema" in refused(stale_schemas(fleet))
    assert [path.name for path in theirs.parent.iterdir()] == ["heads.schema.json"]
    assert theirs.read_bytes() == content.encode(errors="surrogateescape")


@pytest.mark.parametrize("folder", ["models.d", "models.d/schemas", ".git", ".git/hooks", "sub/.git"])
def test_folders_of_models_and_git_are_refused(fleet: Path, folder: str) -> None:
    assert "schemas cannot be in" in refused(write_schemas(fleet, fleet / folder))
    assert "schemas cannot be in" in refused(stale_schemas(fleet, fleet / folder))
    assert not list(fleet.rglob("*.schema.json"))


def test_only_regular_files_are_replaced(fleet: Path) -> None:
    folder = fleet / FOLDER
    folder.mkdir(parents=True)
    os.mkfifo(folder / "model.schema.json")
    assert "was not written by modelspec schema" in refused(write_schemas(fleet))
    (folder / "model.schema.json").unlink()
    (folder / "model.schema.json").symlink_to(fleet / "heads.yaml")
    assert refused(write_schemas(fleet)).startswith("cannot read ")
    (folder / "model.schema.json").unlink()
    (folder / "model.schema.json").mkdir()
    assert "was not written by modelspec schema" in refused(write_schemas(fleet))
    assert len(list(folder.iterdir())) == 1


def test_links_in_the_repository_are_not_followed(fleet: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (fleet / ".modelspec").symlink_to(elsewhere)
    assert "through a symbolic link" in refused(write_schemas(fleet))
    assert "through a symbolic link" in refused(stale_schemas(fleet))
    assert list(elsewhere.iterdir()) == []


def test_the_repository_itself_may_be_reached_by_a_link(fleet: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(fleet)
    assert written(write_schemas(tmp_path / "link")) == NAMES
    assert stale_schemas(fleet) == []


def test_a_folder_that_cannot_be_created_is_reported(fleet: Path) -> None:
    (fleet / ".modelspec").write_text("a file", encoding="utf-8")
    assert refused(write_schemas(fleet)).startswith("cannot read ")
    (fleet / ".modelspec").unlink()
    (fleet / FOLDER).mkdir(parents=True)
    (fleet / FOLDER / f".model.schema.json.modelspec-{os.getpid()}").mkdir()
    assert refused(write_schemas(fleet)).startswith("cannot write to ")


@pytest.mark.parametrize(
    ("path", "folder", "line"),
    [
        ("models.d/atlas.yaml", FOLDER, "../.modelspec/schemas/model.schema.json"),
        ("models.d/chat/eu/atlas.yml", FOLDER, "../../../.modelspec/schemas/model.schema.json"),
        ("models.d/chat/_defaults.yaml", FOLDER, "../../.modelspec/schemas/defaults.schema.json"),
        ("models.d/heads.yaml", FOLDER, "../.modelspec/schemas/model.schema.json"),
        ("regions.yaml", FOLDER, ".modelspec/schemas/regions.schema.json"),
        ("routes.test.yaml", FOLDER, ".modelspec/schemas/routes.test.schema.json"),
        ("heads.yaml", ".", "heads.schema.json"),
        ("waivers.yaml", "a b/ü", "a%20b/%C3%BC/waivers.schema.json"),
    ],
)
def test_the_line_leads_from_the_file_to_its_schema(path: str, folder: str, line: str) -> None:
    assert schema_line(path, folder) == f"# yaml-language-server: $schema={line}"


def test_the_settings_of_an_editor_name_every_kind_of_file() -> None:
    schemas = json.loads(wiring("schemas"))["yaml.schemas"]
    assert list(schemas) == [f"./schemas/{name}" for name in NAMES]
    assert schemas["./schemas/model.schema.json"] == [
        "models.d/**/*.yaml",
        "models.d/**/*.yml",
        "!models.d/**/_defaults.yaml",
    ]
    assert schemas["./schemas/defaults.schema.json"] == "models.d/**/_defaults.yaml"
    assert schemas["./schemas/routes.test.schema.json"] == "routes.test.yaml"
