from pathlib import Path

import pytest
from changes import change, many, settings, waiver, waivers, without
from small_fleets import FIXED, HEADS, model

from modelspec.change.guard_counts import MOST
from modelspec.fleet.settings import Threshold, settings_of


@pytest.mark.parametrize(
    ("threshold", "models", "allowed"),
    [
        (0, 10, 0),
        (3, 2, 3),
        ("0%", 100, 0),
        ("00%", 100, 0),
        ("1%", 5, 1),
        ("10%", 5, 1),
        ("10%", 19, 1),
        ("10%", 20, 2),
        ("50%", 3, 1),
        ("100%", 7, 7),
        ("100%", 0, 1),
    ],
)
def test_a_share_is_rounded_down_but_never_to_zero(threshold: int | str, models: int, allowed: int) -> None:
    guards = settings_of({"guards": {"max_removed": threshold}}).guards
    default = settings_of(None).guards
    assert guards.max_removed.allowed(models) == allowed
    assert (guards.max_changed, guards.max_moved) == (default.max_changed, default.max_moved)


@pytest.mark.parametrize(("models", "changed", "removed"), [(1, 3, 1), (5, 3, 1), (10, 3, 1), (100, 30, 10)])
def test_default_guards_let_a_small_fleet_change(models: int, changed: int, removed: int) -> None:
    guards = settings_of(None).guards
    assert guards.max_changed.allowed(models) == changed
    assert guards.max_removed.allowed(models) == guards.max_moved.allowed(models) == removed


def test_a_threshold_is_shown_with_its_share() -> None:
    assert Threshold(percent=10).said(20) == "2 (10% of 20)"
    assert Threshold(number=4).said(20) == "4"


def test_allows_removals_up_to_the_limit(tmp_path: Path) -> None:
    models = many(20)
    assert change(tmp_path, models, without(models, "m03", "m04")).found == []


def test_reports_removals_beyond_the_limit(tmp_path: Path) -> None:
    models = many(20)
    (first, *rest) = change(tmp_path, models, without(models, "m03", "m04", "m05")).found
    assert [one.subject for one in (first, *rest)] == ["m03", "m04", "m05"]
    assert (first.code, first.path, first.span.line) == ("MS802", "modelspec.yaml", 1)
    assert (
        first.message
        == "model 'm03' is removed, one of 3 in this change; the limit is 2 (10% of 20) (max_removed)"
    )


def test_a_waived_model_is_not_counted(tmp_path: Path) -> None:
    models = many(20)
    file = waivers(waiver("max_removed", "m04"))
    assert change(tmp_path, models, without(models, "m03", "m04", "m05"), head=file).found == []


def test_models_without_a_waiver_are_counted(tmp_path: Path) -> None:
    models = many(20)
    file = waivers(waiver("max_removed", "m04"))
    found = change(tmp_path, models, without(models, "m03", "m04", "m05", "m06"), head=file)
    assert found.subjects == [("MS802", "m03"), ("MS802", "m05"), ("MS802", "m06")]
    assert "one of 3 in this change" in found.found[0].message


def test_a_newly_disabled_model_counts_as_removed(tmp_path: Path) -> None:
    models = many(5)
    after = models | {stem: model(stem, "status: disabled") for stem in ("m01", "m02")}
    found = change(tmp_path, models, after)
    assert found.places == ["MS802 models.d/m01.yaml:5:9", "MS802 models.d/m02.yaml:5:9"]
    first = found.found[0]
    limit = "the limit is 1 (10% of 5) (max_removed)"
    assert first.message == f"model 'm01' is disabled, one of 2 in this change; {limit}"
    assert (first.label, first.help.partition(";")[0].partition(",")[0]) == ("disabled", "split the change")


def test_allows_disabled_models_to_be_removed(tmp_path: Path) -> None:
    models = many(2) | {f"d{number}": model(f"d{number}", "status: disabled") for number in range(5)}
    assert change(tmp_path, models, many(2)).found == []


def test_a_rename_without_an_alias_counts_as_a_removal(tmp_path: Path) -> None:
    models = many(3)
    after = {"m00": models["m00"], "n01": model("n01"), "n02": model("n02")}
    assert change(tmp_path, models, after).subjects == [("MS802", "m01"), ("MS802", "m02")]


def test_a_rename_with_an_alias_does_not_count(tmp_path: Path) -> None:
    models = many(3, "upstream_model: large")
    after = {
        f"n{number}": model(f"n{number}", "upstream_model: large", f"aliases: [m0{number}]")
        for number in range(3)
    }
    found = change(tmp_path, models, after, base=settings("max_removed: 0, max_changed: 0"))
    assert found.found == []


def test_an_id_that_becomes_an_alias_of_another_model_counts_as_a_change(tmp_path: Path) -> None:
    models = many(3)
    after = {"m00": models["m00"], "n": model("n", "aliases: [m01, m02]", "endpoint: https://n.example.com")}
    found = change(tmp_path, models, after, base=settings("max_changed: 1"))
    assert found.subjects == [("MS801", "m01"), ("MS801", "m02")]
    assert found.places[0] == "MS801 models.d/n.yaml:1:11"


def test_counts_moves_to_another_region(tmp_path: Path) -> None:
    models = many(5)
    after = models | {stem: model(stem, region="uk", head="head-uk-1") for stem in ("m01", "m02")}
    found = change(tmp_path, models, after)
    assert found.places == ["MS803 models.d/m01.yaml:3:9", "MS803 models.d/m02.yaml:3:9"]
    first = found.found[0]
    limit = "the limit is 1 (10% of 5) (max_moved)"
    assert first.message == f"model 'm01' moves to another region, one of 2 in this change; {limit}"
    assert first.label == "moves to another region"


@pytest.mark.parametrize(
    "line",
    [
        "fallback_heads: [head-uk-1]",
        "load_balancing: {policy: random}",
        "upstream_model: other",
        "endpoint: https://other.example.com/v1",
        "api_key: {env: OTHER_KEY}",
        "params: {temperature: 1}",
        "aliases: [another-name]",
        "fallback_models: [m01]",
        "limits: {rpm: 5}",
        "access: {visibility: private, groups: [research]}",
        "access: {client_regions: [eu]}",
        "status: deprecated",
    ],
)
def test_counts_a_change_of_traffic_or_access(line: str, tmp_path: Path) -> None:
    models = many(2)
    after = models | {"m00": model("m00", line)}
    assert change(tmp_path, models, after, base=settings("max_changed: 0")).codes == ["MS801"]


def test_does_not_count_a_change_of_description(tmp_path: Path) -> None:
    models = many(2)
    after = {
        "m00": "# a comment\n"
        + model("m00", "tags: [chat]", "metadata: {owner: a}").replace("name: M00", "name: Other"),
        "folder-m01": models["m01"],
    }
    assert change(tmp_path, models, after, base=settings("max_changed: 0")).found == []


@pytest.mark.parametrize(
    "heads",
    [
        HEADS.replace("https://head-eu-1.example.net", "https://elsewhere.example.net"),
        HEADS.replace("head_id: head-eu-1, region: eu", "head_id: head-eu-1, region: uk"),
    ],
)
def test_counts_the_models_of_a_head_whose_url_or_region_changes(heads: str, tmp_path: Path) -> None:
    models = many(4) | {"other": model("other", head="head-uk-1", region="uk")}
    found = change(tmp_path, models, models, head=FIXED | {"heads.yaml": heads})
    assert [one for one in found.subjects if one[0] == "MS801"] == [
        ("MS801", f"m0{number}") for number in range(4)
    ]


def test_new_models_never_count(tmp_path: Path) -> None:
    guards = settings("max_changed: 0, max_removed: 0, max_moved: 0")
    assert change(tmp_path, many(1), many(9), base=guards).found == []


def test_lists_the_first_of_many_models_and_counts_the_rest(tmp_path: Path) -> None:
    models = many(MOST + 9)
    after = many(MOST + 9, "fallback_heads: [head-uk-1]")
    found = change(tmp_path, models, after, head=settings("max_changed: 30%"))
    assert found.codes == ["MS801"] * (MOST + 1)
    assert (
        found.found[-1].message
        == "this change affects 29 models; the limit is 8 (30% of 29); 9 are not listed (max_changed)"
    )
    assert found.places[-1] == "MS801 modelspec.yaml:1:10"
    assert "- {guard" not in found.found[-1].help
    waived = waivers(*(waiver("max_changed", f"m{number:02}") for number in range(21)))
    assert change(tmp_path / "waived", models, after, head=waived).found == []


def test_as_many_as_can_be_listed_are_listed_without_a_count(tmp_path: Path) -> None:
    models, after = many(MOST), many(MOST, "fallback_heads: [head-uk-1]")
    found = change(tmp_path, models, after, head=settings("max_changed: 30%"))
    assert found.codes == ["MS801"] * MOST
    assert all("are not listed" not in one.message for one in found.found)
