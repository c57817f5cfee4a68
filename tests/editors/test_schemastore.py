"""The entries for schemastore.org name schemas that exist, by patterns that match the files of a fleet and no other."""

import json
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENTRIES = json.loads((ROOT / "docs" / "schemastore.json").read_text(encoding="utf-8"))["schemas"]


def matched(path: str) -> list[str]:
    """The schemas whose patterns match; `**/` is any number of folders."""
    found = []
    for entry in ENTRIES:
        kept = False
        for pattern in entry["fileMatch"]:
            wanted = pattern.removeprefix("!")
            forms = {wanted, wanted.removeprefix("**/"), wanted.replace("/**/", "/")}
            forms |= {form.removeprefix("**/") for form in forms}
            if any(fnmatchcase(path, form) for form in forms):
                kept = not pattern.startswith("!")
        if kept:
            found.append(entry["url"])
    return found


@pytest.mark.parametrize(
    ("path", "schemas"),
    [
        ("models.d/atlas.yaml", ["model.schema.json"]),
        ("fleet/models.d/chat/atlas.yml", ["model.schema.json"]),
        ("models.d/chat/_defaults.yaml", ["defaults.schema.json"]),
        ("modelspec.yaml", ["modelspec.schema.json"]),
        ("routes.test.yaml", ["routes.test.schema.json"]),
        ("regions.yaml", []),
        ("mymodels.d/atlas.yaml", []),
    ],
)
def test_the_patterns_match_the_files_of_a_fleet(path: str, schemas: list[str]) -> None:
    assert matched(path) == schemas


def test_every_entry_names_a_published_schema() -> None:
    for entry in ENTRIES:
        assert (ROOT / "schemas" / entry["url"]).is_file()
        assert entry.keys() == {"name", "description", "fileMatch", "url"}
