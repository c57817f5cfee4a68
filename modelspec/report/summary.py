"""What a run looked at and found, in numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from modelspec.diagnostic import Diagnostic, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The counts of one run.

    `left_out` are diagnostics that nobody asked to see. `seconds` is nothing where the time is not to be shown.
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
        """The summary of a run that found these diagnostics."""
        found = Counter(diagnostic.severity for diagnostic in diagnostics)
        return cls(
            files=files,
            models=models,
            errors=found[Severity.ERROR],
            warnings=found[Severity.WARNING],
            infos=found[Severity.INFO],
            left_out=left_out,
            seconds=seconds,
        )

    def sentence(self) -> str:
        """The summary as one line, without its end."""
        time = "" if self.seconds is None else f" in {self.seconds:.2f} s"
        counts = ((self.errors, "error"), (self.warnings, "warning"), (self.infos, "info"))
        faults = ", ".join(_counted(count, noun) for count, noun in counts if count)
        others = f"; {_counted(self.left_out, 'other')} left out" if self.left_out else ""
        return f"checked {_counted(self.models, 'model')}{time}: {faults or 'no faults'}{others}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
