"""The choices of a repository, and what is left out."""

import json
from hashlib import sha512
from pathlib import Path

import pytest
from small_fleets import FIXED, HEADS, REGIONS, model, write_repository

from modelspec.author.schemas import Choice, choices_of, tailored, text_of
from modelspec.schema import DOCUMENT_KINDS

SECRET = "sk" + "-proj-" + sha512(b"a fake").hexdigest() + "aB3"


def repository(root: Path, **fixed: str) -> Path:
    names = {"regions": "regions.yaml", "heads": "heads.yaml"}
    files = {**FIXED, **{names[name]: text for name, text in fixed.items()}}
    return write_repository(root, {"atlas": model("atlas")}, files)


def test_choices_have_titles(tmp_path: Path) -> None:
    choices = choices_of(repository(tmp_path))
    assert choices.regions[:2] == (
        Choice(value="us", text="United States (us)"),
        Choice(value="eu", text="Europe (eu); served in eu, uk"),
    )
    assert choices.heads[1] == Choice(
        value="head-eu-2", text="head-eu-2 (eu), draining, https://head-eu-2.example.net"
    )
    assert choices.complete
    assert choices.notes == ()


def test_models_are_in_the_order_of_their_ids(tmp_path: Path) -> None:
    root = write_repository(
        tmp_path,
        {
            "z": model("atlas", "aliases: [old, bison, 7, all/*]", "status: deprecated"),
            "a": model("bison", "aliases: old"),
            "b": model("atlas", "aliases: [old]").replace("Atlas", "Again"),
            "c": model("router/*"),
            "d": "name: nobody\nmodel_id: [x]\n",
            "e": "- not a model\n",
            "f": "model_id: broken\nmodel_id: twice\n",
            "g": "model_id: bare\n",
        },
    )
    choices = choices_of(root)
    assert choices.models == (
        Choice(value="atlas", text="Again (eu)"),
        Choice(value="bare", text="? (?)"),
        Choice(value="bison", text="Bison (eu)"),
    )
    assert choices.aliases == (Choice(value="old", text="alias of atlas"),)


@pytest.mark.parametrize(
    ("regions", "heads", "notes"),
    [
        (
            REGIONS + "  - {code: eu\n",
            HEADS,
            ("no regions could be read from regions.yaml, so they are left out of the choices",),
        ),
        (
            REGIONS,
            "heads: 7\n",
            ("no heads could be read from heads.yaml, so they are left out of the choices",),
        ),
        (
            REGIONS + "  - {name: Nowhere}\n",
            HEADS,
            ("not every region and head could be read, so other names are accepted too",),
        ),
        (
            REGIONS + "  - {code: Not A Code, name: Odd}\n",
            HEADS,
            ("not every region and head could be read, so other names are accepted too",),
        ),
    ],
)
def test_unreadable_parts_are_noted(tmp_path: Path, regions: str, heads: str, notes: tuple[str, ...]) -> None:
    choices = choices_of(repository(tmp_path, regions=regions, heads=heads))
    assert choices.notes == notes
    assert not choices.complete
    assert "Not A Code" not in [choice.value for choice in choices.regions]


def test_an_entry_with_a_fault_is_still_a_choice(tmp_path: Path) -> None:
    choices = choices_of(repository(tmp_path, regions=REGIONS.replace("name: Europe", "nam: Europe")))
    assert choices.regions[1].text == "eu (eu); served in eu, uk"
    assert choices.complete


def test_files_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (root / "models.d/link.yaml").symlink_to("/dev/null")
    (root / "heads.yaml").unlink()
    assert choices_of(root).notes == (
        "no heads could be read from heads.yaml, so they are left out of the choices",
        "files that could not be read: 2; run modelspec validate to see why",
    )


def test_choices_contain_no_secrets(tmp_path: Path) -> None:
    root = repository(
        tmp_path,
        regions=REGIONS.replace("Europe", f"Europe {SECRET}"),
        heads=HEADS.replace("https://head-uk-1", f"https://user:{SECRET}@head-uk-1"),
    )
    write_repository(root, {"secret": model(SECRET), "alias": model("bison", f"aliases: [{SECRET}]")}, {})
    choices = choices_of(root)
    texts = [text_of(tailored(kind, choices)) for kind in DOCUMENT_KINDS]
    assert SECRET not in "".join(texts)
    assert [choice.value for choice in choices.models] == ["atlas", "bison"]
    assert [choice.value for choice in choices.regions] == ["us", "eu", "uk"]


def test_hostile_names_become_one_short_line(tmp_path: Path) -> None:
    name = "'[x](https://evil.example) <b>$1</b> `a` क्\u200dष" + "x" * 1000 + "'"
    choices = choices_of(repository(tmp_path, regions=REGIONS.replace("name: Europe", f"name: {name}")))
    text = choices.regions[1].text
    assert text.isprintable()
    assert len(text) <= 201
    assert text.startswith(r"[x](https://evil.example) <b>$1</b> `a` क्\u200dषxxx")
    assert json.loads(text_of(tailored("heads", choices)))["$defs"]["declaredRegion"]["enum"][1] == "eu"
