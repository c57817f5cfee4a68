from collections.abc import Sequence

import pytest

from modelspec.fleet.link_fleet import CheckedValue, link_fleet
from modelspec.fleet.model import Fleet
from modelspec.fleet.settings import settings_of
from modelspec.text.document import Pointer

REGIONS = {
    "regions": [{"code": "eu", "name": "Europe", "residency": ["eu"]}, {"code": "us", "name": "States"}]
}
HEADS = {"heads": [{"head_id": "h-eu", "region": "eu", "url": "https://h-eu"}]}


def _linked(
    regions: object = REGIONS,
    heads: object = HEADS,
    region_faults: Sequence[Pointer] = (),
    head_faults: Sequence[Pointer] = (),
) -> tuple[Fleet, Fleet, list[tuple[str, Pointer, str]]]:
    fleet, whole, found = link_fleet(
        CheckedValue(value=regions, faults=region_faults),
        CheckedValue(value=heads, faults=head_faults),
        settings_of(None),
    )
    return fleet, whole, [(code, finding.place.pointer, finding.message) for code, finding in found]


def test_a_sound_fleet_is_whole_and_complete() -> None:
    fleet, whole, found = _linked()
    assert fleet.complete
    assert (fleet.regions, fleet.heads) == (whole.regions, whole.heads)
    assert found == []


def test_defaults_are_filled_in() -> None:
    fleet, _, _ = _linked()
    head = fleet.heads["h-eu"]
    assert (head.status, head.health_path, head.inference_url, head.capacity) == (
        "active",
        "/health",
        None,
        None,
    )
    assert fleet.regions["us"].residency is None
    assert fleet.regions["us"].location is None
    assert fleet.regions["us"].title == "States (us)"


@pytest.mark.parametrize(
    ("targets", "path"), [(["envoy"], "/health"), (["litellm", "envoy"], "/health/liveliness")]
)
def test_a_head_of_litellm_is_checked_where_it_needs_no_key(targets: list[str], path: str) -> None:
    settings = settings_of({"targets": targets})
    regions, heads = (CheckedValue(value=value, faults=()) for value in (REGIONS, HEADS))
    fleet, _, _ = link_fleet(regions, heads, settings)
    assert fleet.heads["h-eu"].health_path == path


def test_what_is_given_is_kept() -> None:
    region = {"code": "eu", "name": "Europe", "location": {"latitude": 1.5, "longitude": -2}}
    head = {
        "head_id": "h-eu",
        "region": "eu",
        "url": "https://h-eu",
        "status": "draining",
        "health_path": "/up",
        "inference_url": "http://10.0.0.1",
        "capacity": 3,
    }
    fleet, _, _ = _linked({"regions": [region]}, {"heads": [head]})
    assert fleet.regions["eu"].location == (1.5, -2.0)
    kept = fleet.heads["h-eu"]
    assert (kept.status, kept.health_path, kept.inference_url, kept.capacity) == (
        "draining",
        "/up",
        "http://10.0.0.1",
        3,
    )


def test_regions_and_heads_declared_twice_are_named_at_the_second() -> None:
    regions = {"regions": [*REGIONS["regions"], {"code": "eu", "name": "Again"}]}
    heads = {"heads": [*HEADS["heads"], {"head_id": "h-eu", "region": "us", "url": "https://x"}]}
    fleet, _, found = _linked(regions, heads)
    assert found == [
        ("MS204", ("regions", 2, "code"), "the region 'eu' is declared twice"),
        ("MS204", ("heads", 1, "head_id"), "the head 'h-eu' is declared twice"),
    ]
    assert fleet.regions["eu"].name == "Europe"
    assert fleet.heads["h-eu"].region == "eu"


def test_unknown_regions_in_residencies_and_heads_are_named() -> None:
    regions = {"regions": [{"code": "eu", "name": "Europe", "residency": ["eu", "ue"]}]}
    heads = {"heads": [{"head_id": "h-eu", "region": "eux", "url": "https://h-eu"}]}
    _, _, found = _linked(regions, heads)
    assert found == [
        ("MS201", ("regions", 0, "residency", 1), "no region is named 'ue'"),
        ("MS201", ("heads", 0, "region"), "no region is named 'eux'"),
    ]


def test_an_entry_with_a_fault_is_known_and_has_no_further_faults() -> None:
    regions = {
        "regions": [{"code": "eu", "name": 7, "residency": ["nowhere"]}, {"code": "us", "name": "States"}]
    }
    heads = {"heads": [{"head_id": "h-eu", "region": "nowhere", "url": 5}]}
    fleet, whole, found = _linked(regions, heads, [("regions", 0, "name")], [("heads", 0, "url")])
    assert found == []
    assert fleet.complete
    assert (list(fleet.regions), list(whole.regions)) == (["eu", "us"], ["us"])
    assert (list(fleet.heads), list(whole.heads)) == (["h-eu"], [])


def test_a_fault_at_the_entry_itself_counts_too() -> None:
    fleet, whole, _ = _linked(heads={"heads": [{"head_id": "h-eu"}]}, head_faults=[("heads", 0)])
    assert list(fleet.heads) == ["h-eu"]
    assert list(whole.heads) == []


def test_a_head_with_a_faulty_inference_url_has_one_all_the_same() -> None:
    heads = {"heads": [{"head_id": "h-eu", "region": "eu", "url": "https://h", "inference_url": 5}]}
    fleet, _, _ = _linked(heads=heads, head_faults=[("heads", 0, "inference_url")])
    assert fleet.heads["h-eu"].inference_url is not None


@pytest.mark.parametrize("bad", [None, [], "x", {}, {"heads": None}, {"heads": {}}, {"heads": []}])
def test_a_file_that_lists_nothing_leaves_the_fleet_incomplete(bad: object) -> None:
    fleet, _, found = _linked(heads=bad)
    assert not fleet.complete
    assert found == []


@pytest.mark.parametrize("bad", ["x", 7, None, [], {}, {"head_id": 7}, {"head_id": None}])
def test_an_entry_without_a_name_leaves_the_fleet_incomplete(bad: object) -> None:
    fleet, _, found = _linked(heads={"heads": [bad, *HEADS["heads"]]}, head_faults=[("heads", 0)])
    assert not fleet.complete
    assert list(fleet.heads) == ["h-eu"]
    assert found == []


def test_where_regions_are_not_all_known_no_region_is_unknown() -> None:
    fleet, _, found = _linked(regions=None)
    assert not fleet.complete
    assert found == []


def test_a_list_with_unreported_faults_is_not_used() -> None:
    fleet, whole, found = _linked(
        {"regions": [{"code": "eu", "name": "Europe", "residency": 7}]}, region_faults=[("regions",)]
    )
    assert not fleet.complete
    assert (fleet.regions, whole.regions, found) == ({}, {}, [])
