"""What rounds make of a status, by a clock of the test's own."""

import gzip
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest
from loopback import PROBING, fleet_at, repository

from modelspec.fleet.settings import Probing, settings_of
from modelspec.traffic.history import Track
from modelspec.traffic.status import (
    ProbedFleet,
    Service,
    Status,
    StatusView,
    after,
    document_of,
    nothing_known,
    status_of,
)
from modelspec.traffic.subjects import Probed, Watched

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SCHEMA = Path(__file__).parents[2] / "schemas/status.schema.json"
ONE = Watched(kind="head", key="one", url=None)


def rounds(
    outcomes: Iterable[bool | None], *, minutes: float = 10, probing: Probing = PROBING, latency: int = 10
) -> list[Track]:
    """The track of one subject after each round from noon on."""
    status, tracks = nothing_known(NOON), []
    for number, is_up in enumerate(outcomes):
        now = NOON + timedelta(minutes=minutes * number)
        probed = Probed(is_up=is_up, latency_ms=latency if is_up else None)
        status = after(status, {ONE: probed}, now=now, source="probes", probing=probing)
        tracks.append(status.of(ONE))
    return tracks


@pytest.mark.parametrize(
    ("outcomes", "states"),
    [
        ("1", "u"),
        ("0", "d"),
        ("101", "uuu"),  # one failure is no change
        ("1101001", "uuuuddd"),  # two of the last three are; then one success is not
        ("00101", "ddddu"),
        ("10101", "uuudd"),  # what came before a change does not count against it
        ("1001011", "uuddduu"),
        ("1?00", "u?dd"),  # where nothing is known, the next probe decides
    ],
)
def test_flapping_is_damped(outcomes: str, states: str) -> None:
    tracks = rounds({"1": True, "0": False, "?": None}[one] for one in outcomes)
    assert "".join({"up": "u", "down": "d", "unknown": "?"}[one.state] for one in tracks) == states


def test_the_damping_is_set() -> None:
    tracks = rounds([True, False, False, False, False], probing=replace(PROBING, change_after=4, of_last=4))
    assert [one.state for one in tracks] == ["up", "up", "up", "up", "down"]
    tracks = rounds([True, False], probing=replace(PROBING, change_after=1, of_last=1))
    assert [one.state for one in tracks] == ["up", "down"]
    assert settings_of({"status": {"of_last": 5}}).status == Probing(
        timeout_seconds=5, concurrency=16, change_after=2, of_last=5
    )


def test_since_and_the_last_change_are_kept() -> None:
    tracks = rounds([True, True, False, False, True])
    assert [one.since for one in tracks] == [NOON] * 3 + [NOON + timedelta(minutes=30)] * 2
    assert [one.changed for one in tracks] == [None] * 3 + [NOON + timedelta(minutes=30)] * 2


def test_an_hour_is_a_character() -> None:
    assert [one.hours for one in rounds([True, True, False, False, False])] == ["b", "b", "7", "6", "5"]
    assert rounds([True] * 7 + [False] * 6)[-1].hours == "b20"
    assert rounds([True, False], minutes=60 * 5)[-1].hours == "b----0"
    assert rounds([None, None, True], minutes=60)[-1].hours == "b"
    assert rounds([True, None, True], minutes=60)[-1].hours == "b-b"


def test_a_day_has_a_mean_latency_of_what_was_good() -> None:
    status = nothing_known(NOON)
    for day, latencies in enumerate(((10, 30), (), (), (100, None, 7))):
        for number, latency in enumerate(latencies):
            now = NOON + timedelta(days=day, minutes=number)
            # An error is an answer too, and its latency counts for nothing.
            probed = Probed(is_up=latency is not None, latency_ms=9999 if latency is None else latency)
            status = after(status, {ONE: probed}, now=now, source="probes", probing=PROBING)
    assert status.of(ONE).days == (20, None, None, 54)


def test_a_history_ends_after_90_days() -> None:
    track = rounds([True] * 3000, minutes=60)[-1]
    assert (len(track.hours), len(track.days)) == (2160, 90)
    track = rounds([True, True], minutes=60 * 24 * 400)[-1]
    assert (track.hours, track.days) == ("b", (10,))


def test_a_clock_that_goes_backwards_loses_nothing() -> None:
    status = nothing_known(NOON)
    for hours in (0, 1, -5, 1, 2):
        now = NOON + timedelta(hours=hours)
        status = after(status, {ONE: Probed(is_up=True)}, now=now, source="probes", probing=PROBING)
    assert status.of(ONE).hours == "bbb"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> ProbedFleet:
    root = repository(
        tmp_path_factory.mktemp("status") / "fleet",
        {"head-a": "https://a.example.com", "head-b": "https://b.example.com"},
        {"atlas": "https://up.example.com/v1", "bison": "https://other.example.com", "cobra": "{env: COBRA}"},
    )
    return fleet_at(root, {"COBRA": "https://planted.example.com/v1"})


def seen(fleet: ProbedFleet, down: Iterable[str] = (), unknown: Iterable[str] = ()) -> Status:
    outcomes = {
        one: Probed(is_up=None if one.key in unknown else one.key not in down, latency_ms=7)
        for one in fleet.subjects
    }
    return after(nothing_known(NOON), outcomes, now=NOON, source="probes", probing=PROBING)


NO_HEAD = Service(tier=None, heads=(), why="no_head")
NO_UPSTREAM = Service(tier=None, heads=(), why="no_upstream")
FIRST, SECOND = Service(tier=0, heads=("head-a",)), Service(tier=1, heads=("head-b",))


@pytest.mark.parametrize(
    ("down", "services"),
    [
        ((), (FIRST, FIRST, FIRST)),
        (("head-a",), (SECOND, SECOND, SECOND)),
        (("head-a", "head-b"), (NO_HEAD, NO_HEAD, NO_HEAD)),
        (("https://up.example.com/v1", "env:COBRA"), (NO_UPSTREAM, FIRST, NO_UPSTREAM)),
        (("head-b", "https://other.example.com"), (FIRST, NO_UPSTREAM, FIRST)),
    ],
)
def test_the_tier_that_answers_is_known(
    fleet: ProbedFleet, down: tuple[str, ...], services: tuple[Service, ...]
) -> None:
    picture = StatusView.of(fleet, seen(fleet, down))
    timed = [replace(one, since=NOON) for one in services]
    assert picture.services == dict(zip(("atlas", "bison", "cobra"), timed, strict=True))
    assert picture.is_well is not bool(down)
    assert StatusView.of(fleet, seen(fleet, unknown=("env:COBRA", "head-a"))).is_well


def test_a_head_whose_own_inference_server_is_down_does_not_serve(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "fleet",
        {"head-a": "https://a.example.com", "head-b": "https://b.example.com"},
        {"atlas": "https://up.example.com/v1"},
    )
    (root / "heads.yaml").write_text(
        "heads:\n"
        "  - {head_id: head-a, region: us, url: https://a.example.com, inference_url: http://10.0.0.1:8000/v1}\n"
        "  - {head_id: head-b, region: us, url: https://b.example.com, inference_url: http://10.0.0.2:8000/v1}\n"
    )
    (root / "models.d/atlas.yaml").write_text(
        "model_id: atlas\nname: Atlas\nregion: us\npriority_head: head-a\nfallback_heads: [head-b]\n"
        "local_inference: true\n"
    )
    fleet = fleet_at(root)
    first, second = "http://10.0.0.1:8000/v1", "http://10.0.0.2:8000/v1"
    none = replace(NO_UPSTREAM, since=NOON)
    assert StatusView.of(fleet, seen(fleet, (first,))).services == {"atlas": replace(SECOND, since=NOON)}
    assert StatusView.of(fleet, seen(fleet, (first, second))).services == {"atlas": none}
    assert StatusView.of(fleet, seen(fleet, (first, "head-b"))).services == {"atlas": none}


@pytest.mark.parametrize(
    ("rounds_", "since"),
    [
        (["", "", ""], 0),
        (["head-a", "head-a", "head-a"], 0),
        (["", "head-a", "head-a head-b", "head-a head-b"], 2),
        (["", "head-a", "head-a head-b", "head-a"], 3),
        (["head-a", "", "head-b"], 1),
        (["", "head-a", "head-a https://up.example.com/v1"], 2),
        (["https://up.example.com/v1", "", "head-b"], 1),
    ],
)
def test_it_is_known_since_when_a_tier_answers(fleet: ProbedFleet, rounds_: list[str], since: int) -> None:
    status = nothing_known(NOON)
    for hour, down in enumerate(rounds_):
        outcomes = {one: Probed(is_up=one.key not in down.split()) for one in fleet.subjects}
        now, probing = NOON + timedelta(hours=hour), replace(PROBING, change_after=1)
        status = after(status, outcomes, now=now, source="probes", probing=probing)
    assert StatusView.of(fleet, status).services["atlas"].since == NOON + timedelta(hours=since)


def test_an_offline_head_is_not_missed(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "fleet",
        {"head-a": "https://a.example.com", "head-b": "https://b.example.com"},
        {"atlas": "https://up.example.com/v1"},
    )
    heads = (root / "heads.yaml").read_text()
    (root / "heads.yaml").write_text(
        heads.replace("https://b.example.com'", "https://b.example.com', status: offline")
    )
    fleet = fleet_at(root)
    assert StatusView.of(fleet, seen(fleet, ("head-b",))).is_well


def test_an_upstream_on_the_machine_of_another_head_is_not_probed(tmp_path: Path) -> None:
    upstreams = {"atlas": "http://127.0.0.1:9/v1"}
    for host, is_here in (("127.0.0.1:1", True), ("a.example.com", False)):
        root = repository(tmp_path / host, {"head-a": f"http://{host}"}, upstreams)
        subject = fleet_at(root).subjects[-1]
        assert (subject.url is not None, bool(subject.skipped)) == (is_here, not is_here)


def test_a_url_in_a_variable_is_probed_where_it_is_set_and_sound(fleet: ProbedFleet) -> None:
    found = {}
    for value in (
        "",
        "https://api.example.com",
        "not a URL",
        "http://169.254.169.254/",
        "https://u:p@x.example",
    ):
        one = replace_environment(fleet, {"COBRA": value}).subjects[2]
        found[value] = one.url
        assert one.key == "env:COBRA"
        assert value not in one.skipped or not value
    assert [value for value, url in found.items() if url] == ["https://api.example.com"]


def replace_environment(fleet: ProbedFleet, environment: Mapping[str, str]) -> ProbedFleet:
    return ProbedFleet(index=fleet.index, probing=fleet.probing, environment=environment)


def test_the_file_follows_its_schema_and_is_read_back(fleet: ProbedFleet) -> None:
    status = seen(fleet, ("head-b",), unknown=("https://other.example.com",))
    content = document_of(StatusView.of(fleet, status))
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(json.loads(content))
    assert b"planted" not in content
    found = status_of(content, NOON)
    assert found is not None
    read, broken = found
    assert broken == 0
    assert document_of(StatusView.of(fleet, replace(read, at=NOON))).count(b'"reason"') == len(fleet.subjects)
    for named, track in status.tracks.items():
        nothing = Probed(is_up=None)
        assert replace(read.tracks[named], probed=nothing) == replace(track, probed=nothing)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"schema_version": 2, "hour": "2026-06-01T12:00:00Z"}',
        b'{"schema_version": 1, "hour": 7}',
        b'{"schema_version": 1, "hour": "2027-06-01T12:00:00Z"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_another_kind_of_file_is_no_status(content: bytes) -> None:
    assert status_of(content, NOON) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "fine"),
        ("hours", "xyz"),
        ("hours", "b" * 2161),
        ("hours", None),
        ("recent", "012"),
        ("latency_days", [1] * 91),
        ("latency_days", ["1"]),
        ("latency_days", [1 << 70]),
        ("hour_counts", [1]),
        ("hour_counts", [True, 1]),
        ("day_latency", None),
        ("since", "yesterday"),
        ("since", "2026-06-01T12:00:00"),
        ("head_id", 7),
    ],
)
def test_one_broken_entry_loses_no_other(fleet: ProbedFleet, field: str, value: object) -> None:
    document = json.loads(document_of(StatusView.of(fleet, seen(fleet))))
    document["heads"][0][field] = value
    found = status_of(json.dumps(document).encode(), NOON)
    assert found is not None
    assert found[1] == 1
    assert len(found[0].tracks) == len(fleet.subjects) - 1


def test_a_history_of_60_heads_and_300_upstreams_is_small() -> None:
    """90 days of probes every five minutes, an outage of some hours for each subject in nine days, as measured."""
    dice = random.Random(7)
    entries = []
    for number in range(360):
        hours, left = [], 0
        for _ in range(2160):
            left = left - 1 if left else (dice.randrange(1, 12) if dice.random() < 1 / 200 else 0)
            hours.append(dice.choice("0123456789a") if left else "b")
        days = tuple(max(1, round(dice.gauss(80 + number, 12))) for _ in range(90))
        entries.append(json.dumps({"hours": "".join(hours), "latency_days": days}))
    assert len(gzip.compress("\n".join(entries).encode())) <= 100_000
