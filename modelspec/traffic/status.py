"""The status of a fleet: what each round of probes makes of the last one, status.json, and the report."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import Any

from modelspec.emit.artifact import encode
from modelspec.fleet.settings import Probing
from modelspec.report.printable import printable
from modelspec.routing.decide import Index, Request, Why, decide
from modelspec.routing.table import HeadEntry, Route
from modelspec.text.quote import some
from modelspec.traffic.history import (
    DOWN,
    UNKNOWN,
    UP,
    Track,
    hour_of,
    json_of,
    moment_of,
    observed,
    shifted,
    stamp,
    track_of,
)
from modelspec.traffic.subjects import HEAD, UPSTREAM, Probed, Watched, subjects_of, upstream_key

VERSION = 1
_SKEW = 25
"""Hours by which a file may be ahead of the clock, which may have been set back."""
NO_HEAD = "no_head"
NO_UPSTREAM = "no_upstream"

Named = tuple[str, str]
"""The kind and the key of a subject."""


@dataclass(frozen=True, kw_only=True)
class ProbedFleet:
    """A compiled fleet, the subjects of its routes, and what `status` needs to know of them."""

    index: Index
    probing: Probing
    environment: Mapping[str, str]

    @cached_property
    def subjects(self) -> tuple[Watched, ...]:
        """Heads, then upstreams."""
        return subjects_of(self.index.table, self.environment)

    @cached_property
    def upstreams(self) -> Mapping[str, tuple[tuple[str, str | None], ...]]:
        """By model, each upstream with the head that it belongs to, or an empty text where all heads call it."""
        return {
            route.model_id: (
                *(("", upstream_key(target.endpoint)) for target in route.targets),
                *((head, upstream_key(target.endpoint)) for head, target in route.local_targets.items()),
            )
            for route in self.index.table.routes
            if route.is_routed
        }

    @cached_property
    def users(self) -> Mapping[str, tuple[int, tuple[str, ...]]]:
        """By upstream, how many models call it, and by which providers' protocols."""
        models: dict[str, set[str]] = {}
        providers: dict[str, set[str]] = {}
        for route in self.index.table.routes:
            for target in (*route.targets, *route.local_targets.values()) if route.tiers else ():
                key = upstream_key(target.endpoint) or ""
                models.setdefault(key, set()).add(route.model_id)
                providers.setdefault(key, set()).add(target.provider)
        return {key: (len(models[key]), tuple(sorted(providers[key]))) for key in models}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What answers for a model now: the first tier that is left, by its number in the table, and its heads.

    `tier` is None where nothing answers; `why` is then `no_head` or `no_upstream`. `since` is when that began, by what
    is known of its heads and upstreams.
    """

    tier: int | None
    heads: tuple[str, ...]
    why: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a fleet stands: `tracks` by kind and key, whose histories end in `hour` (hours since 1970)."""

    at: datetime
    source: str
    hour: int
    tracks: Mapping[Named, Track]

    def of(self, subject: Watched) -> Track:
        """What is known of a subject."""
        return self.tracks.get((subject.kind, subject.key), Track())


def nothing_known(now: datetime) -> Status:
    """The status before the first round."""
    return Status(at=now, source="", hour=hour_of(now), tracks={})


def after(
    status: Status, outcomes: Mapping[Watched, Probed], *, now: datetime, source: str, probing: Probing
) -> Status:
    """The status after a round; a subject without an outcome is no longer declared, and forgotten."""
    hour = max(status.hour, hour_of(now))
    return Status(
        at=now,
        source=source,
        hour=hour,
        tracks={
            (subject.kind, subject.key): observed(
                shifted(status.of(subject), before=status.hour, now=hour), probed, now, probing
            )
            for subject, probed in outcomes.items()
        },
    )


def services(fleet: ProbedFleet, status: Status) -> Mapping[str, Service]:
    """What answers for each model that is not disabled, by its id."""
    gone = tuple(key for (kind, key), track in status.tracks.items() if kind == HEAD and track.state == DOWN)
    dead = {key for (kind, key), track in status.tracks.items() if kind == UPSTREAM and track.state == DOWN}
    routed = [route for route in fleet.index.table.routes if route.is_routed]
    found = {route.model_id: _service(fleet, route, gone, dead) for route in routed}
    return {
        route.model_id: replace(
            found[route.model_id], since=_since(fleet, status, route, found[route.model_id])
        )
        for route in routed
    }


def _since(fleet: ProbedFleet, status: Status, route: Route, service: Service) -> datetime | None:
    """When the last head in front of those that answer stopped, or the first of these or of its upstreams began."""

    def when(kind: str, key: str | None, *, down: bool) -> Iterator[datetime]:
        track = status.tracks.get((kind, key or ""))
        if track is not None and track.since is not None and (track.state == DOWN) is down:
            yield track.since

    upstreams = fleet.upstreams[route.model_id]
    shared = [key for head, key in upstreams if not head]
    if service.why == NO_UPSTREAM and shared:
        return max((at for key in shared for at in when(UPSTREAM, key, down=True)), default=None)
    stops = [
        [
            *when(HEAD, head, down=True),
            *_each(when(UPSTREAM, k, down=True) for h, k in upstreams if h == head),
        ]
        for tier in route.tiers[: service.tier]
        for head in tier.weights
    ]
    called = [key for head, key in upstreams if service.heads and head in ("", *service.heads)]
    starts = [
        [*_each(when(HEAD, head, down=False) for head in service.heads)],
        [*_each(when(UPSTREAM, key, down=False) for key in called)],
    ]
    return max((min(some) for some in (*stops, *starts) if some), default=None)


_each = chain.from_iterable


def _service(fleet: ProbedFleet, route: Route, gone: tuple[str, ...], dead: set[str]) -> Service:
    upstreams = fleet.upstreams[route.model_id] if dead else ()
    if upstreams and all(key in dead for _, key in upstreams):
        return Service(tier=None, heads=(), why=NO_UPSTREAM)
    silent = tuple(head for head, key in upstreams if head and key in dead)
    decision = decide(fleet.index, Request(model=route.model_id, down=(*gone, *silent)))
    if decision.why is not Why.ROUTED:
        why = NO_UPSTREAM if decide(fleet.index, Request(model=route.model_id, down=gone)).tiers else NO_HEAD
        return Service(tier=None, heads=(), why=why)
    first = decision.first
    tier = next(number for number, tier in enumerate(route.tiers) if first[0] in tier.weights)
    return Service(tier=tier, heads=first)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """A status held against its fleet: what is shown, and written as status.json."""

    fleet: ProbedFleet
    status: Status
    services: Mapping[str, Service]

    @classmethod
    def of(cls, fleet: ProbedFleet, status: Status) -> "StatusView":
        """The picture of a fleet after a round."""
        return cls(fleet=fleet, status=status, services=services(fleet, status))

    @property
    def down(self) -> tuple[Watched, ...]:
        """What should answer and does not."""
        return tuple(
            one for one in self.fleet.subjects if one.is_counted and self.status.of(one).state == DOWN
        )

    @property
    def without_service(self) -> tuple[tuple[str, str], ...]:
        """Models that nothing answers for, each with its reason."""
        return tuple((model, one.why) for model, one in self.services.items() if one.tier is None)

    @property
    def is_well(self) -> bool:
        """Whether all that should answer does."""
        return not self.down and not self.without_service

    def counts(self, kind: str) -> Mapping[str, int]:
        """How many subjects of a kind are in each state."""
        states = [self.status.of(one).state for one in self.fleet.subjects if one.kind == kind]
        return {state: states.count(state) for state in (UP, DOWN, UNKNOWN)}


def document_of(picture: StatusView) -> bytes:
    """status.json, one subject a line, as `schemas/status.schema.json` describes it."""
    status, heads = picture.status, picture.fleet.index.heads
    rows: dict[str, list[str]] = {HEAD: [], UPSTREAM: []}
    for subject in picture.fleet.subjects:
        about = _of_head(heads[subject.key]) if subject.kind == HEAD else _of_upstream(picture.fleet, subject)
        rows[subject.kind].append(encode({**about, **json_of(status.of(subject))}))
    models = [
        f"{encode(model)}: {encode({'tier': one.tier, 'heads': one.heads, 'since': stamp(one.since)})}"
        for model, one in picture.services.items()
    ]
    top = {
        "schema_version": VERSION,
        "generated": status.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "source": status.source,
        "hour": moment_of(status.hour).strftime("%Y-%m-%dT%H:00:00Z"),
        "counts": {"heads": picture.counts(HEAD), "upstreams": picture.counts(UPSTREAM)},
        "without_service": [{"model_id": model, "why": why} for model, why in picture.without_service],
    }
    return "".join(
        (
            "{\n",
            "".join(f'"{name}": {encode(value)},\n' for name, value in top.items()),
            f'"heads": [\n{_lines(rows[HEAD])}],\n',
            f'"upstreams": [\n{_lines(rows[UPSTREAM])}],\n',
            f'"models": {{\n{_lines(models)}}}\n}}\n',
        )
    ).encode()


def _lines(rows: Sequence[str]) -> str:
    return "".join((",\n".join(rows), "\n" if rows else ""))


def _of_head(head: HeadEntry) -> Mapping[str, object]:
    return {"head_id": head.head_id, "region": head.region, "declared": head.status}


def _of_upstream(fleet: ProbedFleet, subject: Watched) -> Mapping[str, object]:
    """An upstream as the table has its endpoint: never the value of a variable."""
    models, providers = fleet.users[subject.key]
    endpoint = {"env": subject.key.partition(":")[2]} if subject.is_private else subject.key
    return {"endpoint": endpoint, "providers": providers, "models": models}


def status_of(content: bytes, now: datetime) -> tuple[Status, int] | None:
    """The status that a file holds, and how many of its subjects cannot be read; None for another kind of file.

    So is one of another version, and one that is far ahead of the clock.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("schema_version") != VERSION:
        return None
    try:
        hour = hour_of(datetime.fromisoformat(str(value.get("hour"))).astimezone(UTC))
    except (ValueError, OverflowError):
        return None
    if hour > hour_of(now) + _SKEW:
        return None
    tracks: dict[Named, Track] = {}
    broken = 0
    for kind, entry in _entries(value):
        try:
            tracks[kind, _key_of(entry)] = track_of(entry)
        except ValueError:
            broken += 1
    source = value.get("source")
    return Status(at=now, source=source if isinstance(source, str) else "", hour=hour, tracks=tracks), broken


def _entries(value: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for kind, name in ((HEAD, "heads"), (UPSTREAM, "upstreams")):
        listed = value.get(name)
        for entry in listed if isinstance(listed, list) else ():
            yield kind, entry if isinstance(entry, dict) else {}


def _key_of(entry: Mapping[str, Any]) -> str:
    """The key of a subject.

    Raises:
        ValueError: the entry names none.
    """
    match entry:
        case {"head_id": str(key)} | {"endpoint": str(key)}:
            return key
        case {"endpoint": {"env": str(name)}}:
            return f"env:{name}"
        case _:
            raise ValueError("not a subject of status.json")


_SHOWN = 20
"""Models of one kind that a line names."""
_SOON_DAYS = 14
_COLOURS = {DOWN: "\x1b[31m", UNKNOWN: "\x1b[33m", UP: "\x1b[32m"}
_WHY = {NO_HEAD: "no head answers"}


def status_text(picture: StatusView, *, colour: bool) -> Iterator[str]:
    """The lines of the report: what is not up, then the models that feel it."""
    status = picture.status
    for name, kind in (("heads", HEAD), ("upstreams", UPSTREAM)):
        counts = picture.counts(kind)
        said = ", ".join(f"{count} {state}" for state, count in counts.items() if count or state == UP)
        yield f"{name}: {said}\n"
    for subject in picture.fleet.subjects:
        yield from _of_subject(picture, subject, colour=colour)
    moved = [model for model, one in picture.services.items() if one.tier]
    if moved:
        yield printable(f"served by a fallback tier ({len(moved)}): {some(moved, _SHOWN)}") + "\n"
    gone: dict[str, list[str]] = {}
    for model, why in picture.without_service:
        gone.setdefault(why, []).append(model)
    for why, models in sorted(gone.items()):
        words = _WHY.get(why, "no upstream answers")
        yield printable(f"without service, {words} ({len(models)}): {some(models, _SHOWN)}") + "\n"
    yield f"as of {_time(status.at)}, by {status.source}\n"


def _of_subject(picture: StatusView, subject: Watched, *, colour: bool) -> Iterator[str]:
    track = picture.status.of(subject)
    name = f"{subject.kind} {subject.key}"
    if track.state != UP:
        since = f" since {_time(track.since)}" if track.since is not None else ""
        reason = f": {track.probed.reason}" if track.probed.reason else ""
        meant = "" if subject.is_counted else " (offline in heads.yaml)"
        state = f"{_COLOURS[track.state]}{track.state}\x1b[0m" if colour else track.state
        yield f"{state} {printable(f'{name}{meant}{since}{reason}')}\n"
    elif track.probed.reason:
        yield printable(f"failing {name}: {track.probed.reason}") + "\n"
    expires = track.probed.certificate_expires
    if expires is not None and (expires - picture.status.at).days < _SOON_DAYS:
        yield printable(f"the certificate of {name} expires at {_time(expires)}") + "\n"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
