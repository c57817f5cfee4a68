from pathlib import Path

import pytest
from rule_fleets import found_in, model

from modelspec.diagnose.waiver import waivers_of
from modelspec.fleet.settings import settings_of
from modelspec.text.names import MOST, Suggestions

EDGES = "# file: modelspec.yaml\nedges:\n  - {edge_id: edge-1, region: %s}\n"
TESTS = "# file: routes.test.yaml\ntests:\n  - {name: one, model: zebra, from: %s, down: [%s], expect: {status: 200}}\n"
SCHEMA = "# file: modelspec.yaml\nmetadata_schema: %s\n"


def _said(root: Path, text: str) -> list[tuple[str, str, int]]:
    return [(d.code, d.path, d.span.line) for d in found_in(root, text)]


def test_edges_are_in_declared_regions(tmp_path: Path) -> None:
    assert _said(tmp_path, EDGES % "uss") == [("MS201", "modelspec.yaml", 2)]
    assert _said(tmp_path, EDGES % "us") == []


def test_edges_are_not_judged_by_broken_regions(tmp_path: Path) -> None:
    broken = "# file: regions.yaml\nregions: [\n"
    assert {path for _, path, _ in _said(tmp_path, EDGES % "uss" + broken)} == {"regions.yaml"}


@pytest.mark.parametrize(
    ("origin", "down", "codes"),
    [("us", "head-us-1", []), ("us", "us", []), ("uss", "us", ["MS201"]), ("us", "head-us-9", ["MS202"])],
)
def test_routing_tests_name_declared_regions_and_heads(
    origin: str, down: str, codes: list[str], tmp_path: Path
) -> None:
    said = [one for one in _said(tmp_path, TESTS % (origin, down)) if one[0] in ("MS201", "MS202")]
    assert said == [(code, "routes.test.yaml", 2) for code in codes]


@pytest.mark.parametrize(
    ("expect", "codes"),
    [
        ("{head: head-us-1, region: us, tiers: [head-us-1, [head-us-2]], reach_within: [us]}", []),
        ("{head: head-us-9}", ["MS202"]),
        ("{region: uss}", ["MS201"]),
        ("{tiers: [head-us-9, [head-us-1, head-us-8]]}", ["MS202", "MS202"]),
        ("{reach_within: [us, uss]}", ["MS201"]),
    ],
)
def test_routing_tests_expect_declared_regions_and_heads(
    expect: str, codes: list[str], tmp_path: Path
) -> None:
    tests = f"# file: routes.test.yaml\ntests:\n  - {{model: zebra, expect: {expect}}}\n"
    said = [one for one in _said(tmp_path, tests) if one[0] in ("MS201", "MS202")]
    assert said == [(code, "routes.test.yaml", 2) for code in codes]


def test_a_metadata_schema_that_is_missing_or_a_link_is_a_fault(tmp_path: Path) -> None:
    assert _said(tmp_path, SCHEMA % "none.json") == [("MS110", "modelspec.yaml", 1)]
    (tmp_path / "link.json").symlink_to("none.json")
    assert _said(tmp_path, SCHEMA % "link.json") == [("MS002", "link.json", 1)]


PRICES = "# file: modelspec.yaml\nprices: prices.yaml\n# file: prices.yaml\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("prices: []\n", []),
        ("currency: EUR\nprices:\n  - {input: 1, output: 2.5}\n", []),
        ("prices:\n  - {model: a}\n", [("MS102", 2), ("MS102", 2)]),
        ("prices:\n  - {input: 1, output: 2, per: 1000}\n", [("MS101", 2)]),
        ("prices:\n  - {input: 1, output: .nan}\n", [("MS015", 2)]),
        ("prices:\n  - {input: 1, output: two}\n", [("MS103", 2)]),
        ("prices: [\n", [("MS008", 1)]),
        ("- a\n", [("MS103", 1)]),
        (
            "prices:\n  - {model: 'https://u:s3cr3t-pa55word@x.example.com', input: 1, output: 2}\n",
            [("MS501", 2)],
        ),
    ],
)
def test_a_price_list_is_checked_at_its_lines(
    tmp_path: Path, text: str, found: list[tuple[str, int]]
) -> None:
    said = [(code, line) for code, path, line in _said(tmp_path, PRICES + text) if path == "prices.yaml"]
    assert said == found


def test_one_faulty_setting_leaves_the_others_in_force(tmp_path: Path) -> None:
    settings = "# file: modelspec.yaml\nrules: {MS402: off}\noutput: [dist]\n"
    assert _said(tmp_path, model(fallback_heads="") + settings) == [("MS103", "modelspec.yaml", 2)]


def test_settings_have_defaults() -> None:
    assert settings_of(None) == settings_of({})
    assert waivers_of(None) == waivers_of({}) == ()


def test_suggestions_are_worked_out_once_and_end_after_some() -> None:
    suggestions = Suggestions(["head-eu-1", "head-us-1"])
    assert suggestions.nearest("haed-eu-1") == "head-eu-1"
    assert suggestions.nearest("nothing-near") is None
    for number in range(MOST - 2):
        suggestions.nearest(f"other-{number}")
    assert suggestions.nearest("haed-us-1") is None
    assert suggestions.nearest("haed-eu-1") == "head-eu-1"
