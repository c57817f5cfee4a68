import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from small_fleets import FLEETS, artifacts, compiled, model, routed, write_repository

from modelspec.emit import emit
from modelspec.fleet.model import Names
from modelspec.routing.route import route


def test_the_order_of_models_does_not_matter(tmp_path: Path) -> None:
    result = compiled(tmp_path, FLEETS["fallback-models"])
    expected = [(one.path, one.content) for one in emit(routed(result))]
    for seed in range(10):
        models, signatures = list(result.models), list(result.catalog.signatures)
        random.Random(seed).shuffle(models)
        random.Random(seed + 1).shuffle(signatures)
        catalog = replace(result.catalog, signatures=signatures, names=Names(signatures))
        assert [(one.path, one.content) for one in emit(route(catalog, models))] == expected


def test_file_names_only_show_in_the_source(tmp_path: Path) -> None:
    first = artifacts(compiled(tmp_path / "a", FLEETS["people"]))
    renamed = {f"z{9 - number}/{stem}": text for number, (stem, text) in enumerate(FLEETS["people"].items())}
    second = artifacts(compiled(tmp_path / "b", renamed))
    for path in first:
        if path.startswith("routing/"):
            assert first[path] == second[path]
        else:
            assert first[path] != second[path]


def test_bytes_do_not_depend_on_hash_seed_locale_time_zone_or_folder(tmp_path: Path) -> None:
    seen = set()
    for seed, locale, zone in (("0", "C", "UTC"), ("42", "C.UTF-8", "Asia/Kathmandu")):
        root = write_repository(
            tmp_path / seed / "in", FLEETS["people"] | {"umlaut": model("umlaut", "tags: [Zürich]")}
        )
        environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        command = [
            sys.executable,
            "-m",
            "modelspec",
            "build",
            "--root",
            str(root),
            "--output",
            str(tmp_path / seed / "out"),
        ]
        subprocess.run(
            command, check=True, capture_output=True, env=environment, cwd=Path(__file__).parents[2]
        )
        files = sorted(p for p in (tmp_path / seed / "out").rglob("*") if p.is_file())
        seen.add(tuple((str(p.relative_to(tmp_path / seed)), p.read_bytes()) for p in files))
    assert len(seen) == 1


def test_text_comes_out_as_it_was_written(tmp_path: Path) -> None:
    text = model(
        "atlas", 'metadata: {motto: \'naïve 模型 😀\', "line\\nbreak": "\\t\\\\"}', "tags: [Ünïcode]"
    )
    outputs = artifacts(compiled(tmp_path, {"atlas": text.replace("name: Atlas", "name: Атлас 模型")}))
    content = outputs["site/admin/models.json"]
    assert "Атлас 模型".encode() in content
    assert "naïve 模型 😀".encode() in content
    row = json.loads(content)["models"][0]
    assert row["metadata"] == {"motto": "naïve 模型 😀", "line\nbreak": "\t\\"}
    assert row["tags"] == ["Ünïcode"]
    assert json.loads(outputs["routing/regions/eu.json"])["models"][0]["name"] == "Атлас 模型"


def test_numbers_come_out_exactly(tmp_path: Path) -> None:
    numbers = "[0.1, 1e23, 5e-324, 1.7976931348623157e308, -0.0, 1.0, 18446744073709551615, -9223372036854775808, 012]"
    outputs = artifacts(compiled(tmp_path, {"atlas": model("atlas", f"metadata: {{numbers: {numbers}}}")}))
    assert (
        b'"numbers": [0.1, 1e+23, 5e-324, 1.7976931348623157e+308, -0.0, 1.0, 18446744073709551615, '
        b"-9223372036854775808, 12]"
    ) in outputs["site/admin/models.json"]


def test_nested_metadata_keeps_its_shape_and_order(tmp_path: Path) -> None:
    deep = "{z: 1, a: {y: [], b: [{}, [[null]], 'no', no, 1:30, 2026-01-01, false]}}"
    outputs = artifacts(compiled(tmp_path, {"atlas": model("atlas", f"metadata: {deep}")}))
    expected = '{"z": 1, "a": {"y": [], "b": [{}, [[null]], "no", "no", "1:30", "2026-01-01", false]}}'
    assert f'"metadata": {expected}'.encode() in outputs["site/admin/models/atlas.json"]


def test_anchored_values_are_written_out(tmp_path: Path) -> None:
    text = model("atlas", "metadata: {first: &a {x: [1]}, second: *a}")
    row = json.loads(artifacts(compiled(tmp_path, {"atlas": text}))["site/admin/models.json"])["models"][0]
    assert row["metadata"] == {"first": {"x": [1]}, "second": {"x": [1]}}
