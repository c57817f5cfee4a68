"""Every field of a routing table has a comparer, so that a new field cannot be overlooked."""

from collections import Counter
from dataclasses import fields

from modelspec.change.effect import BY_NAME, KINDS, ORDER
from modelspec.change.fleet import HEAD_FIELDS, REGION_FIELDS
from modelspec.change.models import CLAIMS
from modelspec.change.upstreams import TARGET_FIELDS
from modelspec.fleet.model import Upstream
from modelspec.routing.table import About, HeadEntry, RegionEntry, Route, RoutingTable, Tier


def _names(*types: type) -> set[str]:
    return {field.name for one in types for field in fields(one) if field.compare}


def test_every_field_of_a_route_is_claimed_once() -> None:
    claimed = Counter(field for claim in CLAIMS for field in claim.fields)
    assert set(claimed.values()) == {1}
    assert set(claimed) == {*(_names(Route) - {"about"}), *(f"about.{name}" for name in _names(About))}


def test_every_field_of_an_upstream_is_claimed_once() -> None:
    claimed = Counter(field for group in TARGET_FIELDS.values() for field in group)
    assert set(claimed.values()) == {1}
    assert set(claimed) == _names(Upstream)


def test_every_field_of_heads_and_regions_is_claimed() -> None:
    assert HEAD_FIELDS.keys() == _names(HeadEntry)
    assert REGION_FIELDS.keys() == _names(RegionEntry)


def test_every_field_of_a_table_and_a_tier_is_compared() -> None:
    assert _names(RoutingTable) == {"regions", "heads", "routes"}
    assert _names(Tier) == {"weights"}


def test_kinds_have_unique_names_and_are_sorted_by_rank() -> None:
    assert len(BY_NAME) == len(KINDS) == len(ORDER)
    ranks = [kind.rank for kind in KINDS]
    assert ranks == sorted(ranks)
    assert all(kind.one.count("{}") == kind.many.count("{}") for kind in KINDS)
