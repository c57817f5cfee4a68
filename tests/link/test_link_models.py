from pathlib import Path

from small_fleets import FIXED, compiled, found, model

from modelspec.fleet.link_model import link_model, model_of, signature_of
from modelspec.fleet.model import Fleet
from modelspec.fleet.reference import Reference

LINKS = ("MS201", "MS202")


def test_every_name_in_a_model_is_looked_up_at_its_place(tmp_path: Path) -> None:
    text = model(
        "atlas",
        "fallback_heads: [head-uk-1, head-x]",
        "load_balancing: {weights: {head-eu-0: 1, head-uk-9: 2}}",
        "access: {client_regions: [eu, xx]}",
        "deployments:",
        "  - {provider: mistral, region: yy}",
        "  - {provider: mistral}",
        region="zz",
        head="head-eu-0",
    )
    assert found(compiled(tmp_path, {"atlas": text}), LINKS) == [
        "MS201 models.d/atlas.yaml:3:9",
        "MS202 models.d/atlas.yaml:4:16",
        "MS202 models.d/atlas.yaml:5:29",
        "MS202 models.d/atlas.yaml:6:28",
        "MS202 models.d/atlas.yaml:6:42",
        "MS201 models.d/atlas.yaml:7:31",
        "MS201 models.d/atlas.yaml:9:33",
    ]


def test_a_model_whose_names_are_all_declared_has_no_link_fault(tmp_path: Path) -> None:
    text = model(
        "atlas", "access: {client_regions: [eu, us]}", "deployments: [{provider: mistral, region: uk}]"
    )
    assert found(compiled(tmp_path, {"atlas": text}), LINKS) == []


def test_the_nearest_name_is_suggested_and_shown(tmp_path: Path) -> None:
    result = compiled(tmp_path, {"atlas": model("atlas", head="head-eu1")})
    (fault,) = [one for one in result.diagnostics if one.code == "MS202"]
    assert (fault.message, fault.help) == ("no head is named 'head-eu1'", "did you mean 'head-eu-1'?")
    assert [(label.path, label.span.line, label.text) for label in fault.related] == [
        ("heads.yaml", 2, "'head-eu-1' is declared here")
    ]
    assert fault.subject == "atlas"


def test_where_nothing_is_near_the_few_that_there_are_are_listed(tmp_path: Path) -> None:
    result = compiled(tmp_path, {"atlas": model("atlas", region="antarctica")})
    (fault,) = [one for one in result.diagnostics if one.code == "MS201"]
    assert fault.help == "regions.yaml declares us, eu, uk; use one of these or declare it there"
    assert [(one.path, one.text) for one in fault.related] == [("regions.yaml", "regions are declared here")]


def test_where_nothing_is_near_many_are_not_listed(tmp_path: Path) -> None:
    heads = "heads:\n" + "".join(
        f"  - {{head_id: head-{n}, region: eu, url: https://{n}.example.net}}\n" for n in range(9)
    )
    result = compiled(tmp_path, {"atlas": model("atlas", head="gateway")}, {**FIXED, "heads.yaml": heads})
    (fault,) = [one for one in result.diagnostics if one.code == "MS202"]
    assert fault.help == "use a name that heads.yaml declares, or declare it there"


def test_against_an_incomplete_fleet_no_name_is_unknown() -> None:
    atlas = model_of("a.yaml", 1, {"model_id": "a", "name": "A", "region": "eu", "priority_head": "h"})
    assert link_model(atlas, Fleet(regions={}, heads={}, complete=False)) == []
    assert [code for code, _ in link_model(atlas, Fleet(regions={}, heads={}, complete=True))] == [
        "MS201",
        "MS202",
    ]


def test_the_help_for_an_empty_fleet_names_nothing() -> None:
    atlas = model_of("a.yaml", 1, {"model_id": "a", "name": "A", "region": "eu", "priority_head": "h"})
    (_, finding), _ = link_model(atlas, Fleet(regions={}, heads={}, complete=True))
    assert finding.help == "regions.yaml declares none; use one of these or declare it there"


def test_an_unknown_head_hides_no_fault_of_another_model(tmp_path: Path) -> None:
    models = {"atlas": model("atlas", head="head-x"), "bison": model("bison", region="xx")}
    assert found(compiled(tmp_path, models), LINKS) == [
        "MS202 models.d/atlas.yaml:4:16",
        "MS201 models.d/bison.yaml:3:9",
    ]


def test_references_keep_their_kind_and_target() -> None:
    text = {
        "model_id": "a",
        "name": "A",
        "region": "eu",
        "priority_head": "h",
        "endpoint": {"env": "URL"},
        "api_key": {"kubernetes": {"secret": "keys", "key": "one"}},
        "params": {"project": {"env": "PROJECT"}, "retries": 2},
    }
    (deployment,) = model_of("a.yaml", 1, text).deployments
    assert deployment.endpoint == Reference.of({"env": "URL"})
    assert deployment.api_key == Reference.of({"kubernetes": {"secret": "keys", "key": "one"}})
    assert deployment.params == {"project": Reference.of({"env": "PROJECT"}), "retries": 2}


def test_without_a_fleet_the_reach_of_a_signature_is_empty() -> None:
    text = {
        "model_id": "a",
        "name": "A",
        "region": "eu",
        "priority_head": "h",
        "access": {"client_regions": ["us"]},
        "deployments": [{"region": "cn"}, {}],
    }
    signature = signature_of(model_of("a.yaml", 1, text), None)
    assert signature.reach == ()
    assert signature.regions == ("cn", "eu", "us")
