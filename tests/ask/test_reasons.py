"""Every part of an answer points at the line that causes it."""

from datetime import date
from pathlib import Path

import pytest
from small_fleets import FLEETS, compiled, model, routed

from modelspec.ask.account import Account, account
from modelspec.ask.account_formats import account_json, account_text
from modelspec.ask.places import Places
from modelspec.incremental import compile_fleet
from modelspec.pipeline import Compiled
from modelspec.routing.decide import Index, Request, decide
from modelspec.text.source import Spot

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 6, 1)


def accounts(result: Compiled) -> list[Account]:
    """One for each name of each model; for a wildcard, one for a name that it matches."""
    index = Index(routed(result))
    places = Places(locator=result.locator, fleet=result.setup.whole)
    names = [name.replace("*", "some/thing") for name in index.names]
    return [account(index, decide(index, Request(model=name)), places) for name in names]


def line(result: Compiled, spot: Spot) -> str:
    source = result.locator.source(spot.path)
    assert source is not None
    return source.lines[spot.line - 1]


def check(result: Compiled, found: Account) -> None:
    check_model(result, found)
    check_heads(result, found)
    check_reach(result, found)
    assert "".join(account_text(found, colour=False)).endswith("\n")
    assert found.decision.request.model in account_json(found)


def check_model(result: Compiled, found: Account) -> None:
    assert found.model is not None
    assert found.model.name in line(result, found.model.spot)
    if found.model.route.status != "active":
        assert found.model.route.status in line(result, found.model.status_spot)
    if found.model.residency_spot is not None:
        assert "residency" in line(result, found.model.residency_spot)
    if found.model.client_regions_spot is not None:
        assert "client_regions" in line(result, found.model.client_regions_spot)


def check_heads(result: Compiled, found: Account) -> None:
    for tier in found.tiers:
        for head in tier:
            assert head.head.head_id in line(result, head.named)
            assert head.head.head_id in line(result, head.spot)
            for _, spot in head.targets:
                words = ("endpoint", "provider", "inference_url", "- ")
                assert any(word in line(result, spot) for word in words)
    for fallback in found.fallback_models:
        assert fallback.name in line(result, fallback.spot)
    for unused in found.unused:
        assert unused.head.head_id in line(result, unused.spot) or "offline" in line(result, unused.spot)


def check_reach(result: Compiled, found: Account) -> None:
    assert found.model is not None
    # The compiler finds the same reach in another way, without the places.
    assert found.model.route.reach == tuple(found.reach)
    for causes in found.reach.values():
        for cause in causes:
            if cause.kind == "head":
                assert cause.name in line(result, cause.spot)
            if cause.kind == "fallback_model" and len(cause.via) == 1:
                assert any(
                    name in line(result, cause.spot) for name in (cause.name, *found.model.route.exact)
                ) or ("fallback_models" in line(result, cause.spot))


@pytest.mark.parametrize("name", FLEETS)
def test_accounts_of_small_fleets_have_correct_places(name: str, tmp_path: Path) -> None:
    result = compiled(tmp_path, FLEETS[name])
    for found in accounts(result):
        check(result, found)


def test_accounts_of_the_example_fleet_have_correct_places() -> None:
    result = compile_fleet(ROOT, today=TODAY)
    found = accounts(result)
    assert len(found) > 40
    for each in found:
        check(result, each)


WAIVED = """\
waivers:
  - {rule: MS301, subject: atlas, reason: a trial, expires: "2026-09-30", approved_by: alice}
"""


def test_shows_that_a_reach_beyond_the_residency_is_waived(tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text(WAIVED, encoding="utf-8")
    result = compiled(tmp_path, {"atlas": model("atlas", "fallback_heads: [head-us-1]")})
    (found,) = accounts(result)
    assert "beyond, by a waiver, the residency of eu (eu, uk)" in "".join(account_text(found, colour=False))


def test_many_heads_and_many_reasons_are_folded(tmp_path: Path) -> None:
    heads = "heads:\n" + "".join(
        f"  - {{head_id: h{n}, region: us, url: https://h{n}.example.net, status: draining}}\n"
        for n in range(9)
    )
    regions = "regions:\n  - {code: us, name: United States}\n"
    weights = ", ".join(f"h{n}: 1" for n in range(9))
    models = {"atlas": model("atlas", f"load_balancing: {{weights: {{{weights}}}}}", region="us", head="h0")}
    result = compiled(tmp_path, models, {"regions.yaml": regions, "heads.yaml": heads})
    (found,) = accounts(result)
    shown = "".join(account_text(found, colour=False))
    assert "'atlas' is routed to one of 9 heads" in shown
    assert "us: and 3 more reasons" in shown
    assert shown.count(", draining  [") == 9
    assert "after every active head" not in shown
    assert "heads not used" not in shown


def test_a_chain_of_fallback_models_is_shown_with_its_path(tmp_path: Path) -> None:
    models = {
        "atlas": model("atlas", "fallback_models: [bison]", region="us"),
        "bison": model("bison", "fallback_models: [any/thing, atlas]", region="us", head="head-us-1"),
        "cobra": model("any/*", region="us", head="head-uk-1"),
    }
    found = {each.decision.request.model: each for each in accounts(compiled(tmp_path, models))}
    shown = "".join(account_text(found["atlas"], colour=False))
    assert "us: fallback model bison  [models.d/atlas.yaml:5]" in shown
    assert "uk: fallback model any/* through bison  [models.d/bison.yaml:5]" in shown


def test_omits_unlisted_heads_where_every_head_is_listed(tmp_path: Path) -> None:
    heads = "fallback_heads: [head-eu-2, head-uk-1, head-us-1, head-us-2]"
    (found,) = accounts(compiled(tmp_path, {"atlas": model("atlas", heads, region="us")}))
    shown = "".join(account_text(found, colour=False))
    assert shown.endswith("heads not used\n  head-us-2 (us): offline  [heads.yaml:6]\n")
