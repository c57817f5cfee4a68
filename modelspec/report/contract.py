"""What a report format is given, and how it may rank it."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Self

from modelspec.diagnose.diagnostic import Diagnostic, Severity
from modelspec.text.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The counts of one run.

    `left_out` counts diagnostics that were filtered out. `seconds` is None if the time is not shown.
    """

    files: int
    models: int
    errors: int
    warnings: int
    infos: int
    left_out: int = 0
    seconds: float | None = None

    @classmethod
    def of(
        cls,
        diagnostics: Sequence[Diagnostic],
        *,
        files: int,
        models: int,
        left_out: int = 0,
        seconds: float | None = None,
    ) -> Self:
        """The summary of a run with these diagnostics."""
        found = Counter(diagnostic.severity for diagnostic in diagnostics)
        counts = {f"{severity}s": found[severity] for severity in Severity}
        return cls(files=files, models=models, left_out=left_out, seconds=seconds, **counts)

    def sentence(self) -> str:
        """The summary as one line, without the line end."""
        time = "" if self.seconds is None else f" in {self.seconds:.2f} s"
        counts = ((self.errors, "error"), (self.warnings, "warning"), (self.infos, "info"))
        faults = ", ".join(_counted(count, noun) for count, noun in counts if count)
        others = f"; {_counted(self.left_out, 'other')} left out" if self.left_out else ""
        return f"checked {_counted(self.models, 'model')}{time}: {faults or 'no faults'}{others}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


Sources = Callable[[str], Source | None]
"""What may be shown of the file at a path of a diagnostic; None if it is not a file or not text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run found: its diagnostics, in the order of `diagnostic.ordered`.

    `quiet` omits the summary line of the text format, never a diagnostic. `unfolded` are the paths of files whose
    diagnostics people want one by one, however many there are of a rule; None means all files.
    """

    diagnostics: Sequence[Diagnostic]
    summary: Summary
    sources: Sources
    colour: bool
    quiet: bool
    unfolded: Container[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormat:
    """A format: the module of the same name has a function `render(outcome)` that yields the report in pieces.

    `suffix` is the file suffix of a report, `help` says who reads it. If `is_of_checkout`, its readers resolve paths
    from the top of the checkout, where CI runs its commands.
    """

    name: str
    suffix: str
    help: str
    is_of_checkout: bool = False

    def __call__(
        self,
        diagnostics: Sequence[Diagnostic],
        summary: Summary,
        sources: Sources,
        *,
        colour: bool,
        quiet: bool = False,
        unfolded: Container[str] | None = None,
    ) -> Iterator[str]:
        """Render the report; the joined pieces end with a line end."""
        # Import only the format in use: some of them import every rule.
        render: Callable[[Outcome], Iterator[str]] = import_module(f"{__package__}.{self.name}").render
        outcome = Outcome(
            diagnostics=diagnostics,
            summary=summary,
            sources=sources,
            colour=colour,
            quiet=quiet,
            unfolded=unfolded,
        )
        return render(outcome)


_STAGES = ("MS5", "MS3", "MS8", "MS0", "MS1", "MS2", "MS7", "MS4", "MS6")
"""Leaked keys and data outside its region first, then what stops a build, then what can wait."""


def ranking(diagnostics: Sequence[Diagnostic]) -> list[int]:
    """The indices of the diagnostics by severity; within one severity, the first of each code before the second of any.

    One mistake in a central file can cause five hundred equal diagnostics; they must not hide a different one.
    """
    severities = list(Severity)
    seen: Counter[tuple[Severity, str]] = Counter()
    keys: list[tuple[int, int, int, int]] = []
    for number, diagnostic in enumerate(diagnostics):
        kind = (diagnostic.severity, diagnostic.code)
        seen[kind] += 1
        weight = next(
            (at for at, stage in enumerate(_STAGES) if diagnostic.code.startswith(stage)), len(_STAGES)
        )
        keys.append((severities.index(diagnostic.severity), seen[kind], weight, number))
    return [number for *_, number in sorted(keys)]


def ranked(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics in the order of their `ranking`."""
    return [diagnostics[number] for number in ranking(diagnostics)]


def one_a_line(items: Iterable[str]) -> Iterator[str]:
    """The encoded items of a JSON list, one a line, with separators and the closing bracket."""
    separator = "\n"
    for item in items:
        yield separator + item
        separator = ",\n"
    yield "]" if separator == "\n" else "\n]"
