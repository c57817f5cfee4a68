"""`plan --replay` and `drill --usage` as commands, on usage in a file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest
from git_repositories import repository, write
from modelspec_command import HEADS, MODEL, REGIONS, Command

from modelspec.change.demand import Demand, demand_file

SCHEMA = Path(__file__).parents[2] / "schemas/plan.schema.json"
DRILL = SCHEMA.with_name("drill.schema.json")
FILES = {
    "regions.yaml": REGIONS,
    "heads.yaml": HEADS,
    "models.d/atlas.yaml": MODEL.format("atlas"),
    "models.d/bison.yaml": MODEL.format("bison"),
}
MOVED = {
    "models.d/atlas.yaml": MODEL.format("atlas").replace("head-us\nfallback_heads: [head-eu]", "head-eu")
}


def asked(*names: str, hours: int = 48) -> bytes:
    return demand_file(
        Demand(
            first=datetime(2026, 5, 1, tzinfo=UTC),
            hours=hours,
            asked={name: {"us": 2000, "": 2} for name in names},
            clients={"us": (1000, *[0] * (hours - 2), 1000)},
            heads={"head-us": (1001, *[0] * (hours - 2), 1001)},
            measured={},
            floors={},
        )
    )


@pytest.fixture
def usage(tmp_path: Path) -> Path:
    path = tmp_path / "usage.json.gz"
    path.write_bytes(asked("atlas", "<img src=x>|`@octocat`", "\u202esk-live-planted"))
    return path


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return write(repository(tmp_path / "fleet", FILES), MOVED)


def test_a_plan_says_what_requests_do(command: Command, fleet: Path, usage: Path) -> None:
    outcome = command.run("plan", "--root", fleet, "--base", "HEAD", "--replay", usage)
    assert outcome.code == 10
    assert "; of 3,003 requests a day 33.3 % move\n" in outcome.out
    assert "  3,003 requests a day were replayed, of 2 days up to 2026-05-03 00:00 UTC\n" in outcome.out
    assert "  1,001 a day from head-us to head-eu\n" in outcome.out
    assert "  head     requests a second  in the busiest hour  capacity\n" in outcome.out


def test_less_than_a_day_is_told_in_hours(command: Command, fleet: Path, tmp_path: Path) -> None:
    usage = tmp_path / "morning.json.gz"
    usage.write_bytes(asked("atlas", hours=6))
    outcome = command.run("plan", "--root", fleet, "--base", "HEAD", "--replay", usage)
    assert "of 2,002 requests in 6 hours 100 % move\n" in outcome.out
    assert "  2,002 requests in 6 hours were replayed up to 2026-05-01 06:00 UTC\n" in outcome.out
    assert "a day" not in outcome.out
    drilled = command.run("drill", "--root", fleet, "--usage", usage, "--down", "us", "--down", "eu").out
    assert "  requests in 6 hours: 2,002 lose service, 0 move\n" in drilled
    assert "of 2,002 requests in 6 hours, the worst drill loses 2,002: us and eu down\n" in drilled


def test_markdown_and_json_have_the_same(command: Command, fleet: Path, usage: Path) -> None:
    page = command.run("plan", "--root", fleet, "--base", "HEAD", "--replay", usage, "--format", "markdown")
    assert "\n### Requests\n" in page.out
    assert "| <code>head-us</code> |" in page.out or "| `head-us` |" in page.out
    outcome = command.run("plan", "--root", fleet, "--base", "HEAD", "--replay", usage, "--format", "json")
    document = json.loads(outcome.out)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(document)
    assert document["usage"]["moved"] == 1001
    assert document["usage"]["flows"] == [{"from": "head-us", "to": "head-eu", "requests": 1001}]


def test_names_that_clients_sent_are_shown_safely(command: Command, fleet: Path, usage: Path) -> None:
    usage.write_bytes(asked("<img src=x>|`@octocat`", "\u202e\x1b[31m", "atlas\n- **x**"))
    (fleet / "models.d/any.yaml").write_text(MODEL.format('"<img/*"').replace("atlas", "any"))
    for format_ in ("text", "markdown", "json"):
        outcome = command.run(
            "plan", "--root", fleet, "--base", "HEAD", "--replay", usage, "--format", format_
        )
        assert "\u202e" not in outcome.out
        assert "\x1b" not in outcome.out
        assert "\n- **x**" not in outcome.out


def test_missing_usage_is_said(command: Command, fleet: Path, tmp_path: Path) -> None:
    arguments = ("plan", "--root", fleet, "--base", "HEAD", "--replay", tmp_path / "gone")
    outcome = command.run(*arguments)
    assert outcome.code == 10
    assert "usage is missing: nothing is weighed by requests, and guards count models\n" in outcome.out
    assert "Usage is missing" in command.run(*arguments, "--format", "markdown").out
    assert json.loads(command.run(*arguments, "--format", "json").out)["usage"] is None
    assert "usage is missing" not in command.run("plan", "--root", fleet, "--base", "HEAD").out


def test_a_guard_that_counts_nothing_is_said(command: Command, tmp_path: Path) -> None:
    guarded = {**FILES, "modelspec.yaml": "guards: {max_moved_requests: 5%}\n"}
    root = write(repository(tmp_path / "fleet", guarded), MOVED)
    assert "usage is missing" in command.run("plan", "--root", root, "--base", "HEAD").out


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x1f\x8b\x08\x00planted"])
def test_what_is_no_usage_is_refused(command: Command, fleet: Path, usage: Path, content: bytes) -> None:
    usage.write_bytes(content)
    outcome = command.run("plan", "--root", fleet, "--base", "HEAD", "--replay", usage)
    assert (outcome.code, outcome.out) == (2, "")
    assert "is not usage that can be replayed" in outcome.err


def test_a_guard_counts_requests(command: Command, fleet: Path, usage: Path) -> None:
    guarded = "guards: {max_moved_requests: 5%, max_changed: 100%}\n"
    (fleet / "modelspec.yaml").write_text(guarded)
    command_line = ("plan", "--root", fleet, "--base", "HEAD", "--replay", usage)
    assert "MS850" not in command.run(*command_line).out  # the guards of the base hold
    root = write(repository(fleet.parent / "other", {**FILES, "modelspec.yaml": guarded}), MOVED)
    outcome = command.run("plan", "--root", root, "--base", "HEAD", "--replay", usage)
    assert outcome.code == 1
    assert "error[MS850]: 1,001 requests a day of model 'atlas' move" in outcome.out
    assert command.run("plan", "--root", root, "--base", "HEAD").code == 10


def test_a_drill_counts_requests(command: Command, fleet: Path, usage: Path) -> None:
    outcome = command.run("drill", "--root", fleet, "--usage", usage, "--down", "us", "--down", "eu")
    assert outcome.code == 0
    assert "  requests a day: 1,001 lose service, 0 move\n" in outcome.out
    assert outcome.out.endswith("of 3,003 requests a day, the worst drill loses 1,001: us and eu down\n")
    outcome = command.run("drill", "--root", fleet, "--usage", usage)
    assert outcome.out.endswith("of 3,003 requests a day, the worst drill loses 1,001: head-eu down\n")
    page = command.run("drill", "--root", fleet, "--usage", usage, "--format", "markdown").out
    assert "- requests a day: 1,001 lose service, 0 move\n" in page
    document = json.loads(command.run("drill", "--root", fleet, "--usage", usage, "--format", "json").out)
    jsonschema_rs.validator_for(json.loads(DRILL.read_text())).validate(document)
    assert [one["requests"]["lost"] for one in document["drills"]] == [0, 1001, 0, 1001]


def test_a_drill_names_the_rates_of_heads_that_get_more(command: Command, fleet: Path, usage: Path) -> None:
    (fleet / "models.d/atlas.yaml").write_text(FILES["models.d/atlas.yaml"])
    outcome = command.run("drill", "--root", fleet, "--usage", usage, "--down", "head-us")
    assert "  requests a day: 0 lose service, 1,001 move, 1,001 of them out of their region\n" in outcome.out
    assert "  rate of head-eu: 0 to 0.278 requests a second in the busiest hour\n" in outcome.out


def test_a_drill_needs_usage_that_is_there(command: Command, fleet: Path, tmp_path: Path) -> None:
    outcome = command.run("drill", "--root", fleet, "--usage", tmp_path / "gone")
    assert outcome.code == 2
    assert "has no requests" in outcome.err
