"""Rounds of `status`: one after another until it is told to stop, each of them read, weighed and written."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.traffic.history import UNKNOWN
from modelspec.traffic.live import STATUS_FILE, hold, read_file, replace_file, set_aside
from modelspec.traffic.status import (
    ProbedFleet,
    Status,
    StatusView,
    after,
    document_of,
    nothing_known,
    status_of,
)
from modelspec.traffic.subjects import Probed, Watched


class OutcomeSource(Protocol):
    """Asks for the outcomes of a round."""

    def __call__(self, subjects: Iterable[Watched], /) -> Awaitable[Mapping[Watched, Probed] | Refusal]:
        """The outcome for each subject, or why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Where rounds are made: what they ask, where they write, and whom they tell.

    `fleet` gives the fleet of a round, the last sound one where the repository has faults. `told` gets what is to be
    known of the work as a line, `changed` each change of a state.
    """

    fleet: Callable[[], ProbedFleet]
    source: OutcomeSource
    name: str
    folder: Path
    now: Callable[[], datetime]
    told: Callable[[str], None]
    changed: Callable[[str], None]


class Rounds:
    """Rounds on one station: `picture` is that of the last that succeeded."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._faults: frozenset[str] = frozenset()
        self._status = nothing_known(station.now())
        self.picture: StatusView | None = None

    def resume(self) -> Refusal | None:
        """Take over the history of the file that is there; one that cannot be used is kept under another name."""
        station = self._station
        content = read_file(station.folder, STATUS_FILE)
        if content is None:
            return None
        found = None if isinstance(content, Refusal) else status_of(content, station.now())
        if found is None or found[1]:
            kept = set_aside(station.folder, STATUS_FILE, station.now().strftime("%Y%m%dT%H%M%SZ"))
            if isinstance(kept, Refusal):
                return kept
            what = "cannot be used" if found is None else f"has {found[1]} entries that cannot be used"
            station.told(f"the old {STATUS_FILE} {what}; it is kept as {shown(kept)}")
        if found is not None:
            self._status = found[0]
        return None

    async def round(self) -> Refusal | None:
        """Ask, weigh and write once; the last status stays where that fails."""
        station = self._station
        fleet = station.fleet()
        outcomes = await station.source(fleet.subjects)
        if isinstance(outcomes, Refusal):
            return outcomes
        before, now = self._status, station.now()
        self._status = after(before, outcomes, now=now, source=station.name, probing=fleet.probing)
        self.picture = StatusView.of(fleet, self._status)
        for line in _changes(before, self.picture):
            station.changed(line)
        return replace_file(station.folder, STATUS_FILE, document_of(self.picture))

    def tell(self, fault: Refusal | None) -> None:
        """Tell a fault that the last round did not have, and that it is over."""
        faults = frozenset(() if fault is None else (fault.message,))
        for message in faults - self._faults:
            self._station.told(message)
        if self._faults and not faults:
            self._station.told("the fault is over")
        self._faults = faults


def _changes(before: Status, picture: StatusView) -> Iterator[str]:
    for subject in picture.fleet.subjects:
        old, new = before.of(subject), picture.status.of(subject)
        if old.state not in (UNKNOWN, new.state) or (old.state == UNKNOWN != new.state and new.probed.reason):
            reason = f": {new.probed.reason}" if new.probed.reason else ""
            yield f"{subject.kind} {subject.key} is {new.state}{reason}"


def once(station: Station) -> StatusView | Refusal:
    """One round, on top of what is there."""
    with _held(station) as refusal:
        if refusal is not None:
            return refusal
        rounds = Rounds(station)
        fault = rounds.resume() or asyncio.run(rounds.round())
        if fault is not None:
            return fault
    assert rounds.picture is not None
    return rounds.picture


def watch(station: Station, every: float) -> Refusal | int:
    """A round every so many seconds until SIGTERM or SIGINT, whose number is returned."""
    with _held(station) as refusal:
        if refusal is not None:
            return refusal
        rounds = Rounds(station)
        fault = rounds.resume()
        return fault if fault is not None else asyncio.run(_until_told(rounds, every))


@contextmanager
def _held(station: Station) -> Iterator[Refusal | None]:
    """Nobody else writes the file meanwhile."""
    lock = hold(station.folder, STATUS_FILE)
    if isinstance(lock, Refusal):
        yield lock
        return
    try:
        yield None
    finally:
        os.close(lock)


async def _until_told(rounds: Rounds, every: float) -> int:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[int] = loop.create_future()

    def stop(number: int) -> None:
        if not stopped.done():
            stopped.set_result(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    while not stopped.done():
        begun = loop.time()
        running = asyncio.ensure_future(rounds.round())
        await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            running.cancel()
        await asyncio.wait((running,))
        if not running.cancelled():
            rounds.tell(running.result())
        await asyncio.wait((stopped,), timeout=max(0.0, every - (loop.time() - begun)))
    return stopped.result()
