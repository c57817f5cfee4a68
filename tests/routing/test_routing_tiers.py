from pathlib import Path

import pytest
from small_fleets import FIXED, compiled, model, routed

from modelspec.fleet.reach import own_reach
from modelspec.fleet.reference import Reference
from modelspec.routing.table import Route

OFF = {**FIXED, "modelspec.yaml": "rules: {MS301: off, MS308: off, MS401: off}\n"}
"""For tests of fleets that the rules would reject."""


def _route(root: Path, *lines: str, head: str = "head-eu-1") -> Route:
    result = compiled(root, {"atlas": model("atlas", *lines, head=head)}, OFF)
    (found,) = routed(result).routes
    assert found.reach == own_reach(result.models[0], result.catalog.fleet)
    return found


def _tiers(route: Route) -> list[dict[str, int]]:
    return [dict(tier.weights) for tier in route.tiers]


def test_the_priority_head_alone_is_one_tier(tmp_path: Path) -> None:
    assert _tiers(_route(tmp_path)) == [{"head-eu-1": 1}]


def test_each_fallback_head_is_one_tier_in_order(tmp_path: Path) -> None:
    route = _route(tmp_path, "fallback_heads: [head-us-1, head-uk-1]")
    assert _tiers(route) == [{"head-eu-1": 1}, {"head-us-1": 1}, {"head-uk-1": 1}]
    assert route.heads == ("head-eu-1", "head-us-1", "head-uk-1")


def test_weighted_heads_share_the_first_tier(tmp_path: Path) -> None:
    lines = ("load_balancing: {weights: {head-uk-1: 2, head-eu-1: 5}}", "fallback_heads: [head-us-1]")
    assert _tiers(_route(tmp_path, *lines)) == [{"head-uk-1": 2, "head-eu-1": 5}, {"head-us-1": 1}]


def test_offline_heads_are_in_no_tier(tmp_path: Path) -> None:
    lines = ("load_balancing: {weights: {head-eu-1: 2, head-us-2: 1}}", "fallback_heads: [head-uk-1]")
    assert _tiers(_route(tmp_path, *lines)) == [{"head-eu-1": 2}, {"head-uk-1": 1}]


def test_a_draining_priority_head_is_tried_after_every_active_head(tmp_path: Path) -> None:
    route = _route(tmp_path, "fallback_heads: [head-eu-1, head-uk-1]", head="head-eu-2")
    assert _tiers(route) == [{"head-eu-1": 1}, {"head-uk-1": 1}, {"head-eu-2": 1}]


def test_a_draining_head_keeps_its_weight(tmp_path: Path) -> None:
    lines = ("load_balancing: {weights: {head-eu-1: 2, head-eu-2: 7}}", "fallback_heads: [head-uk-1]")
    assert _tiers(_route(tmp_path, *lines)) == [{"head-eu-1": 2}, {"head-uk-1": 1}, {"head-eu-2": 7}]


def test_draining_heads_serve_if_no_head_is_active(tmp_path: Path) -> None:
    assert _tiers(_route(tmp_path, head="head-eu-2")) == [{"head-eu-2": 1}]


@pytest.mark.parametrize(
    "lines", [("status: disabled",), ("deployments: [{region: uk, endpoint: https://a.example.com}]",)]
)
def test_a_model_that_nothing_serves_has_no_tiers_and_no_reach(
    lines: tuple[str, ...], tmp_path: Path
) -> None:
    route = _route(tmp_path, *lines, head="head-us-2")
    assert (route.tiers, route.heads, route.reach) == ((), (), ())
    assert route.is_routed == (lines[0] != "status: disabled")


def test_reach_covers_the_regions_of_heads_and_deployments(tmp_path: Path) -> None:
    lines = (
        "fallback_heads: [head-us-1, head-us-2]",
        "deployments: [{region: uk, endpoint: https://a.example.com}]",
    )
    assert _route(tmp_path, *lines).reach == ("eu", "uk", "us")


def test_an_offline_head_reaches_nothing(tmp_path: Path) -> None:
    assert _route(tmp_path, "fallback_heads: [head-us-2]").reach == ("eu",)


def test_local_inference_reaches_only_the_regions_of_the_heads(tmp_path: Path) -> None:
    assert _route(tmp_path, "local_inference: true", "endpoint: http://127.0.0.1:1/v1").reach == ("eu",)


def test_a_head_without_an_inference_server_has_no_endpoint_if_waived(tmp_path: Path) -> None:
    route = _route(tmp_path, "local_inference: true", "fallback_heads: [head-uk-1]")
    assert [target.endpoint for target in route.local_targets.values()] == ["http://10.0.0.1:8000/v1", None]


def test_an_endpoint_by_reference_is_kept_at_every_head(tmp_path: Path) -> None:
    route = _route(tmp_path, "local_inference: true", "endpoint: {env: LOCAL_URL}")
    assert route.local_targets["head-eu-1"].endpoint == Reference.of({"env": "LOCAL_URL"})
