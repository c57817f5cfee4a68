import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rule_fleets import TODAY, found_in, write

from modelspec.diagnose.diagnostic import Severity
from modelspec.incremental import validate
from modelspec.rules.examples import MODEL, example_files

BODY = MODEL.partition("\n")[2]


def _not_openable(root: Path) -> None:
    (root / "models.d" / "pipe.yaml").mkdir()
    os.mkfifo(root / "waivers.yaml")


def _link(root: Path) -> None:
    (root / "models.d" / "atlas.yaml").symlink_to("zebra.yaml")


def _large(root: Path) -> None:
    (root / "models.d" / "atlas.yaml").write_text(BODY + "#" * 262_144, encoding="utf-8")


def _latin_1(root: Path) -> None:
    (root / "models.d" / "atlas.yaml").write_bytes(BODY.replace("Atlas", "Atlás").encode("latin-1"))


def _many_values(root: Path) -> None:
    numbers = ", ".join(["1"] * 20_000)
    (root / "models.d" / "atlas.yaml").write_text(f"{BODY}metadata: {{n: [{numbers}]}}\n", encoding="utf-8")


def _missing(root: Path) -> None:
    (root / "heads.yaml").unlink()


def _no_models(root: Path) -> None:
    (root / "models.d" / "zebra.yaml").unlink()


def _odd_name(root: Path) -> None:
    (root / "models.d" / "at\nlas.yaml").write_text(BODY, encoding="utf-8")


def _metadata(root: Path) -> None:
    write(
        root,
        {
            "models.d/atlas.yaml": BODY + "metadata: {cost_centre: twelve}\n",
            "modelspec.yaml": "metadata_schema: metadata.schema.json\n",
            "metadata.schema.json": '{"properties": {"cost_centre": {"type": "integer"}}}',
        },
    )


def _long_url(root: Path) -> None:
    url = "https://atlas.example.com/" + "v" * 2023
    assert len(url) == 2049
    write(root, {"models.d/atlas.yaml": BODY.replace("https://atlas.example.com/v1", url)})


_KEY = "sk-" + "proj-" + "Zx81kq0Wm3vT5rYb7nLc9dFgHj2PsQeA4uXoRiKt6VyB"


def _key_as_a_name(root: Path) -> None:
    (root / "models.d" / _KEY).mkdir()
    (root / "models.d" / _KEY / "atlas.yaml").write_text(BODY, encoding="utf-8")


@pytest.mark.parametrize(
    ("code", "prepare", "path", "line"),
    [
        ("MS001", _not_openable, "waivers.yaml", 1),
        ("MS002", _link, "models.d/atlas.yaml", 1),
        ("MS003", _large, "models.d/atlas.yaml", 1),
        ("MS004", _latin_1, "models.d/atlas.yaml", 2),
        ("MS019", _many_values, "models.d/atlas.yaml", 7),
        ("MS022", _missing, "heads.yaml", 1),
        ("MS023", _no_models, "models.d", 1),
        ("MS024", _odd_name, "models.d/at\nlas.yaml", 1),
        ("MS109", _metadata, "models.d/atlas.yaml", 7),
        ("MS512", _long_url, "models.d/atlas.yaml", 6),
        ("MS521", _key_as_a_name, f"models.d/{_KEY}/atlas.yaml", 1),
    ],
)
def test_a_fault_that_no_page_can_show_is_found(
    code: str, prepare: Callable[[Path], None], path: str, line: int, tmp_path: Path
) -> None:
    write(tmp_path, example_files(""))
    prepare(tmp_path)
    found = [
        d
        for d in validate(tmp_path, today=TODAY, cache=False).diagnostics
        if d.code not in ("MS601", "MS602")
    ]
    assert [(d.code, d.path, d.span.line) for d in found] == [(code, path, line)]
    assert found[0].help


def test_the_faults_of_a_flood_are_counted(tmp_path: Path) -> None:
    write(tmp_path, example_files(""))
    numbers = ", ".join([".inf"] * 203)
    (tmp_path / "models.d" / "atlas.yaml").write_text(
        f"{BODY}metadata: {{n: [{numbers}]}}\n", encoding="utf-8"
    )
    *_, last = validate(tmp_path, today=TODAY, cache=False).diagnostics
    assert (last.code, last.path) == ("MS026", "models.d/atlas.yaml")
    assert last.severity is Severity.ERROR


def test_the_small_fleet_has_no_fault(tmp_path: Path) -> None:
    assert found_in(tmp_path, "") == []
