"""The guard that counts requests, which only a plan with usage can."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from changes import many, settings, waiver, waivers
from small_fleets import FIXED, TODAY, compiled, model, routed

from modelspec.change.demand import Demand
from modelspec.change.guard_policy import loosened
from modelspec.change.guards import check_guards
from modelspec.change.replay import replay
from modelspec.fleet.settings import settings_of
from modelspec.routing.decide import Index

ASKED = {"atlas": 60, "bison": 30, "m00": 10}


def found(
    root: Path,
    after: Mapping[str, str],
    *,
    base: str = "max_moved_requests: 5%",
    head: Mapping[str, str] | None = None,
) -> list[tuple[str, str]]:
    """The codes and messages of what a change of `atlas`, `bison` and ten others breaks."""
    before = {"atlas": model("atlas"), "bison": model("bison"), **many(10)}
    fixed = {**FIXED, **settings(f"max_changed: 100%, {base}")}
    old = compiled(root / "base", before, fixed)
    new = compiled(root / "head", {**before, **after}, {**fixed, **(head or {})})
    tables = routed(old), routed(new)
    asked = Demand(
        first=datetime(2026, 5, 1, tzinfo=UTC),
        hours=24,
        asked={name: {"eu": count} for name, count in ASKED.items()},
        clients={},
        heads={},
        measured={},
        floors={},
    )
    weighed = replay(asked, *map(Index, tables), heads={}, regions={}, models={})
    report = check_guards(old, new, before=tables[0], after=tables[1], today=TODAY, replay=weighed)
    without = check_guards(old, new, before=tables[0], after=tables[1], today=TODAY)
    assert "MS850" not in [one.code for one in without.diagnostics]
    return [(one.code, one.message) for one in report.diagnostics if one.code == "MS850"]


MOVED = {name: model(name, head="head-uk-1") for name in ASKED}


LIMIT = "and with them 70.000% of all requests; the limit is 5% (max_moved_requests)"


def test_too_many_requests_are_named_by_their_models(tmp_path: Path) -> None:
    after = {name: MOVED[name] for name in ("atlas", "m00")}
    assert found(tmp_path, after) == [
        (
            "MS850",
            f"{count} requests a day of model '{name}' move, {LIMIT}",
        )
        for name, count in (("atlas", 60), ("m00", 10))
    ]


@pytest.mark.parametrize(
    ("base", "is_broken"),
    [
        ("max_moved_requests: 9%", True),
        ("max_moved_requests: 10%", False),
        ("max_moved_requests: 0%", True),
        ("", False),
    ],
)
def test_a_share_is_compared_exactly(tmp_path: Path, base: str, *, is_broken: bool) -> None:
    assert bool(found(tmp_path, {"m00": MOVED["m00"]}, base=base or "max_moved: 9")) is is_broken


def test_what_moves_nothing_breaks_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, {"m00": model("m00", "tags: [chat]")}, base="max_moved_requests: 0%") == []


def test_a_waiver_takes_a_model_out(tmp_path: Path) -> None:
    waived = waivers(waiver("max_moved_requests", "atlas"))
    assert found(tmp_path, {"atlas": MOVED["atlas"]}, head=waived) == []
    both = {"atlas": MOVED["atlas"], "bison": MOVED["bison"]}
    assert [message.partition(" move")[0] for _, message in found(tmp_path, both, head=waived)] == [
        "30 requests a day of model 'bison'"
    ]


def test_to_allow_more_is_to_loosen() -> None:
    strict, lax = (settings_of({"guards": {"max_moved_requests": share}}) for share in ("5%", "6%"))
    assert [one.subject for one in loosened(strict, lax, 9)] == ["guards.max_moved_requests"]
    assert [*loosened(lax, strict, 9)] == []
    assert [one.after for one in loosened(strict, settings_of({}), 9)] == ["100%"]
