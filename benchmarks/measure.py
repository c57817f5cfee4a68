"""Runs a program to its end and says what it cost, seen from outside."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_SHOWN = 2000
"""The end of a failing program's words that is shown, in characters."""

_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in one unit of ru_maxrss, which getrusage(2) of each system states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one process, with its children, cost: seconds on the clock, seconds of processor, MiB at its largest."""

    wall: float
    processor: float
    peak: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A program to measure.

    `around` is entered before and left after each run, with the number of the run; its time does not count.
    """

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    around: Callable[[int], AbstractContextManager[object]] = nullcontext
    codes: frozenset[int] = frozenset({0})


class FailedError(Exception):
    """A measured program failed, so its time means nothing."""


def sample(case: Case, run: int) -> Sample:
    """Measure one run.

    Raises:
        FailedError: the program ended with an exit code that the case does not allow.
    """
    with case.around(run), tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen(
            case.command,
            cwd=case.folder,
            env=dict(case.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in case.codes:
            said.seek(0)
            words = said.read()[-_SHOWN:].decode(errors="replace")
            raise FailedError(f"'{case.name}' ended with {process.returncode}:\n{words}")
    return Sample(
        wall=wall, processor=used.ru_utime + used.ru_stime, peak=used.ru_maxrss * _MAXRSS_UNIT / 1024 / 1024
    )


def interleaved(cases: Sequence[Case], runs: int, progress: Callable[[str], None]) -> dict[str, list[Sample]]:
    """Every case once, `runs` times over: what disturbs the machine then disturbs all of them.

    Raises:
        FailedError: as `sample`.
    """
    samples: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for run in range(runs):
        for case in cases:
            progress(f"run {run + 1} of {runs}: {case.name}")
            samples[case.name].append(sample(case, run))
    return samples


def typical(samples: Sequence[Sample]) -> Sample:
    """The median of each figure by itself."""
    return Sample(
        wall=median(one.wall for one in samples),
        processor=median(one.processor for one in samples),
        peak=median(one.peak for one in samples),
    )


def ratio(these: Sequence[Sample], those: Sequence[Sample]) -> tuple[float, float]:
    """The median, over the runs, of the ratio within one run: on the clock, and of the processor."""
    pairs = list(zip(these, those, strict=True))
    return (
        median(this.wall / that.wall for this, that in pairs),
        median(this.processor / that.processor for this, that in pairs),
    )
