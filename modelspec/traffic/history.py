"""One subject over time: its damped state, an hour string and daily latencies of 90 days.

An hour is one character: `b` where every probe was good, `0` where none was, `1` to `a` between, `-` where nothing is
known. Strings end in the current hour; a shorter one begins later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from modelspec.fleet.settings import Probing
from modelspec.traffic.subjects import Probed

UP, DOWN, UNKNOWN = "up", "down", "unknown"
LEVELS = "0123456789ab"
NOTHING = "-"
DAYS = 90
HOURS = 24 * DAYS
_HOUR = 3600
_MOST_RECENT = 32
_NOT_PROBED = Probed(is_up=None)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What is known of a subject.

    `state` is damped, since `since`; `changed` is the time of its last change, None where none was seen. `recent` are
    the last outcomes, `1` or `0`, the newest last. `probed` is the last outcome. `good` of `total` probes of this hour
    were good; `latency_sum` milliseconds are those of `latency_count` good ones of this day.
    """

    state: str = UNKNOWN
    since: datetime | None = None
    changed: datetime | None = None
    recent: str = ""
    probed: Probed = _NOT_PROBED
    hours: str = ""
    days: tuple[int | None, ...] = ()
    good: int = 0
    total: int = 0
    latency_sum: int = 0
    latency_count: int = 0


def hour_of(moment: datetime) -> int:
    """Hours since 1970 in UTC."""
    return int(moment.timestamp()) // _HOUR


def moment_of(hour: int) -> datetime:
    """The start of an hour."""
    return datetime.fromtimestamp(hour * _HOUR, UTC)


def shifted(track: Track, *, before: int, now: int) -> Track:
    """The history of a subject moved on from the hour in which it ended; unmoved where a clock went backwards."""
    if now <= before:
        return track
    hours = (track.hours + NOTHING * min(now - before, HOURS))[-HOURS:]
    track = replace(track, hours=hours.lstrip(NOTHING), good=0, total=0)
    gap = now // 24 - before // 24
    if not gap:
        return track
    days = [*track.days, *[None] * min(gap, DAYS)][-DAYS:]
    while days and days[0] is None:
        del days[0]
    return replace(track, days=tuple(days), latency_sum=0, latency_count=0)


def observed(track: Track, probed: Probed, now: datetime, probing: Probing) -> Track:
    """A subject after one more probe, in the hour in which its history ends."""
    if probed.is_up is None:
        is_new = track.state == UNKNOWN
        since = track.since if is_new else now
        return replace(track, state=UNKNOWN, since=since, recent="", probed=probed)
    outcome = str(int(probed.is_up))
    recent = (track.recent + outcome)[-probing.of_last :]
    state = _damped(track.state, recent, probing)
    good, total = track.good + probed.is_up, track.total + 1
    track = replace(
        track,
        probed=probed,
        hours=track.hours[:-1] + _level(good, total),
        recent=recent,
        good=good,
        total=total,
    )
    if state != track.state:
        changed = track.changed if track.state == UNKNOWN else now
        track = replace(track, state=state, since=now, changed=changed, recent=outcome)
    return _timed(track, probed.latency_ms) if probed.is_up else track


def _damped(state: str, recent: str, probing: Probing) -> str:
    """The state after the outcomes in `recent`; the first one decides where nothing is known."""
    if state == UNKNOWN:
        return UP if recent.endswith("1") else DOWN
    other, disagreeing = (DOWN, "0") if state == UP else (UP, "1")
    return other if recent.count(disagreeing) >= min(probing.change_after, probing.of_last) else state


def _level(good: int, total: int) -> str:
    if good == total:
        return LEVELS[-1]
    return LEVELS[0] if not good else LEVELS[1 + good * 10 // total]


def _timed(track: Track, latency_ms: int | None) -> Track:
    if latency_ms is None:
        return track
    added, count = track.latency_sum + latency_ms, track.latency_count + 1
    return replace(
        track,
        latency_sum=added,
        latency_count=count,
        days=(*track.days[:-1], round(added / count)),
    )


def json_of(track: Track) -> dict[str, object]:
    """The fields of a subject in status.json, as its schema describes them."""
    probed = track.probed
    return {
        "state": track.state,
        "since": stamp(track.since),
        "last_change": stamp(track.changed),
        "reason": probed.reason,
        "code": probed.code,
        "latency_ms": probed.latency_ms,
        "certificate_expires": stamp(probed.certificate_expires),
        "recent": track.recent,
        "hours": track.hours,
        "latency_days": track.days,
        "hour_counts": (track.good, track.total),
        "day_latency": (track.latency_sum, track.latency_count),
    }


def track_of(value: Mapping[str, Any]) -> Track:
    """What `json_of` wrote.

    Raises:
        ValueError: the value has another form.
    """
    hours, days, recent = value.get("hours"), value.get("latency_days"), value.get("recent")
    state = value.get("state")
    if state not in (UP, DOWN, UNKNOWN) or not isinstance(hours, str) or not isinstance(days, list):
        raise ValueError("not a subject of status.json")
    if not isinstance(recent, str) or len(recent) > _MOST_RECENT or set(recent) - {"0", "1"}:
        raise ValueError("recent outcomes are not a string of 0 and 1")
    if len(hours) > HOURS or set(hours) - {*LEVELS, NOTHING} or len(days) > DAYS:
        raise ValueError("the history is not of 90 days")
    good, total = _counts(value.get("hour_counts"))
    latency_sum, latency_count = _counts(value.get("day_latency"))
    return Track(
        state=state,
        since=_moment(value.get("since")),
        changed=_moment(value.get("last_change")),
        recent=recent,
        hours=hours,
        days=tuple(None if day is None else _count(day) for day in days),
        good=min(good, total),
        total=total,
        latency_sum=latency_sum,
        latency_count=latency_count,
    )


def _counts(value: object) -> tuple[int, int]:
    match value:
        case [first, second]:
            return _count(first), _count(second)
        case _:
            raise ValueError("not two counts")


def _count(value: object) -> int:
    if type(value) is int and 0 <= value < 1 << 53:
        return value
    raise ValueError("not a count")


def stamp(moment: datetime | None) -> str | None:
    """A time as live files have it."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None or moment >= _LATEST:
        raise ValueError("not a time in UTC")
    return moment
