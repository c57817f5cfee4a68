from pathlib import Path

import pytest
from rule_fleets import found_in, heads, model, told

REGIONS = """
# file: regions.yaml
regions:
  - {code: us, name: United States}
  - {code: eu, name: Europe}
  - {code: uk, name: United Kingdom}
  - {code: cn, name: China}
  - {code: br, name: Brazil, residency: [br]}
  - {code: jp, name: Japan, residency: [br, jp]}
"""


@pytest.mark.parametrize(
    ("text", "unused"),
    [
        ("", ["br", "jp"]),
        (model(region="br", priority_head="head-us-1"), ["jp"]),
        (model(access="{client_regions: [jp]}"), ["br"]),
        (model(endpoint="", deployments="[{endpoint: https://a.example.com, region: jp}]"), ["br"]),
        ("# file: modelspec.yaml\nedges:\n  - {edge_id: edge-1, region: br}\n", ["jp"]),
    ],
)
def test_a_region_is_used_by_a_model_a_head_or_an_edge(text: str, unused: list[str], tmp_path: Path) -> None:
    found = [d for d in found_in(tmp_path, REGIONS + text) if d.code == "MS602"]
    assert [d.subject for d in found] == unused


def test_a_head_is_used_wherever_a_model_names_it(tmp_path: Path) -> None:
    zebra = model(
        "zebra", fallback_heads="[head-eu-1]", load_balancing="{weights: {head-us-1: 1, head-us-2: 2}}"
    )
    found = found_in(tmp_path, zebra + model(status="disabled", priority_head="head-uk-1", fallback_heads=""))
    assert [(d.code, d.subject, d.path, d.span.column) for d in found] == [
        ("MS601", "head-eu-2", "heads.yaml", 15),
        ("MS601", "head-cn-1", "heads.yaml", 15),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        "# file: models.d/broken.yaml\nname: [\n",
        "# file: models.d/broken.yaml\nmodel_id: broken\n",
        "# file: regions.yaml\nregions: [{code: us, name: United States}, {name: Europe}]\n",
    ],
)
def test_nothing_is_called_unused_while_a_file_is_broken(broken: str, tmp_path: Path) -> None:
    zebra = model("zebra", fallback_heads="[head-us-2]")
    assert not {"MS601", "MS602"} & {d.code for d in found_in(tmp_path, zebra + broken)}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": "deprecated"}, ["MS604:7"]),
        ({"status": "deprecated", "sunset": "2027-01-01"}, ["MS604:7"]),
        ({"status": "deprecated", "replaced_by": "bison"}, []),
        ({"status": "deprecated", "replaced_by": "buffalo"}, []),
        ({"status": "deprecated", "replaced_by": "cobra"}, ["MS605:8"]),
        ({"status": "deprecated", "replaced_by": "atlas"}, ["MS605:8"]),
        ({"status": "deprecated", "replaced_by": "titan", "aliases": "[titan]"}, ["MS605:8"]),
        ({"status": "deprecated", "replaced_by": "dingo"}, []),
    ],
)
def test_a_deprecated_model_leads_to_one_that_is_served(
    fields: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    others = (
        model("bison", aliases="[buffalo]")
        + model("cobra", status="disabled")
        + model("dingo", status="deprecated", replaced_by="bison")
    )
    found = found_in(tmp_path, model(**fields) + others)
    assert told(found) == expected
    assert all(d.path == "models.d/atlas.yaml" for d in found)


@pytest.mark.parametrize(
    ("model_id", "path", "fits"),
    [
        ("atlas", "atlas.yaml", True),
        ("atlas", "atlas.yml", True),
        ("atlas", "eu/team/atlas.yaml", True),
        ("Atlas-7B", "atlas-7b.yaml", True),
        ("atlas", "Atlas.yaml", True),
        ("acme/atlas:8b", "atlas_8b.yaml", True),
        ("acme/atlas:8b", "acme_atlas_8b.yaml", True),
        ("acme/atlas:8b", "acme-atlas_8b.yaml", True),
        ("acme/atlas:8b", "atlas:8b.yaml", False),
        ("acme/*", "acme.yaml", True),
        ("acme/*", "acme/any.yaml", True),
        ("acme/deep/*", "deep.yaml", True),
        ("atlas.yaml", "atlas.yaml.yaml", True),
        ("atlas", "atlas-2.yaml", False),
        ("atlas", "bison.yaml", False),
        ("acme/atlas", "acme.yaml", False),
        ("any", "any.yaml", True),
        ("atlas", "any.yaml", False),
        ("x:y", "x_y.yaml", True),
        ("x:y", "x:y.yaml", False),
        ("x:y", "x_y_2.yaml", False),
        ("con", "con.yaml", False),
        ("con", "con_.yaml", True),
        ("acme/nul.v2", "nul_.v2.yaml", True),
        ("atlas", "a:b/atlas.yaml", False),
        ("atlas", "aux/atlas.yaml", False),
    ],
)
def test_a_file_is_named_for_its_model(model_id: str, path: str, fits: bool, tmp_path: Path) -> None:  # noqa: FBT001
    _, _, body = model(model_id).partition("\n")
    found = found_in(tmp_path, f"# file: models.d/{path}\n{body}")
    assert [(d.code, d.path) for d in found] == ([] if fits else [("MS603", f"models.d/{path}")])


def test_a_number_follows_a_name_that_another_model_has(tmp_path: Path) -> None:
    def at(path: str, model_id: str) -> str:
        return model(model_id, endpoint="https://atlas.example.com/v1").replace(
            f"models.d/{model_id}.yaml", f"models.d/{path}.yaml"
        )

    both = at("x_y", "x_y") + at("x_y_2", "x:y")
    assert [d.code for d in found_in(tmp_path / "both", both)] == []
    (apart,) = found_in(tmp_path / "apart", at("acme/x_y", "x_y") + at("x_y_2", "x:y"))
    assert (apart.code, apart.help) == ("MS603", "rename the file to x_y.yaml")
    (other,) = found_in(tmp_path / "other", at("x_y", "x_y") + at("other", "x:y"))
    assert (other.code, other.help) == ("MS603", "rename the file to x_y_2.yaml")


@pytest.mark.parametrize(("length", "refused"), [(66, False), (67, True)])
def test_a_file_name_has_at_most_200_bytes(length: int, refused: bool, tmp_path: Path) -> None:  # noqa: FBT001
    odd = ":" * (length - 2)
    found = found_in(tmp_path, model(f"a{odd}b", name="Atlas", endpoint="https://atlas.example.com/v1"))
    assert ("MS617" in [d.code for d in found]) == refused


@pytest.mark.parametrize(
    ("model_id", "reserved"),
    [
        ("con", False),
        ("acme/nul.v2", False),
        ("page/1", True),
        ("PAGE/atlas", True),
        ("index", True),
        ("acme/index", False),
        ("acme/page", False),
        ("pages/1", False),
    ],
)
def test_ids_keep_off_reserved_names(model_id: str, reserved: bool, tmp_path: Path) -> None:  # noqa: FBT001
    found = found_in(tmp_path, model(model_id))
    assert ["MS606"] * reserved == [d.code for d in found if d.code != "MS603"]


@pytest.mark.parametrize(
    ("first", "second", "collide"),
    [
        ("atlas", "atlas.json/bison", True),
        ("Atlas", "aTLAS.HTML/bison", True),
        ("acme/atlas", "acme/atlas.json/deep/bison", True),
        ("atlas", "atlas.yaml/bison", False),
        ("bison", "atlas.json/bison", False),
        ("atlas", "atlas.json", False),
    ],
)
def test_no_page_is_where_a_folder_is_needed(
    first: str,
    second: str,
    collide: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    found = [d for d in found_in(tmp_path, model(first) + model(second)) if d.code != "MS603"]
    assert [d.code for d in found] == ["MS607"] * collide
    assert all(d.subject == second and d.related for d in found)


def test_heads_of_a_faulty_entry_are_still_not_called_unused(tmp_path: Path) -> None:
    found = found_in(tmp_path, heads(head_cn_1="capacity: 0") + model("zebra", fallback_heads="[head-us-2]"))
    assert "head-cn-1" not in [d.subject for d in found if d.code == "MS601"]
