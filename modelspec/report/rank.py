"""Which diagnostics come first where only some are shown."""

from collections import Counter
from collections.abc import Sequence

from modelspec.diagnostic import Diagnostic, Severity

SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)

_STAGES = ("MS5", "MS3", "MS8", "MS0", "MS1", "MS2", "MS7", "MS4", "MS6")
"""A key that leaks or data that leaves its region weigh most, then what stops a build, then what may wait."""


def ranking(diagnostics: Sequence[Diagnostic]) -> list[int]:
    """Their numbers, the worst first, and of equal severity one of each code before the second of any.

    One mistake in a central file can be five hundred equal faults; they do not hide the one of another kind.
    """
    seen: Counter[tuple[Severity, str]] = Counter()
    keys: list[tuple[int, int, int, int]] = []
    for number, diagnostic in enumerate(diagnostics):
        kind = (diagnostic.severity, diagnostic.code)
        seen[kind] += 1
        keys.append((SEVERITIES.index(diagnostic.severity), seen[kind], _weight(diagnostic.code), number))
    return [number for *_, number in sorted(keys)]


def ranked(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics in the order of their `ranking`."""
    return [diagnostics[number] for number in ranking(diagnostics)]


def _weight(code: str) -> int:
    return next((at for at, stage in enumerate(_STAGES) if code.startswith(stage)), len(_STAGES))
