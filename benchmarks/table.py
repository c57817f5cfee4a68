"""The measured figures as tables, beside what is required of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cases import BUILD, CHECK, COLD, COMMENTED, EVENTS, FIRST, FLOOR, PEER, REBUILD, RENAMED, UNCHANGED
from measure import Sample, ratio, typical

Samples = Mapping[str, Sequence[Sample]]

FULL_SIZE = 10_000
"""Models for which the multiples are required."""

LARGE_SIZE = 100_000
"""Models for which growth is required to be linear, and the memory of a build is bounded."""

_GROWTH = 12.0
_BUILD_MEMORY = 550.0  # MiB
_CLICK = "python -c 'import click'"
_HEAD = ("", "seconds", "processor", "MiB", "x floor", "by processor", "required")


@dataclass(frozen=True, slots=True)
class Bound:
    """A required ratio of one case to another: at most, or at least, so many times."""

    case: str
    other: str
    times: float
    at_least: bool = False

    def verdict(self, samples: Samples) -> str:
        """The bound, what was measured on the clock, and whether it holds."""
        wall, _ = ratio(samples[self.case], samples[self.other])
        holds = wall >= self.times if self.at_least else wall <= self.times
        sign = "≥" if self.at_least else "≤"
        of = "" if self.other == FLOOR else f" of '{self.other}': {wall:.2f}"
        return f"{sign} {self.times:g} x{of} {'✓' if holds else '✗'}"


BOUNDS = (
    Bound(COLD, FLOOR, 15),
    Bound(BUILD, FLOOR, 22),
    Bound(UNCHANGED, FLOOR, 3),
    Bound(COMMENTED, UNCHANGED, 1.3),
    Bound(RENAMED, UNCHANGED, 1.3),
    Bound(PEER, COLD, 15, at_least=True),
)
START_BOUNDS = (Bound("modelspec --help", _CLICK, 1.5),)
TEN_FILES = 0.25
"""Seconds in which ten files are to be validated."""


def fleet_rows(samples: Samples, size: int) -> Iterator[Sequence[str]]:
    """One row a case, with the multiples of the floor."""
    yield _HEAD
    for name in samples:
        verdicts = [bound.verdict(samples) for bound in BOUNDS if size == FULL_SIZE and bound.case == name]
        if size == LARGE_SIZE and name == BUILD:
            peak = typical(samples[name]).peak
            verdicts.append(f"≤ {_BUILD_MEMORY:g} MiB {'✓' if peak <= _BUILD_MEMORY else '✗'}")
        wall, processor = ratio(samples[name], samples[FLOOR])
        yield (*_figures(name, samples[name]), f"{wall:.1f}", f"{processor:.1f}", ", ".join(verdicts))


def start_rows(samples: Samples) -> Iterator[Sequence[str]]:
    """One row a case, with the multiples of the import of click."""
    yield (*_HEAD[:4], "x click", *_HEAD[5:])
    for name in samples:
        verdicts = [bound.verdict(samples) for bound in START_BOUNDS if bound.case == name]
        if "files" in name:
            verdicts.append(
                f"≤ {TEN_FILES * 1000:g} ms {'✓' if typical(samples[name]).wall <= TEN_FILES else '✗'}"
            )
        wall, processor = ratio(samples[name], samples[_CLICK])
        yield (*_figures(name, samples[name]), f"{wall:.2f}", f"{processor:.2f}", ", ".join(verdicts))


def growth_rows(small: Samples, large: Samples) -> Iterator[Sequence[str]]:
    """How many times longer ten times the models take: medians of both, since they come from different runs."""
    yield ("", "x seconds", "x MiB", "required")
    for name in (FLOOR, EVENTS, COLD, FIRST, UNCHANGED, COMMENTED, RENAMED, BUILD, REBUILD, CHECK):
        if name in small and name in large:
            before, after = typical(small[name]), typical(large[name])
            wall = after.wall / before.wall
            verdict = f"≤ {_GROWTH:g} x {'✓' if wall <= _GROWTH else '✗'}" if name == COLD else ""
            yield (name, f"{wall:.1f}", f"{after.peak / before.peak:.1f}", verdict)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if position in {0, len(widths) - 1} else cell.rjust(width)
            for position, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """The same table for a page."""
    head, *body = rows
    rule = ["---" if position in {0, len(head) - 1} else "--:" for position in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))


def _figures(name: str, samples: Sequence[Sample]) -> tuple[str, str, str, str]:
    middle = typical(samples)
    return (name, f"{middle.wall:.3f}", f"{middle.processor:.3f}", f"{middle.peak:.0f}")
