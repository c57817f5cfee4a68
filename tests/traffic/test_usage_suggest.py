"""`suggest`: silence where usage shows nothing, exactly what was planted where it does, and edits that pass."""

import json
import math
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import jsonschema_rs
import pytest
from git_repositories import git, repository, write
from modelspec_command import Command
from small_fleets import model
from usage_days import ATLAS, FILES, HEADS, LAST, QUIET, REGIONS, RULE, Days, report_of, steady, titles

from modelspec.traffic.lead import lead_of

SCHEMA = Path(__file__).parents[2] / "schemas/suggestions.schema.json"


@pytest.fixture
def usage(tmp_path: Path) -> Days:
    return Days(tmp_path / "usage")


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return write(tmp_path / "fleet", FILES)


ALLOWING = {"max_moved": "100%", "max_changed": "100%", "empty_head": "off", "last_model_of_region": "off"}
TOWARDS_US = {"us": 70, "uk": 20, "eu": 10}
TO_US = "Send requests for atlas to head-us first"


def test_usage_without_a_fact_suggests_nothing(fleet: Path, usage: Days) -> None:
    usage.write([*QUIET, *steady("atlas", "head-uk", {"us": 38, "uk": 30, "eu": 32})])
    report = report_of(fleet, usage)
    assert (report.suggestions, report.dropped) == ((), ())


def test_clients_elsewhere_suggest_the_head_near_them(fleet: Path, usage: Days) -> None:
    near = {("us", "head-uk"): 180, ("us", "head-us"): 20, ("uk", "head-us"): 200}
    usage.write(
        [*QUIET, *steady("atlas", "head-uk", TOWARDS_US), *steady("atlas", "head-us", {"us": 5, "uk": 5})],
        near,
    )
    report = report_of(fleet, usage)
    assert titles(report) == [TO_US]
    (one,) = report.suggestions
    assert dict(one.proposal.figures)["lead_points"]["mean"] == pytest.approx(100 * (75 - 25) / 110, abs=0.01)
    assert one.replay is not None
    assert one.replay["saved_p50_ms"] > 0
    assert one.replay["moved_a_day"] == pytest.approx(110, rel=0.01)
    assert any("as measured for 100 %" in words for words in one.draft.effects)


def test_what_would_not_be_faster_is_not_suggested(fleet: Path, usage: Days) -> None:
    far = {("us", "head-uk"): 20, ("uk", "head-uk"): 20, ("eu", "head-uk"): 20, ("us", "head-us"): 300}
    usage.write(
        [*QUIET, *steady("atlas", "head-uk", TOWARDS_US), *steady("atlas", "head-us", {"us": 5})], far
    )
    report = report_of(fleet, usage)
    assert titles(report) == []
    assert report.dropped[0].why.startswith("replay: it would not be faster")


def test_the_home_region_moves_with_the_head(fleet: Path, usage: Days) -> None:
    write(fleet, {"models.d/dingo.yaml": model("dingo", region="uk", head="head-uk")})
    usage.write([*QUIET, *steady("dingo", "head-uk", {"uk": 50}), *steady("atlas", "head-uk", TOWARDS_US)])
    report = report_of(fleet, usage)
    assert titles(report) == ["Move atlas to us, and its requests to head-us"]
    (one,) = report.suggestions
    changed = one.draft.files["models.d/atlas.yaml"]
    assert (
        changed
        == ATLAS.replace("region: uk ", "region: us ")
        .replace("head-us ", "head-eu2")
        .replace("priority_head: head-uk ", "priority_head: head-us ")
        .replace("- head-eu2", "- head-uk ")
        .encode()
    )


def test_residency_is_respected(fleet: Path, usage: Days) -> None:
    usage.write([*QUIET[:80], *steady("civet", "head-eu", {"us": 90, "eu": 10})])
    assert titles(report_of(fleet, usage)) == ["Send requests for civet to head-uk first"]
    write(fleet, {"regions.yaml": REGIONS.replace("residency: [eu, uk]", "residency: [eu, uk, us]")})
    assert titles(report_of(fleet, usage)) == ["Send requests for civet to head-us first"]


def test_access_is_respected(fleet: Path, usage: Days) -> None:
    usage.write([*QUIET, *steady("atlas", "head-uk", TOWARDS_US)])
    write(fleet, {"models.d/atlas.yaml": f"{ATLAS}access: {{client_regions: [uk, eu]}}\n"})
    assert report_of(fleet, usage).suggestions == ()


def test_a_client_region_without_a_head_gets_the_nearest(fleet: Path, usage: Days) -> None:
    usage.write([*QUIET, *steady("atlas", "head-uk", {"ca": 70, "uk": 20, "eu": 10})])
    assert titles(report_of(fleet, usage)) == [TO_US]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("guards: {max_changed: 0}", "plan: MS801"),
        ("guards: {max_moved_requests: 5%}", "plan: MS850"),
    ],
)
def test_a_guard_refuses(fleet: Path, usage: Days, rule: str, why: str) -> None:
    usage.write([*QUIET, *steady("atlas", "head-uk", TOWARDS_US)])
    write(fleet, {"modelspec.yaml": f"{rule}\n"})
    report = report_of(fleet, usage)
    assert report.suggestions == ()
    assert report.dropped[0].why.startswith(why)


def test_a_routing_test_refuses(fleet: Path, usage: Days) -> None:
    usage.write([*QUIET, *steady("atlas", "head-uk", TOWARDS_US)])
    write(fleet, {"routes.test.yaml": "tests:\n  - {name: stays, model: atlas, expect: {head: head-uk}}\n"})
    report = report_of(fleet, usage)
    assert [one.why for one in report.dropped] == ["test: 'stays' would fail"]


def test_several_pass_together_or_wait(fleet: Path, usage: Days) -> None:
    names = [f"m{number}" for number in range(4)]
    write(fleet, {f"models.d/{name}.yaml": ATLAS.replace("atlas", name) for name in names})
    usage.write([*QUIET, *(row for name in names for row in steady(name, "head-uk", TOWARDS_US))])
    report = report_of(fleet, usage)
    assert len(report.suggestions) == 3
    assert all("(max_changed)" in one.why for one in report.dropped)
    off = ", ".join(f"{guard}: {value}" for guard, value in ALLOWING.items())
    write(fleet, {"modelspec.yaml": f"guards: {{{off}}}\n"})
    report = report_of(fleet, usage)
    assert len(report.suggestions) == 4
    assert report.suggestions[1].before is report.suggestions[0].verdict.after


def test_what_nobody_calls_is_suggested_after_its_days(fleet: Path, usage: Days) -> None:
    spare = HEADS + "  - {head_id: head-spare, region: us, url: https://head-spare.example.net}\n"
    spared = model("eland", region="us", head="head-spare")
    write(
        fleet,
        {
            "heads.yaml": spare,
            "models.d/eland.yaml": spared,
            "modelspec.yaml": "guards: {empty_head: off, last_model_of_region: off, max_removed: 100%}\n",
        },
    )
    usage.write([*steady("bison", "head-us-2", {"us": 50}, 90), *steady("civet", "head-eu", {"eu": 50}, 90)])
    found = titles(report_of(fleet, usage))
    assert "Disable eland, which nobody calls" in found
    assert "Take head-spare offline, which gets no requests" in found
    assert "Take head-us offline, which gets no requests" not in found  # the last resort of bison
    recent = report_of(fleet, usage, recent={"models.d/eland.yaml", "heads.yaml"})
    assert titles(recent) == ["Disable atlas, which nobody calls"]
    assert titles(report_of(fleet, usage, recent=None)) == []


def test_a_limit_that_cuts_healthy_traffic(fleet: Path, usage: Days) -> None:
    write(fleet, {"models.d/bison.yaml": model("bison", "limits: {rpm: 10}", region="us", head="head-us-2")})
    rows = [*steady("bison", "head-us-2", {"us": 500}), *steady("bison", "", {"us": 100}, code="429")]
    usage.write([*rows, *steady("atlas", "head-uk", {"uk": 9})])
    report = report_of(fleet, usage)
    assert titles(report) == ["Raise the limit of bison to 15 requests a minute"]
    write(fleet, {"models.d/bison.yaml": model("bison", "limits: {rpm: 600}", region="us", head="head-us-2")})
    assert titles(report_of(fleet, usage)) == []  # other than by the limit


def year(seed: int, lead: float) -> dict[date, dict[str, int]]:
    """A year of one model: shares of five regions that wander and burst; `us` leads over `uk` by so many points."""
    dice = Random(seed)
    base = [0.2 + lead / 200, 0.2 - lead / 200, 0.2, 0.2, 0.2]
    days = {}
    for number in range(365):
        weights = [max(0.0, part * dice.lognormvariate(0, 0.25)) for part in base]
        volume = max(1, int(dice.lognormvariate(math.log(120), 0.5)))
        drawn = dice.choices(["us", "uk", "eu", "ca", "jp"], weights, k=volume)
        days[LAST - timedelta(days=number)] = {name: drawn.count(name) for name in set(drawn)}
    return days


def weeks_that_lead(days: dict[date, dict[str, int]]) -> Iterator[str]:
    """Whom each weekly run would name, if this and the window a week before agree."""
    for back in range(0, 365 - 35, 7):
        last = LAST - timedelta(days=back)
        windows = [
            {day: counts for day, counts in days.items() if end - timedelta(days=RULE.days) < day <= end}
            for end in (last, last - timedelta(days=7))
        ]
        now, before = (lead_of(window, {"uk"}, RULE) for window in windows)
        if now is not None and before is not None and now.client == before.client:
            yield now.client


def test_years_without_a_fact_are_silent_and_planted_leads_are_found() -> None:
    assert [name for seed in range(12) for name in weeks_that_lead(year(seed, 0))] == []
    for lead in (20, 30):
        found = [{*weeks_that_lead(year(seed, lead))} for seed in range(5)]
        assert found == [{"us"}] * 5


def test_a_few_days_are_not_enough(fleet: Path, usage: Days) -> None:
    usage.write([*steady("atlas", "head-uk", TOWARDS_US, 27)])
    assert report_of(fleet, usage).suggestions == ()


@pytest.fixture
def tracked(tmp_path: Path) -> Path:
    root = repository(tmp_path / "tracked", FILES)
    git(root, "config", "user.name", "B")
    git(root, "config", "user.email", "b@example.com")
    return root


def test_the_command_shows_applies_and_commits(command: Command, tracked: Path, usage: Days) -> None:
    usage.write([*QUIET, *steady("atlas", "head-uk", TOWARDS_US)])
    arguments = ("suggest", "--root", tracked, "--from", usage.path)
    shown = command.run(*arguments)
    assert shown.code == 10
    assert shown.out.startswith(f"{TO_US}\n")
    assert "us sends 70.0 (70.0 to 70.0) % of 2,800 requests, in 28 days up to 2026-11-30\n" in shown.out
    assert "Usage asks" not in (page := command.run(*arguments, "--format", "markdown").out)
    assert f"- **{TO_US}**\n" in page
    document = json.loads(command.run(*arguments, "--format", "json").out)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(document)
    assert git(tracked, "status", "--short") == ""
    origin = tracked.parent / "origin"
    git(tracked.parent, "init", "--quiet", "--bare", origin)
    git(tracked, "remote", "add", "origin", origin)
    outcome = command.run(*arguments, "--branch", "suggested", "--push")
    assert outcome.code == 10, outcome.err
    assert git(origin, "rev-parse", "suggested") == git(tracked, "rev-parse", "HEAD")
    assert git(origin, "rev-list", "--count", "suggested") == "2"
    assert git(tracked, "branch", "--show-current") == "suggested"
    message = git(tracked, "log", "-1", "--format=%B")
    assert message.startswith(f"{TO_US}\n\n1 model moves\n\n- atlas: priority_head head-uk → head-us\n")
    assert "- us sends 70.0 (70.0 to 70.0) % of 2,800 requests, in 28 days up to 2026-11-30" in message
    assert "priority_head: head-us  # measured in May" in (tracked / "models.d/atlas.yaml").read_text()
    again = command.run(*arguments)
    assert (again.code, again.out) == (0, "")
    assert "nothing to suggest" in again.err


def test_apply_writes_and_commits_nothing(command: Command, tracked: Path, usage: Days) -> None:
    usage.write([*QUIET, *steady("atlas", "head-uk", TOWARDS_US)])
    arguments = ("suggest", "--root", tracked, "--from", usage.path)
    assert command.run(*arguments, "--push").code == 2
    assert command.run(*arguments, "--apply").code == 10
    assert git(tracked, "status", "--short") == "M models.d/atlas.yaml"
    assert git(tracked, "rev-list", "--count", "HEAD") == "1"
