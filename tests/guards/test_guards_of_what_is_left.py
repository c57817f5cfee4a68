from pathlib import Path

import pytest
from changes import change, many, settings, waiver, waivers, without
from small_fleets import FIXED, HEADS, REGIONS, model

FLEET = many(3) | {
    "uk": model("uk", region="uk", head="head-uk-1"),
    "us": model("us", region="us", head="head-us-1"),
}
MOVED = model("uk", "fallback_heads: [head-uk-1]")


@pytest.mark.parametrize(
    "text", [None, MOVED, model("uk", "status: disabled", region="uk", head="head-uk-1")]
)
def test_reports_the_last_model_of_a_region(text: str | None, tmp_path: Path) -> None:
    after = without(FLEET, "uk") | ({} if text is None else {"uk": text})
    found = change(tmp_path, FLEET, after, base=settings("empty_head: off"))
    assert found.places == ["MS804 regions.yaml:4:5"]
    assert found.found[0].message == "region 'uk' no longer has a served model (last_model_of_region)"
    assert found.found[0].subject == "uk"


def test_allows_the_last_model_but_one_to_be_removed(tmp_path: Path) -> None:
    assert change(tmp_path, FLEET, without(FLEET, "m01")).found == []


def test_reports_a_removed_region_and_head_at_their_guards(tmp_path: Path) -> None:
    regions = "\n".join(line for line in REGIONS.splitlines() if "us" not in line) + "\n"
    heads = "\n".join(line for line in HEADS.splitlines() if "-us-" not in line) + "\n"
    files = FIXED | {"regions.yaml": regions.replace("regions:", "regions:"), "heads.yaml": heads}
    found = change(
        tmp_path,
        FLEET,
        without(FLEET, "us"),
        head=files | settings("last_model_of_region: error, empty_head: error"),
    )
    assert found.places == ["MS804 modelspec.yaml:1:10", "MS805 modelspec.yaml:1:39"]
    assert [one.related for one in found.found] == [(), ()]


def test_reports_a_head_left_without_a_model(tmp_path: Path) -> None:
    after = FLEET | {"us": model("us", region="us", head="head-uk-1")}
    found = change(tmp_path, FLEET, after, head=settings("empty_head: error"))
    assert found.places == ["MS805 heads.yaml:5:5"]
    assert found.found[0].message == "head 'head-us-1' no longer serves any model (empty_head)"
    ((label,),) = [one.related for one in found.found]
    assert (label.path, label.span.column, label.text) == ("modelspec.yaml", 10, "empty_head is set here")


def test_reports_an_offline_head_left_without_a_model(tmp_path: Path) -> None:
    heads = HEADS.replace(
        "url: https://head-us-1.example.net", "url: https://head-us-1.example.net, status: offline"
    )
    before = FLEET | {"us": model("us", "fallback_heads: [head-uk-1]", region="us", head="head-us-1")}
    assert change(
        tmp_path, before, before, head={"heads.yaml": heads, **settings("max_changed: 0")}
    ).subjects == [("MS805", "head-us-1")]


def test_allows_heads_and_regions_that_were_empty_to_stay_empty(tmp_path: Path) -> None:
    assert change(tmp_path, many(3), many(3)).found == []


@pytest.mark.parametrize(("guard", "subject"), [("last_model_of_region", "uk"), ("empty_head", "head-uk-1")])
def test_each_guard_is_waived_by_its_own_subject(guard: str, subject: str, tmp_path: Path) -> None:
    found = change(tmp_path, FLEET, without(FLEET, "uk"), head=waivers(waiver(guard, subject)))
    assert found.codes == ["MS805" if guard == "last_model_of_region" else "MS804"]
    other = change(tmp_path / "other", FLEET, without(FLEET, "uk"), head=waivers(waiver(guard, "us")))
    assert sorted(other.codes) == ["MS610", "MS804", "MS805"]
