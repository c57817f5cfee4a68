"""How `status` is shown: as text for people."""

from collections.abc import Iterator
from datetime import UTC, datetime

from modelspec.report.printable import printable
from modelspec.text.quote import some
from modelspec.traffic.history import DOWN, UNKNOWN, UP
from modelspec.traffic.status import NO_HEAD, StatusView
from modelspec.traffic.subjects import HEAD, UPSTREAM, Watched

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
