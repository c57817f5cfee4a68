"""The summary of a step of GitHub Actions: the diagnostics for which there was no room among the annotations."""

from collections import Counter
from collections.abc import Iterator, Sequence

from modelspec.diagnostic import Diagnostic, Severity
from modelspec.report.github import SHOWN
from modelspec.report.markdown import code, escaped
from modelspec.report.rank import ranked
from modelspec.report.said import said
from modelspec.report.summary import Summary
from modelspec.source import START

MOST_BYTES = 1024 * 1024
"""Of the summary of one step: a larger one is not shown at all."""

# Room for the line that says how much is missing.
_RESERVE = 200


def step_summary(diagnostics: Sequence[Diagnostic], summary: Summary, *, room: int = MOST_BYTES) -> str:
    """Markdown of at most `room` bytes, or nothing where GitHub shows every diagnostic anyway.

    The diagnostics stand ranked. Where they do not fit, a last line says how many are missing.
    """
    rest = list(_beyond_annotations(diagnostics))
    if not rest or room < _RESERVE:
        return ""
    shown = len(diagnostics) - len(rest)
    faults = f"{len(diagnostics):,} faults in {summary.files:,} files"
    head = (
        f"### modelspec: {faults}\n\nGitHub shows {shown:,} of them as annotations. These are the others.\n\n"
        "| | Rule | Place | Fault |\n|---|---|---|---|\n"
    )
    parts = [head]
    room -= len(head.encode()) + _RESERVE
    if room < 0:
        return _missing(len(rest))
    for number, diagnostic in enumerate(rest):
        row = _row(diagnostic)
        room -= len(row.encode())
        if room < 0:
            parts.append(_missing(len(rest) - number))
            break
        parts.append(row)
    return "".join((*parts, "\n"))


def _beyond_annotations(diagnostics: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    annotated: Counter[Severity] = Counter()
    for diagnostic in ranked(diagnostics):
        annotated[diagnostic.severity] += 1
        if annotated[diagnostic.severity] > SHOWN:
            yield diagnostic


def _row(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    place = diagnostic.path if span == START else f"{diagnostic.path}:{span.line}:{span.column}"
    advice = f"<br>help: {escaped(said(diagnostic.help))}" if diagnostic.help else ""
    fault = escaped(said(diagnostic.message)) + advice
    return f"| {diagnostic.severity.value} | {diagnostic.code} | {code(place)} | {fault} |\n"


def _missing(count: int) -> str:
    return f"\n{count:,} more are not shown for want of room: `modelspec validate` shows them all.\n"
